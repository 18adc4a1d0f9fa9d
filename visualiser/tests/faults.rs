//! Bad things that happen to processes: to the visualiser, to the line that leads to it, to whoever observes for long.
//!
//! Each time it must end with a picture that equals what the program says of itself, a loss shown that equals the loss
//! counted, and a program that went on working as if nothing were. That is measured loosely here, since tests share their
//! machine: how close it is, a benchmark says.

#![allow(clippy::unwrap_used)]

mod support;

use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread::sleep;
use std::time::{Duration, Instant};

use support::dialogue::{BadLine, Measure, Mill};
use support::{DEADLINE, Process, Visualiser, until};

/// Whoever needs the whole machine has it alone; the others share it.
static MACHINE: RwLock<()> = RwLock::new(());

const MIB: f64 = 1024.0 * 1024.0;

/// Of its own pace, what the program must keep at least, whatever else the machine does meanwhile.
const PACE_KEPT: f64 = 0.5;

fn shared_machine() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Attaches a mill, once it has shown how fast it is when nobody looks.
fn attached(url: &str, visualiser: &Visualiser, idle: u32) -> (Mill, f64) {
    let mut mill = Mill::start(url);
    mill.is_told(&format!("idle {idle}"), "idle");
    let pace = pace_alone(&mut mill);
    mill.is_told("attach", "attached");
    mill.is_seen_as_it_is(visualiser, DEADLINE);
    (mill, pace)
}

/// The kernel counts in hundredths of a second: on a busy machine it takes a while until that is exact enough.
fn pace_alone(mill: &mut Mill) -> f64 {
    let began = mill.measure();
    until("the stones to have had a processor for half a second", || {
        let now = mill.measure();
        if now.since(&began, "cpu_ms") >= 500.0 { Ok(now.pace_since(&began)) } else { Err(format!("{now:?}")) }
    })
}

/// Something that lasts: looks at the mill again and again meanwhile, and returns the largest memory seen.
fn while_it_lasts(mill: &mut Mill, time: Duration) -> f64 {
    let began = Instant::now();
    let mut largest: f64 = 0.0;
    while began.elapsed() < time {
        sleep(Duration::from_millis(250));
        largest = largest.max(mill.measure().of("rss_bytes") as f64);
    }
    largest
}

/// Seen as it is, and nothing that was told on the way there did not fit.
fn assert_seen(mill: &mut Mill, visualiser: &Visualiser, patience: Duration) {
    let odd = mill.is_seen_as_it_is(visualiser, patience);
    assert_eq!(odd, 0, "things told did not fit: {}", visualiser.process.stderr());
}

fn assert_unhurt(mill: &mut Mill, then: &Measure, pace_before: f64) {
    let now = mill.measure();
    let (pace, share) = (now.pace_since(then), now.share_since(then));
    println!(
        "pace {:.2} of what it was; {share:.2} of a processor; {} born, {} lost, {} merged",
        pace / pace_before,
        now.since(then, "born"),
        now.since(then, "lost"),
        now.since(then, "merged"),
    );
    assert!(pace >= pace_before * PACE_KEPT, "{pace} grains a millisecond, and {pace_before} before");
    assert!(share > 0.05, "the stones stand still: {share} of a processor");
}

fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill").args([name, &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

// === The visualiser ===

#[test]
fn it_is_killed_and_comes_back() {
    let _shared = shared_machine();
    let mut visualiser = Visualiser::start();
    let address = visualiser.address().to_owned();
    let (mut mill, pace) = attached(&visualiser.url, &visualiser, 10);
    let then = mill.measure();
    mill.is_told("churn 5000", "churning");
    for _ in 0..2 {
        visualiser.process.kill();
        while_it_lasts(&mut mill, Duration::from_secs(2));
        visualiser = Visualiser::start_at(&address);
        visualiser.list_until("the mill", |systems| systems.len() == 1 && systems[0]["status"] == "live");
    }
    mill.is_told("calm", "calm");
    assert_seen(&mut mill, &visualiser, DEADLINE);
    assert_unhurt(&mut mill, &then, pace);
}

#[test]
fn it_is_frozen_for_half_a_minute() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let (mut mill, pace) = attached(&visualiser.url, &visualiser, 10);
    mill.is_told("churn 5000", "churning");
    // Until what the program itself keeps of those who have left does not grow any more.
    let before = while_it_lasts(&mut mill, Duration::from_secs(6));
    let then = mill.measure();
    signal(&visualiser.process, "-STOP");
    let largest = while_it_lasts(&mut mill, Duration::from_secs(30));
    assert_unhurt(&mut mill, &then, pace);
    signal(&visualiser.process, "-CONT");
    println!("memory grew by {:.1} MiB", (largest - before) / MIB);
    // The bound is 16 MiB, and an allocator keeps some of what it had.
    assert!(largest - before < 24.0 * MIB, "from {before} to {largest}");
    mill.is_told("calm", "calm");
    assert_seen(&mut mill, &visualiser, DEADLINE);
}

// === The line ===

#[test]
fn the_line_is_slow_to_answer() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let mut line = BadLine::to(&visualiser);
    line.is_told("delay 300");
    let (mut mill, pace) = attached(&line.url, &visualiser, 10);
    let then = mill.measure();
    mill.is_told("churn 2000", "churning");
    while_it_lasts(&mut mill, Duration::from_secs(5));
    mill.is_told("calm", "calm");
    assert_seen(&mut mill, &visualiser, DEADLINE);
    assert_unhurt(&mut mill, &then, pace);
}

#[test]
fn the_line_is_cut_again_and_again() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let mut line = BadLine::to(&visualiser);
    let (mut mill, pace) = attached(&line.url, &visualiser, 10);
    let then = mill.measure();
    mill.is_told("churn 2000", "churning");
    line.is_told("cut every 2");
    while_it_lasts(&mut mill, Duration::from_secs(20));
    line.is_told("clear");
    mill.is_told("calm", "calm");
    assert_seen(&mut mill, &visualiser, DEADLINE);
    assert_unhurt(&mut mill, &then, pace);
}

#[test]
fn the_line_is_thin() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let mut line = BadLine::to(&visualiser);
    line.is_told("throttle 10000");
    let mut mill = Mill::start(&line.url);
    mill.is_told("idle 2000", "idle");
    let pace = pace_alone(&mut mill);
    let then = mill.measure();
    mill.is_told("attach", "attached");
    let largest = while_it_lasts(&mut mill, Duration::from_secs(10));
    assert_seen(&mut mill, &visualiser, Duration::from_secs(150));
    println!("2 000 components were seen after {} s", mill.measure().since(&then, "at_ms") / 1000.0);
    assert!(largest - (then.of("rss_bytes") as f64) < 24.0 * MIB);
    assert_unhurt(&mut mill, &then, pace);
}

#[test]
fn the_line_garbles() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let mut line = BadLine::to(&visualiser);
    let (mut mill, pace) = attached(&line.url, &visualiser, 200);
    let then = mill.measure();
    mill.is_told("churn 500", "churning");
    line.is_told("corrupt 20000");
    while_it_lasts(&mut mill, Duration::from_secs(15));
    line.is_told("clear");
    mill.is_told("calm", "calm");
    let odd = mill.is_seen_as_it_is(&visualiser, DEADLINE);
    println!("{odd} things told did not fit");
    assert_unhurt(&mut mill, &then, pace);
}

/// Most of a snapshot is text, in which a wrong bit looks as good as a right one.
#[test]
fn one_wrong_bit_is_not_believed() {
    let _shared = shared_machine();
    for nth_byte in [5_000, 6_000, 7_000, 8_000, 9_000, 10_000, 11_000, 12_000] {
        let visualiser = Visualiser::start();
        let mut line = BadLine::to(&visualiser);
        line.is_told(&format!("corrupt {nth_byte}"));
        let mut mill = Mill::start(&line.url);
        mill.is_told("idle 60", "idle");
        mill.is_told("attach", "attached");
        line.until_it_did_harm();
        line.is_told("clear");
        mill.is_seen_as_it_is(&visualiser, DEADLINE);
    }
}

// === The program ===

#[test]
fn it_attaches_and_detaches_a_hundred_times() {
    let _shared = shared_machine();
    let visualiser = Visualiser::start();
    let mut mill = Mill::start(&visualiser.url);
    mill.is_told("idle 100", "idle");
    let mut after_ten = 0.0;
    for cycle in 1..=100 {
        mill.is_told("attach", "attached");
        let seen = |what: &str, holds: fn(&[serde_json::Value]) -> bool| visualiser.list_until(what, holds);
        seen("it to be seen", |systems| {
            systems.iter().any(|system| system["status"] == "live" && system["component_count"] == 106)
        });
        if cycle == 100 {
            assert_seen(&mut mill, &visualiser, DEADLINE);
        }
        mill.is_told("detach", "detached");
        seen("it to leave", |systems| systems.iter().all(|system| system["status"] == "left"));
        if cycle == 10 {
            after_ten = mill.measure().of("rss_bytes") as f64;
        }
    }
    let grown = until("its memory to be given back", || {
        let grown = mill.measure().of("rss_bytes") as f64 - after_ten;
        if grown < 2.0 * MIB { Ok(grown) } else { Err(format!("{:.1} MiB more than after ten cycles", grown / MIB)) }
    });
    println!("{:.2} MiB more than after ten cycles, of {:.1}", grown / MIB, after_ten / MIB);
}

#[test]
fn its_components_come_and_go_faster_than_anybody_can_be_told() {
    let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    // A minute is what is promised; what breaks breaks in the first seconds.
    let is_long = std::env::var_os("AXONSCOPE_TEST_LONG").is_some();
    let time = Duration::from_secs(if is_long { 60 } else { 15 });
    let visualiser = Visualiser::start();
    let (mut mill, pace) = attached(&visualiser.url, &visualiser, 10);
    let then = mill.measure();
    mill.is_told("churn 50000", "churning");
    let early = while_it_lasts(&mut mill, Duration::from_secs(7));
    let largest = while_it_lasts(&mut mill, time - Duration::from_secs(7));
    let now = mill.measure();
    let rate = now.since(&then, "born") / now.since(&then, "at_ms") * 1000.0;
    println!("{rate:.0} components a second; memory {:.1}, then {:.1} MiB", early / MIB, largest / MIB);
    assert!(rate > 10_000.0, "the machine is too busy for this test: {rate} components a second");
    assert!(largest - (then.of("rss_bytes") as f64) < 40.0 * MIB, "{largest} bytes");
    mill.is_told("calm", "calm");
    assert_seen(&mut mill, &visualiser, DEADLINE);
    assert_unhurt(&mut mill, &then, pace);
}
