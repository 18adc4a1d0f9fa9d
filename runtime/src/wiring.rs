//! Graphlines from a file, for people who do not program. Needs the cargo feature `wiring`.
//!
//! A wiring is a [TOML](https://toml.io) file. It says which components there are, of which kind each is, and which
//! outbox sends to which inbox:
//!
//! ```toml
//! name = "shout"
//!
//! links = [
//!     "lines -> loud",
//!     "loud.outbox -> screen.inbox",
//! ]
//!
//! [components.lines]
//! kind = "console-in"
//!
//! [components.loud]
//! kind = "upper-case"
//!
//! [components.screen]
//! kind = "console-out"
//! ```
//!
//! - `name` is what the whole is called. Without it, that is the name of the file.
//! - `links` is a list of texts, above the first table. Each has a component and its outbox, an arrow, and a component
//!   and its inbox. `"a -> b"` is short for `"a.outbox -> b.inbox"`. The component `self` is the whole: `"self.inbox ->
//!   a.inbox"` gives it an inbox, `"a.outbox -> self.outbox"` an outbox.
//! - Each component has a table `[components.NAME]`, with its `kind` and the options of that kind. [`Kinds::library`]
//!   lists the kinds that are there; a program may add its own.
//! - Who stops after whom need not be said: it follows from the links.
//!
//! ```
//! use axonscope_runtime::wiring::{Kinds, Wiring};
//! use axonscope_runtime::{Handle, System};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"
//!     links = ["self -> loud", "loud -> polite", "polite -> self"]
//!
//!     [components.loud]
//!     kind = "upper-case"
//!
//!     [components.polite]
//!     kind = "surround"
//!     after = ", please"
//! "#;
//! let wiring = Wiring::parse(text, "ask.toml")?;
//! let system = System::new("asking");
//! let graphline = wiring.graphline(&Kinds::library())?;
//! let mut ask = Handle::<String, String>::start(&system, wiring.name().to_owned(), graphline)?;
//! ask.send("tea".to_owned()).await?;
//! assert_eq!(ask.recv().await.as_deref(), Some("TEA, please"));
//!
//! let wrong = text.replace("upper-case", "uper-case").replace("loud -> polite", "loud.out -> polite");
//! let wrong = Wiring::parse(&wrong, "ask.toml")?.graphline(&Kinds::library()).err();
//! assert_eq!(
//!     wrong.map(|wrong| wrong.to_string()).as_deref(),
//!     Some("ask.toml:5:12: there is no kind `uper-case`; did you mean `upper-case`?"),
//! );
//! # Ok(())
//! # }
//! ```

mod document;
mod kinds;
mod library;
mod options;
mod problem;
mod told;
mod trial;

pub use kinds::{KindInfo, Kinds};
pub use options::{OptionInfo, Options};
pub use problem::{Problem, WiringError};

use std::path::Path;

use document::Document;
use problem::{Source, instead};
use trial::Candidate;

use crate::chassis::Graphline;

/// A wiring that was read and not looked at closely yet.
#[derive(Clone, Debug)]
pub struct Wiring {
    source: Source,
    document: Document,
}

impl Wiring {
    /// Reads a wiring; `file` is what errors call it. An error is one of the text's form: everything else that is wrong
    /// is told together, by [`graphline`](Self::graphline).
    pub fn parse(text: &str, file: &str) -> Result<Self, WiringError> {
        let source = Source { file: file.into(), text: text.into() };
        match Document::read(&source) {
            Ok(document) => Ok(Self { source, document }),
            Err(findings) => Err(source.error(findings)),
        }
    }

    /// The name of the whole, which is that of the file, without its ending, if the wiring says nothing.
    pub fn name(&self) -> &str {
        let of_file = || Path::new(&*self.source.file).file_stem().and_then(|stem| stem.to_str());
        self.document.name.as_deref().or_else(of_file).unwrap_or("wiring")
    }

    /// Makes the components and joins them. An error tells all that is wrong.
    pub fn graphline(&self, kinds: &Kinds) -> Result<Graphline, WiringError> {
        let mut findings = self.document.findings.clone();
        let mut on_trial = Vec::new();
        let mut graphline = Graphline::new();
        for part in &self.document.parts {
            let Some((kind, kind_span)) = &part.kind else { continue };
            let make = || {
                let options = Options::new(part, kind);
                kinds.make(kind, &part.name, &options).map(|child| (child, options.finish()))
            };
            // Once to be tried out and once for good.
            let (Some((tried, (wrong, fits))), Some((child, _))) = (make(), make()) else {
                let instead = instead(kind, kinds.names(), "there is");
                findings.push((kind_span.clone(), format!("there is no kind `{kind}`{instead}")));
                continue;
            };
            on_trial.push(Candidate { child: tried, span: part.span.clone(), fits });
            findings.extend(wrong);
            graphline = graphline.child(child);
        }
        findings.extend(trial::find(on_trial, &self.document.joins));
        for join in &self.document.joins {
            graphline = graphline.link(join.source.path(), join.sink.path());
        }
        if findings.is_empty() { Ok(graphline) } else { Err(self.source.error(findings)) }
    }
}
