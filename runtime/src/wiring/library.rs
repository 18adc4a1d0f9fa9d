//! The kinds that are there from the start. All of their messages are lines of text.

use std::time::Duration;

use super::kinds::Kinds;
use crate::chassis::{Backplane, PublishTo, Splitter, SubscribeTo};
use crate::library::{ConsoleIn, ConsoleOut, Filter, Ticker, Transformer};

impl Kinds {
    /// The ready components, for lines of text:
    ///
    /// | kind | boxes | options | what it does |
    /// | --- | --- | --- | --- |
    /// | `console-in` | `outbox` | | reads lines from standard input |
    /// | `console-out` | `inbox` | | writes lines to standard output |
    /// | `ticker` | `outbox` | `every = "1s"`, `text = "tick {n}"` | sends a line every so often, with its number for `{n}` |
    /// | `upper-case`, `lower-case` | `inbox`, `outbox` | | changes letters |
    /// | `surround` | `inbox`, `outbox` | `before = ""`, `after = ""` | puts text before and after each line |
    /// | `contains` | `inbox`, `outbox`, `rejected` | `text` (needed) | sends lines with that text from `outbox`, others from `rejected` |
    /// | `splitter` | `inbox`, those named | `outboxes = ["…"]`, `capacity` | sends each line from all of its outboxes |
    /// | `backplane` | `inbox` | `subject` (needed), `capacity` | sends what is published to all who subscribed |
    /// | `publish` | `inbox` | `subject` (needed), `capacity` | publishes lines at the backplane of that subject |
    /// | `subscribe` | `outbox` | `subject` (needed), `capacity` | sends the lines published at the backplane of that subject |
    pub fn library() -> Self {
        let mut kinds = Self::new();
        kinds
            .add("console-in", |_| ConsoleIn::new())
            .add("console-out", |_| ConsoleOut::new())
            .add("ticker", |options| {
                let every = options.duration("every").unwrap_or(Duration::from_secs(1));
                let text = options.text("text").unwrap_or_else(|| "tick {n}".to_owned());
                if every.is_zero() {
                    options.refuse("every", "it has to be more than nothing");
                }
                Ticker::new(every, move |number| text.replace("{n}", &number.to_string()))
            })
            .add("upper-case", |_| Transformer::new(|line: String| line.to_uppercase()))
            .add("lower-case", |_| Transformer::new(|line: String| line.to_lowercase()))
            .add("surround", |options| {
                let before = options.text("before").unwrap_or_default();
                let after = options.text("after").unwrap_or_default();
                Transformer::new(move |line: String| format!("{before}{line}{after}"))
            })
            .add("contains", |options| {
                let text = options.needed_text("text");
                Filter::new(move |line: &String| line.contains(&text))
            })
            .add("splitter", |options| {
                let mut splitter = Splitter::<String>::new();
                for outbox in options.texts("outboxes").unwrap_or_else(|| vec!["outbox".to_owned()]) {
                    splitter = splitter.outbox(outbox);
                }
                match options.capacity() {
                    Some(capacity) => splitter.capacity(capacity),
                    None => splitter,
                }
            })
            .add("backplane", |options| {
                let backplane = Backplane::<String>::new(options.needed_text("subject"));
                match options.capacity() {
                    Some(capacity) => backplane.capacity(capacity),
                    None => backplane,
                }
            })
            .add("publish", |options| {
                let publish = PublishTo::<String>::new(options.needed_text("subject"));
                match options.capacity() {
                    Some(capacity) => publish.capacity(capacity),
                    None => publish,
                }
            })
            .add("subscribe", |options| {
                let subscribe = SubscribeTo::<String>::new(options.needed_text("subject"));
                match options.capacity() {
                    Some(capacity) => subscribe.capacity(capacity),
                    None => subscribe,
                }
            });
        kinds
    }
}
