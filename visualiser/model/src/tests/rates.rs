//! Totals become rates that tell the truth: no burst from the past, and zero when nothing comes any more.

use super::{check, hello, model_with_one};
use crate::*;

/// A source and a sink, late attached: the first totals are history.
const JOINED: &str = "
    snap
    add 1 source
    out 10 outbox of 1
    add 2 sink
    in 20 inbox of 2 cap 8
    link 100 10 20
    end
    pass 10 1000000
    pass 20 999990 depth 4
    at 5000
";

#[test]
fn a_late_attach_shows_totals_and_no_burst() {
    check(
        &format!("{JOINED} show 10\n show 20\n show 100\n at 5100\n show 10\n show rates"),
        "
        10 1000000 messages 0/s
        20 999990 messages 0/s fill 50 %
        100 1000000 messages 0/s
        10 1000000 messages 0/s
        0 messages/s 0 changes/s
        ",
    );
}

#[test]
fn a_rate_follows_what_is_sent_and_falls_to_nothing() {
    check(
        &format!(
            "{JOINED} pass 10 1000500\n at 5500\n show 10\n show 100\n show rates
             pass 10 1001000\n at 6000\n show 10
             at 6500\n show 10
             at 7000\n show 10
             at 8000\n show 10\n show rates"
        ),
        "
        10 1000500 messages 1000/s
        100 1000500 messages 1000/s
        1000 messages/s 0 changes/s
        10 1001000 messages 1000/s
        10 1001000 messages 667/s
        10 1001000 messages 0/s
        10 1001000 messages 0/s
        0 messages/s 0 changes/s
        ",
    );
}

#[test]
fn what_is_born_while_watched_counts_from_its_first_message() {
    check(
        &format!(
            "{JOINED} add 3 late\n out 30 outbox of 3\n pass 30 100\n at 6000\n show 30\n show rates
             pass 10 1000001\n at 6100\n show 10"
        ),
        "
        30 100 messages 100/s
        100 messages/s 2 changes/s
        10 1000001 messages 1/s
        ",
    );
}

#[test]
fn what_was_silent_at_the_snapshot_counts_from_its_first_message_after_it() {
    check(
        "snap\n add 1 a\n out 10 x of 1\n end\n at 1000\n at 2000\n pass 10 5\n at 3000\n show 10",
        "10 5 messages 5/s",
    );
}

#[test]
fn a_total_that_falls_gives_no_negative_rate() {
    check(
        &format!("{JOINED} pass 10 5\n at 6000\n show 10"),
        "
        ! a total of postbox 10 went backwards; the larger one stays
        10 1000000 messages 0/s
        ",
    );
}

#[test]
fn a_poll_that_never_ends_is_busy_now() {
    check(
        &format!(
            "{JOINED} work 1 busy 700 since 5500\n at 5600\n work 1 busy 700 since 5500\n at 6000\n show 1 busy
             at 7000\n show 1 busy\n at 9000\n show 1 busy
             work 1 busy 4700\n at 9500\n show 1 busy\n at 10500\n show 1 busy\n at 11500\n show 1 busy"
        ),
        // It ran from 5.5 to 9.5 s, seen within windows that begin at 5, 6, 7, 9 and 10 s.
        "
        1 busy 50 %
        1 busy 100 %
        1 busy 100 %
        1 busy 100 %
        1 busy 33 %
        1 busy 0 %
        ",
    );
}

#[test]
fn a_wait_that_lasts_counts_as_blocked() {
    check(
        &format!("{JOINED} pass 10 1000000 waited 250 since 5500\n at 6000\n show 10\n at 7000\n show 10"),
        "
        10 1000000 messages 0/s blocked 75 %
        10 1000000 messages 0/s blocked 100 %
        ",
    );
}

#[test]
fn passthrough_shows_the_sum_of_the_real_outboxes_upstream() {
    check(
        "snap
         add 1 feeder
         out 10 outbox of 1
         add 2 feeder
         out 20 outbox of 2
         add 3 composite
         in 30 inbox of 3
         out 31 outbox of 3
         add 4 inner in 3
         in 40 inbox of 4
         out 41 outbox of 4
         add 5 sink
         in 50 inbox of 5
         link 100 10 30
         link 101 20 30
         link 102 30 40 inward
         link 103 41 31 outward
         link 104 31 50
         end
         at 1000
         at 3000
         pass 10 30
         pass 20 12
         pass 41 42
         at 4000
         show 102
         show 103
         show 104
         show 30
         show 31",
        "
        102 42 messages 42/s
        103 42 messages 42/s
        104 42 messages 42/s
        30 42 messages 42/s
        31 42 messages 42/s
        ",
    );
}

#[test]
fn passthrough_in_a_circle_ends() {
    check(
        "add 1 a
         in 10 x of 1
         in 11 y of 1
         link 100 10 11 inward
         link 101 11 10 inward
         link 102 11 11 inward
         show 100
         show 102",
        "
        100 0 messages 0/s shared
        102 0 messages 0/s shared
        ",
    );
}

#[test]
fn a_fan_out_without_counts_says_that_it_is_shared() {
    check(
        &format!(
            "{JOINED} in 21 other of 2\n link 101 10 21\n show 100\n flow 101 7\n show 101\n unlink 100\n show 101"
        ),
        "
        100 1000000 messages 0/s shared
        101 7 messages 0/s
        101 7 messages 0/s
        ",
    );
}

#[test]
fn nothing_flows_in_a_system_that_is_silent_or_gone() {
    let (mut model, id) = model_with_one();
    let tell = |model: &mut Model, lines: &str| {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let _ = model.apply(id, super::script::change(&line.split(' ').collect::<Vec<_>>()));
        }
    };
    let rate = |model: &Model| model.system(id).unwrap().messages_per_second().round() as u64;
    tell(&mut model, JOINED);
    tell(&mut model, "pass 10 1000500\n at 5500");
    assert_eq!(rate(&model), 1000);
    model.heard(id, 0);
    model.tick(SILENCE_NS);
    assert_eq!(rate(&model), 1000);
    model.tick(SILENCE_NS + 1);
    assert_eq!(rate(&model), 0);
    assert_eq!(model.system(id).unwrap().status(), &Status::Stale(Staleness::Silent { since_ns: 0 }));
    model.heard(id, SILENCE_NS + 2);
    assert_eq!(model.system(id).unwrap().status(), &Status::Live);
    assert_eq!(rate(&model), 0, "until the next sample nothing is known");
    tell(&mut model, "pass 10 1001000\n at 6000");
    assert_eq!(rate(&model), 1000);
    model.disconnect(id, None, SILENCE_NS + 3);
    assert_eq!(rate(&model), 0);
    model.connect(hello(1, "chat"), SILENCE_NS + 4).unwrap();
    assert_eq!(rate(&model), 0, "what it sent before it left is not what it sends now");
}

#[test]
fn an_idle_system_changes_no_version() {
    let (mut model, id) = model_with_one();
    let mut at = 1;
    let mut sample = |model: &mut Model| {
        at += 1;
        model.apply(id, Change::Sampled { at: at * 1_000_000_000 }).activity
    };
    let _ = model.apply(id, Change::SnapshotBegan);
    let _ = model.apply(id, Change::SnapshotEnded);
    for _ in 0..4 {
        sample(&mut model);
    }
    let version = model.activity_version();
    for now in 0..20 {
        assert!(!sample(&mut model));
        model.heard(id, now * 1_000_000_000);
        model.tick(now * 1_000_000_000);
    }
    assert_eq!(model.activity_version(), version);
}

#[test]
fn a_clock_that_goes_backwards_is_an_anomaly_and_not_believed() {
    check(
        &format!("{JOINED} pass 10 1000100\n at 6000\n at 3\n show 10"),
        "
        ! the clock of the program went backwards
        10 1000100 messages 100/s
        ",
    );
}
