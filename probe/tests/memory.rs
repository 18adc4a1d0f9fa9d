//! What the probe takes at most, measured from outside: a process of its own, in which nothing else happens.

#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod support;

use std::time::Duration;

use axonscope_probe::Probe;
use support::Recorder;

fn rss_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

const MIB: usize = 1024 * 1024;

/// One test, as memory is the process's.
#[tokio::test]
async fn however_much_is_told_and_whoever_listens_the_probe_stays_within_its_bound() {
    // A visualiser that is never there, and one that says nothing after it was shown everything.
    let recorder = Recorder::start().await;
    let nobody = "http://127.0.0.1:1";
    let builder = Probe::builder().name("large").endpoint(nobody).unwrap().endpoint(&recorder.endpoint()).unwrap();
    let probe = builder.cadence(Duration::from_millis(20)).start().unwrap();
    // The allocator and the thread are warm, and names are of a usual length.
    let warm: Vec<_> = (0..100).map(|number| probe.manual().component(format!("warm {number}")).add()).collect();
    drop(warm);
    let before = rss_bytes();
    let mut handles = Vec::new();
    for round in 0.. {
        for number in 0..100 {
            let component = probe.manual().component(format!("component {round}.{number}")).type_name("Worker").add();
            let inbox = component.inbox("inbox").message_type("String").capacity(64).add();
            let outbox = component.outbox("outbox").message_type("String").add();
            handles.push((outbox.link(&inbox), component, inbox, outbox));
        }
        if probe.stats().refused > 0 {
            break;
        }
    }
    // What comes and goes without end, meanwhile unread.
    handles.truncate(handles.len() / 2);
    for _ in 0..200 {
        let brief: Vec<_> = (0..500).map(|_| probe.manual().component("brief").add()).collect();
        drop(brief);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let grown = rss_bytes().saturating_sub(before);
    // The handles are the program's own, some 100 bytes each, and an allocator keeps some of what it had.
    assert!(grown < 16 * MIB, "{grown} bytes more");
    assert!(handles.len() > 1000 && grown > MIB / 2, "{} components, {grown} bytes more", handles.len());
    println!("{} components held, {:.1} MiB", handles.len(), grown as f64 / MIB as f64);
}
