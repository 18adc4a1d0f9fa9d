//! A probe made of plain gRPC, and patience.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::visualiser_client::VisualiserClient;
use axonscope_proto::{PROTOCOL, v1};
use axonscope_session::reader::Reader;
use axonscope_session::{Options, Session};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// Ten times what anything here should take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn listening() -> (Session, SocketAddr) {
    let session = Session::start(Options { listen: vec![([127, 0, 0, 1], 0).into()], ..Options::default() }).unwrap();
    let address = session.address().unwrap();
    (session, address)
}

pub(crate) async fn reader(address: SocketAddr) -> Reader {
    Reader::connect(&format!("http://{address}")).await.unwrap()
}

/// Waits until `what` answers something.
pub(crate) async fn until<T>(why: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = what() {
            return answer;
        }
        assert!(began.elapsed() < DEADLINE, "waited in vain: {why}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

pub(crate) async fn client(endpoint: &str) -> VisualiserClient<Channel> {
    let channel = tonic::transport::Endpoint::from_shared(endpoint.to_owned()).unwrap().connect().await.unwrap();
    VisualiserClient::new(channel)
}

pub(crate) fn hello(name: &str, instance: u8) -> v1::Hello {
    v1::Hello {
        protocol: PROTOCOL,
        system_name: name.to_owned(),
        instance_id: vec![instance; 16],
        monotonic_ns: 1,
        ..Default::default()
    }
}

pub(crate) fn component(id: u64, name: &str) -> v1::Component {
    v1::Component { id, name: name.to_owned(), type_name: "Worker".to_owned(), ..Default::default() }
}

pub(crate) fn postbox(id: u64, owner: u64, name: &str, kind: v1::PostboxKind) -> v1::Postbox {
    v1::Postbox { id, owner, name: name.to_owned(), kind: kind as i32, capacity: 10, ..Default::default() }
}

/// Components `1..=count` in a row: each has inbox `10 * id` and outbox `10 * id + 1`, linked to the next.
pub(crate) fn row(count: u64) -> v1::Snapshot {
    let boxes = |id: u64| {
        [
            postbox(10 * id, id, "inbox", v1::PostboxKind::Inbox),
            postbox(10 * id + 1, id, "outbox", v1::PostboxKind::Outbox),
        ]
    };
    v1::Snapshot {
        last: true,
        components: (1..=count).map(|id| component(id, &format!("stage {id}"))).collect(),
        postboxes: (1..=count).flat_map(boxes).collect(),
        linkages: (1..count).map(|id| v1::Linkage { id, source: 10 * id + 1, sink: 10 * (id + 1), kind: 1 }).collect(),
        ..Default::default()
    }
}

/// One stream.
pub(crate) struct Probe {
    reports: mpsc::Sender<v1::Report>,
    pub(crate) requests: Streaming<v1::Request>,
    pub(crate) seq: u64,
    pub(crate) now: u64,
}

impl Probe {
    /// Opens a stream and says nothing.
    pub(crate) async fn silent(address: SocketAddr) -> Probe {
        Probe::through(&format!("http://{address}")).await
    }

    /// The same, by whatever way.
    pub(crate) async fn through(endpoint: &str) -> Probe {
        let (reports, stream) = mpsc::channel(4);
        let requests = client(endpoint).await.observe(ReceiverStream::new(stream)).await.unwrap().into_inner();
        Probe { reports, requests, seq: 0, now: 1 }
    }

    pub(crate) async fn dial(address: SocketAddr, name: &str, instance: u8) -> Probe {
        let mut probe = Probe::silent(address).await;
        probe.say(Content::Hello(hello(name, instance))).await;
        probe
    }

    /// With a row of components, and awaited.
    pub(crate) async fn with_row(session: &Session, name: &str, instance: u8, count: u64) -> Probe {
        let before = session.read(|model| model.systems().len());
        let mut probe = Probe::dial(session.address().unwrap(), name, instance).await;
        probe.say(Content::Snapshot(row(count))).await;
        until("the row appears", || {
            session.read(|model| {
                let last = model.systems().last()?;
                (model.systems().len() > before && last.component_count() == count as usize).then_some(())
            })
        })
        .await;
        probe
    }

    pub(crate) async fn say(&mut self, content: Content) {
        self.seq += 1;
        self.now += 100_000_000;
        let report = v1::Report { seq: self.seq, captured_at: self.now, lost: 0, content: Some(content), refused: 0 };
        // A stream that was refused takes nothing any more; the test asks why.
        let _ = self.reports.send(report).await;
    }

    pub(crate) async fn delta(&mut self, delta: v1::Delta) {
        self.say(Content::Delta(delta)).await;
    }

    /// The next thing it is asked.
    pub(crate) async fn request(&mut self) -> v1::request::Content {
        let request = tokio::time::timeout(DEADLINE, self.requests.message()).await.expect("asked for nothing");
        request.unwrap().expect("the stream goes on").content.unwrap()
    }

    /// How the visualiser ended the stream.
    pub(crate) async fn refusal(&mut self) -> Status {
        loop {
            match tokio::time::timeout(DEADLINE, self.requests.message()).await.expect("no answer") {
                Err(status) => return status,
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended well"),
            }
        }
    }
}
