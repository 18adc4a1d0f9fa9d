//! A component with plain code at both sides.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use axonscope_runtime::{Component, ComponentHandle, Io, Message, State, System};
use tokio::sync::mpsc;

use crate::support::{Feed, soon, tell_of};

/// What goes in, what comes out, and the component between. When `input` is let go, the component is told
/// `ProducerFinished`.
pub struct Bench<I, O> {
    pub input: mpsc::Sender<I>,
    pub output: mpsc::Receiver<O>,
    pub component: ComponentHandle,
}

pub fn bench<I: Message, O: Message>(component: impl Component<Boxes = Io<I, O>>) -> Bench<I, O> {
    let system = System::new("test");
    let (input, feed) = mpsc::channel(1000);
    let (sink, output) = tell_of(1000);
    let feed = system.add("feed", Feed(feed)).unwrap();
    let component = system.add("component", component).unwrap();
    let sink = system.add("sink", sink).unwrap();
    for (source, sink) in [(&feed, &component), (&component, &sink)] {
        system.link((source, "outbox"), (sink, "inbox")).unwrap();
        system.link((source, "signal"), (sink, "control")).unwrap();
    }
    feed.start();
    sink.start();
    Bench { input, output, component: component.start() }
}

pub async fn failure(component: &ComponentHandle) -> String {
    match soon("the failure", component.ended()).await {
        State::Failed(message) => message.to_string(),
        state => panic!("{state:?} is not a failure"),
    }
}
