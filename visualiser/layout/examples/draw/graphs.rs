//! The graphs to look at, each as one request or a few that follow each other.

use axonscope_layout::{Body, LayoutRequest, Spring};

pub(crate) const NAMES: [&str; 9] =
    ["chain", "chat", "chat-churn", "groups", "scale-free", "grid", "isolated", "pipelines", "parts"];

pub(crate) fn make(kind: &str, count: u32) -> Option<Vec<LayoutRequest>> {
    let mut numbers = Numbers(1);
    Some(match kind {
        "chain" => vec![flat(count, (1..count).map(|i| (i - 1, i)))],
        "chat" => vec![chat(&[1, 2, 3, 4, 5, 6])],
        "chat-churn" => {
            // They join one by one; then some leave.
            let mut stages: Vec<LayoutRequest> = (0..=8).map(|last| chat(&(1..=last).collect::<Vec<u64>>())).collect();
            stages.extend([chat(&[1, 2, 4, 5, 6, 7, 8]), chat(&[1, 2, 4, 6, 7, 8])]);
            stages
        }
        "groups" => vec![groups(count, &mut numbers)],
        "scale-free" => {
            let mut ends = vec![0];
            let mut links = Vec::new();
            for i in 1..count {
                for _ in 0..2 {
                    let other = ends[numbers.below(ends.len() as u32) as usize];
                    if other != i {
                        links.push((i, other));
                        ends.extend([i, other]);
                    }
                }
            }
            vec![flat(count, links)]
        }
        "grid" => {
            let side = f64::from(count).sqrt() as u32;
            let right = (0..side * side).filter(|i| (i + 1) % side != 0).map(|i| (i, i + 1));
            let down = (0..side * (side - 1)).map(|i| (i, i + side));
            vec![flat(side * side, right.chain(down))]
        }
        "isolated" => vec![flat(count, [])],
        "pipelines" => vec![pipelines(count, &mut numbers)],
        "parts" => vec![flat(count, (1..count).filter(|i| i % 5 != 0 && i + 6 < count).map(|i| (i - 1, i)))],
        _ => return None,
    })
}

fn body(key: u64, parent: Option<u32>) -> Body {
    Body { key, parent, half_size: [60.0, 45.0], pin: None }
}

fn flat(count: u32, links: impl IntoIterator<Item = (u32, u32)>) -> LayoutRequest {
    let springs = links.into_iter().map(|(source, sink)| Spring { source, sink, weight: 1.0, flows: true }).collect();
    LayoutRequest { bodies: (0..count).map(|i| body(u64::from(i), None)).collect(), springs }
}

/// A chat server: handlers and their listener inside a composite, each handler talking with the room.
fn chat(handlers: &[u64]) -> LayoutRequest {
    let mut bodies =
        vec![body(100, None), body(101, Some(0)), body(102, None), body(103, None), body(104, None), body(105, None)];
    let mut pairs = vec![(2, 3), (4, 2), (5, 2)];
    for &key in handlers {
        let handler = bodies.len() as u32;
        bodies.push(body(key, Some(0)));
        pairs.extend([(handler, 2), (2, handler)]);
    }
    LayoutRequest {
        bodies,
        springs: pairs.into_iter().map(|(source, sink)| Spring { source, sink, weight: 1.0, flows: true }).collect(),
    }
}

/// Composites of three to twelve, some inside others, chains within and a few links across.
fn groups(count: u32, numbers: &mut Numbers) -> LayoutRequest {
    let mut bodies = Vec::new();
    let mut pairs = Vec::new();
    let mut leaves: Vec<u32> = Vec::new();
    let mut outer = None;
    while (bodies.len() as u32) < count {
        let group = bodies.len() as u32;
        bodies.push(body(u64::from(group), outer.filter(|_| numbers.below(3) > 0)));
        if numbers.below(5) == 0 {
            outer = Some(group);
        }
        let size = 3 + numbers.below(10);
        for k in 0..size {
            let leaf = bodies.len() as u32;
            bodies.push(body(u64::from(leaf), Some(group)));
            if k > 0 {
                pairs.push((leaf - 1 - numbers.below(k.min(2)), leaf));
            }
            leaves.push(leaf);
        }
        if leaves.len() as u32 > size {
            let from = leaves[numbers.below(leaves.len() as u32 - size) as usize];
            pairs.push((from, leaves[leaves.len() - 1 - numbers.below(size) as usize]));
        }
    }
    LayoutRequest {
        bodies,
        springs: pairs.into_iter().map(|(source, sink)| Spring { source, sink, weight: 1.0, flows: true }).collect(),
    }
}

/// Chains of four to twelve stages fed by hubs, the hubs in a ring.
fn pipelines(count: u32, numbers: &mut Numbers) -> LayoutRequest {
    let hubs = 3.max(f64::from(count).sqrt() as u32 / 2);
    let mut pairs: Vec<(u32, u32)> = (0..hubs).map(|hub| (hub, (hub + 1) % hubs)).collect();
    let mut next = hubs;
    while next < count {
        let mut before = numbers.below(hubs);
        for _ in 0..4 + numbers.below(9) {
            if next < count {
                pairs.push((before, next));
                before = next;
                next += 1;
            }
        }
        if numbers.below(2) == 0 {
            pairs.push((before, numbers.below(hubs)));
        }
    }
    flat(count, pairs)
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit.max(1))) as u32
    }
}
