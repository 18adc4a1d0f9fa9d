//! The convention as macros. They expand to `tracing`'s own and to nothing else: a program that depends on `tracing` alone
//! may write the fields itself.

/// A span at `INFO` that is a component: its name, then what is to be declared of it.
///
/// The words are `name`, `type`, `description`, `inboxes`, `outboxes` and `links`, all texts; see the crate's page for how
/// boxes and linkages are written. `component_span!("reader", outboxes = "words: String")` is
/// `tracing::info_span!("reader", axon.component = true, axon.outboxes = "words: String")`.
///
/// ```
/// let reader = axonscope_probe::component_span!("reader", type = "Reader", links = "words -> shouter.words");
/// reader.in_scope(|| axonscope_probe::sent!("words"));
/// ```
/// It may be put into another than the current span, and have fields of the program's own after a semicolon:
///
/// ```
/// # let service = axonscope_probe::component_span!("service");
/// # let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 80));
/// axonscope_probe::component_span!(parent: &service, "connection", type = "Connection"; %peer);
/// ```
#[macro_export]
macro_rules! component_span {
    (parent: $parent:expr, $name:literal $(, $word:ident = $value:expr)* $(,)? $(; $($fields:tt)*)?) => {
        ::tracing::info_span!(parent: $parent, $name, axon.component = true $(, axon.$word = $value)* $(, $($fields)*)?)
    };
    ($name:literal $(, $word:ident = $value:expr)* $(,)? $(; $($fields:tt)*)?) => {
        ::tracing::info_span!($name, axon.component = true $(, axon.$word = $value)* $(, $($fields)*)?)
    };
}

/// The component of the nearest span sent so many messages, one unless said, by this outbox of its.
#[macro_export]
macro_rules! sent {
    ($outbox:expr) => {
        $crate::sent!($outbox, 1)
    };
    ($outbox:expr, $count:expr) => {
        ::tracing::trace!(axon.sent = $outbox, axon.count = $count as u64)
    };
}

/// The component of the nearest span took so many messages, one unless said, out of this inbox of its.
#[macro_export]
macro_rules! taken {
    ($inbox:expr) => {
        $crate::taken!($inbox, 1)
    };
    ($inbox:expr, $count:expr) => {
        ::tracing::trace!(axon.taken = $inbox, axon.count = $count as u64)
    };
}

/// The component of the nearest span threw away so many messages, one unless said, at this box of its.
#[macro_export]
macro_rules! dropped {
    ($postbox:expr) => {
        $crate::dropped!($postbox, 1)
    };
    ($postbox:expr, $count:expr) => {
        ::tracing::trace!(axon.dropped = $postbox, axon.count = $count as u64)
    };
}

/// So many messages wait in this inbox of the component of the nearest span.
#[macro_export]
macro_rules! waiting {
    ($inbox:expr, $count:expr) => {
        ::tracing::trace!(axon.waiting = $inbox, axon.count = $count as u64)
    };
}
