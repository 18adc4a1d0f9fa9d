//! What readers ask of whoever owns the model, in the model's words.

use std::sync::Arc;

use axonscope_model::problems::Problem;
use axonscope_model::{Change, ComponentId, Hello, SystemId};

use crate::feed::Feed;

/// Whoever owns the model. Called from threads that may block for a moment, never from the one that reads the wire.
pub trait Answers: Send + Sync + 'static {
    /// The systems known now, in order of first appearance.
    fn list(&self) -> Vec<Summary>;

    /// Where things are drawn, of one system or of all.
    fn layout(&self, system: Option<SystemId>) -> Vec<SystemLayout>;

    /// What is wrong now, worst first, in one system or in all.
    fn problems(&self, system: Option<SystemId>) -> Vec<Problem>;

    /// Tells all that is known of one system or of all to `tell`, and from that instant on all that changes to `feed`:
    /// nothing is missed and nothing told twice. For each system that is Hello, a snapshot with its activity, and at
    /// last [`Told::Status`]. A feed that was registered before is emptied and begins anew. False: no such system.
    fn watch(&self, system: Option<SystemId>, feed: &Arc<Feed>, tell: &mut dyn FnMut(SystemId, Told)) -> bool;
}

/// One thing told to a watching reader.
#[derive(Clone, Debug)]
pub enum Told {
    /// The system is new here, or came back: what follows begins with a snapshot.
    Hello(Box<(Hello, Summary)>),
    /// One change.
    Change(Change),
    /// Several, shared by all who watch.
    Changes(Arc<[Change]>),
    /// How it stands now.
    Status(Box<Summary>),
}

/// One system in a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Which one.
    pub system: SystemId,
    /// What people call it.
    pub name: String,
    /// Tells systems of one name apart: 1, 2, 3 …
    pub ordinal: u32,
    /// Process id on its host.
    pub pid: u32,
    /// Where it runs.
    pub host: String,
    /// The program.
    pub program: String,
    /// Free words of its own, in order of key.
    pub labels: Vec<(String, String)>,
    /// How it stands.
    pub standing: Standing,
    /// Why it left or is stale; empty while live.
    pub standing_detail: String,
    /// Milliseconds since it was last heard.
    pub silent_ms: u64,
    /// Milliseconds since the instance began, until it was last heard.
    pub uptime_ms: u64,
    /// How many exist.
    pub components: u64,
    /// How many exist.
    pub postboxes: u64,
    /// How many exist.
    pub linkages: u64,
    /// Delivered by all outboxes, a second.
    pub messages_per_second: f64,
    /// Structural events lost at the probe so far.
    pub lost: u64,
    /// Things that did not fit so far.
    pub anomalies: u64,
    /// Things refused at a limit so far.
    pub refused: u64,
}

impl Summary {
    /// Its name, with the ordinal where there is more than one.
    pub fn title(&self) -> String {
        match self.ordinal {
            0 | 1 => self.name.clone(),
            ordinal => format!("{} {ordinal}", self.name),
        }
    }
}

/// How a system stands, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Its stream is open and its picture complete.
    #[default]
    Live,
    /// Its stream is open, and its picture may be wrong.
    Stale,
    /// Its stream ended without a farewell.
    Lost,
    /// It said farewell.
    Left,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Standing::Live => "live",
            Standing::Stale => "stale",
            Standing::Lost => "lost",
            Standing::Left => "left",
        })
    }
}

/// Where a system is drawn; world units, x to the right, y up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemLayout {
    /// Which one.
    pub system: SystemId,
    /// Its components.
    pub places: Vec<ComponentPlace>,
    /// The hull's least x and y.
    pub min: [f32; 2],
    /// The hull's largest x and y.
    pub max: [f32; 2],
}

/// Where a component is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ComponentPlace {
    /// Which one.
    pub component: ComponentId,
    /// Its centre in the world.
    pub position: [f32; 3],
    /// Of the disc, or of the ring around a composite.
    pub radius: f32,
    /// Put there by a person.
    pub pinned: bool,
}
