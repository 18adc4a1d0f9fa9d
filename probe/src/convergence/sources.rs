//! The same for real sources: two systems of the runtime and what is told by hand, read by several conversations.

use std::sync::Arc;

use axonscope_runtime::{Component, Context, Outcome, State, System, Unstarted};
use proptest::prelude::*;

use super::told::{Picture, Teller};
use crate::limits::LEDGER_BYTES;
use crate::source::{Feed, Place, Program};
use crate::taps::Shows;
use crate::words::{LinkageKind, PostboxKind};

struct Idle;

impl Component for Idle {
    type Boxes = axonscope_runtime::Io<u32, u32>;

    async fn run(self, _: Self::Boxes, _: Context) -> Outcome {
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Adds a component to a system of the runtime.
    Start(bool),
    End(usize),
    Link(usize, usize),
    /// Tells of a component by hand, in another one or at the top.
    Tell(usize),
    TellBox(usize),
    TellLink(usize, usize),
    TellGone(usize),
    TellBoxGone(usize),
    TellState(usize),
    /// One conversation says something, takes events in, or starts over.
    Say(usize),
    Drain(usize),
    Resync(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<usize>;
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Start),
        1 => index().prop_map(Step::End),
        3 => (index(), index()).prop_map(|(source, sink)| Step::Link(source, sink)),
        5 => index().prop_map(Step::Tell),
        5 => index().prop_map(Step::TellBox),
        4 => (index(), index()).prop_map(|(source, sink)| Step::TellLink(source, sink)),
        2 => index().prop_map(Step::TellGone),
        2 => index().prop_map(Step::TellBoxGone),
        1 => index().prop_map(Step::TellState),
        8 => index().prop_map(Step::Say),
        4 => index().prop_map(Step::Drain),
        1 => index().prop_map(Step::Resync),
    ]
}

const CONVERSATIONS: usize = 2;

fn pick<T: Copy>(things: &[T], index: usize) -> Option<T> {
    things.get(index.checked_rem(things.len())?).copied()
}

fn check(steps: &[Step]) {
    let systems = [System::new("one"), System::new("other")];
    let program = Arc::new(Program::new(&systems, CONVERSATIONS, Shows::default()).unwrap());
    let registry = &program.registry;
    let mut feeds: Vec<_> = (0..CONVERSATIONS).map(|place| Feed::new(program.clone(), place)).collect();
    let mut tellers: Vec<_> = feeds.iter().map(|_| Teller::<Place>::new(LEDGER_BYTES)).collect();
    let mut running: Vec<(usize, Unstarted)> = Vec::new();
    let (mut components, mut boxes) = (Vec::new(), Vec::new());
    for step in steps {
        match *step {
            Step::Start(other) => {
                let place = usize::from(other);
                running.push((place, systems[place].add("component", Idle).unwrap()));
            }
            Step::End(which) => {
                if let Some(which) = which.checked_rem(running.len()) {
                    drop(running.swap_remove(which));
                }
            }
            Step::Link(source, sink) => {
                let places: Vec<_> = (0..running.len()).collect();
                if let (Some(source), Some(sink)) = (pick(&places, source), pick(&places, sink)) {
                    let ((place, source), (_, sink)) = (&running[source], &running[sink]);
                    // Of two systems, or joined already.
                    let _ = systems[*place].link((source, "outbox"), (sink, "inbox"));
                }
            }
            Step::Tell(parent) => {
                let parent = pick(&components, parent).filter(|parent| parent % 3 != 0).unwrap_or(0);
                components.extend(registry.add_component(parent, "told", "", "", State::Running).map(|meter| meter.id));
            }
            Step::TellBox(owner) => {
                let kind = if owner % 2 == 0 { PostboxKind::Inbox } else { PostboxKind::Outbox };
                let owner = pick(&components, owner).unwrap_or(0);
                boxes.extend(registry.add_postbox(owner, "box", kind, "", 0).map(|meter| meter.id));
            }
            Step::TellLink(source, sink) => {
                if let (Some(source), Some(sink)) = (pick(&boxes, source), pick(&boxes, sink)) {
                    let _ = registry.link(source, sink, LinkageKind::Direct);
                }
            }
            Step::TellGone(which) => registry.remove_component(pick(&components, which).unwrap_or(0)),
            Step::TellBoxGone(which) => registry.remove_postbox(pick(&boxes, which).unwrap_or(0)),
            Step::TellState(which) => {
                registry.set_state(pick(&components, which).unwrap_or(0), State::Failed(format!("{which}").into()));
            }
            Step::Say(who) => drop(tellers[who % CONVERSATIONS].tell(&mut feeds[who % CONVERSATIONS], 1 + who % 1000)),
            Step::Drain(who) => tellers[who % CONVERSATIONS].drain(&mut feeds[who % CONVERSATIONS]),
            Step::Resync(who) => tellers[who % CONVERSATIONS].resync(&mut feeds[who % CONVERSATIONS]),
        }
    }
    for (teller, feed) in tellers.iter_mut().zip(&mut feeds) {
        teller.drain(feed);
        while teller.tell(feed, 500) {}
        assert_eq!(teller.picture, Picture::of(feed));
        assert_eq!(teller.overflows, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_told_of_all_sources_is_what_exists(steps in prop::collection::vec(step(), 0..200)) {
        check(&steps);
    }
}
