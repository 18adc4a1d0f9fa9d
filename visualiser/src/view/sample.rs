//! Small pictures for tests, drawn up by hand.

use std::sync::Arc;

use axonscope_model::{ComponentId, LinkageId, PostboxId, PostboxKind, State, SystemId};
use bevy_math::Vec3;

use super::picture::{Dock, Link, Node, NodeKey, Picture, Trouble};

pub(super) const SYSTEM: SystemId = SystemId(1);

pub(super) fn key(node: u32) -> NodeKey {
    (SYSTEM, ComponentId(u64::from(node) + 1))
}

/// Nodes by parent, x, y and radius; linkages by the nodes they join and their rate.
pub(super) fn picture(nodes: &[(Option<u32>, f32, f32, f32)], links: &[(u32, u32, f64)]) -> Picture {
    let mut picture = Picture::default();
    for (&(parent, x, y, radius), number) in nodes.iter().zip(0..) {
        let position = Vec3::new(x, y, 0.0);
        picture.nodes.push(Node {
            key: key(number),
            slot: number,
            parent,
            position,
            radius,
            ring: radius,
            was: (position, radius),
            name: 0,
            type_name: 1,
            children: nodes.iter().filter(|node| node.0 == Some(number)).count() as u32,
            inside: 0,
            traffic_inside: 0.0,
            trouble_inside: Trouble::None,
            state: State::Running,
            busy: 0.0,
            blocked: 0.0,
            many: None,
            rate_in: 0.0,
            rate_out: 0.0,
            fill: 0.0,
            incomplete: false,
            blamed: Trouble::None,
            stale: false,
            gone: false,
            pinned: false,
        });
    }
    for (&(from, to, rate), number) in links.iter().zip(0u32..) {
        for (node, kind) in [(from, PostboxKind::Outbox), (to, PostboxKind::Inbox)] {
            let slot = picture.boxes.len() as u32;
            let postbox = PostboxId(u64::from(slot) + 1);
            let (angle, angle_was) = (0.0, 0.0);
            picture.boxes.push(Dock { postbox, slot, node, kind, name: 2, angle, angle_was, fill: None });
        }
        picture.links.push(Link {
            key: (SYSTEM, LinkageId(u64::from(number) + 1)),
            slot: number,
            from: 2 * number,
            to: 2 * number + 1,
            passthrough: false,
            rate,
            trouble: Trouble::None,
            gone: false,
        });
    }
    picture.words = Arc::new(["node", "Type", "box"].map(Arc::from).into());
    picture.index = Arc::new(picture.nodes.iter().map(|node| node.key).zip(0..).collect());
    picture.turn_docks();
    picture.sum_up();
    picture.index_places();
    picture
}
