//! The figures of a component that one can ask for, sort by and compare with.

use crate::change::PostboxKind;
use crate::query::ComponentRef;

/// What a component does now: messages a second, and shares from 0 to 1. All 0 for one whose system has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Taken out of its inboxes.
    pub rate_in: f64,
    /// Delivered by its outboxes.
    pub rate_out: f64,
    /// Of the fullest inbox; none where no inbox is bounded.
    pub fill: Option<f32>,
    /// Of the time.
    pub busy: f32,
    /// Of the time, at the outbox that waits most for room.
    pub blocked: f32,
    /// Messages thrown away so far, by all boxes.
    pub dropped: u64,
}

impl Figures {
    /// Reads them, at the cost of a look at each box.
    pub fn of(component: ComponentRef<'_>) -> Figures {
        let mut figures = Figures::default();
        for postbox in component.postboxes() {
            figures.dropped = figures.dropped.saturating_add(postbox.dropped());
        }
        if !component.system().status().is_connected() {
            return figures;
        }
        figures.busy = component.busy_share();
        for postbox in component.postboxes() {
            figures.blocked = figures.blocked.max(postbox.blocked_share());
            if postbox.kind() == PostboxKind::Inbox {
                figures.rate_in += postbox.rate();
                let fullest = figures.fill.into_iter().chain(postbox.fill()).reduce(f32::max);
                figures.fill = fullest;
            } else {
                figures.rate_out += postbox.rate();
            }
        }
        figures
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// The larger of the two ways.
    Rate,
    In,
    Out,
    Fill,
    Busy,
    Blocked,
    Dropped,
    Restarts,
}

impl Figure {
    pub(super) const ALL: [(&'static str, Figure); 8] = [
        ("rate", Figure::Rate),
        ("in", Figure::In),
        ("out", Figure::Out),
        ("fill", Figure::Fill),
        ("busy", Figure::Busy),
        ("blocked", Figure::Blocked),
        ("dropped", Figure::Dropped),
        ("restarts", Figure::Restarts),
    ];

    pub(super) fn is_share(self) -> bool {
        matches!(self, Figure::Fill | Figure::Busy | Figure::Blocked)
    }

    /// None where there is no such figure, as the fill of boxes without bound.
    pub(super) fn of(self, component: ComponentRef<'_>) -> Option<f64> {
        match self {
            Figure::Busy if component.system().status().is_connected() => Some(rounded(component.busy_share())),
            Figure::Restarts => Some(component.restarts().into()),
            _ => {
                let figures = Figures::of(component);
                match self {
                    Figure::Rate => Some(figures.rate_in.max(figures.rate_out)),
                    Figure::In => Some(figures.rate_in),
                    Figure::Out => Some(figures.rate_out),
                    Figure::Fill => figures.fill.map(rounded),
                    Figure::Blocked => Some(rounded(figures.blocked)),
                    Figure::Dropped => Some(figures.dropped as f64),
                    Figure::Busy | Figure::Restarts => Some(0.0),
                }
            }
        }
    }
}

/// A share as people write it: 0.6 is not more than 60 %.
fn rounded(share: f32) -> f64 {
    (f64::from(share) * 1e5).round() / 1e5
}

/// How a figure is compared, and with what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    pub(super) order: Order,
    pub(super) with: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

/// Which way an answer leans where a figure is about what it is compared with: what was found before is lost only once it
/// is clearly otherwise, so that nothing flickers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    Upright,
    Yes,
    No,
}

/// By how much a bound is moved for what was found before.
const SLACK: f64 = 0.2;

impl Lean {
    pub(super) fn turned(self) -> Lean {
        match self {
            Lean::Upright => Lean::Upright,
            Lean::Yes => Lean::No,
            Lean::No => Lean::Yes,
        }
    }
}

impl Comparison {
    pub(super) fn holds(self, figure: f64, lean: Lean) -> bool {
        let (easier, harder) = match self.order {
            Order::More | Order::AtLeast => (1.0 - SLACK, 1.0 / (1.0 - SLACK)),
            Order::Less | Order::AtMost => (1.0 / (1.0 - SLACK), 1.0 - SLACK),
            Order::Equal => (1.0, 1.0),
        };
        let with = match lean {
            Lean::Upright => self.with,
            Lean::Yes => self.with * easier,
            Lean::No => self.with * harder,
        };
        match self.order {
            Order::More => figure > with,
            Order::AtLeast => figure >= with,
            Order::Less => figure < with,
            Order::AtMost => figure <= with,
            Order::Equal => (figure - with).abs() < 1e-6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_before_is_lost_only_when_it_is_clearly_otherwise() {
        let more = Comparison { order: Order::More, with: 100.0 };
        assert!(more.holds(101.0, Lean::Upright) && !more.holds(100.0, Lean::Upright));
        assert!(more.holds(81.0, Lean::Yes) && !more.holds(79.0, Lean::Yes));
        assert!(!more.holds(120.0, Lean::No) && more.holds(126.0, Lean::No));
        let less = Comparison { order: Order::AtMost, with: 100.0 };
        assert!(less.holds(124.0, Lean::Yes) && !less.holds(126.0, Lean::Yes) && !less.holds(81.0, Lean::No));
        let none = Comparison { order: Order::Equal, with: 0.0 };
        assert!(none.holds(0.0, Lean::Yes) && !none.holds(1.0, Lean::Yes));
    }
}
