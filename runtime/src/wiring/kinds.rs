//! Kinds: what a component in a wiring can be, by name, and how each is made.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::document::Part;
use super::options::{OptionInfo, Options};
use super::told::{Tell, Told};
use super::trial;
use crate::chassis::Child;
use crate::component::Component;

/// The kinds of component that a wiring can name.
///
/// ```
/// use axonscope_runtime::library::Transformer;
/// use axonscope_runtime::wiring::{Kinds, Wiring};
///
/// let mut kinds = Kinds::library();
/// kinds.add("repeat", |options| {
///     let times = options.integer("times", 1..=100).unwrap_or(2);
///     Transformer::new(move |line: String| line.repeat(usize::try_from(times).unwrap_or(1)))
/// });
///
/// let text = r#"
///     [components.echo]
///     kind = "repeat"
///     times = "three"
/// "#;
/// let wrong = Wiring::parse(text, "echo.toml").and_then(|wiring| wiring.graphline(&kinds)).err();
/// assert_eq!(
///     wrong.map(|wrong| wrong.to_string()).as_deref(),
///     Some("echo.toml:4:13: `times` must be a whole number from 1 to 100, not \"three\""),
/// );
/// ```
#[derive(Default)]
pub struct Kinds {
    by_name: BTreeMap<String, Kind>,
    tell: Option<Tell>,
}

/// A kind, for those who look for one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindInfo {
    /// Its name.
    pub name: String,
    /// What it does, as [`Kinds::about`] was told.
    pub about: String,
    /// The inboxes it has with no option given; `control` is left out.
    pub inboxes: Vec<String>,
    /// Likewise; `signal` is left out.
    pub outboxes: Vec<String>,
    /// The options it has.
    pub options: Vec<OptionInfo>,
}

struct Kind {
    make: Make,
    about: String,
}

type Make = Box<dyn Fn(&str, &Options<'_>, Option<Tell>) -> Child + Send + Sync>;

impl Kinds {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind, in the place of the one of that name if there is one.
    ///
    /// `make` asks for all options it has, also when one of them is wrong. It may be called more often than components
    /// come to be, so it opens nothing: that is for the component to do when it runs.
    pub fn add<C: Component>(
        &mut self,
        kind: impl Into<String>,
        make: impl Fn(&Options<'_>) -> C + Send + Sync + 'static,
    ) -> &mut Self {
        let make: Make =
            Box::new(move |name, options, tell| Child::new(name.to_owned().into(), Told::new(make(options), tell)));
        self.by_name.insert(kind.into(), Kind { make, about: String::new() });
        self
    }

    /// Says what a kind does, in a few words, for [`list`](Self::list). A kind that is not there needs none.
    pub fn about(&mut self, kind: &str, text: impl Into<String>) -> &mut Self {
        if let Some(kind) = self.by_name.get_mut(kind) {
            kind.about = text.into();
        }
        self
    }

    /// Calls `tell` with the path of each component that fails, and why: those who write a wiring have no other place
    /// to look, as a failed component goes with the graphline around it.
    pub fn on_failure(&mut self, tell: impl Fn(&str, &str) + Send + Sync + 'static) -> &mut Self {
        self.tell = Some(Arc::new(tell));
        self
    }

    /// Their names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// All of them, in alphabetical order, with their boxes and options.
    pub fn list(&self) -> Vec<KindInfo> {
        let info = |(name, kind): (&String, &Kind)| {
            let part = Part::blank(name);
            let options = Options::new(&part, name);
            let [inboxes, outboxes] = trial::boxes((kind.make)(name, &options, None));
            KindInfo { name: name.clone(), about: kind.about.clone(), inboxes, outboxes, options: options.asked() }
        };
        self.by_name.iter().map(info).collect()
    }

    pub(super) fn make(&self, kind: &str, name: &str, options: &Options<'_>) -> Option<Child> {
        Some((self.by_name.get(kind)?.make)(name, options, self.tell.clone()))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
