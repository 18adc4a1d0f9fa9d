//! What the layer looks at, and which spans it counts together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

use super::fields::PREFIX;
use super::tokio_words::{self, Word};

/// When a span is a component of its own, rather than one of many that its callsite has one component for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    /// Each span is a component of its own, from its beginning to its end.
    Never,
    /// All spans of one callsite in one parent are one component, which shows how many there were and are open, and their
    /// busy time together.
    Always,
    /// Spans are counted together, and one that has been open for so long becomes a component of its own when it is next
    /// entered: what lasts long enough to look at is there to be looked at.
    After(Duration),
}

impl Default for Fold {
    /// After a second.
    fn default() -> Self {
        Self::After(Duration::from_secs(1))
    }
}

type Rule = Arc<dyn Fn(&Metadata<'_>) -> Fold + Send + Sync>;

/// What the layer looks at; see [`Probe::layer_with`](crate::Probe::layer_with).
#[derive(Clone)]
pub struct Options {
    spans: LevelFilter,
    logs: LevelFilter,
    tokio: bool,
    fold: Rule,
}

impl Default for Options {
    fn default() -> Self {
        Self { spans: LevelFilter::INFO, logs: LevelFilter::INFO, tokio: true, fold: Arc::new(|_| Fold::default()) }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { spans, logs, tokio, fold: _ } = self;
        f.debug_struct("Options")
            .field("spans", spans)
            .field("logs", logs)
            .field("tokio", tokio)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Spans down to this level are components: to `INFO` unless said. Spans that declare something are, at any level.
    #[must_use]
    pub fn spans(mut self, level: LevelFilter) -> Self {
        self.spans = level;
        self
    }

    /// Events down to this level are log lines: to `INFO` unless said.
    #[must_use]
    pub fn logs(mut self, level: LevelFilter) -> Self {
        self.logs = level;
        self
    }

    /// Whether tokio's own tasks and resources are components too, where the program is built with `--cfg tokio_unstable`
    /// and tokio's feature `tracing`. They are unless said.
    #[must_use]
    pub fn tokio(mut self, show: bool) -> Self {
        self.tokio = show;
        self
    }

    /// Which spans are counted together; unless said, [`Fold::default`] for all. A span that declares something with a field
    /// of the convention is always a component of its own, and a resource of tokio's never.
    #[must_use]
    pub fn fold(mut self, rule: impl Fn(&Metadata<'_>) -> Fold + Send + Sync + 'static) -> Self {
        self.fold = Arc::new(rule);
        self
    }

    pub(super) fn rule(&self, metadata: &Metadata<'_>) -> Fold {
        (self.fold)(metadata)
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        match tokio_words::word(metadata) {
            Some(Word::Other) => false,
            Some(Word::Task | Word::Resource | Word::Waker) => self.tokio,
            None if declares(metadata) => true,
            None if metadata.is_span() => *metadata.level() <= self.spans,
            None => *metadata.level() <= self.logs,
        }
    }
}

/// Whether a span or an event has a field of the convention.
pub(super) fn declares(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| field.name().starts_with(PREFIX))
}

/// Which spans and events the layer is given. It is a filter of the layer's own: other layers see what they saw without it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// None when the probe is off: nothing is seen, and a callsite that nobody else wants costs nothing.
    options: Option<Options>,
}

impl Seen {
    pub(crate) fn new(options: Option<Options>) -> Self {
        Self { options }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        self.options.as_ref().is_some_and(|options| options.wants(metadata))
    }
}

impl<S: Subscriber> Filter<S> for Seen {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        match &self.options {
            None => Some(LevelFilter::OFF),
            // What is declared is seen at any level.
            Some(_) => Some(LevelFilter::TRACE),
        }
    }
}
