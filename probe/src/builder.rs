//! What may be said about a probe before it starts, and what holds when nothing is.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::time::Duration;

use axonscope_proto::limits::CADENCE_DEFAULT;
use axonscope_runtime::{AlreadyObserved, System};
use thiserror::Error;

use crate::endpoint::{self, Address, Destination, EndpointError};
use crate::environment::Environment;
use crate::identity::{self, Identity};
use crate::probe::{Plan, Probe};
use crate::source::Program;
use crate::taps::Shows;

/// Says what a [`Probe`] observes and whom it tells; made by [`Probe::builder`].
///
/// What the program says here holds; what it leaves open is looked up in the environment, and has a default after that.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    systems: Vec<System>,
    name: Option<String>,
    endpoints: Vec<Address>,
    labels: BTreeMap<String, String>,
    cadence: Option<Duration>,
    insecure: bool,
    shows: Shows,
    show_own: bool,
}

/// Why a probe did not start. The program itself is none the worse.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another observer is there; a system has one at a time.
    #[error(transparent)]
    AlreadyObserved(#[from] AlreadyObserved),
    /// The endpoint may not be dialled.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The operating system gives the probe no thread, or its thread no event queue.
    #[error("the probe's thread cannot start: {0}")]
    Thread(#[source] std::io::Error),
    /// The program has a `tracing` subscriber already.
    #[error("there is a tracing subscriber already: add Probe::layer to it instead")]
    HasSubscriber,
}

impl Builder {
    /// Observes a system of the runtime, beside what else there is. May be called again for others: they share one
    /// picture.
    #[must_use]
    pub fn system(mut self, system: &System) -> Self {
        self.systems.push(system.clone());
        self
    }

    /// What people call the system. Else `AXONSCOPE_NAME`, else the name of the runtime's system, else the program's file
    /// name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Where a visualiser listens, as `http://host:port` or `unix:/path`. May be called again: at most eight visualisers
    /// are told at the same time, each at its own speed. Else `AXONSCOPE_ENDPOINT`, else `http://127.0.0.1:7420`.
    pub fn endpoint(mut self, endpoint: &str) -> Result<Self, EndpointError> {
        self.endpoints.push(endpoint::parse(endpoint)?);
        Ok(self)
    }

    /// A free word about this instance, such as its zone or version, beside those of `AXONSCOPE_LABELS`. At most 32 are
    /// sent, in the order of their keys.
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

    /// Allows people at a visualiser to see messages of type `T`, as their `Debug` prints them: a few a second of a linkage
    /// that they ask for, cut at 4 KiB. Messages of types that are not named here are never shown.
    #[must_use]
    pub fn tap<T: Debug + 'static>(self) -> Self {
        self.tap_with::<T>(|message, f| message.fmt(f))
    }

    /// As [`tap`](Self::tap), as `show` writes them: what it leaves out nobody sees.
    ///
    /// ```
    /// # struct Login { user: String, password: String }
    /// let builder = axonscope_probe::Probe::builder().tap_with::<Login>(|login, f| write!(f, "{} logs in", login.user));
    /// ```
    #[must_use]
    pub fn tap_with<T: 'static>(
        mut self,
        show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync + 'static,
    ) -> Self {
        self.shows.allow(show);
        self
    }

    /// Shows the probe's own tasks and spans too. Hidden unless asked for.
    #[must_use]
    pub fn show_own(mut self, show: bool) -> Self {
        self.show_own = show;
        self
    }

    /// Starts observing, and dialling, on a thread of its own. It works before any async runtime exists, inside one, and
    /// without any; it does not wait for the visualiser.
    ///
    /// With `AXONSCOPE_OFF=1` in the environment it starts nothing, and the probe it returns does nothing.
    pub fn start(self) -> Result<Probe, StartError> {
        let environment = Environment::read(|variable| std::env::var_os(variable), self.insecure);
        environment.say_warnings();
        if environment.is_off {
            return Ok(Probe::off());
        }
        let endpoints = if self.endpoints.is_empty() {
            environment.endpoints.unwrap_or_else(|| vec![Destination::usual()])
        } else {
            endpoint::allow(self.endpoints, self.insecure)?
        };
        let own_name = self.systems.first().map(|system| system.name().to_string()).filter(|name| !name.is_empty());
        let name = self.name.or(environment.name).or(own_name).unwrap_or_else(identity::program);
        let mut labels = environment.labels;
        labels.extend(self.labels);
        let program = Program::new(&self.systems, endpoints.len(), self.shows)?;
        let plan = Plan {
            identity: Identity::new(name, labels),
            endpoints,
            cadence: self.cadence.unwrap_or(CADENCE_DEFAULT),
            show_own: self.show_own,
        };
        Probe::spawn(program, plan).map_err(StartError::Thread)
    }
}
