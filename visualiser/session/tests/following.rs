//! News on its way to the screen, played by a probe of plain gRPC and a frame that is only said to be drawn.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axonscope_proto::v1;
use axonscope_proto::v1::report::Content;
use axonscope_session::{Latency, Options, Session};
use support::{Probe, component, hello, listening, row, until};

/// What a probe on this host would say, whose clocks were read five seconds ago.
fn hello_from(host: &str) -> v1::Hello {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let wall_clock_ns = (now - Duration::from_secs(5)).as_nanos() as u64;
    v1::Hello { host: host.to_owned(), wall_clock_ns, ..hello("played", 1) }
}

fn own_host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// Plays frames until something was seen in one.
async fn seen(session: &Session) -> Latency {
    until("a frame shows it", || {
        let shown = session.take_shown(session.versions());
        session.seen(&shown);
        (!shown.is_empty()).then(|| session.latency())
    })
    .await
}

async fn playing(session: &Session, host: &str) -> Probe {
    let mut probe = Probe::silent(session.address().unwrap()).await;
    probe.say(Content::Hello(hello_from(host))).await;
    probe.say(Content::Snapshot(row(3))).await;
    until("the row is placed", || {
        session.places().systems.first().is_some_and(|system| !system.places.is_empty()).then_some(())
    })
    .await;
    probe
}

#[tokio::test]
async fn what_appears_is_followed_from_the_probe_to_the_frame() {
    let host = own_host();
    if host.is_empty() {
        eprintln!("skipped: this system does not say its name where we look");
        return;
    }
    let (session, _) = listening();
    session.set_measured(true);
    let mut probe = playing(&session, &host).await;
    assert_eq!(session.latency(), Latency::default(), "a snapshot is no news");

    probe.delta(v1::Delta { added_components: vec![component(9, "new")], ..Default::default() }).await;
    let latency = seen(&session).await;
    let took = latency.event_to_pixel.unwrap();
    // The third thing said, a tenth of a second later each time.
    assert!(took.count == 1 && took.p50 >= Duration::from_millis(4_600), "{latency:?}");
    for stage in [latency.arrival_to_model, latency.model_to_places, latency.places_to_pixel] {
        assert!(stage.unwrap().p99 < Duration::from_secs(20), "{latency:?}");
    }
    assert_eq!((latency.total_to_pixel, latency.clocks_differ), (None, 0));

    let busy = v1::ComponentActivity { component: 1, busy_ns: 5, polls: 7, ..Default::default() };
    probe.say(Content::Activity(v1::Activity { components: vec![busy], ..Default::default() })).await;
    let latency = seen(&session).await;
    assert_eq!((latency.total_to_pixel.unwrap().count, latency.event_to_pixel.unwrap().count), (1, 1));

    session.set_measured(false);
    probe.delta(v1::Delta { added_components: vec![component(10, "unseen")], ..Default::default() }).await;
    until("it is there", || session.read(|model| (model.systems().next()?.component_count() == 5).then_some(()))).await;
    assert_eq!(session.latency(), Latency::default());
}

#[tokio::test]
async fn another_hosts_clock_is_said_to_differ() {
    let (session, _) = listening();
    session.set_measured(true);
    let mut probe = playing(&session, "elsewhere").await;
    probe.delta(v1::Delta { added_components: vec![component(9, "new")], ..Default::default() }).await;
    let latency = seen(&session).await;
    assert_eq!((latency.event_to_pixel, latency.clocks_differ), (None, 1));
    assert!(latency.model_to_places.is_some(), "how long we took is known all the same");
}

#[tokio::test]
async fn without_a_layout_nothing_has_a_place() {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let session = Session::start(Options { listen, lays_out: false, ..Options::default() }).unwrap();
    let _probe = Probe::with_row(&session, "played", 1, 3).await;
    assert!(session.places().systems.is_empty());
    assert_eq!((session.counters().ticks, session.counters().publications), (0, 0));
}

#[tokio::test]
async fn ticks_and_publications_are_counted() {
    let (session, _) = listening();
    let _probe = Probe::with_row(&session, "played", 1, 30).await;
    assert!(session.settle(support::DEADLINE));
    let counters = session.counters();
    assert!(counters.ticks > 10 && counters.publications > 0, "{counters:?}");
    assert!(counters.ticks_over_budget <= counters.ticks && counters.publications_over_budget <= counters.publications);
}
