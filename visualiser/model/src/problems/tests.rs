//! Every lint by a script of changes, in the lines of the model's tests, with looks between them.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use crate::tests::script::change;
use crate::{Hello, Limits, Model};

use super::{Lints, MOST_PROBLEMS};

mod single;

const MS: u64 = 1_000_000;

/// A program as a script of changes, `look` between them, which takes the time of the latest sample.
#[track_caller]
fn check(script: &str, expect: &str) {
    let shown = shown_by(script, Lints::default());
    let lines = |text: &str| {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&shown), lines(expect), "\nshown:\n{shown}");
}

fn shown_by(script: &str, mut lints: Lints) -> String {
    let mut model = Model::new(Limits::default());
    let hello = Hello { instance: [1; 16], name: "chat".to_owned(), monotonic_ns: 1, ..Hello::default() };
    let id = model.connect(hello, 0).unwrap();
    let mut shown = String::new();
    let script = script.lines().map(str::trim).filter(|line| !line.is_empty());
    for line in ["snap", "end"].into_iter().chain(script) {
        if line == "look" {
            let now_ns = model.system(id).unwrap().sampled_at();
            for problem in lints.look(&model, now_ns).problems {
                let numbers = |ids: Vec<u64>| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
                let components = numbers(problem.components.iter().map(|id| id.0).collect());
                let linkages = numbers(problem.linkages.iter().map(|id| id.0).collect());
                writeln!(shown, "{} [{components}] [{linkages}] {}", problem.kind, problem.sentence).unwrap();
                writeln!(shown, "{}", problem.evidence).unwrap();
            }
            shown.push_str("--\n");
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let applied = model.apply(id, change(&words));
        assert_eq!(applied.anomaly, None, "{line}");
    }
    shown
}

/// Three in a row: 1 to 2 to 3.
const ROW: &str = "
    add 1 orders
    out 10 outbox of 1
    add 2 checker
    in 20 inbox of 2 cap 8
    out 21 outbox of 2
    add 3 packer
    in 30 inbox of 3 cap 8
    link 100 10 20
    link 101 21 30
    at 1000
";

#[test]
fn a_row_that_works_has_none() {
    let works = "
        pass 10 900
        pass 20 800 depth 3
        pass 21 800
        pass 30 790 depth 1
        at 1500
        look
        pass 20 850 depth 7
        at 2500
        look
        pass 20 950 depth 6
        at 3500
        look
    ";
    check(&format!("{ROW}{works}"), "--\n--\n--");
}

#[test]
fn a_backlog_is_one_problem_named_after_its_end() {
    let backlog = "
        pass 20 100 depth 8
        pass 30 100 depth 8
        pass 10 100 since 1200
        pass 21 100 since 1100
        work 3 busy 0 polls 9
        at 2500
        look
        pass 20 101 depth 8
        pass 30 101 depth 8
        at 4500
        look
    ";
    check(
        &format!("{ROW}{backlog}"),
        "slow-consumer [3 2 1] [101 100] packer is too slow: checker and orders wait.
        inbox 8 of 8 · 67 /s taken · busy 0 %: it waits for something outside · checker has waited for 1 s
        --
        slow-consumer [3 2 1] [101 100] packer is too slow: checker and orders wait.
        inbox 8 of 8, full for 2 s · 0.5 /s taken · busy 0 %: it waits for something outside · checker has waited for 3 s
        --",
    );
}

#[test]
fn who_came_while_others_wait_is_not_linked_yet_because_of_them() {
    let waiting = |number: u32, name: &str| {
        format!(
            "add {number} {name}
            in {number}0 inbox of {number} cap 8
            in {number}1 control of {number}
            pass {number}0 0 waiting
            pass {number}1 0 waiting\n"
        )
    };
    let (early, late) = (waiting(5, "early"), waiting(6, "late"));
    let script = format!(
        "{ROW}{early}
        at 1500
        look
        pass 30 100 depth 8
        pass 21 8 since 1800
        at 2500
        look
        {late}
        at 3000
        look
        pass 30 101 depth 8
        at 6000
        look"
    );
    let shown = shown_by(&script, Lints::default());
    let last: Vec<&str> = shown.split("--").nth(3).unwrap().lines().filter(|line| line.contains('[')).collect();
    assert_eq!(last.len(), 2, "{shown}");
    assert!(last[0].starts_with("slow-consumer [3 2]"), "{shown}");
    assert!(last[1].starts_with("unlinked-inbox [5] [] early"), "{shown}");
}

#[test]
fn a_full_inbox_is_a_problem_when_it_has_been_full_for_a_while() {
    let full = "
        pass 30 100 depth 7
        at 1500
        look
        pass 30 120 depth 7
        at 2900
        look
        pass 30 130 depth 8
        at 3600
        look
        pass 30 140 depth 5
        at 4600
        look
    ";
    check(
        &format!("{ROW}{full}"),
        "--
        --
        slow-consumer [3] [101] packer is too slow for what it gets.
        inbox 8 of 8, full for 2 s · 50 /s taken · busy 0 %
        --
        --",
    );
}

#[test]
fn whoever_takes_nothing_at_all_is_silent_and_not_slow() {
    let silent = "
        pass 20 900 depth 1
        at 1200
        look
        pass 10 905
        pass 20 900 depth 5
        at 3300
        look
    ";
    check(
        &format!("{ROW}{silent}"),
        "--
        silent [2 1] [100] checker takes nothing from its inbox, although orders sends to it.
        inbox 5 of 8 · nothing taken for 2 s · 4 have come meanwhile, 393 /s
        --",
    );
}

#[test]
fn a_circle_is_a_deadlock_and_nothing_else() {
    let circle = "
        add 1 alice
        in 10 inbox of 1 cap 4
        out 11 outbox of 1
        add 2 bob
        in 20 inbox of 2 cap 4
        out 21 outbox of 2
        add 3 eve
        out 31 outbox of 3
        link 100 11 20
        link 101 21 10
        link 102 31 10
        pass 10 5 depth 4
        pass 20 5 depth 4
        pass 11 5 since 800
        pass 21 5 since 900
        pass 31 5 since 1000
        at 1000
        look
        at 4000
        look
    ";
    check(
        circle,
        "--
        deadlock [1 2] [100 101] alice and bob wait for each other.
        nobody will go on · for 3 s · alice for room at bob · bob for room at alice · 1 waits behind them
        --",
    );
}

#[test]
fn a_circle_of_room_and_messages_is_a_deadlock() {
    // The asker sends to the full inbox of the server, which waits for an answer that only the asker can give.
    let circle = "
        add 1 asker
        out 10 questions of 1
        out 11 answers of 1
        add 2 server
        in 20 questions of 2 cap 4
        in 21 answers of 2 cap 4
        link 100 10 20
        link 101 11 21
        pass 20 5 depth 4
        pass 21 1 waiting
        pass 10 9 since 1000
        at 1100
        look
        at 2600
        look
        at 4600
        look
    ";
    check(
        circle,
        "--
        deadlock [1 2] [100 101] asker and server wait for each other.
        nobody will go on · for 1 s · asker for room at server · server for a message from asker
        --
        deadlock [1 2] [100 101] asker and server wait for each other.
        nobody will go on · for 3 s · asker for room at server · server for a message from asker
        --",
    );
}

#[test]
fn a_wait_is_followed_through_composites() {
    let nested = "
        add 1 orders
        out 10 outbox of 1
        add 2 office
        in 20 inbox of 2 cap 8
        add 3 clerk in 2
        in 30 inbox of 3 cap 8
        link 100 10 20
        link 101 20 30 inward
        pass 30 100 depth 8
        pass 10 100 since 1100
        at 2500
        look
    ";
    check(
        nested,
        "slow-consumer [3 1] [100 101] clerk is too slow: orders waits.
        inbox 8 of 8 · 0 /s taken · busy 0 % · orders has waited for 1 s
        --",
    );
}

#[test]
fn a_poll_that_does_not_end_is_told_once_it_was_seen_to_last() {
    let stuck = "
        work 2 busy 10 since 1000
        pass 20 7 depth 8
        pass 10 9 since 1100
        at 2100
        look
        at 2600
        look
        work 2 busy 2000
        pass 20 8 depth 2
        pass 10 20
        at 3600
        look
    ";
    check(
        &format!("{ROW}{stuck}"),
        "--
        never-yields [2 1] [100] checker is stuck in one step and answers nobody: orders waits.
        one poll has run for 1 s · 8 waiting · orders has waited for 1 s
        --
        --",
    );
}

#[test]
fn a_pass_over_many_is_bounded_by_what_is_wrong() {
    // A chain of five thousand that waits on one: each is named once, and none is followed twice.
    let mut script = String::from("add 1 slow\nin 10 inbox of 1 cap 2\npass 10 1 depth 2\n");
    for number in 2..5000 {
        let (own, next) = (number * 10, (number - 1) * 10);
        writeln!(script, "add {number} c{number}\nin {own} inbox of {number} cap 2").unwrap();
        writeln!(script, "out {} outbox of {number}\nlink {} {} {next}", own + 1, own + 2, own + 1).unwrap();
        writeln!(script, "pass {own} 1 depth 2\npass {} 1 since 1000", own + 1).unwrap();
    }
    script.push_str("at 3000\nlook\n");
    let shown = shown_by(&script, Lints::default());
    assert_eq!(shown.lines().count(), 3, "one problem");
    assert!(shown.contains("slow is too slow: c2, c3 and"), "{}", &shown[..300]);
}

#[test]
fn a_system_full_of_problems_takes_the_room_of_no_other() {
    let mut model = Model::new(Limits::default());
    let mut systems = Vec::new();
    for (instance, script) in [(1, unlinked(1_500)), (2, "add 1 broken\nstate 1 failed".to_owned())] {
        let hello = Hello { instance: [instance; 16], name: "chat".to_owned(), monotonic_ns: 1, ..Hello::default() };
        let id = model.connect(hello, 0).unwrap();
        for line in ["snap", "end"].into_iter().chain(script.lines()) {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(model.apply(id, change(&words)).anomaly, None, "{line}");
        }
        systems.push(id);
    }
    let mut lints = Lints::default();
    lints.look(&model, 1_000 * MS);
    let found = lints.look(&model, 4_000 * MS).problems;
    assert_eq!(found.len(), MOST_PROBLEMS);
    assert_eq!((found[0].system, &*found[0].kind), (systems[1], "failed"));
    assert!(found[1..].iter().all(|problem| problem.kind == "unlinked-inbox"));
}

/// So many components that wait at an inbox that nothing is linked to.
fn unlinked(count: u32) -> String {
    let mut script = String::new();
    for n in 1..=count {
        let (inbox, control) = (10_000 + n, 20_000 + n);
        writeln!(script, "add {n} waiter-{n}\nin {inbox} inbox of {n}\nin {control} control of {n}").unwrap();
        writeln!(script, "pass {inbox} 0 waiting\npass {control} 0 waiting").unwrap();
    }
    script
}
