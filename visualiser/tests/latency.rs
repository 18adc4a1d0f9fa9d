//! From an event to its pixel, with frames that are really drawn.
#![cfg(all(feature = "window", target_os = "linux"))]
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axonscope::options::PictureSize;
use axonscope::view::offscreen::Offscreen;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::v1::{Component, ComponentActivity, Delta, Hello, Report, Snapshot};
use axonscope_session::{Options, Session};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Ten times what a software renderer should take.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program whose monotonic clock is the wall clock of this host.
struct Program {
    runtime: tokio::runtime::Runtime,
    reports: mpsc::Sender<Report>,
    seq: u64,
}

fn wall_clock_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

impl Program {
    fn dial(session: &Session) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (reports, queue) = mpsc::channel(4);
        let url = format!("http://{}", session.address().unwrap());
        runtime.spawn(async move {
            let channel = tonic::transport::Endpoint::from_shared(url).unwrap().connect().await.unwrap();
            let stream = VisualiserClient::new(channel).observe(ReceiverStream::new(queue)).await;
            let mut requests = stream.unwrap().into_inner();
            while let Ok(Some(_)) = requests.message().await {}
        });
        Self { runtime, reports, seq: 0 }
    }

    fn say(&mut self, content: Content) {
        self.seq += 1;
        let report =
            Report { seq: self.seq, captured_at: wall_clock_ns(), content: Some(content), ..Report::default() };
        self.runtime.block_on(self.reports.send(report)).unwrap();
    }
}

fn component(id: u64) -> Component {
    Component { id, name: format!("number {id}"), ..Component::default() }
}

#[test]
fn an_event_is_measured_when_the_frame_that_shows_it_is_drawn() {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let session = Session::start(Options { listen, ..Options::default() }).unwrap();
    let mut view = Offscreen::new(session.clone(), PictureSize { width: 640, height: 400 }).unwrap();
    view.open().unwrap();
    let mut program = Program::dial(&session);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    program.say(Content::Hello(Hello {
        protocol: axonscope_proto::PROTOCOL,
        system_name: "played".to_owned(),
        instance_id: vec![1; 16],
        host,
        wall_clock_ns: 1,
        monotonic_ns: 1,
        ..Hello::default()
    }));
    program.say(Content::Snapshot(Snapshot { last: true, components: vec![component(1)], ..Snapshot::default() }));
    let mut draw_until = |what: &str, holds: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < DEADLINE, "waited in vain: {what}; {:?}", session.latency());
            view.look_at_middle(None);
            view.frame();
        }
    };
    draw_until("the program is placed", &|| !session.places().systems.is_empty());

    // Nothing is followed that nobody asked for.
    program.say(Content::Delta(Delta { added_components: vec![component(2)], ..Delta::default() }));
    let known = |count| session.read(|model| model.systems().any(|system| system.component_count() == count));
    draw_until("it is known", &|| known(2));
    assert_eq!(session.latency(), Default::default());

    session.set_measured(true);
    let said_at = Instant::now();
    program.say(Content::Delta(Delta { added_components: vec![component(3)], ..Delta::default() }));
    draw_until("what appeared is seen", &|| session.latency().event_to_pixel.is_some());
    let busy = ComponentActivity { component: 1, busy_ns: 1_000_000, polls: 10, ..ComponentActivity::default() };
    let activity = axonscope_proto::v1::Activity { components: vec![busy], ..Default::default() };
    program.say(Content::Activity(activity));
    draw_until("the total is seen", &|| session.latency().total_to_pixel.is_some());
    let latency = session.latency();
    let events = latency.event_to_pixel.unwrap();
    assert!(events.count == 1 && events.p50 < said_at.elapsed(), "{latency:?}");
    // The stages lie within the whole, but for the width of their buckets.
    let stages = latency.model_to_places.unwrap().p50 + latency.places_to_pixel.unwrap().p50;
    assert!(stages < events.p50.mul_f64(1.1), "{latency:?}");
    assert_eq!((latency.clocks_differ, latency.forgotten), (0, 0));
}
