//! What exists, after scripts that fit and scripts that do not.

use super::{assert_invariants, check, model_with_one};
use crate::*;

/// A composite with two children, joined, and fed through its own inbox.
const PAIR: &str = "
    add 1 pair
    in 10 inbox of 1
    add 2 left in 1
    in 20 inbox of 2
    out 21 outbox of 2
    add 3 right in 1
    in 30 inbox of 3
    link 100 10 20 inward
    link 101 21 30
";

#[test]
fn a_system_is_told_and_shown() {
    check(
        &format!("snap {PAIR} end show").replace("snap", "snap\n").replace(" end show", "end\nshow"),
        "
        1 pair
          in 10 inbox -100-> 20
          2 left
            in 20 inbox
            out 21 outbox -101-> 30
          3 right
            in 30 inbox
        ",
    );
}

#[test]
fn telling_twice_changes_nothing() {
    let (mut model, id) = model_with_one();
    let tell = |model: &mut Model| -> Vec<Applied> {
        PAIR.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| model.apply(id, super::script::change(&line.split(' ').collect::<Vec<_>>())))
            .collect()
    };
    assert!(tell(&mut model).iter().all(|applied| applied.structure));
    let versions = (model.structure_version(), model.activity_version());
    assert!(tell(&mut model).iter().all(|applied| *applied == Applied::NOTHING));
    assert_eq!((model.structure_version(), model.activity_version()), versions);
}

#[test]
fn a_component_takes_along_what_it_has_and_holds() {
    check(
        &format!("{PAIR} \n add 4 other\n out 40 outbox of 4\n link 102 40 10\n del 1\n show\n show 102"),
        "
        4 other
          out 40 outbox
        stale: waiting for its first complete snapshot
        no 102
        ",
    );
}

#[test]
fn a_postbox_takes_its_linkages_along() {
    check(
        &format!("{PAIR}\n unbox 20\n unbox 30\n snap\n {PAIR}\n end\n unbox 21\n show"),
        "
        1 pair
          in 10 inbox -100-> 20
          2 left
            in 20 inbox
          3 right
            in 30 inbox
        ",
    );
}

#[test]
fn a_linkage_from_a_box_to_itself_is_taken_as_told() {
    check("add 1 a\n in 10 x of 1\n link 100 10 10\n unlink 100\n link 101 10 10\n del 1\n show 101", "no 101");
}

#[test]
fn what_is_gone_may_be_removed_again() {
    check(&format!("{PAIR}\n del 1\n unlink 101\n unbox 21\n del 2\n del 1\n del 77"), "");
}

#[test]
fn what_does_not_fit_is_an_anomaly_and_shown_where_it_touches() {
    check(
        "snap
         add 1 a
         add 2 b in 9
         out 10 x of 8
         out 11 x of 1
         link 100 11 12
         add 1 z
         in 11 x of 1
         state 5 failed
         pass 13 7
         pass 11 7
         pass 11 6
         end
         show",
        "
        ! component 2 names component 9 as its parent, which nobody told of; it is shown at the top
        ! postbox 10 belongs to component 8, which nobody told of; it is left out
        ! linkage 100 ends at postbox 12, which nobody told of; it is left out
        ! postbox 11 was told a second time with other content; the first stays
        ! something was said of component 5, which nobody told of
        ! something was said of postbox 13, which nobody told of
        ! a total of postbox 11 went backwards; the larger one stays
        1 z !
          out 11 x !
        2 b !
        ",
    );
}

#[test]
fn outside_a_snapshot_the_first_stays() {
    check(
        "add 1 a
         add 2 b in 1
         add 1 z
         add 2 b
         in 10 x of 1
         in 10 x of 2
         in 11 y of 1
         out 12 z of 1
         link 100 12 10
         link 100 12 11
         show",
        "
        ! component 1 was told a second time with other content; the first stays
        ! component 2 was told a second time with other content; the first stays
        ! postbox 10 was told a second time with other content; the first stays
        ! linkage 100 was told a second time with other content; the first stays
        1 a !
          in 10 x !
          in 11 y
          out 12 z -100-> 10 !
          2 b !
        stale: waiting for its first complete snapshot
        ",
    );
}

#[test]
fn states_come_with_their_reason_and_the_last_one_told_counts() {
    check(
        "snap
         add 1 a
         add 2 b
         end
         state 1 failed disk full
         state 2 finished
         add 2 b failed
         show",
        "
        1 a failed: disk full
        2 b failed
        ",
    );
}

#[test]
fn a_snapshot_replaces_what_it_does_not_name_and_keeps_totals() {
    check(
        &format!(
            "snap\n {PAIR}\n end\n pass 21 500\n at 1000
             snap
             add 1 pairs
             add 2 left in 1
             out 21 outbox of 2
             show
             end
             show
             show 21"
        ),
        "
        1 pairs
          in 10 inbox -100-> 20
          2 left
            in 20 inbox
            out 21 outbox -101-> 30
          3 right
            in 30 inbox
        stale: a fresh snapshot is on its way
        1 pairs
          2 left
            out 21 outbox
        21 500 messages 0/s
        ",
    );
}

#[test]
fn a_snapshot_begun_anew_forgets_what_the_first_one_named() {
    check("snap\n add 1 a\n add 2 b\n end\n snap\n add 1 a\n snap\n add 2 b\n end\n show", "2 b");
}

#[test]
fn a_late_parent_gets_its_child_back_from_the_next_snapshot() {
    check(
        "snap
         add 2 b in 1
         end
         show
         snap
         add 1 a
         add 2 b in 1
         end
         show",
        "
        ! component 2 names component 1 as its parent, which nobody told of; it is shown at the top
        2 b !
        1 a
          2 b
        ",
    );
}

#[test]
fn a_component_never_comes_to_live_in_itself() {
    check(
        "add 1 a in 1
         add 2 b in 1
         add 1 a in 2
         add 1 a in 1
         show",
        "
        ! component 1 names component 1 as its parent, which nobody told of; it is shown at the top
        ! component 1 was told a second time with other content; the first stays
        ! component 1 was told a second time with other content; the first stays
        1 a !
          2 b
        stale: waiting for its first complete snapshot
        ",
    );
}

#[test]
fn a_snapshot_that_does_not_name_a_parent_leaves_its_child_at_the_top() {
    check(
        "snap\n add 1 a\n add 2 b in 1\n end\n snap\n add 2 b in 1\n end\n show",
        "
        ! component 2 names component 1 as its parent, which nobody told of; it is shown at the top
        2 b !
        ",
    );
}

#[test]
fn a_gap_makes_the_picture_stale_until_a_snapshot() {
    check(
        "snap
         add 1 a
         end
         gap
         show
         snap
         add 1 a
         end
         show",
        "
        ! reports are missing: number 9 came, 7 was due
        1 a
        stale: reports are missing; waiting for a fresh snapshot
        1 a
        ",
    );
}

#[test]
fn at_a_limit_the_excess_is_left_out_and_counted_and_its_consequences_are_not_held_against_it() {
    let mut model = Model::new(Limits { components: 2, postboxes: 1, linkages: 1, ..Limits::default() });
    let id = model.connect(super::hello(1, "chat"), 0).unwrap();
    let lines =
        "add 1 a\n add 2 b\n add 3 c\n out 10 x of 1\n in 11 y of 1\n link 100 10 10\n link 101 10 10\n pass 11 5";
    for line in lines.lines() {
        let _ = model.apply(id, super::script::change(&line.trim().split(' ').collect::<Vec<_>>()));
    }
    let system = model.system(id).unwrap();
    assert_eq!((system.component_count(), system.postbox_count(), system.linkage_count()), (2, 1, 1));
    assert_eq!((system.refused(), system.anomaly_count()), (3, 3));
}

#[test]
fn a_chain_of_a_million_composites_is_no_deeper_than_any_other() {
    let (mut model, id) = model_with_one();
    let component = |n: u64| NewComponent {
        id: ComponentId(n),
        parent: (n > 1).then_some(ComponentId(n - 1)),
        name: "doll".to_owned(),
        ..NewComponent::default()
    };
    for n in 1..=1_000_000 {
        let _ = model.apply(id, Change::ComponentAdded(component(n)));
    }
    let system = model.system(id).unwrap();
    let innermost = system.component(ComponentId(1_000_000)).unwrap();
    assert_eq!(innermost.depth(), 999_999);
    assert_eq!(innermost.path(), format!("…{}", " / doll".repeat(16)));
    assert_eq!(system.snapshot().filter(|change| matches!(change, Change::ComponentAdded(_))).count(), 1_000_000);
    assert!(model.apply(id, Change::ComponentRemoved(ComponentId(1))).structure);
    assert_eq!(model.system(id).unwrap().component_count(), 0);
    assert_invariants(&model);
}

#[test]
fn what_was_given_back_is_given_back() {
    let (mut model, id) = model_with_one();
    let empty = model.bytes();
    for n in 1..=2_000u64 {
        let name = format!("component {n}");
        let _ = model.apply(
            id,
            Change::ComponentAdded(NewComponent {
                id: ComponentId(n),
                name: name.clone(),
                type_name: name.clone(),
                description: name.clone(),
                state_detail: name.clone(),
                labels: vec![("zone".to_owned(), name.clone())],
                ..NewComponent::default()
            }),
        );
        let _ = model.apply(
            id,
            Change::PostboxAdded(NewPostbox {
                id: PostboxId(n),
                owner: ComponentId(n),
                name: name.clone(),
                kind: PostboxKind::Inbox,
                message_type: name.clone(),
                capacity: 1,
                description: name,
            }),
        );
        let told = PostboxActivity { postbox: PostboxId(n), messages: 1, blocked_ns: 1, ..PostboxActivity::default() };
        let _ = model.apply(id, Change::PostboxActivity(told));
    }
    assert!(model.bytes() > empty + 2_000 * 400);
    for n in 1..=2_000 {
        let _ = model.apply(id, Change::ComponentRemoved(ComponentId(n)));
    }
    assert_eq!(model.bytes(), empty);
    assert_invariants(&model);
}

#[test]
fn anomalies_are_all_counted_and_the_latest_kept() {
    let (mut model, id) = model_with_one();
    for n in 1..=100 {
        let _ = model.apply(id, Change::Refused(Anomaly::Cut { noun: "component", id: n }));
    }
    let system = model.system(id).unwrap();
    assert_eq!(system.anomaly_count(), 100);
    assert_eq!(system.recent_anomalies().len(), 64);
    assert_eq!(system.recent_anomalies().last(), Some(&Anomaly::Cut { noun: "component", id: 100 }));
}
