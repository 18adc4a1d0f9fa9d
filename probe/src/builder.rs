//! What may be said about a probe before it starts, and what holds when nothing is.

use std::collections::BTreeMap;
use std::time::Duration;

use axonscope_proto::DEFAULT_ENDPOINT;
use axonscope_proto::limits::CADENCE_DEFAULT;
use axonscope_runtime::{AlreadyObserved, System};
use thiserror::Error;
use tonic::transport::{Endpoint, Uri};

use crate::endpoint::{self, EndpointError};
use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::probe::Probe;
use crate::source::RuntimeSource;

/// Says what a [`Probe`] observes and whom it tells; made by [`Probe::builder`].
///
/// What the program says here holds; what it leaves open is looked up in the environment, and has a default after that.
#[derive(Clone, Default)]
pub struct Builder {
    system: Option<System>,
    name: Option<String>,
    endpoint: Option<Uri>,
    labels: BTreeMap<String, String>,
    cadence: Option<Duration>,
    insecure: bool,
}

/// Why a probe did not start. The program itself is none the worse.
#[derive(Debug, Error)]
pub enum StartError {
    /// The builder was given no [`System`].
    #[error("there is nothing to observe: give the builder a system")]
    NothingToObserve,
    /// Another observer is there; a system has one at a time.
    #[error(transparent)]
    AlreadyObserved(#[from] AlreadyObserved),
    /// The endpoint may not be dialled.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The operating system gives the probe no thread, or its thread no event queue.
    #[error("the probe's thread cannot start: {0}")]
    Thread(#[source] std::io::Error),
}

impl Builder {
    /// Observes `system`.
    #[must_use]
    pub fn system(mut self, system: &System) -> Self {
        self.system = Some(system.clone());
        self
    }

    /// What people call the system. Else `AXONSCOPE_NAME`, else the system's own name, else the program's file name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where the visualiser listens, as `http://host:port`. Else `AXONSCOPE_ENDPOINT`, else `http://127.0.0.1:7420`.
    pub fn endpoint(mut self, endpoint: &str) -> Result<Self, EndpointError> {
        self.endpoint = Some(endpoint::parse(endpoint)?);
        Ok(self)
    }

    /// A free word about this instance, such as its zone or version. At most 32 are sent, in the order of their keys.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// The time from one report of changes to the next until the visualiser asks for another: 100 ms unless said, at
    /// least 20 ms and at most a minute.
    #[must_use]
    pub fn cadence(mut self, cadence: Duration) -> Self {
        self.cadence = Some(cadence);
        self
    }

    /// Allows plain http to another machine, for networks that are trusted or encrypted by other means.
    #[must_use]
    pub fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// Starts observing, and dialling, on a thread of its own. It works before any async runtime exists, inside one, and
    /// without any; it does not wait for the visualiser.
    pub fn start(self) -> Result<Probe, StartError> {
        let system = self.system.ok_or(StartError::NothingToObserve)?;
        let environment = Environment::read(|variable| std::env::var_os(variable), self.insecure);
        environment.say_warnings();
        let endpoint = match self.endpoint {
            Some(uri) => endpoint::allow(uri, self.insecure)?,
            None => environment.endpoint.unwrap_or_else(|| Endpoint::from_static(DEFAULT_ENDPOINT)),
        };
        let own_name = Some(system.name().to_string()).filter(|name| !name.is_empty());
        let name = self.name.or(environment.name).or(own_name).unwrap_or_else(identity::program);
        let source = RuntimeSource::new(&system)?;
        let cadence = self.cadence.unwrap_or(CADENCE_DEFAULT);
        Probe::spawn(source, Identity::new(name, self.labels), endpoint, cadence).map_err(StartError::Thread)
    }
}
