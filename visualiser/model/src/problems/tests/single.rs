//! What is wrong with one component, one box or a whole system, by scripts.

use crate::tests::script::change;
use crate::wiring::Wiring;
use crate::{Hello, Limits, Model};

use super::{Lints, MS, ROW, check};

#[test]
fn a_failure_is_named_after_the_innermost() {
    let failed = "
        add 1 server
        add 2 handler in 1
        state 1 failed because of a child
        state 2 failed no disk
        look
    ";
    check(failed, "failed [2 1] [] handler failed.\n no disk\n--");
}

#[test]
fn restarts_are_a_problem_when_they_are_a_habit() {
    let restarts = "
        add 1 parser
        work 1 busy 1 restarts 5
        at 1000
        look
        work 1 busy 1 restarts 6
        at 2000
        look
        work 1 busy 1 restarts 7
        at 3000
        look
        at 63500
        look
    ";
    check(
        restarts,
        "--
        --
        restarting [1] [] parser fails again and again.
        2 restarts within 2 s
        --
        --",
    );
}

#[test]
fn a_component_that_finished_has_no_senders_that_live() {
    let finished = "
        state 3 finished
        at 1500
        look
        pass 21 5 dropped 4
        at 3000
        look
        state 2 finished
        at 4000
        look
    ";
    check(
        &format!("{ROW}{finished}"),
        "--
        finished-but-linked [3 2] [101] packer has finished, but checker is still linked to it.
        finished 1 s ago · 2.5 /s sent to it · 4 messages dropped
        --
        --",
    );
}

#[test]
fn what_leads_nowhere_and_dropped_is_named_and_what_dropped_nothing_is_not() {
    let dropped = "
        add 1 office
        out 10 outbox of 1
        add 2 clerk in 1
        out 20 outbox of 2
        out 21 signal of 2
        add 3 other
        out 30 outbox of 3
        out 31 spare of 3
        link 100 20 10 outward
        pass 20 0 dropped 7
        pass 21 0 dropped 1
        pass 30 0 dropped 1200
        at 1000
        look
    ";
    check(
        dropped,
        "dropped-messages [2] [100] clerk's outbox leads out of office, which is not linked to anything, and its messages are lost.
        7 messages dropped so far
        dropped-messages [3] [] other's outbox is not linked to anything, and its messages are lost.
        1 200 messages dropped so far
        --",
    );
}

#[test]
fn an_inbox_that_is_waited_at_wants_a_sender() {
    let starved = "
        add 5 by_hand
        in 50 inbox of 5 cap 8
        pass 50 0 waiting
        add 1 writer
        in 10 inbox of 1 cap 8
        in 11 control of 1
        pass 10 0 waiting
        pass 11 0 waiting
        at 1000
        look
        at 3000
        look
        add 2 reader
        out 20 outbox of 2
        link 100 20 10
        at 4000
        look
    ";
    check(
        starved,
        "--
        unlinked-inbox [1] [] writer waits for messages, but nothing is linked to its inbox.
        it has waited for 2 s · nothing ever came
        --
        --",
    );
}

#[test]
fn a_system_that_vanished_is_told_of_until_it_is_back() {
    let mut model = Model::new(Limits::default());
    let hello = |instance| Hello { instance: [instance; 16], name: "chat".to_owned(), ..Hello::default() };
    let mut lints = Lints::default();
    let mut look = |model: &Model, now_ns| lints.look(model, now_ns).problems;
    let first = model.connect(hello(1), 0).unwrap();
    assert_eq!(look(&model, 1), []);
    model.disconnect(first, None, 1000 * MS);
    let problem = look(&model, 5000 * MS).pop().unwrap();
    assert_eq!((&*problem.sentence, problem.system), ("chat vanished without a farewell.", first));
    let second = model.connect(hello(2), 6000 * MS).unwrap();
    assert_eq!(look(&model, 6000 * MS), []);
    model.disconnect(second, Some("done".to_owned()), 7000 * MS);
    assert_eq!(look(&model, 9000 * MS), [], "whoever said farewell is not missed");
}

#[test]
fn wiring_that_differs_is_a_problem_when_it_has_differed_for_a_moment() {
    let mut model = Model::new(Limits::default());
    let hello = Hello { instance: [1; 16], name: "chat".to_owned(), ..Hello::default() };
    let id = model.connect(hello, 0).unwrap();
    let mut tell = |script: &str| {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let _ = model.apply(id, change(&line.split(' ').collect::<Vec<_>>()));
        }
        Wiring::of(model.system(id).unwrap())
    };
    let expected = tell(&format!("snap\n{ROW}\nend"));
    tell("unlink 101\nadd 4 ghost");
    let mut lints = Lints::expecting(vec![expected]);
    assert_eq!(lints.look(&model, MS).problems, []);
    let found = lints.look(&model, 2000 * MS).problems;
    let said: Vec<(&str, &str)> = found.iter().map(|problem| (&*problem.kind, &*problem.sentence)).collect();
    assert_eq!(
        said,
        [
            ("unexpected-wiring", "ghost is not expected."),
            ("unexpected-wiring", "The linkage from checker.outbox to packer.inbox is missing."),
        ]
    );
}
