//! What can go wrong, one type for each kind of operation.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::observe::{LinkageKind, PostboxKind};
use crate::stop::Shutdown;

/// Why two postboxes were not joined. A box is named by the path of its component, a dot, and its own name.
#[derive(Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// There is no such postbox.
    #[error("there is no {kind} `{wanted}`{}", hint(.known))]
    NoPostbox {
        /// Inbox or outbox.
        kind: PostboxKind,
        /// What was asked for.
        wanted: String,
        /// The boxes of that kind its component does have.
        known: Vec<Arc<str>>,
    },
    /// The two boxes carry different messages.
    #[error("`{source_box}` sends {source_type} but `{sink_box}` takes {sink_type}")]
    TypesDiffer {
        /// Where messages would come from.
        source_box: String,
        /// What it sends.
        source_type: Arc<str>,
        /// Where they would go.
        sink_box: String,
        /// What it takes.
        sink_type: Arc<str>,
    },
    /// An outbox has at most one linkage, and so has the inbox of a composite towards its children.
    #[error("cannot link `{source_box}` to `{sink_box}`: it is linked to `{linked_to}` already; relink it instead")]
    AlreadyLinked {
        /// Where messages would come from.
        source_box: String,
        /// Where they would go.
        sink_box: String,
        /// Where they go now.
        linked_to: String,
    },
    /// Passthrough joins a composite to a component directly inside it.
    #[error("cannot pass `{source_box}` {kind} to `{sink_box}`: {outer} does not directly contain {inner}")]
    NotInside {
        /// Where messages would come from.
        source_box: String,
        /// Where they would go.
        sink_box: String,
        /// Inward or Outward.
        kind: LinkageKind,
        /// The path of the component that should contain the other.
        outer: String,
        /// The path of the component that should be inside.
        inner: String,
    },
    /// The linkage had been undone before.
    #[error("the linkage has been undone already")]
    Unlinked,
}

fn hint(known: &[Arc<str>]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; there is {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}

/// Why a component was not added.
#[derive(Clone, PartialEq, Eq, Error)]
pub enum AddError {
    /// The system is shutting down.
    #[error("cannot add `{path}`: the system is shutting down")]
    ShuttingDown {
        /// The path the component would have had.
        path: String,
    },
    /// The composite it was to live in has come to its end.
    #[error("cannot add `{name}`: its composite has come to its end")]
    NoParent {
        /// The name the component would have had.
        name: String,
    },
    /// Two boxes of one kind have the same name.
    #[error("`{path}` has two boxes of one kind named `{postbox}`")]
    DuplicatePostbox {
        /// The path of the component.
        path: String,
        /// The name both have.
        postbox: String,
    },
    /// Another component offers something by that name already.
    #[error("`{name}` is offered by `{holder}` already")]
    ServiceTaken {
        /// The name of the service.
        name: String,
        /// The path of the component that offers it.
        holder: String,
    },
    /// A composite could not join its children.
    #[error(transparent)]
    Link(#[from] LinkError),
}

// What `main` shows of an error that it returns is this, and the first mistake of most people is a linkage that does not
// fit: so it reads as it is displayed.
impl fmt::Debug for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The message that could not be delivered without waiting.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
#[error("the message cannot be delivered without waiting")]
pub struct WouldWait<T>(pub T);

impl<T> fmt::Debug for WouldWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WouldWait(..)")
    }
}

/// Why a component failed: any error, which `?` turns into this.
pub struct Failure(Box<dyn Error + Send + Sync>);

impl Failure {
    /// A failure that is only a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    pub(crate) fn is_shutdown(&self) -> bool {
        self.0.is::<Shutdown>()
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a component's `run` returns.
pub type Outcome = Result<(), Failure>;
