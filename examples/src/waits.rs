//! Who waits for whom in a system, seen from outside, and at whom the waiting begins.
//!
//! A component that waits for room waits for whoever has the full inbox. That one may wait for room as well, and so on,
//! until one is found that does not, who holds all the others up, or one that was met before: a circle, in which nobody
//! will ever go on.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;

use axonscope_runtime::{ComponentId, Condition, Description, PostboxId, PostboxInfo, System};

/// What the waiting in a system comes to. It is said in one sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Waits {
    /// Nobody waits for room.
    Nobody,
    /// Some wait, each for the next, and the last for `slow`.
    For {
        /// Who waits, the first in front.
        waiting: Vec<String>,
        /// At whom it begins.
        slow: String,
        /// How much is in the inbox of that one, and how much fits in.
        depth: (u32, u32),
    },
    /// Each waits for the next, and the last for the first.
    Circle(Vec<String>),
}

impl Waits {
    /// Looks at all of `system`. Of several, a circle is told, or else the longest row of those who wait.
    pub fn look(system: &System) -> Self {
        let description = system.describe();
        let blocked: BTreeMap<_, _> = description
            .components
            .iter()
            .filter_map(|component| match system.condition(component.id)? {
                Condition::Blocked(outbox) => Wait::new(&description, outbox).map(|wait| (component.id, wait)),
                _ => None,
            })
            .collect();
        let mut chains: Vec<_> = blocked.keys().map(|&first| chain(&blocked, first)).collect();
        chains.sort_by_key(|(waiting, last)| (!waiting.contains(last), Reverse(waiting.len())));
        let Some((waiting, last)) = chains.into_iter().next() else { return Self::Nobody };
        if let Some(begin) = waiting.iter().position(|&waits| waits == last) {
            let circle = &waiting[begin..];
            // The components were looked at one after the other. If each wait of the circle still lasts, there was a
            // moment at which all did.
            return if circle.iter().all(|id| blocked[id].lasts()) {
                Self::Circle(circle.iter().map(|&id| name(&description, id)).collect())
            } else {
                Self::Nobody
            };
        }
        let full = waiting.last().and_then(|id| blocked.get(id)).map(|wait| &wait.sink);
        let depth = full
            .map_or((0, 0), |full| (full.activity.depth.load(Ordering::Relaxed), full.capacity.unwrap_or_default()));
        Self::For {
            waiting: waiting.iter().map(|&id| name(&description, id)).collect(),
            slow: name(&description, last),
            depth,
        }
    }
}

/// A component's wait for room in an inbox.
struct Wait {
    source: PostboxInfo,
    sink: PostboxInfo,
    since: u64,
}

impl Wait {
    fn new(description: &Description, outbox: PostboxId) -> Option<Self> {
        let find = |id| description.postboxes.iter().find(|postbox| postbox.id == id);
        let (source, mut end) = (find(outbox)?, outbox);
        // Through the boxes of composites, which hold nothing themselves.
        while let Some(linkage) = description.linkages.iter().find(|linkage| linkage.source == end) {
            end = linkage.sink;
        }
        let since = source.activity.waiting_since.load(Ordering::Relaxed);
        (end != outbox).then_some(Self { source: source.clone(), sink: find(end)?.clone(), since })
    }

    fn lasts(&self) -> bool {
        self.since != 0 && self.source.activity.waiting_since.load(Ordering::Relaxed) == self.since
    }
}

/// Who waits for whom from `first` on, and whom the last waits for: one of them, if they go round in a circle.
fn chain(blocked: &BTreeMap<ComponentId, Wait>, first: ComponentId) -> (Vec<ComponentId>, ComponentId) {
    let (mut waiting, mut next) = (Vec::new(), first);
    while let Some(wait) = blocked.get(&next) {
        if waiting.contains(&next) {
            break;
        }
        waiting.push(next);
        next = wait.sink.owner;
    }
    (waiting, next)
}

fn name(description: &Description, id: ComponentId) -> String {
    let component = description.components.iter().find(|component| component.id == id);
    component.map_or_else(|| format!("component {id}"), |component| component.name.to_string())
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody waits for room"),
            Self::For { waiting, slow, depth: (depth, capacity) } => {
                write!(f, "{} for {slow}, whose inbox is full ({depth} of {capacity})", each_for_the_next(waiting))
            }
            Self::Circle(circle) => {
                let first = circle.first().map_or("", String::as_str);
                write!(f, "{} for {first}: none of them will ever go on", each_for_the_next(circle))
            }
        }
    }
}

/// `a waits for b, b waits for c, c waits`.
fn each_for_the_next(names: &[String]) -> String {
    let waits: Vec<_> = names.iter().map(|name| format!("{name} waits")).collect();
    waits.iter().zip(names.iter().skip(1)).map(|(waits, next)| format!("{waits} for {next}, ")).collect::<String>()
        + waits.last().map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_in_one_sentence() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let check = |waits: Waits, sentence: &str| assert_eq!(waits.to_string(), sentence);
        check(Waits::Nobody, "nobody waits for room");
        check(
            Waits::For { waiting: names(&["a", "b"]), slow: "c".into(), depth: (8, 8) },
            "a waits for b, b waits for c, whose inbox is full (8 of 8)",
        );
        check(Waits::Circle(names(&["a", "b"])), "a waits for b, b waits for a: none of them will ever go on");
        check(Waits::Circle(names(&["a"])), "a waits for a: none of them will ever go on");
    }
}
