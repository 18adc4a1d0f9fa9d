//! Programs may call things what they like: every output of the command line stays in order, and tells what it cut.

#![allow(clippy::unwrap_used)]

mod support;

use axonscope_proto::limits::STRING_BYTES;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::v1::{Component, Delta, Hello, Linkage, LinkageKind, Postbox, PostboxKind, Report, Snapshot};
use serde_json::Value;
use support::{Process, Visualiser, axonscope, until};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;

const HOSTILE: [&str; 12] = [
    "",
    "twin",
    "twin",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{9b}31m and \u{0}\u{8}\u{7f}",
    "\u{202e}desrever\u{202c} \u{2066}x",
    "line one\nline two\r\n  chat_server + forged",
    "<b onclick='x'>markup</b>&amp;",
    "\"quotes\" and \\ at the end \\",
    "{record|<port> field}",
    "]; } digraph evil { a -> b [label=\"",
    "日本語 👩‍👩‍👧",
];

/// A program that says what a test wants said.
struct Liar {
    runtime: tokio::runtime::Runtime,
    reports: mpsc::Sender<Report>,
    stream: tokio::task::JoinHandle<Result<(), tonic::Status>>,
    seq: u64,
}

impl Liar {
    fn dial(url: &str, system_name: &str, instance: u8) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (reports, queue) = mpsc::channel(4);
        let url = url.to_owned();
        let stream = runtime.spawn(async move {
            let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();
            let mut client = VisualiserClient::new(channel);
            let mut requests = client.observe(ReceiverStream::new(queue)).await?.into_inner();
            while requests.message().await?.is_some() {}
            Ok(())
        });
        let mut liar = Self { runtime, reports, stream, seq: 0 };
        liar.say(Content::Hello(Hello {
            protocol: axonscope_proto::PROTOCOL,
            system_name: system_name.to_owned(),
            instance_id: vec![instance; 16],
            pid: 1,
            host: "\u{1b}[31mhost\n".to_owned(),
            program: "\u{202e}liar".to_owned(),
            wall_clock_ns: 1,
            monotonic_ns: 1,
            started_at: 1,
            labels: [("\u{1b}key".to_owned(), "\u{9b}value".to_owned())].into(),
        }));
        liar
    }

    fn say(&mut self, content: Content) {
        self.seq += 1;
        let report = Report { seq: self.seq, captured_at: self.seq, lost: 0, content: Some(content), refused: 0 };
        self.runtime.block_on(self.reports.send(report)).unwrap();
    }

    /// How the visualiser ended the stream.
    fn refusal(self) -> tonic::Status {
        self.runtime.block_on(async {
            let ended = tokio::time::timeout(support::DEADLINE, self.stream).await.expect("the stream goes on");
            ended.unwrap().expect_err("the stream ended well")
        })
    }
}

/// Everything is called `names[i]`, and linked round in a ring.
fn snapshot(names: &[String]) -> Snapshot {
    let count = names.len() as u64;
    let component = |(i, name): (usize, &String)| Component {
        id: i as u64 + 1,
        name: name.clone(),
        type_name: names[(i + 1) % names.len()].clone(),
        description: name.clone(),
        ..Component::default()
    };
    let postbox = |(i, name): (usize, &String), kind: PostboxKind, id: u64| Postbox {
        id,
        owner: i as u64 + 1,
        name: name.clone(),
        kind: kind.into(),
        message_type: name.clone(),
        ..Postbox::default()
    };
    let inboxes = names.iter().enumerate().map(|at| postbox(at, PostboxKind::Inbox, at.0 as u64 * 2 + 1));
    let outboxes = names.iter().enumerate().map(|at| postbox(at, PostboxKind::Outbox, at.0 as u64 * 2 + 2));
    Snapshot {
        event_number: 1,
        part: 0,
        last: true,
        components: names.iter().enumerate().map(component).collect(),
        postboxes: inboxes.chain(outboxes).collect(),
        linkages: (0..count)
            .map(|i| Linkage {
                id: i + 1,
                source: i * 2 + 2,
                sink: (i + 1) % count * 2 + 1,
                kind: LinkageKind::Direct.into(),
            })
            .collect(),
    }
}

fn assert_steers_no_terminal(what: &str, text: &str) {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(c) = text.chars().find(|&c| harmful(c)) {
        panic!("{what} lets {c:?} through: {text:?}");
    }
}

#[test]
fn every_output_stays_in_order() {
    let visualiser = Visualiser::start();
    let watch = Process::start(axonscope(["watch"]).args(["--endpoint", &visualiser.url]));
    watch.line("watch to connect", |line| line.contains("watching").then_some(()));

    let names: Vec<String> = HOSTILE.map(str::to_owned).into();
    let mut liar = Liar::dial(&visualiser.url, "\u{1b}[31m\"sys|tem\"\u{202e}\n", 1);
    liar.say(Content::Snapshot(snapshot(&names)));
    visualiser.list_until("the liar", |systems| systems.len() == 1 && systems[0]["component_count"] == names.len());

    // Once more as a Delta, for those who watch.
    let more = names.iter().enumerate().map(|(i, name)| Component {
        id: 100 + i as u64,
        parent: 1,
        name: name.clone(),
        ..Component::default()
    });
    liar.say(Content::Delta(Delta { added_components: more.collect(), ..Delta::default() }));
    let count = 2 * names.len();
    visualiser.list_until("the liar's children", |systems| systems[0]["component_count"] == count);

    let picture = visualiser.picture();
    let mut components = picture["systems"][0]["components"].as_array().unwrap().clone();
    components.sort_by_key(|component| component["id"].as_u64());
    let told: Vec<&str> = components.iter().map(|component| component["name"].as_str().unwrap()).collect();
    let twice: Vec<&str> = HOSTILE.iter().chain(&HOSTILE).copied().collect();
    assert_eq!(told, twice, "JSON gives the names back as they were");
    assert_eq!(picture["systems"][0]["labels"]["\u{1b}key"], "\u{9b}value");

    for args in
        [&["ls"][..], &["ls", "--format", "json"], &["export", "--format", "json"], &["export", "--format", "dot"]]
    {
        let output = visualiser.ask(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_steers_no_terminal(&format!("{args:?}"), &String::from_utf8(output.stdout).unwrap());
    }
    let list = visualiser.ask(&["ls"]).stdout;
    assert_eq!(String::from_utf8(list).unwrap().lines().count(), 2, "a heading and a line a system");

    until("watch to tell of them all", || {
        let text = watch.stdout();
        let told = text.lines().filter(|line| line.contains(" + ")).count();
        // One of the names holds a forged line; it has to be on the line of its component.
        if told == HOSTILE.len() { Ok(()) } else { Err(text) }
    });
    assert_steers_no_terminal("watch", &watch.stdout());
}

#[test]
fn a_name_beyond_the_limit_is_cut_and_the_cut_is_counted() {
    let visualiser = Visualiser::start();
    let mut liar = Liar::dial(&visualiser.url, &"s".repeat(STRING_BYTES + 1), 1);
    liar.say(Content::Snapshot(snapshot(&["€".repeat(20_000)])));
    let systems = visualiser.picture_until("the liar", |systems| systems[0]["component_count"] == 1);
    let length = |value: &Value| value.as_str().unwrap().len();
    assert_eq!(length(&systems[0]["name"]), STRING_BYTES);
    assert_eq!(length(&systems[0]["components"][0]["name"]), STRING_BYTES - STRING_BYTES % 3);
    assert!(systems[0]["anomalies"].as_u64().unwrap() > 0, "{:#}", systems[0]);
}

#[test]
fn a_report_with_a_name_of_a_mebibyte_ends_its_stream_and_no_other() {
    let visualiser = Visualiser::start();
    let mut honest = Liar::dial(&visualiser.url, "honest", 1);
    honest.say(Content::Snapshot(snapshot(&["a".to_owned()])));
    let mut liar = Liar::dial(&visualiser.url, "liar", 2);
    liar.say(Content::Snapshot(snapshot(&["b".to_owned()])));
    visualiser.list_until("both", |systems| systems.iter().filter(|system| system["status"] == "live").count() == 2);

    let huge = Component { id: 9, name: "x".repeat(1024 * 1024), ..Component::default() };
    liar.say(Content::Delta(Delta { added_components: vec![huge], ..Delta::default() }));
    let refusal = liar.refusal();
    assert!(matches!(refusal.code(), tonic::Code::OutOfRange | tonic::Code::ResourceExhausted), "{refusal:?}");

    let more = Component { id: 9, name: "more".to_owned(), ..Component::default() };
    honest.say(Content::Delta(Delta { added_components: vec![more], ..Delta::default() }));
    visualiser.list_until("the honest one to go on", |systems| {
        systems.iter().any(|system| system["name"] == "honest" && system["component_count"] == 2)
    });
}
