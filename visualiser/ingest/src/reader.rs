//! Reads a running visualiser through its `Systems` service: for the command line, and for tests.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use axonscope_model::problems::{Problem, Severity};
use axonscope_model::{Change, Hello, Limits, Model, SystemId};
use axonscope_proto::v1;
use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::systems_client::SystemsClient;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

use crate::answers::{ComponentPlace, Standing, Summary, SystemLayout};
use crate::from_proto::{self, Admitted, Edge};
use crate::limits::ANSWER_BYTES;

/// How long a visualiser may take to answer the door.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);

/// What a model that is read begins to count time from, so that what happened before has a time too.
const EPOCH_NS: u64 = 1 << 60;

/// Why nothing can be read. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not an address.
    #[error("{0:?} is not an endpoint; one looks like http://127.0.0.1:7420 or unix:/path")]
    Endpoint(String),
    /// Nobody there.
    #[error(
        "no visualiser answers at {0}: start one with `axonscope` or `axonscope --headless`, or name another with --endpoint"
    )]
    Unreachable(String),
    /// It was there.
    #[error("the visualiser went away: {0}")]
    Ended(String),
    /// It says no.
    #[error("the visualiser answers: {0}")]
    Refused(String),
    /// It speaks strangely.
    #[error("the visualiser cannot be understood ({0}); use a command of its own version")]
    Strange(String),
}

/// A connection to a running visualiser.
pub struct Reader {
    client: SystemsClient<Channel>,
}

/// One thing seen while watching.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The visualiser's own id of the system.
    pub system: SystemId,
    /// The system is new to this watch, or came back, or is told from the beginning because the reader lagged. Its
    /// instance id is made up from `system`.
    pub hello: Option<Hello>,
    /// With every Hello, when all that was known of a system has been told, and whenever its status changes.
    pub summary: Option<Summary>,
    /// What changed, in order.
    pub changes: Vec<Change>,
}

impl Seen {
    /// With this the picture of the system is as the visualiser's.
    pub fn is_complete(&self) -> bool {
        self.summary.is_some() && self.hello.is_none()
    }
}

/// Everything a visualiser knows, at one instant.
pub struct Fetched {
    /// The systems, with the same totals and rates.
    pub model: Model,
    /// One entry for each system of the model, in its order.
    pub systems: Vec<FetchedSystem>,
}

/// What belongs to one system of [`Fetched::model`].
pub struct FetchedSystem {
    /// Its id in that model.
    pub system: SystemId,
    /// As the visualiser sums it up; [`Summary::system`] is the visualiser's id.
    pub summary: Summary,
    /// Where the visualiser draws it; [`SystemLayout::system`] is the id in the model. Empty while nothing is placed.
    pub layout: SystemLayout,
}

impl Reader {
    /// Connects to a visualiser, such as `http://127.0.0.1:7420` or `unix:/run/user/1000/axonscope.sock`.
    ///
    /// # Errors
    /// [`ReadError::Endpoint`], [`ReadError::Unreachable`].
    pub async fn connect(endpoint: &str) -> Result<Reader, ReadError> {
        let unreachable = || ReadError::Unreachable(endpoint.to_owned());
        let channel = Endpoint::from_shared(endpoint.to_owned())
            .ok()
            .filter(|parsed| {
                let is_url = parsed.uri().scheme().is_some() && parsed.uri().authority().is_some();
                endpoint.starts_with("unix:") || is_url
            })
            .ok_or_else(|| ReadError::Endpoint(endpoint.to_owned()))?
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_DEADLINE)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(1 << 21);
        let channel = tokio::time::timeout(CONNECT_DEADLINE, channel.connect())
            .await
            .map_err(|_| unreachable())?
            .map_err(|_| unreachable())?;
        Ok(Reader { client: SystemsClient::new(channel).max_decoding_message_size(ANSWER_BYTES) })
    }

    /// The systems known now, in order of first appearance.
    ///
    /// # Errors
    /// When the visualiser has gone.
    pub async fn list(&mut self) -> Result<Vec<Summary>, ReadError> {
        let answer = self.client.list(v1::ListRequest {}).await.map_err(refused)?;
        Ok(answer.into_inner().systems.into_iter().map(summary).collect())
    }

    /// Where things are drawn, of one system or of all.
    ///
    /// # Errors
    /// When the visualiser has gone or does not know the system.
    pub async fn layout(&mut self, system: Option<SystemId>) -> Result<Vec<SystemLayout>, ReadError> {
        let request = v1::LayoutRequest { system_id: system.map_or(0, |system| system.0) };
        let answer = self.client.layout(request).await.map_err(refused)?;
        Ok(answer.into_inner().systems.into_iter().map(layout).collect())
    }

    /// What is wrong, worst first, in one system or in all.
    ///
    /// # Errors
    /// When the visualiser has gone.
    pub async fn problems(&mut self, system: Option<SystemId>) -> Result<Vec<Problem>, ReadError> {
        let request = v1::ProblemsRequest { system_id: system.map_or(0, |system| system.0) };
        let answer = self.client.problems(request).await.map_err(refused)?;
        Ok(answer.into_inner().problems.into_iter().map(problem).collect())
    }

    /// One system, or all of them and those that come later: as they are, then as they change.
    ///
    /// # Errors
    /// When the visualiser has gone or does not know the system.
    pub async fn watch(&mut self, system: Option<SystemId>) -> Result<Watch, ReadError> {
        let request = v1::WatchRequest { system_id: system.map_or(0, |system| system.0) };
        let stream = self.client.watch(request).await.map_err(refused)?.into_inner();
        Ok(Watch { stream, edges: HashMap::new() })
    }

    /// Everything the visualiser knows of one system or of all.
    ///
    /// # Errors
    /// When the visualiser goes before all is told, or does not know the system.
    pub async fn fetch(&mut self, system: Option<SystemId>) -> Result<Fetched, ReadError> {
        let listed = self.list().await?;
        let mut missing: HashSet<SystemId> = match system {
            Some(system) => HashSet::from([system]),
            None => listed.iter().map(|summary| summary.system).collect(),
        };
        let mut mirror = Mirror::default();
        if !missing.is_empty() {
            let mut watch = self.watch(system).await?;
            while !missing.is_empty() {
                let seen = watch.next().await?.ok_or_else(|| ReadError::Ended("before it had told all".to_owned()))?;
                if seen.is_complete() {
                    missing.remove(&seen.system);
                }
                mirror.take(seen);
                // What the list named may have been evicted before the watch began: then it is not told of, and what
                // is told is all there is as soon as the rest is complete.
                missing.retain(|system| !mirror.has_passed(*system));
            }
        }
        let mut layouts: HashMap<SystemId, SystemLayout> =
            self.layout(system).await?.into_iter().map(|layout| (layout.system, layout)).collect();
        let Mirror { model, known, .. } = mirror;
        let mut systems: Vec<FetchedSystem> = known
            .into_iter()
            .filter(|(_, (local, _))| model.system(*local).is_some())
            .map(|(theirs, (system, summary))| {
                let layout = SystemLayout { system, ..layouts.remove(&theirs).unwrap_or_default() };
                FetchedSystem { system, summary, layout }
            })
            .collect();
        systems.sort_by_key(|fetched| fetched.system);
        Ok(Fetched { model, systems })
    }
}

/// What a visualiser tells, one thing after the other.
pub struct Watch {
    stream: Streaming<v1::WatchResponse>,
    edges: HashMap<u64, Edge>,
}

impl Watch {
    /// Waits for the next thing; none when the visualiser ends the watch.
    ///
    /// # Errors
    /// When it goes, or cannot be understood.
    pub async fn next(&mut self) -> Result<Option<Seen>, ReadError> {
        let Some(told) = self.stream.message().await.map_err(refused)? else { return Ok(None) };
        let mut seen = Seen {
            system: SystemId(told.system_id),
            hello: None,
            summary: told.summary.map(summary),
            changes: Vec::new(),
        };
        match told.report {
            Some(v1::Report { seq, content: Some(Content::Hello(mut hello)), .. }) => {
                // Instance ids are not shown to readers; the visualiser's own id stands in for it.
                hello.instance_id = u128::from(told.system_id).to_be_bytes().to_vec();
                let (hello, _) = from_proto::hello(hello).map_err(|bad| ReadError::Strange(bad.to_string()))?;
                self.edges.insert(told.system_id, Edge::after(seq));
                seen.hello = Some(hello);
            }
            Some(report) => {
                let edge = self.edges.entry(told.system_id).or_insert_with(|| Edge::after(0));
                if let (Admitted::Batch(batch), _) = edge.admit(report) {
                    seen.changes = batch.collect();
                }
            }
            None => {}
        }
        Ok(Some(seen))
    }
}

/// A model kept equal to the visualiser's.
pub struct Mirror {
    /// What is known so far.
    pub model: Model,
    /// By the visualiser's id: the id in `model`, and the latest summary.
    pub known: HashMap<SystemId, (SystemId, Summary)>,
    began: Instant,
    /// The latest system that is complete: they are told in order of id.
    passed: SystemId,
}

impl Default for Mirror {
    fn default() -> Self {
        let model = Model::new(Limits::default());
        Mirror { model, known: HashMap::new(), began: Instant::now(), passed: SystemId(0) }
    }
}

impl Mirror {
    /// Takes over what was seen.
    pub fn take(&mut self, seen: Seen) {
        let now_ns = self.now_ns();
        let complete = seen.is_complete();
        if let (Some(hello), Some(summary)) = (seen.hello, &seen.summary) {
            let heard_at_ns = now_ns.saturating_sub(summary.silent_ms.saturating_mul(1_000_000));
            // A visualiser that lets more systems in than this model has other limits; there is nothing to show it in.
            if let Ok(local) = self.model.connect(hello, heard_at_ns) {
                self.known.insert(seen.system, (local, summary.clone()));
            }
        }
        let Some((local, latest)) = self.known.get_mut(&seen.system) else { return };
        for change in seen.changes {
            let _ = self.model.apply(*local, change);
        }
        if let Some(summary) = seen.summary {
            if complete {
                self.passed = self.passed.max(seen.system);
                let heard_at_ns = now_ns.saturating_sub(summary.silent_ms.saturating_mul(1_000_000));
                match summary.standing {
                    Standing::Live | Standing::Stale => {}
                    Standing::Lost => self.model.disconnect(*local, None, heard_at_ns),
                    Standing::Left => {
                        self.model.disconnect(*local, Some(summary.standing_detail.clone()), heard_at_ns);
                    }
                }
            }
            *latest = summary;
        }
    }

    /// Time on the clock of `model`, in nanoseconds.
    pub fn now_ns(&self) -> u64 {
        EPOCH_NS + self.began.elapsed().as_nanos() as u64
    }

    /// Whether a later system is complete already.
    fn has_passed(&self, system: SystemId) -> bool {
        system < self.passed
    }
}

fn refused(status: tonic::Status) -> ReadError {
    match status.code() {
        // The connection broke, by all the names that has.
        tonic::Code::Unavailable | tonic::Code::Unknown | tonic::Code::Cancelled => {
            ReadError::Ended(status.message().to_owned())
        }
        _ => ReadError::Refused(status.message().to_owned()),
    }
}

fn summary(told: v1::SystemSummary) -> Summary {
    let standing = match told.status() {
        v1::SystemStatus::Live => Standing::Live,
        v1::SystemStatus::Stale | v1::SystemStatus::Unspecified => Standing::Stale,
        v1::SystemStatus::Lost => Standing::Lost,
        v1::SystemStatus::Left => Standing::Left,
    };
    let mut labels: Vec<_> = told.labels.into_iter().collect();
    labels.sort_unstable();
    Summary {
        system: SystemId(told.system_id),
        name: told.name,
        ordinal: told.ordinal,
        pid: told.pid,
        host: told.host,
        program: told.program,
        labels,
        standing,
        standing_detail: told.status_detail,
        silent_ms: told.silent_ms,
        uptime_ms: told.uptime_ms,
        components: told.components,
        postboxes: told.postboxes,
        linkages: told.linkages,
        messages_per_second: told.messages_per_second,
        lost: told.lost,
        anomalies: told.anomalies,
        refused: told.refused,
    }
}

fn layout(told: v1::SystemLayout) -> SystemLayout {
    let places = told.places.into_iter().map(|place| ComponentPlace {
        component: axonscope_model::ComponentId(place.component),
        position: [place.x, place.y, place.z],
        radius: place.radius,
        pinned: place.pinned,
    });
    SystemLayout {
        system: SystemId(told.system_id),
        places: places.collect(),
        min: [told.min_x, told.min_y],
        max: [told.max_x, told.max_y],
    }
}

fn problem(told: v1::Problem) -> Problem {
    let severity = match told.severity() {
        v1::Severity::Error => Severity::Error,
        v1::Severity::Warning => Severity::Warning,
        v1::Severity::Note | v1::Severity::Unspecified => Severity::Note,
    };
    Problem {
        system: SystemId(told.system_id),
        severity,
        kind: told.kind,
        sentence: told.sentence,
        evidence: told.evidence,
        components: told.components.into_iter().map(axonscope_model::ComponentId).collect(),
        postboxes: told.postboxes.into_iter().map(axonscope_model::PostboxId).collect(),
        linkages: told.linkages.into_iter().map(axonscope_model::LinkageId).collect(),
    }
}
