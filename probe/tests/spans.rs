//! A program observed by what it tells `tracing`.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use axonscope_probe::trace::{Fold, Options};
use axonscope_probe::{Probe, channel, component_span, sent, taken, waiting};
use axonscope_proto::v1::{LogLevel, PostboxKind};
use support::{Conversation, Picture, Recorder};
use tracing::subscriber::DefaultGuard;
use tracing::{Instrument, debug, error_span, info, info_span, warn};
use tracing_subscriber::prelude::*;

/// A program whose spans are observed for as long as this is held, on this thread.
struct Observed {
    _probe: Probe,
    _recorder: Recorder,
    conversation: Conversation,
    _subscriber: DefaultGuard,
}

async fn observed(options: Options) -> Observed {
    let mut recorder = Recorder::start().await;
    let builder = Probe::builder().name("mill").endpoint(&recorder.endpoint()).unwrap();
    let probe = builder.cadence(Duration::from_millis(20)).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let subscriber = tracing_subscriber::registry().with(probe.layer_with(options)).set_default();
    Observed { _probe: probe, _recorder: recorder, conversation, _subscriber: subscriber }
}

fn has(paths: &[&str]) -> impl Fn(&Picture) -> bool {
    move |picture| picture.paths() == paths
}

#[tokio::test]
async fn short_spans_of_one_callsite_are_one_component_in_that_of_their_parent() {
    let mut observed = observed(Options::default()).await;
    let service = component_span!("service");
    let requests: Vec<_> = (0..100)
        .map(|number| {
            let request = info_span!(parent: &service, "request", number);
            request.in_scope(|| drop(info_span!("query").entered()));
            request
        })
        .collect();
    observed.conversation.until("the service", has(&["service", "service/request", "service/request/query"])).await;
    observed
        .conversation
        .until("the requests", |picture| picture.activity("request").is_some_and(|totals| totals.begun == 100))
        .await;
    let totals = *observed.conversation.picture.activity("request").unwrap();
    assert_eq!((totals.open, totals.polls), (100, 100));
    assert!(totals.busy_ns > 0);
    let mut requests = requests;
    requests.truncate(3);
    observed
        .conversation
        .until("three open", |picture| picture.activity("request").is_some_and(|totals| totals.open == 3))
        .await;
    drop((requests, service));
    observed.conversation.until("nothing", has(&[])).await;
    observed.conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_span_that_stays_open_becomes_a_component_of_its_own() {
    let mut observed = observed(Options::default().fold(|_| Fold::After(Duration::from_millis(50)))).await;
    let request = |path| info_span!("request", path);
    let long = request("/slow");
    drop(request("/quick").entered());
    drop(long.enter());
    observed.conversation.until("both together", has(&["request"])).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    drop(long.enter());
    observed.conversation.until("the long one", has(&["request", "request #1"])).await;
    assert_eq!(observed.conversation.picture.component("request #1").unwrap().description, "path=/slow");
    let inner = info_span!(parent: &long, "query");
    observed.conversation.until("what it does", has(&["request", "request #1", "request #1/query"])).await;
    drop((inner, long));
    observed.conversation.until("the rest", has(&["request"])).await;
    let open = |picture: &Picture| picture.activity("request").is_some_and(|totals| totals.open == 0);
    observed.conversation.until("none open", open).await;
    observed.conversation.picture.assert_clean();
}

#[tokio::test]
async fn the_rule_can_be_changed() {
    let options = Options::default().fold(|metadata| match metadata.name() {
        "connection" => Fold::Never,
        _ => Fold::Always,
    });
    let mut observed = observed(options).await;
    let spans = [0, 1].map(|_| [info_span!("connection"), info_span!("job")]);
    observed.conversation.until("all", has(&["connection", "connection", "job"])).await;
    drop(spans);
    observed.conversation.until("the job", has(&["job"])).await;
}

#[tokio::test]
async fn fields_declare_boxes_and_linkages_and_events_count() {
    let mut observed = observed(Options::default()).await;
    // Linked before there is anybody to link to, and with plain fields.
    let reader = tracing::debug_span!(
        "read",
        axon.name = "reader",
        axon.type = "Reader",
        axon.description = "reads lines",
        axon.links = "words -> shouter.words",
    );
    let shouters =
        [0, 1].map(|_| component_span!("shouter", inboxes = "words: String [8], stop", outboxes = "shouts: String"));
    observed.conversation.until("the wiring", |picture| picture.linkages.len() == 2).await;
    reader.in_scope(|| {
        sent!("words");
        info_span!("inner").in_scope(|| sent!("words", 4));
    });
    shouters[0].in_scope(|| {
        taken!("words", 2);
        waiting!("words", 3);
    });
    observed
        .conversation
        .until("counts", |picture| {
            picture.totals("reader", "words").is_some_and(|totals| totals.messages == 5)
                && picture.totals("shouter", "words").is_some_and(|totals| totals.messages == 2 && totals.depth == 3)
        })
        .await;
    let picture = &observed.conversation.picture;
    assert_eq!(picture.wiring(), ["reader.words -> shouter.words"; 2]);
    let reader_told = picture.component("reader").unwrap();
    assert_eq!((reader_told.type_name.as_str(), reader_told.description.as_str()), ("Reader", "reads lines"));
    let words = picture.postboxes.values().find(|p| p.name == "words" && p.kind() == PostboxKind::Inbox).unwrap();
    assert_eq!((words.message_type.as_str(), words.capacity), ("String", 8));
    drop(shouters);
    observed.conversation.until("the reader alone", |picture| picture.linkages.is_empty()).await;
    observed.conversation.picture.assert_clean();
}

#[tokio::test]
async fn a_bad_declaration_is_one_line_of_its_component_and_the_rest_holds() {
    let mut observed = observed(Options::default()).await;
    let _span = component_span!("reader", inboxes = "two words, good", links = "nowhere");
    observed.conversation.until("the line", |picture| !picture.lines.is_empty()).await;
    let picture = &observed.conversation.picture;
    assert!(picture.lines[0].text.contains("two words") && picture.lines[0].text.contains("nowhere"));
    assert_eq!(picture.lines[0].component, picture.component("reader").unwrap().id);
    assert!(picture.postboxes.values().any(|postbox| postbox.name == "good"));
}

#[tokio::test]
async fn events_are_lines_of_the_component_they_happen_in() {
    let mut observed = observed(Options::default()).await;
    let reader = component_span!("reader");
    reader.in_scope(|| {
        info!(lines = 3, "read");
        debug!("not at this level");
        info_span!("inner").in_scope(|| warn!("slow"));
    });
    info!("outside");
    observed.conversation.until("three lines", |picture| picture.lines.len() == 3).await;
    let picture = &observed.conversation.picture;
    let told: Vec<_> = picture.lines.iter().map(|line| (line.component, line.level(), line.text.as_str())).collect();
    let (reader, inner) = (picture.component("reader").unwrap().id, picture.component("inner").unwrap().id);
    assert_eq!(
        told,
        [(reader, LogLevel::Info, "read lines=3"), (inner, LogLevel::Warn, "slow"), (0, LogLevel::Info, "outside"),]
    );
    picture.assert_clean();
}

#[tokio::test]
async fn a_line_outlives_the_span_it_was_said_in() {
    let mut observed = observed(Options::default().fold(|_| Fold::Never)).await;
    let outer = component_span!("outer");
    for _ in 0..5 {
        error_span!(parent: &outer, "brief").in_scope(|| warn!("gone"));
    }
    observed.conversation.until("the lines", |picture| picture.lines.len() == 5).await;
    let picture = &observed.conversation.picture;
    let outer = picture.component("outer").unwrap().id;
    assert!(picture.lines.iter().all(|line| line.component == outer), "{:?}", picture.lines);
    picture.assert_clean();
}

#[tokio::test]
async fn a_channel_finds_its_ends_by_their_spans() {
    let mut observed = observed(Options::default()).await;
    let (jobs, mut queue) = channel::bounded::<u32>("jobs", 4);
    let handle = {
        let jobs = jobs.clone();
        async move { jobs.send(1).await }.instrument(info_span!("handler"))
    };
    let work = async move { queue.recv().await.zip(queue.recv().await) }.instrument(component_span!("worker"));
    let other = async move { jobs.send(2).await }.instrument(info_span!("other"));
    let (one, two, taken) = tokio::join!(handle, other, work);
    one.unwrap();
    two.unwrap();
    assert_eq!(taken, Some((1, 2)));
    // The worker's span ended with its future, and its inbox with it.
    observed.conversation.until("the senders", has(&["handler", "other"])).await;
    observed.conversation.picture.assert_clean();
}

#[tokio::test]
async fn other_layers_see_what_they_saw_without_it() {
    let mut recorder = Recorder::start().await;
    let builder = Probe::builder().name("mill").endpoint(&recorder.endpoint()).unwrap();
    let probe = builder.cadence(Duration::from_millis(20)).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let printed = tempfile();
    let quiet = tracing_subscriber::fmt::layer()
        .with_writer(std::sync::Mutex::new(printed.try_clone().unwrap()))
        .with_filter(tracing::level_filters::LevelFilter::WARN);
    let _subscriber = tracing_subscriber::registry().with(quiet).with(probe.layer()).set_default();
    let _span = component_span!("reader").entered();
    info!("for the probe alone");
    warn!("for both");
    conversation.until("both lines", |picture| picture.lines.len() == 2).await;
    use std::io::{Read, Seek};
    let mut text = String::new();
    let mut printed = printed;
    printed.rewind().unwrap();
    printed.read_to_string(&mut text).unwrap();
    assert!(text.contains("for both") && !text.contains("alone"), "{text}");
}

fn tempfile() -> std::fs::File {
    let path = std::env::temp_dir().join(format!("axonscope-probe-{}", std::process::id()));
    let file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file
}

#[tokio::test]
async fn what_counts_at_no_box_is_one_line_for_each_place_in_the_program() {
    let mut observed = observed(Options::default()).await;
    let span = component_span!("reader", inbox = "words"; answer = 42);
    for _ in 0..5 {
        span.in_scope(|| sent!("nowhere"));
    }
    observed.conversation.until("two lines", |picture| picture.lines.len() >= 2).await;
    let texts: Vec<_> = observed.conversation.picture.lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts[0].contains("spans.rs:") && texts[0].contains("axon.inbox"), "{texts:?}");
    assert!(texts[1].contains("spans.rs:") && texts[1].contains("\"nowhere\""), "{texts:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(observed.conversation.picture.lines.len(), 2);
    assert_eq!(observed.conversation.picture.component("reader").unwrap().description, "answer=42");
}

#[tokio::test]
async fn a_span_that_becomes_a_component_of_its_own_takes_its_channel_with_it() {
    let mut observed = observed(Options::default().fold(|_| Fold::After(Duration::from_millis(50)))).await;
    let (jobs, mut queue) = channel::bounded::<u32>("jobs", 4);
    let worker = component_span!("worker");
    let connection = info_span!("connection");
    let send = async |number| jobs.send(number).instrument(connection.clone()).await.unwrap();
    send(1).await;
    assert_eq!(async { queue.recv().await }.instrument(worker.clone()).await, Some(1));
    tokio::time::sleep(Duration::from_millis(60)).await;
    send(2).await;
    observed
        .conversation
        .until("its own linkage", |picture| {
            picture.wiring() == ["connection #1.jobs -> worker.jobs", "connection.jobs -> worker.jobs"]
        })
        .await;
    let sent = |picture: &Picture| picture.totals("connection #1", "jobs").is_some_and(|totals| totals.messages == 1);
    observed.conversation.until("its own message", sent).await;
    observed.conversation.picture.assert_clean();
}
