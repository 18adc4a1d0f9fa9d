//! What is to be drawn: plain data, with places and without colours. Never changed once it is shown; the next one replaces
//! it.

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_model::{ComponentId, LinkageId, PostboxId, PostboxKind, State, SystemId};
use bevy_math::{Rect, Vec2, Vec3};

use super::index::Index;
use super::palette::{band, size};

/// A component in the picture: ids of components are unique within their system only.
pub(crate) type NodeKey = (SystemId, ComponentId);

/// A linkage in the picture.
pub(crate) type LinkKey = (SystemId, LinkageId);

/// Everything drawn. A copy costs little more than its bytes: what only structure changes is shared.
#[derive(Default, Clone)]
pub(crate) struct Picture {
    pub(crate) systems: Vec<Hull>,
    /// Composites before what they contain.
    pub(crate) nodes: Vec<Node>,
    pub(crate) boxes: Vec<Dock>,
    pub(crate) links: Vec<Link>,
    pub(crate) uses: Arc<Vec<Use>>,
    /// All that is written on things, each text once.
    pub(crate) words: Arc<Vec<Arc<str>>>,
    /// Short signs of types, by their words.
    pub(crate) glyphs: Arc<HashMap<u32, Arc<str>>>,
    pub(crate) index: Arc<HashMap<NodeKey, u32>>,
    /// Where nodes and linkages are, on the way to their places included.
    pub(crate) where_nodes: Arc<Index>,
    pub(crate) where_links: Arc<Index>,
    /// The boxes of one node after those of the other, and where those of each begin.
    pub(crate) docks_by_node: Arc<(Vec<u32>, Vec<u32>)>,
    /// How many are failed or have a full inbox.
    pub(crate) alarms: usize,
    /// Nodes of which something should be read from afar, the most important first; the first of them where they are
    /// many.
    pub(crate) notable: Vec<u32>,
    /// The composites, the largest first.
    pub(crate) rings: Vec<u32>,
    /// When it was read, in seconds of the app's clock: what is not in its place yet eases there from then on.
    pub(crate) read_at: f64,
    pub(crate) is_easing: bool,
    /// Problems point at some of it.
    pub(crate) is_blamed: bool,
    /// Whom a problem names besides, by its culprit.
    pub(crate) victims: HashMap<u32, Vec<u32>>,
}

/// A system's rounded hull.
#[derive(Default, Clone)]
pub(crate) struct Hull {
    pub(crate) system: SystemId,
    pub(crate) title: String,
    pub(crate) facts: String,
    /// What is wrong with it as a whole, in a word or two.
    pub(crate) word: Option<String>,
    /// When that began, by the session's clock.
    pub(crate) since_ns: Option<u64>,
    /// It is connected, and the picture of it may be wrong.
    pub(crate) stale: bool,
    pub(crate) gone: bool,
    pub(crate) rect: Rect,
}

/// A component or a composite.
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) key: NodeKey,
    /// In the model.
    pub(crate) slot: u32,
    /// The composite it lives in.
    pub(crate) parent: Option<u32>,
    /// Where the layout has put it.
    pub(crate) position: Vec3,
    /// As it is drawn; `ring` is the room it has, which is more where it is closed.
    pub(crate) radius: f32,
    pub(crate) ring: f32,
    /// Where and how large it was shown when the picture was read; without size before it is born.
    pub(crate) was: (Vec3, f32),
    /// In [`Picture::words`].
    pub(crate) name: u32,
    pub(crate) type_name: u32,
    /// How many it contains directly; a component that contains none is drawn as a disc.
    pub(crate) children: u32,
    /// How many components it contains at any depth.
    pub(crate) inside: u32,
    /// What the components inside it send, in messages a second.
    pub(crate) traffic_inside: f64,
    /// The loudest that anything inside it is.
    pub(crate) trouble_inside: Trouble,
    pub(crate) state: State,
    /// Shares of the last second or two, 0 to 1.
    pub(crate) busy: f32,
    pub(crate) blocked: f32,
    /// Of one that stands for many short things: how many begin a second, and how many are open.
    pub(crate) many: Option<(f64, u32)>,
    /// Messages a second.
    pub(crate) rate_in: f64,
    pub(crate) rate_out: f64,
    /// The fullest of its inboxes, 0 to 1.
    pub(crate) fill: f32,
    pub(crate) incomplete: bool,
    /// How loudly a problem points at it.
    pub(crate) blamed: Trouble,
    /// What is known of its system may be wrong.
    pub(crate) stale: bool,
    pub(crate) gone: bool,
    pub(crate) pinned: bool,
}

impl Node {
    pub(crate) fn is_composite(&self) -> bool {
        self.children > 0
    }

    pub(crate) fn trouble(&self) -> Trouble {
        let own = if self.gone {
            // What it was in trouble with is over.
            Trouble::None
        } else if self.state == State::Failed || self.fill >= band::ALARM {
            Trouble::Alarm
        } else if self.fill >= band::WARNING {
            Trouble::Warning
        } else {
            Trouble::None
        };
        own.max(self.blamed)
    }

    /// Its line of facts is worth reading from afar.
    pub(crate) fn is_notable(&self) -> bool {
        !self.gone && (self.trouble() != Trouble::None || self.blocked >= 0.1 || self.state != State::Running)
    }

    pub(crate) fn is_in_place(&self) -> bool {
        self.was == (self.position, self.radius)
    }

    /// Where and how large it is shown once it has gone so much of its way, 0 to 1.
    pub(crate) fn shown(&self, eased: f32) -> (Vec3, f32) {
        (self.was.0.lerp(self.position, eased), self.was.1 + (self.radius - self.was.1) * eased)
    }
}

/// How loud a thing must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    Warning,
    Alarm,
}

impl Trouble {
    pub(crate) fn of_fill(fill: Option<f32>) -> Self {
        match fill {
            Some(fill) if fill >= band::ALARM => Trouble::Alarm,
            Some(fill) if fill >= band::WARNING => Trouble::Warning,
            _ => Trouble::None,
        }
    }
}

/// A postbox on the rim of its component.
#[derive(Clone, Copy)]
pub(crate) struct Dock {
    pub(crate) postbox: PostboxId,
    /// In the model.
    pub(crate) slot: u32,
    pub(crate) node: u32,
    pub(crate) kind: PostboxKind,
    /// In [`Picture::words`].
    pub(crate) name: u32,
    /// Where on the rim, in radians from the right, anticlockwise; and where it was shown when the picture was read.
    pub(crate) angle: f32,
    pub(crate) angle_was: f32,
    pub(crate) fill: Option<f32>,
}

/// A linkage between two docks.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) key: LinkKey,
    /// In the model.
    pub(crate) slot: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) passthrough: bool,
    pub(crate) rate: f64,
    /// How full the inbox at its end is.
    pub(crate) trouble: Trouble,
    pub(crate) gone: bool,
}

/// One component uses another: nodes, because nothing leaves by a box.
pub(crate) struct Use {
    pub(crate) user: u32,
    pub(crate) used: u32,
    pub(crate) gone: bool,
}

impl Picture {
    pub(crate) fn node(&self, key: NodeKey) -> Option<&Node> {
        self.index.get(&key).map(|&index| &self.nodes[index as usize])
    }

    pub(crate) fn word(&self, word: u32) -> &Arc<str> {
        &self.words[word as usize]
    }

    /// The smallest thing at a point: a component, else the composite round it; of those that are `shown`.
    pub(crate) fn node_at(&self, at: Vec2, eased: f32, shown: impl Fn(usize, &Node) -> bool) -> Option<&Node> {
        let touches = |node: &Node| {
            let (position, radius) = node.shown(eased);
            let reach = if node.is_composite() { 0.0 } else { size::VESSEL };
            position.truncate().distance(at) <= radius + reach
        };
        self.where_nodes
            .at(at)
            .into_iter()
            .map(|index| (index as usize, &self.nodes[index as usize]))
            .filter(|(index, node)| touches(node) && shown(*index, node))
            .map(|(_, node)| node)
            .min_by(|a, b| a.radius.total_cmp(&b.radius))
    }

    /// The instant by which to tell how long ago systems went: in steps that can be seen to change, and none where nothing
    /// has gone.
    pub(crate) fn ticking(&self, now_ns: u64) -> Option<u64> {
        const SEC: u64 = 1_000_000_000;
        let latest = self.systems.iter().filter_map(|hull| hull.since_ns).max()?;
        let step = if now_ns.saturating_sub(latest) < 60 * SEC { SEC } else { 60 * SEC };
        Some(now_ns / step * step)
    }

    /// What encloses every hull, or the hulls of `only`.
    pub(crate) fn bounds(&self, only: Option<&[SystemId]>) -> Option<Rect> {
        let wanted = |hull: &&Hull| only.is_none_or(|only| only.contains(&hull.system));
        self.systems
            .iter()
            .filter(wanted)
            .map(|hull| hull.rect)
            .filter(|rect| !rect.is_empty())
            .reduce(|a, b| a.union(b))
    }

    /// Where a dock sits in the end.
    pub(crate) fn dock_position(&self, dock: &Dock) -> Vec3 {
        let node = &self.nodes[dock.node as usize];
        node.position + (Vec2::from_angle(dock.angle) * node.radius).extend(0.0)
    }

    /// Where a dock was shown when the picture was read.
    pub(crate) fn dock_was(&self, dock: &Dock) -> Vec3 {
        let node = &self.nodes[dock.node as usize];
        node.was.0 + (Vec2::from_angle(dock.angle_was) * node.was.1).extend(0.0)
    }

    /// The boxes of a node.
    pub(crate) fn docks_of(&self, node: u32) -> impl Iterator<Item = &Dock> {
        let (docks, starts) = &*self.docks_by_node;
        let range = match (starts.get(node as usize), starts.get(node as usize + 1)) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            _ => 0..0,
        };
        docks[range].iter().map(|&dock| &self.boxes[dock as usize])
    }
}
