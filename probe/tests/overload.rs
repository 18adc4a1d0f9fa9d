//! A program that changes faster than a visualiser reads: bounded, counted, and true again in the end.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axonscope_runtime::System;
use support::Recorder;
use support::program::{idle, quick};

#[tokio::test]
async fn what_a_slow_visualiser_missed_is_counted_and_made_good() {
    let mut recorder = Recorder::start().await;
    let system = System::new("flood");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;

    // The visualiser reads nothing meanwhile. Each component is five events of some 200 bytes.
    let mut components = idle(&system, 60_000, "component");
    components.truncate(5_000);

    conversation.until("the loss", |picture| picture.lost > 0).await;
    let lost = conversation.picture.lost;
    conversation.until("a second snapshot", |picture| picture.snapshots >= 2).await;
    conversation.until("the truth", |picture| picture.is_of(&system)).await;
    let picture = &conversation.picture;
    assert!(picture.lost >= lost);
    assert!(picture.lost >= 10_000 && picture.lost <= 60_000 * 6, "{}", picture.summary());
    picture.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn births_and_deaths_without_end_lose_nothing_while_they_are_read() {
    let mut recorder = Recorder::start().await;
    let system = System::new("churn");
    let _probe = quick(&system, &recorder).start().unwrap();
    let mut conversation = recorder.accept().await;
    conversation.until_snapshot().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let churn = {
        let (system, is_over) = (system.clone(), is_over.clone());
        std::thread::spawn(move || {
            let mut made = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                made += idle(&system, 20, "fleeting").len() as u64;
                // 50 000 a second or so.
                std::thread::sleep(Duration::from_micros(400));
            }
            made
        })
    };
    let until = conversation.picture.captured_at + 2_000_000_000;
    conversation.until("two seconds", |picture| picture.captured_at > until).await;
    is_over.store(true, Ordering::Relaxed);
    let made = churn.join().unwrap();
    conversation.until("the truth", |picture| picture.is_of(&system)).await;
    let picture = &conversation.picture;
    assert!(made > 1_000, "only {made} made");
    assert_eq!(picture.lost, 0, "{}", picture.summary());
    assert!(picture.merged > made, "a component with its boxes is five that met: {}", picture.summary());
    picture.assert_clean();
}
