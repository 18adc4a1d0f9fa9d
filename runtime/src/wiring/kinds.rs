//! Kinds: what a component in a wiring can be, by name, and how each is made.

use std::collections::BTreeMap;
use std::fmt;

use super::options::Options;
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
    by_name: BTreeMap<String, Make>,
}

type Make = Box<dyn Fn(&str, &Options<'_>) -> Child + Send + Sync>;

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
        let make: Make = Box::new(move |name, options| Child::new(name.to_owned().into(), make(options)));
        self.by_name.insert(kind.into(), make);
        self
    }

    /// Their names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(super) fn make(&self, kind: &str, name: &str, options: &Options<'_>) -> Option<Child> {
        Some(self.by_name.get(kind)?(name, options))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
