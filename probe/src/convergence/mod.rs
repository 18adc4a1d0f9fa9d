//! The promise of the whole crate, as a property: whatever a program does, whenever snapshots, deltas and overflows
//! happen, what was told equals what exists, and nothing is told before what it refers to.

#![allow(clippy::unwrap_used)]

mod sources;
mod told;
mod world;

use proptest::prelude::*;

use told::{Picture, Teller};
use world::World;

/// What a program does.
#[derive(Clone, Debug)]
enum Act {
    AddComponent(usize),
    AddPostbox(usize),
    Link(usize, usize),
    Unlink(usize),
    RemovePostbox(usize),
    RemoveComponent(usize),
    ChangeState(usize, bool),
}

/// What happens: to the program, or to the probe.
#[derive(Clone, Debug)]
enum Step {
    Act(Act),
    /// The program does this as soon as something was read of it, before the events until then are taken in.
    ActOnceRead(Act),
    /// The next part of a snapshot, or else a delta of about so many bytes.
    Tell(usize),
    Drain,
    /// A round over all totals, in parts of about so many bytes.
    Sweep(usize),
    /// The store of events is too small.
    Overflow,
    /// The visualiser asks for a snapshot.
    Resync,
}

fn act() -> impl Strategy<Value = Act> {
    let index = any::<usize>;
    prop_oneof![
        4 => index().prop_map(Act::AddComponent),
        6 => index().prop_map(Act::AddPostbox),
        5 => (index(), index()).prop_map(|(source, sink)| Act::Link(source, sink)),
        2 => index().prop_map(Act::Unlink),
        2 => index().prop_map(Act::RemovePostbox),
        2 => index().prop_map(Act::RemoveComponent),
        2 => (index(), any::<bool>()).prop_map(|(which, failed)| Act::ChangeState(which, failed)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => act().prop_map(Step::Act),
        20 => act().prop_map(Step::ActOnceRead),
        12 => (1_usize..2000).prop_map(Step::Tell),
        6 => Just(Step::Drain),
        3 => (1_usize..100).prop_map(Step::Sweep),
        1 => Just(Step::Overflow),
        1 => Just(Step::Resync),
    ]
}

fn check(steps: &[Step], page_limit: usize, ledger_limit: usize, echo: usize) -> (Teller<u64>, World) {
    let mut world = World::new(page_limit, echo);
    let mut teller = Teller::new(ledger_limit);
    for step in steps {
        match step {
            Step::Act(act) => world.act(act),
            Step::ActOnceRead(act) => world.once_read.push_back(act.clone()),
            Step::Tell(limit) => drop(teller.tell(&mut world, *limit)),
            Step::Drain => teller.drain(&mut world),
            Step::Sweep(limit) => teller.sweep(&mut world, *limit, World::act_once_read),
            Step::Overflow => world.has_overflowed = world.is_keeping,
            Step::Resync => teller.resync(&mut world),
        }
    }
    world.once_read.clear();
    teller.drain(&mut world);
    while teller.tell(&mut world, 500) {}
    assert_eq!(teller.picture, Picture::of(&mut world));
    (teller, world)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_told_is_what_exists(
        steps in prop::collection::vec(step(), 0..250),
        page_limit in 1_usize..6,
        echo in 1_usize..3,
    ) {
        check(&steps, page_limit, usize::MAX, echo);
    }

    #[test]
    fn a_small_ledger_overflows_and_still_converges(
        acts in prop::collection::vec(act(), 100..200),
        page_limit in 1_usize..6,
    ) {
        // Nothing is told for a while after the first snapshot, so that the ledger must overflow.
        let mut steps = vec![Step::Tell(1), Step::Tell(1)];
        steps.extend(acts.into_iter().flat_map(|act| [Step::Act(act), Step::Drain]));
        check(&steps, page_limit, 1500, 1);
    }
}

#[test]
fn the_small_ledger_of_the_property_does_overflow() {
    let mut steps = vec![Step::Tell(1), Step::Tell(1)];
    steps.extend((0..50).flat_map(|_| [Step::Act(Act::AddComponent(0)), Step::Drain]));
    assert!(check(&steps, 3, 1500, 1).0.overflows > 0);
}
