//! The kinds that are there from the start. All of their messages are lines of text.

use std::time::Duration;

use bytes::Bytes;

use super::kinds::Kinds;
use crate::chassis::{Backplane, Pipeline, PublishTo, Splitter, SubscribeTo};
use crate::component::{Children, Component, Context, Declare};
use crate::error::{AddError, Failure, Outcome};
use crate::library::{
    ConsoleIn, ConsoleOut, FileReader, FileWriter, Filter, LineSplitter, RateLimiter, TcpClient, Ticker, Transformer,
};
use crate::name::Name;
use crate::observe::State;

impl Kinds {
    /// The ready components, for lines of text:
    ///
    /// | kind | boxes | options | what it does |
    /// | --- | --- | --- | --- |
    /// | `console-in` | `outbox` | | reads lines from standard input |
    /// | `console-out` | `inbox` | | writes lines to standard output |
    /// | `file-in` | `outbox` | `path` (needed) | reads the lines of a file |
    /// | `file-out` | `inbox` | `path` (needed), `append = false` | writes lines to a file |
    /// | `tcp-client` | `inbox`, `outbox` | `address` (needed) | connects, sends lines and receives lines |
    /// | `ticker` | `outbox` | `every = "1s"`, `text = "tick {n}"` | sends a line every so often, with its number for `{n}` |
    /// | `rate-limit` | `inbox`, `outbox` | `lines = 1`, `every = "1s"` | lets so many lines pass in that time, evenly spaced |
    /// | `upper-case`, `lower-case` | `inbox`, `outbox` | | changes letters |
    /// | `surround` | `inbox`, `outbox` | `before = ""`, `after = ""` | puts text before and after each line |
    /// | `replace` | `inbox`, `outbox` | `text` (needed), `with = ""` | puts one text in the place of another |
    /// | `number` | `inbox`, `outbox` | | puts its number before each line |
    /// | `contains` | `inbox`, `outbox`, `rejected` | `text` (needed) | sends lines with that text from `outbox`, others from `rejected` |
    /// | `splitter` | `inbox`, those named | `outboxes = ["…"]`, `capacity` | sends each line from all of its outboxes |
    /// | `backplane` | `inbox` | `subject` (needed), `capacity` | sends what is published to all who subscribed |
    /// | `publish` | `inbox` | `subject` (needed), `capacity` | publishes lines at the backplane of that subject |
    /// | `subscribe` | `outbox` | `subject` (needed), `capacity` | sends the lines published at the backplane of that subject |
    pub fn library() -> Self {
        let mut kinds = Self::new();
        add_ends(&mut kinds);
        add_work(&mut kinds);
        add_ways(&mut kinds);
        kinds
    }
}

/// Where lines come from and go to.
fn add_ends(kinds: &mut Kinds) {
    kinds
        .add("console-in", |_| ConsoleIn::new())
        .about("console-in", "reads lines from standard input")
        .add("console-out", |_| ConsoleOut::new())
        .about("console-out", "writes lines to standard output")
        .add("file-in", |options| {
            let path = options.needed_text("path");
            let stages = Pipeline::new().stage("file", FileReader::new(&path)).stage("lines", LineSplitter::new());
            Whole::new("FileIn", format!("Reads the lines of {path}"), stages)
        })
        .about("file-in", "reads the lines of a file")
        .add("file-out", |options| {
            let path = options.needed_text("path");
            let append = options.truth("append") == Some(true);
            let writer = if append { FileWriter::append(&path) } else { FileWriter::create(&path) };
            let stages = Pipeline::new().stage("bytes", to_bytes()).stage("file", writer);
            Whole::new("FileOut", format!("Writes lines to {path}"), stages)
        })
        .about("file-out", "writes lines to a file: a new one, or with `append = true` at its end")
        .add("tcp-client", |options| {
            let address = options.needed_text("address");
            let stages = Pipeline::new()
                .stage("bytes", to_bytes())
                .stage("connection", TcpClient::new(&address))
                .stage("lines", LineSplitter::new());
            Whole::new("TcpClient", format!("Exchanges lines with {address}"), stages)
        })
        .about("tcp-client", "connects to \"HOST:PORT\", sends lines and receives lines")
        .add("ticker", |options| {
            let every = positive_duration(options, "every");
            let text = options.text("text").unwrap_or_else(|| "tick {n}".to_owned());
            Ticker::new(every, move |number| text.replace("{n}", &number.to_string()))
        })
        .about("ticker", "sends a line every so often (1s), \"tick {n}\" or another text, with its number for {n}");
}

/// What is done with a line.
fn add_work(kinds: &mut Kinds) {
    kinds
        .add("upper-case", |_| Transformer::new(|line: String| line.to_uppercase()))
        .about("upper-case", "makes all letters upper case")
        .add("lower-case", |_| Transformer::new(|line: String| line.to_lowercase()))
        .about("lower-case", "makes all letters lower case")
        .add("surround", |options| {
            let before = options.text("before").unwrap_or_default();
            let after = options.text("after").unwrap_or_default();
            Transformer::new(move |line: String| format!("{before}{line}{after}"))
        })
        .about("surround", "puts text before and after each line")
        .add("replace", |options| {
            let text = options.needed_text("text");
            let with = options.text("with").unwrap_or_default();
            // An empty text is between any two letters, which nobody means.
            Transformer::new(move |line: String| if text.is_empty() { line } else { line.replace(&text, &with) })
        })
        .about("replace", "puts one text in the place of another, wherever it is in a line")
        .add("number", |_| {
            let mut number = 0_u64;
            Transformer::new(move |line: String| {
                number += 1;
                format!("{number} {line}")
            })
        })
        .about("number", "puts its number before each line")
        .add("contains", |options| {
            let text = options.needed_text("text");
            Filter::new(move |line: &String| line.contains(&text))
        })
        .about("contains", "sends lines with a text from `outbox`, all others from `rejected`")
        .add("rate-limit", |options| {
            let lines = options.integer("lines", 1..=1_000_000).unwrap_or(1);
            let every = positive_duration(options, "every");
            RateLimiter::<String>::new(lines.unsigned_abs(), every)
        })
        .about("rate-limit", "lets so many lines (1) pass in a time (1s), evenly spaced; the others wait");
}

/// Which way lines go.
fn add_ways(kinds: &mut Kinds) {
    kinds
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
        .about("splitter", "sends each line from all of its outboxes")
        .add("backplane", |options| {
            let backplane = Backplane::<String>::new(options.needed_text("subject"));
            match options.capacity() {
                Some(capacity) => backplane.capacity(capacity),
                None => backplane,
            }
        })
        .about("backplane", "sends what is published on a subject to all who subscribed")
        .add("publish", |options| {
            let publish = PublishTo::<String>::new(options.needed_text("subject"));
            match options.capacity() {
                Some(capacity) => publish.capacity(capacity),
                None => publish,
            }
        })
        .about("publish", "publishes lines on a subject")
        .add("subscribe", |options| {
            let subscribe = SubscribeTo::<String>::new(options.needed_text("subject"));
            match options.capacity() {
                Some(capacity) => subscribe.capacity(capacity),
                None => subscribe,
            }
        })
        .about("subscribe", "sends the lines published on a subject");
}

/// A second if nothing is said.
fn positive_duration(options: &super::Options<'_>, key: &str) -> Duration {
    let duration = options.duration(key).unwrap_or(Duration::from_secs(1));
    if duration.is_zero() {
        options.refuse(key, "it has to be more than nothing");
    }
    duration
}

fn to_bytes() -> Transformer<String, Bytes> {
    Transformer::new(|mut line: String| {
        line.push('\n');
        Bytes::from(line)
    })
}

/// A pipeline that is one component to who wrote the wiring, and so fails with the stage that fails.
struct Whole {
    type_name: &'static str,
    description: String,
    stages: Pipeline,
}

impl Whole {
    fn new(type_name: &'static str, description: String, stages: Pipeline) -> Self {
        Self { type_name, description, stages }
    }
}

impl Component for Whole {
    type Boxes = Children;

    fn type_name(&self) -> Name {
        self.type_name.into()
    }

    fn description(&self) -> Name {
        self.description.clone().into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
        self.stages.declare(declare)
    }

    async fn run(self, stages: Children, ctx: Context) -> Outcome {
        let stages = stages.start();
        ctx.children_finished().await?;
        for stage in stages {
            if let Some(State::Failed(why)) = stage.end() {
                return Err(Failure::new(&*why));
            }
        }
        Ok(())
    }
}
