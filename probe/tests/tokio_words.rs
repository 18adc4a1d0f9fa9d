//! What tokio tells of itself, where it is built with its tracing: `./test` builds this with `--cfg tokio_unstable`.

#![cfg(tokio_unstable)]
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use axonscope_probe::Probe;
use axonscope_probe::trace::{Fold, Options};
use axonscope_proto::v1::LinkageKind;
use support::{Conversation, Picture, Recorder};
use tokio::sync::{Mutex, Semaphore};
use tracing::info;
use tracing_subscriber::prelude::*;

/// A program of tasks, observed for as long as both are held. The recorder is left out of it: it runs elsewhere.
fn observed(options: Options) -> (tokio::runtime::Runtime, Recorder, Conversation, Probe) {
    let elsewhere = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut recorder = elsewhere.block_on(Recorder::start());
    let builder = Probe::builder().name("tasks").endpoint(&recorder.endpoint()).unwrap();
    let probe = builder.cadence(Duration::from_millis(20)).start().unwrap();
    let mut conversation = elsewhere.block_on(recorder.accept());
    elsewhere.block_on(conversation.until_snapshot());
    tracing_subscriber::registry().with(probe.layer_with(options)).init();
    (elsewhere, recorder, conversation, probe)
}

/// One test, as the subscriber is the process's.
#[test]
fn tasks_are_components_and_what_they_use_is_drawn_as_use() {
    let (elsewhere, _recorder, mut conversation, _probe) = observed(Options::default().fold(|_| Fold::Never));
    let program = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let end = Arc::new(tokio::sync::Notify::new());
    let (ended, watch) = (end.clone(), std::sync::mpsc::sync_channel::<()>(1));
    let thread = std::thread::spawn(move || {
        program.block_on(async {
            let shared = Arc::new(Mutex::new(0_u32));
            let permits = Arc::new(Semaphore::new(1));
            let mut tasks = Vec::new();
            for name in ["counter", "printer"] {
                let (shared, permits) = (shared.clone(), permits.clone());
                let task = tokio::task::Builder::new().name(name).spawn(async move {
                    for _ in 0.. {
                        let permit = permits.acquire().await.unwrap();
                        *shared.lock().await += 1;
                        info!("counted");
                        drop(permit);
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                });
                tasks.push(task.unwrap());
            }
            ended.notified().await;
            tasks.iter().for_each(|task| task.abort());
            for task in tasks {
                let _ = task.await;
            }
        });
        let _ = watch.0.send(());
    });
    let uses = |picture: &Picture| {
        // The recorder has tasks too.
        let is_ours = |line: &String| line.starts_with("counter") || line.starts_with("printer");
        let mut uses: Vec<_> = picture.wiring().into_iter().filter(is_ours).collect();
        uses.iter_mut().for_each(|line| *line = line.split(" tokio_words.rs").next().unwrap().to_owned());
        uses
    };
    elsewhere.block_on(conversation.until("who uses what", |picture| uses(picture).len() == 4));
    assert_eq!(
        uses(&conversation.picture),
        ["counter -> Mutex", "counter -> Semaphore", "printer -> Mutex", "printer -> Semaphore"]
    );
    assert!(conversation.picture.linkages.values().all(|linkage| linkage.kind() == LinkageKind::Use));
    let told = |picture: &Picture| {
        picture
            .activity("counter")
            .is_some_and(|totals| totals.polls > 5 && totals.busy_ns > 0 && totals.scheduled_ns > 0)
    };
    elsewhere.block_on(conversation.until("busy and scheduled time", told));
    let counter = conversation.picture.component("counter").unwrap();
    assert_eq!(counter.type_name, "task");
    assert!(counter.description.contains("tokio_words.rs"));
    let id = counter.id;
    elsewhere
        .block_on(conversation.until("its lines", |picture| picture.lines.iter().any(|line| line.component == id)));
    // No timer, nothing that tokio uses inside of something else, and nothing of the probe's own; but the recorder's.
    let ours = conversation
        .picture
        .components
        .values()
        .filter(|component| component.description.contains("tokio_words.rs") && component.type_name != "block_on");
    let mut types: Vec<_> = ours.map(|component| component.type_name.as_str()).collect();
    types.sort_unstable();
    assert_eq!(types, ["Mutex", "Semaphore", "task", "task"]);
    let is_own = |description: &str| description.contains("probe/src") || description.contains("probe.rs");
    assert!(!conversation.picture.components.values().any(|component| is_own(&component.description)));
    end.notify_one();
    elsewhere.block_on(conversation.until("the end of the tasks", |picture| {
        picture.component("counter").is_none() && picture.component("printer").is_none()
    }));
    thread.join().unwrap();
    conversation.picture.assert_clean();
}
