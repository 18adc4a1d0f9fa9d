//! Reads a picture from the session: all of it when something exists that did not, else only what is different.
//!
//! Reading is split from drawing so that the model is locked for as short a time as possible, and so that what moves and
//! fades between two readings can be told from what merely is.

use std::collections::HashMap;
use std::sync::Arc;

use axonscope_model::{
    ComponentId, ComponentRef, LinkageKind, LinkageRef, Model, PostboxKind, PostboxRef, Status, System, SystemId,
    display,
};
use axonscope_session::{Places, SystemPlaces};
use bevy::math::{Rect, Vec3};

use super::picture::{Dock, Hull, Link, Node, NodeKey, Picture, Trouble, Use};

/// Texts that many things have are kept once.
#[derive(Default)]
struct Words {
    all: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Words {
    fn keep(&mut self, word: &str) -> u32 {
        if let Some(&known) = self.numbers.get(word) {
            return known;
        }
        let (word, number): (Arc<str>, u32) = (word.into(), self.all.len() as u32);
        self.all.push(word.clone());
        self.numbers.insert(word, number);
        number
    }
}

/// One that left before it told of anything leaves nothing to look at; `axonscope ls` still lists it.
fn shown<'a>(model: &'a Model, places: &'a Places) -> impl Iterator<Item = (&'a System, &'a SystemPlaces)> {
    let is_shown = |system: &&System| system.status().is_connected() || system.component_count() > 0;
    model.systems().filter(is_shown).filter_map(|system| Some((system, places.system(system.id())?)))
}

impl Picture {
    /// Reads what exists now. `expanded` is shown with all its boxes, the standard ones for stopping included. True
    /// beside it if everything that exists has a place.
    pub(crate) fn read(model: &Model, places: &Places, expanded: Option<NodeKey>) -> (Self, bool) {
        let (mut picture, mut words, mut index) = (Picture::default(), Words::default(), HashMap::new());
        let mut uses = Vec::new();
        let mut is_whole = true;
        for (system, there) in shown(model, places) {
            let gone = !system.status().is_connected();
            let node_of_slot = picture.read_nodes(system, there, &mut words, &mut index);
            let placed = node_of_slot.iter().filter(|&&node| node != u32::MAX).count();
            is_whole &= placed + there.left_out as usize == system.component_count();
            picture.systems.push(hull(system, there));
            picture.read_links(system, &node_of_slot, gone, expanded, &mut words, &index);
            for usage in system.uses() {
                let [user, used] =
                    [usage.source(), usage.sink()].map(|grip| node_of_slot[grip.owner().slot() as usize]);
                if user != used && user != u32::MAX && used != u32::MAX {
                    uses.push(Use { user, used, gone });
                }
            }
        }
        (picture.uses, picture.index, picture.words) = (Arc::new(uses), Arc::new(index), Arc::new(words.all));
        (picture, is_whole)
    }

    /// Reads again what can be different while the same things exist: all but places, names and wiring. False, and
    /// nothing is read, where other systems are shown or one has come or gone.
    pub(crate) fn read_activity(&mut self, model: &Model, places: &Places) -> bool {
        let stands = |(system, _): (&System, &SystemPlaces)| (system.id(), !system.status().is_connected());
        if !shown(model, places).map(stands).eq(self.systems.iter().map(|hull| (hull.system, hull.gone))) {
            return false;
        }
        for (hull, (system, there)) in self.systems.iter_mut().zip(shown(model, places)) {
            *hull = self::hull(system, there);
        }
        let mut latest: Option<&System> = None;
        let mut system = |id: SystemId| {
            if latest.is_none_or(|latest| latest.id() != id) {
                latest = model.system(id);
            }
            latest
        };
        for node in &mut self.nodes {
            if let Some(component) = system(node.key.0).and_then(|system| system.component_at(node.slot)) {
                node.read_activity(component);
            }
        }
        for dock in &mut self.boxes {
            let system = system(self.nodes[dock.node as usize].key.0);
            dock.fill = system.and_then(|system| system.postbox_at(dock.slot)).and_then(|postbox| postbox.fill());
        }
        for link in self.links.iter_mut().filter(|link| !link.gone) {
            if let Some(linkage) = system(link.key.0).and_then(|system| system.linkage_at(link.slot)) {
                (link.rate, link.trouble) = (linkage.rate(), Trouble::of_fill(linkage.sink().fill()));
            }
        }
        true
    }

    /// Takes new places; false where something has none.
    pub(crate) fn take_places(&mut self, places: &Places) -> bool {
        for hull in &mut self.systems {
            let Some(there) = places.system(hull.system) else { return false };
            hull.rect = rect(there);
        }
        let mut latest: Option<&SystemPlaces> = None;
        for node in &mut self.nodes {
            if latest.is_none_or(|latest| latest.system != node.key.0) {
                latest = places.system(node.key.0);
            }
            let Some(place) = latest.and_then(|there| there.of(node.slot, node.key.1)) else { return false };
            (node.position, node.radius) = (Vec3::from_array(place.position), place.radius);
            node.pinned = place.pinned;
        }
        true
    }

    fn read_nodes(
        &mut self,
        system: &System,
        there: &SystemPlaces,
        words: &mut Words,
        index: &mut HashMap<NodeKey, u32>,
    ) -> Vec<u32> {
        let gone = !system.status().is_connected();
        let mut node_of_slot = vec![u32::MAX; system.component_slots() as usize];
        // `tree` lists parents first, so that rings lie below what they enclose.
        for component in system.tree() {
            let slot = component.slot();
            let Some(place) = there.of(slot, component.id()) else {
                continue;
            };
            let key = (system.id(), component.id());
            let number = self.nodes.len() as u32;
            node_of_slot[slot as usize] = number;
            index.insert(key, number);
            let position = Vec3::from_array(place.position);
            let parent = component.parent().map(|parent| node_of_slot[parent.slot() as usize]);
            let mut node = Node {
                key,
                slot,
                parent: parent.filter(|&parent| parent != u32::MAX),
                position,
                radius: place.radius,
                was: (position, place.radius),
                name: words.keep(&display::label(component.name(), 24)),
                type_name: words.keep(&display::label(component.type_name(), 24)),
                children: match there.left_out {
                    0 => component.children().count() as u32,
                    // A composite is a disc where all that is in it is hidden.
                    _ => {
                        component.children().filter(|child| there.of(child.slot(), child.id()).is_some()).count() as u32
                    }
                },
                inside: 0,
                trouble_inside: Trouble::None,
                state: component.state(),
                busy: 0.0,
                blocked: 0.0,
                many: None,
                rate_in: 0.0,
                rate_out: 0.0,
                fill: 0.0,
                incomplete: false,
                blamed: Trouble::None,
                gone,
                pinned: place.pinned,
            };
            node.read_activity(component);
            self.nodes.push(node);
        }
        node_of_slot
    }

    fn read_links(
        &mut self,
        system: &System,
        node_of_slot: &[u32],
        gone: bool,
        expanded: Option<NodeKey>,
        words: &mut Words,
        index: &HashMap<NodeKey, u32>,
    ) {
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
                    self.boxes.push(dock_of(postbox, node, words));
                }
                Some(*dock)
            });
            if let [Some(from), Some(to)] = ends {
                self.links.push(Link {
                    key: (system.id(), link.id()),
                    slot: link.slot(),
                    from,
                    to,
                    passthrough: link.kind() != LinkageKind::Direct,
                    rate: if gone { 0.0 } else { link.rate() },
                    trouble: if gone { Trouble::None } else { Trouble::of_fill(link.sink().fill()) },
                    gone,
                });
            }
        }
        let Some((key, node)) = expanded.and_then(|key| Some((key, *index.get(&key)?))) else { return };
        let Some(component) = system.component(key.1).filter(|_| key.0 == system.id()) else { return };
        for postbox in component.postboxes().filter(|postbox| dock_of_slot[postbox.slot() as usize] == u32::MAX) {
            self.boxes.push(dock_of(postbox, node, words));
        }
    }
}

impl Node {
    fn read_activity(&mut self, component: ComponentRef<'_>) {
        self.state = component.state();
        self.busy = component.busy_share();
        self.many = component.stands_for_many().then(|| (component.begun_rate(), component.open()));
        (self.blocked, self.fill, self.rate_in, self.rate_out) = (0.0, 0.0, 0.0, 0.0);
        for postbox in component.postboxes() {
            self.blocked = self.blocked.max(postbox.blocked_share());
            if postbox.kind() == PostboxKind::Inbox {
                self.fill = self.fill.max(postbox.fill().unwrap_or(0.0));
                self.rate_in += postbox.rate();
            } else {
                self.rate_out += postbox.rate();
            }
        }
        self.incomplete = component.has_anomaly();
    }
}

fn dock_of(postbox: PostboxRef<'_>, node: u32, words: &mut Words) -> Dock {
    Dock {
        postbox: postbox.id(),
        slot: postbox.slot(),
        node,
        kind: postbox.kind(),
        name: words.keep(&display::label(postbox.name(), 16)),
        angle: 0.0,
        angle_was: 0.0,
        fill: postbox.fill(),
    }
}

fn hull(system: &System, there: &SystemPlaces) -> Hull {
    Hull {
        system: system.id(),
        title: display::label(&system.title(), 40).into(),
        facts: facts(system),
        word: status_word(system.status()),
        gone: !system.status().is_connected(),
        rect: rect(there),
    }
}

fn rect(there: &SystemPlaces) -> Rect {
    Rect::from_corners(there.min.into(), there.max.into())
}

fn facts(system: &System) -> String {
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
        Status::Left { reason, .. } => Some(format!("left: {}", display::label(reason, 40))),
    }
}
