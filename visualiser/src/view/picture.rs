//! What is to be drawn, read from the session in one go: plain data, with places and without colours.
//!
//! Reading is split from drawing so that the model is locked for as short a time as possible, and so that what moves and
//! fades between two readings can be told from what merely is.

use std::collections::HashMap;

use axonscope_model::{
    ComponentId, LinkageId, LinkageKind, LinkageRef, Model, PostboxId, PostboxKind, State, Status, System, SystemId,
};
use axonscope_session::{Places, SystemPlaces};
use bevy::math::{Rect, Vec2, Vec3};

use super::palette::{band, size};

/// A component in the picture: ids of components are unique within their system only.
pub(crate) type NodeKey = (SystemId, ComponentId);

/// Everything drawn.
#[derive(Default)]
pub(crate) struct Picture {
    pub(crate) systems: Vec<Hull>,
    /// Composites before what they contain.
    pub(crate) nodes: Vec<Node>,
    pub(crate) boxes: Vec<Dock>,
    pub(crate) links: Vec<Link>,
    pub(crate) uses: Vec<Use>,
    pub(crate) index: HashMap<NodeKey, u32>,
}

/// A system's rounded hull.
pub(crate) struct Hull {
    pub(crate) system: SystemId,
    pub(crate) title: String,
    pub(crate) facts: String,
    /// What is wrong with it as a whole, in a word or two.
    pub(crate) word: Option<String>,
    pub(crate) gone: bool,
    pub(crate) rect: Rect,
}

/// A component or a composite.
pub(crate) struct Node {
    pub(crate) key: NodeKey,
    pub(crate) position: Vec3,
    pub(crate) radius: f32,
    /// Where the layout has put it; the position eases there.
    target: (Vec3, f32),
    pub(crate) name: String,
    pub(crate) type_name: String,
    /// How many it contains directly; a component that contains none is drawn as a disc.
    pub(crate) children: u32,
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
    pub(crate) gone: bool,
    pub(crate) pinned: bool,
    /// When it appeared, in seconds of the app's clock; set by whoever keeps pictures.
    pub(crate) born_at: f64,
}

impl Node {
    pub(crate) fn is_composite(&self) -> bool {
        self.children > 0
    }

    pub(crate) fn trouble(&self) -> Trouble {
        if self.state == State::Failed || self.fill >= band::ALARM {
            Trouble::Alarm
        } else if self.fill >= band::WARNING {
            Trouble::Warning
        } else {
            Trouble::None
        }
    }

    /// Begins where `before` was shown.
    pub(crate) fn eased_from(&mut self, before: &Node) {
        (self.position, self.radius) = (before.position, before.radius);
    }

    /// Goes `share` of the way that is left; true while there is a way to go.
    pub(crate) fn ease(&mut self, share: f32) -> bool {
        let (to, radius) = self.target;
        if self.position == to && self.radius == radius {
            return false;
        }
        self.position = self.position.lerp(to, share);
        self.radius += (radius - self.radius) * share;
        if self.position.distance_squared(to) < 0.01 && (self.radius - radius).abs() < 0.1 {
            (self.position, self.radius) = self.target;
        }
        true
    }

    /// A point of the plane lies on it.
    pub(crate) fn contains(&self, at: Vec2) -> bool {
        self.position.truncate().distance_squared(at) <= self.radius * self.radius
    }
}

/// How loud a thing must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Trouble {
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
pub(crate) struct Dock {
    pub(crate) postbox: PostboxId,
    pub(crate) node: u32,
    pub(crate) kind: PostboxKind,
    pub(crate) name: String,
    /// Where on the rim, in radians from the right, anticlockwise.
    pub(crate) angle: f32,
    pub(crate) fill: Option<f32>,
}

/// A linkage between two docks.
pub(crate) struct Link {
    pub(crate) key: (SystemId, LinkageId),
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
    /// Reads what exists now. `expanded` is shown with all its boxes, the standard ones for stopping included.
    pub(crate) fn read(model: &Model, places: &Places, expanded: Option<NodeKey>) -> Self {
        let mut picture = Picture::default();
        // One that left before it told of anything leaves nothing to look at; `axonscope ls` still lists it.
        let is_shown = |system: &&System| system.status().is_connected() || system.component_count() > 0;
        for system in model.systems().filter(is_shown) {
            if let Some(there) = places.system(system.id()) {
                picture.read_system(system, there, expanded);
            }
        }
        picture.turn_docks();
        picture
    }

    pub(crate) fn node(&self, key: NodeKey) -> Option<&Node> {
        self.index.get(&key).map(|&index| &self.nodes[index as usize])
    }

    /// The smallest thing at a point: a component, else the composite round it.
    pub(crate) fn node_at(&self, at: Vec2) -> Option<&Node> {
        let reach = size::VESSEL;
        self.nodes
            .iter()
            .filter(|node| {
                if node.is_composite() {
                    node.contains(at)
                } else {
                    node.position.truncate().distance(at) <= node.radius + reach
                }
            })
            .min_by(|a, b| a.radius.total_cmp(&b.radius))
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

    /// Where a dock sits.
    pub(crate) fn dock_position(&self, dock: &Dock) -> Vec3 {
        let node = &self.nodes[dock.node as usize];
        node.position + (Vec2::from_angle(dock.angle) * node.radius).extend(0.0)
    }

    fn read_system(&mut self, system: &System, there: &SystemPlaces, expanded: Option<NodeKey>) {
        let gone = !system.status().is_connected();
        let mut node_of_slot = vec![u32::MAX; system.component_slots() as usize];
        // `tree` lists parents first, so that rings lie below what they enclose.
        for component in system.tree() {
            let slot = component.slot() as usize;
            let Some(place) = there.of(component.slot(), component.id()) else {
                continue;
            };
            let key = (system.id(), component.id());
            node_of_slot[slot] = self.nodes.len() as u32;
            self.index.insert(key, self.nodes.len() as u32);
            let inboxes = || component.postboxes().filter(|postbox| postbox.kind() == PostboxKind::Inbox);
            self.nodes.push(Node {
                key,
                position: Vec3::from_array(place.position),
                radius: place.radius,
                target: (Vec3::from_array(place.position), place.radius),
                name: axonscope_model::display::label(component.name(), 24).into(),
                type_name: axonscope_model::display::label(component.type_name(), 24).into(),
                children: component.children().count() as u32,
                state: component.state(),
                busy: component.busy_share(),
                many: component.stands_for_many().then(|| (component.begun_rate(), component.open())),
                blocked: component.postboxes().map(|postbox| postbox.blocked_share()).fold(0.0, f32::max),
                rate_in: component.rate_in(),
                rate_out: component.rate_out(),
                fill: inboxes().filter_map(|postbox| postbox.fill()).fold(0.0, f32::max),
                incomplete: component.has_anomaly(),
                gone,
                pinned: place.pinned,
                born_at: 0.0,
            });
        }
        self.systems.push(Hull {
            system: system.id(),
            title: axonscope_model::display::label(&system.title(), 40).into(),
            facts: facts(system),
            word: status_word(system.status()),
            gone,
            rect: Rect::from_corners(there.min.into(), there.max.into()),
        });
        self.read_links(system, &node_of_slot, gone, expanded);
        self.read_uses(system, &node_of_slot, gone);
    }

    fn read_uses(&mut self, system: &System, node_of_slot: &[u32], gone: bool) {
        for usage in system.uses() {
            let [user, used] = [usage.source(), usage.sink()].map(|grip| node_of_slot[grip.owner().slot() as usize]);
            if user != used && user != u32::MAX && used != u32::MAX {
                self.uses.push(Use { user, used, gone });
            }
        }
    }

    fn read_links(&mut self, system: &System, node_of_slot: &[u32], gone: bool, expanded: Option<NodeKey>) {
        let mut dock_of_slot = vec![u32::MAX; system.postbox_slots() as usize];
        let is_expanded = |component: ComponentId| expanded == Some((system.id(), component));
        let shown = |link: &LinkageRef<'_>| {
            let (source, sink) = (link.source(), link.sink());
            !(source.is_standard() && sink.is_standard())
                || is_expanded(source.owner().id())
                || is_expanded(sink.owner().id())
        };
        for link in system.linkages().filter(shown) {
            let ends = [link.source(), link.sink()].map(|postbox| {
                let node = *node_of_slot.get(postbox.owner().slot() as usize)?;
                if node == u32::MAX {
                    return None;
                }
                let dock = &mut dock_of_slot[postbox.slot() as usize];
                if *dock == u32::MAX {
                    *dock = self.boxes.len() as u32;
                    self.boxes.push(Dock {
                        postbox: postbox.id(),
                        node,
                        kind: postbox.kind(),
                        name: axonscope_model::display::label(postbox.name(), 16).into(),
                        angle: f32::NAN,
                        fill: postbox.fill(),
                    });
                }
                Some(*dock)
            });
            if let [Some(from), Some(to)] = ends {
                self.links.push(Link {
                    key: (system.id(), link.id()),
                    from,
                    to,
                    passthrough: link.kind() != LinkageKind::Direct,
                    rate: if gone { 0.0 } else { link.rate() },
                    trouble: if gone { Trouble::None } else { Trouble::of_fill(link.sink().fill()) },
                    gone,
                });
            }
        }
        let Some(node) = expanded.filter(|key| key.0 == system.id()).and_then(|key| self.index.get(&key).copied())
        else {
            return;
        };
        let Some(component) = system.component(self.nodes[node as usize].key.1) else { return };
        for postbox in component.postboxes().filter(|postbox| dock_of_slot[postbox.slot() as usize] == u32::MAX) {
            self.boxes.push(Dock {
                postbox: postbox.id(),
                node,
                kind: postbox.kind(),
                name: axonscope_model::display::label(postbox.name(), 16).into(),
                angle: f32::NAN,
                fill: postbox.fill(),
            });
        }
    }
}

fn facts(system: &System) -> String {
    use axonscope_model::display;
    let mut facts =
        format!("pid {} · {} components", system.facts().pid, display::count(system.component_count() as u64));
    if system.status().is_connected() {
        facts += &format!(" · {}", display::rate(system.messages_per_second()).replace(" /s", " messages/s"));
        facts += &format!(" · up {}", display::duration_ns(system.uptime_ns()));
    }
    facts
}

fn status_word(status: &Status) -> Option<String> {
    match status {
        Status::Live => None,
        Status::Stale(_) => Some("not complete".into()),
        Status::Lost { .. } => Some("lost".into()),
        Status::Left { reason, .. } if reason.is_empty() => Some("left".into()),
        Status::Left { reason, .. } => Some(format!("left: {}", axonscope_model::display::label(reason, 40))),
    }
}
