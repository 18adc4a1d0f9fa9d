//! Telling of a program by hand: components, boxes and linkages of runtimes of other people.
//!
//! Every handle is cheap to clone, and what it stands for goes when the last one is dropped. With the probe off, or past
//! its bound, handles do nothing; the program need not know.
//!
//! ```
//! use axonscope_probe::Probe;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let probe = Probe::builder().name("mill").start()?;
//! let reader = probe.manual().component("reader").type_name("Reader").add();
//! let writer = probe.manual().component("writer").type_name("Writer").add();
//! let lines = reader.outbox("lines").message_type("String").add();
//! let inbox = writer.inbox("lines").message_type("String").capacity(64).add();
//! let _linkage = lines.link(&inbox);
//!
//! // Where the reader sends, and where the writer takes:
//! lines.sent(1);
//! inbox.set_depth(1);
//! {
//!     let _busy = writer.enter();
//!     inbox.taken(1);
//!     inbox.set_depth(0);
//! }
//! # Ok(())
//! # }
//! ```

mod boxes;
mod instrumented;

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axonscope_runtime::{State, clock_ns};
use tracing::Level;

use crate::aside::Whose;
use crate::registry::{ComponentMeter, Registry};
use crate::source::Program;
use crate::words::{LinkageKind, PostboxKind};

pub use boxes::{Inbox, Linkage, NewInbox, NewOutbox, Outbox, Waiting};
pub use instrumented::Instrumented;

/// The system of one probe, told of by hand; from [`Probe::manual`](crate::Probe::manual).
#[derive(Clone, Debug)]
pub struct System {
    pub(crate) registry: Registry,
    /// Weak, lest a handle that outlives the probe holds what it observes.
    program: Weak<Program>,
}

/// A component that is not there yet: say what is known of it, and [`add`](Self::add) it.
#[derive(Clone, Debug)]
#[must_use = "nothing is told before `add`"]
pub struct NewComponent<'a> {
    system: &'a System,
    parent: Option<&'a Component>,
    name: Cow<'a, str>,
    type_name: Cow<'a, str>,
    description: Cow<'a, str>,
    state: State,
}

/// A component, until its last handle is dropped: those of its boxes and of the components in it keep it too.
#[derive(Clone, Debug)]
#[must_use = "a component goes when it is dropped"]
pub struct Component(pub(crate) Arc<Held>);

/// A component that somebody holds.
#[derive(Debug)]
pub(crate) struct Held {
    system: System,
    /// None where it was refused, or the probe is off.
    meter: Option<Arc<ComponentMeter>>,
    grip: OnceLock<Option<u64>>,
    _parent: Option<Component>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(meter) = &self.meter {
            self.system.registry.remove_component(meter.id);
        }
    }
}

impl System {
    pub(crate) fn new(registry: Registry, program: Weak<Program>) -> Self {
        Self { registry, program }
    }

    /// A component at the top of the system.
    pub fn component<'a>(&'a self, name: impl Into<Cow<'a, str>>) -> NewComponent<'a> {
        NewComponent {
            system: self,
            parent: None,
            name: name.into(),
            type_name: Cow::Borrowed(""),
            description: Cow::Borrowed(""),
            state: State::Running,
        }
    }

    /// A line of the log of the system as a whole.
    pub fn log(&self, level: Level, text: impl Display) {
        self.say(Whose::System, Whose::System, level, || text.to_string());
    }

    pub(crate) fn say(&self, whose: Whose, parent: Whose, level: Level, text: impl FnOnce() -> String) {
        if self.registry.watch() == 0 {
            return;
        }
        if let Some(program) = self.program.upgrade() {
            program.lines.say(clock_ns(), whose, parent, level.into(), text);
        }
    }

    /// Says that the program told something wrong, in its own log and in the picture.
    pub(crate) fn warn(&self, whose: Whose, text: &str) {
        tracing::warn!("{text}");
        self.say(whose, Whose::System, Level::WARN, || text.to_owned());
    }

    pub(crate) fn program(&self) -> Option<Arc<Program>> {
        self.program.upgrade()
    }
}

impl<'a> NewComponent<'a> {
    /// What kind of component it is, such as "Reader": colours go by it.
    pub fn type_name(mut self, type_name: impl Into<Cow<'a, str>>) -> Self {
        self.type_name = type_name.into();
        self
    }

    /// One sentence on what it is for.
    pub fn description(mut self, description: impl Into<Cow<'a, str>>) -> Self {
        self.description = description.into();
        self
    }

    /// How it is doing to begin with: running, unless said.
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Adds it.
    pub fn add(self) -> Component {
        // The children of one that was refused are refused with it.
        let parent = match self.parent.map(Component::id) {
            Some(None) => None,
            Some(Some(parent)) => Some(parent),
            None => Some(0),
        };
        let meter = parent.and_then(|parent| {
            let registry = &self.system.registry;
            registry.add_component(parent, &self.name, &self.type_name, &self.description, self.state)
        });
        Component(Arc::new(Held {
            system: self.system.clone(),
            meter,
            grip: OnceLock::new(),
            _parent: self.parent.cloned(),
        }))
    }
}

impl Component {
    /// A component in this one.
    pub fn component<'a>(&'a self, name: impl Into<Cow<'a, str>>) -> NewComponent<'a> {
        NewComponent { parent: Some(self), ..self.0.system.component(name) }
    }

    /// An inbox of this component.
    pub fn inbox<'a>(&'a self, name: impl Into<Cow<'a, str>>) -> NewInbox<'a> {
        NewInbox::new(self, name.into())
    }

    /// An outbox of this component.
    pub fn outbox<'a>(&'a self, name: impl Into<Cow<'a, str>>) -> NewOutbox<'a> {
        NewOutbox::new(self, name.into())
    }

    /// How it is doing from now on.
    pub fn set_state(&self, state: State) {
        if let Some(meter) = self.meter() {
            self.0.system.registry.set_state(meter.id, state);
        }
    }

    /// It was started again after it had failed.
    pub fn count_restart(&self) {
        self.count(ComponentMeter::count_restart);
    }

    /// Work goes on in it until what this returns is dropped. It costs two looks at the clock while a visualiser listens,
    /// and nothing else.
    pub fn enter(&self) -> Entered<'_> {
        let watch = self.0.system.registry.watch();
        let entered = self.meter().filter(|_| watch != 0).map(|meter| {
            let now = clock_ns();
            meter.enter(watch, now);
            (&**meter, watch, now)
        });
        Entered(entered)
    }

    /// Work of this length was done in it.
    pub fn add_busy(&self, time: Duration) {
        self.count(|meter| {
            meter.add_busy(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            meter.set_active(clock_ns());
        });
    }

    /// One of many short things of which this component stands for all, such as a request: it is open until what this
    /// returns is dropped.
    pub fn begin(&self) -> Open {
        self.count(ComponentMeter::begin_one);
        Open(self.meter().cloned())
    }

    /// Runs `future` as the task of this component: the picture then shows for how long it is busy, scheduled (woken, and not
    /// polled yet) and idle, and what is sent in it by a [`channel`](crate::channel) is sent by this component.
    pub fn instrument<F: Future>(&self, future: F) -> Instrumented<F> {
        Instrumented::new(self.clone(), future)
    }

    /// A line of its log. At most ten a second are told of one component; the rest is counted.
    pub fn log(&self, level: Level, text: impl Display) {
        if let Some(meter) = self.meter() {
            self.0.system.say(Whose::Told(meter.id), Whose::System, level, || text.to_string());
        }
    }

    /// It uses `other`, as a task uses a mutex, until what this returns is dropped: nothing flows between the two.
    pub fn uses(&self, other: &Component) -> Linkage {
        let linkage = self
            .grip()
            .zip(other.grip())
            .and_then(|(user, used)| self.0.system.registry.link(user, used, LinkageKind::Use));
        Linkage::new(self.0.system.registry.clone(), linkage)
    }

    /// Its id; none where it was refused.
    pub(crate) fn id(&self) -> Option<u64> {
        self.0.meter.as_ref().map(|meter| meter.id)
    }

    pub(crate) fn system(&self) -> &System {
        &self.0.system
    }

    fn meter(&self) -> Option<&Arc<ComponentMeter>> {
        self.0.meter.as_ref()
    }

    fn count(&self, count: impl FnOnce(&ComponentMeter)) {
        if let Some(meter) = self.meter() {
            count(meter);
        }
    }

    /// Where uses are fixed to it.
    fn grip(&self) -> Option<u64> {
        *self.0.grip.get_or_init(|| {
            let owner = self.id()?;
            self.0.system.registry.add_postbox(owner, "", PostboxKind::Grip, "", 0).map(|grip| grip.id)
        })
    }
}

/// Work that goes on in a component; see [`Component::enter`].
#[derive(Debug)]
#[must_use = "the work ends when this is dropped"]
pub struct Entered<'a>(Option<(&'a ComponentMeter, u32, u64)>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some((meter, watch, since)) = self.0.take() {
            meter.exit(watch, since);
        }
    }
}

/// One of many short things; see [`Component::begin`].
#[derive(Debug)]
#[must_use = "it is over when this is dropped"]
pub struct Open(Option<Arc<ComponentMeter>>);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(meter) = &self.0 {
            meter.end_one();
        }
    }
}
