//! Code that blocks, in a thread of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use axonscope_runtime::{Blocking, BlockingIo, Event, Failure, Handle, Observer, Pipeline, State, Stop, System};

use crate::support::{all, feed, postbox, settle, soon, tell};

fn double() -> impl axonscope_runtime::Component {
    Blocking::new(|mut io: BlockingIo<u32, u32>| {
        while let Some(number) = io.recv()? {
            io.send(number * 2)?;
        }
        Ok(())
    })
}

#[tokio::test]
async fn it_is_a_stage_like_any_other() {
    let system = System::new("test");
    let (numbers, feed) = feed(1000);
    let (tell, told) = tell(1);
    let pipeline = Pipeline::new().stage("feed", feed).stage("double", double()).stage("tell", tell);
    let pipeline = system.add("pipeline", pipeline).unwrap().start();
    let receiving = tokio::spawn(all(told));
    for number in 0..1000 {
        numbers.send(number).await.unwrap();
    }
    let inbox = postbox(&system.describe(), "double", "inbox").activity;
    drop(numbers);
    assert_eq!(soon("its end", pipeline.ended()).await, State::Finished);
    let expected: Vec<u32> = (0..1000).map(|number| number * 2).collect();
    assert_eq!(receiving.await.unwrap(), expected);
    assert_eq!(inbox.messages.load(Ordering::Relaxed), 1000);
}

#[tokio::test]
async fn shutdown_ends_a_wait_for_a_message_and_a_wait_for_room() {
    let system = System::new("test");
    let waits = system.add("waits", double()).unwrap().start();
    settle().await;
    waits.stop(Stop::Shutdown);
    assert_eq!(soon("its end", waits.ended()).await, State::Finished);

    let endless = Blocking::new(|mut io: BlockingIo<(), u32>| {
        loop {
            io.send(1)?;
        }
    });
    let endless = Handle::<(), u32>::start(&system, "endless", endless).unwrap();
    settle().await;
    assert_eq!(soon("its end", endless.shutdown()).await, State::Finished);
    assert!(soon("the end", system.shutdown()).await.is_empty());
}

#[tokio::test]
async fn long_work_can_ask_whether_it_is_to_stop() {
    let system = System::new("test");
    let works = Blocking::new(|io: BlockingIo<(), ()>| {
        while io.control().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
    let works = system.add("works", works).unwrap().start();
    settle().await;
    works.stop(Stop::ProducerFinished);
    assert_eq!(soon("its end", works.ended()).await, State::Finished);
}

#[tokio::test]
async fn a_panic_is_its_failure_with_message_and_place() {
    let system = System::new("test");
    let panics = Blocking::new(|_: BlockingIo<(), ()>| panic!("out of {}", "cheese"));
    let panics = system.add("panics", panics).unwrap().start();
    let State::Failed(why) = soon("its end", panics.ended()).await else { panic!("did not fail") };
    assert!(why.starts_with("panicked at ") && why.contains("blocking.rs:"), "{why}");
    assert!(why.ends_with(": out of cheese"), "{why}");

    let fails = Blocking::new(|_: BlockingIo<(), ()>| Err(Failure::new("no more cheese")));
    let fails = system.add("fails", fails).unwrap().start();
    assert_eq!(soon("its end", fails.ended()).await, State::Failed("no more cheese".into()));
}

#[tokio::test]
async fn its_thread_has_its_name() {
    let system = System::new("test");
    let (tell, told) = sync_channel(1);
    let named = Blocking::new(move |_: BlockingIo<(), ()>| {
        let _ = tell.send(std::thread::current().name().map(str::to_owned));
        Ok(())
    });
    let named = system.add("reader\0 of cards", named).unwrap().start();
    soon("its end", named.ended()).await;
    assert_eq!(told.recv().unwrap().as_deref(), Some("reader of cards"));
}

#[test]
fn its_thread_goes_with_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let system = System::new("test");
    let (gone, went) = sync_channel::<()>(0);
    let waits = Blocking::new(move |mut io: BlockingIo<u32, u32>| {
        let _gone = gone;
        while io.recv()?.is_some() {}
        Ok(())
    });
    runtime.block_on(async {
        system.add("waits", waits).unwrap().start();
        settle().await;
    });
    drop(runtime);
    assert_eq!(went.recv_timeout(Duration::from_secs(60)), Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}

struct Nobody;

impl Observer for Nobody {
    fn on_event(&self, _: u64, _: &Event) {}
}

#[tokio::test]
async fn the_work_of_its_thread_is_seen() {
    let system = System::new("test");
    system.observe(Arc::new(Nobody)).unwrap();
    let (go, gone) = sync_channel::<()>(0);
    let (begun, begins) = tokio::sync::oneshot::channel();
    let works = Blocking::new(move |mut io: BlockingIo<u32, u32>| {
        let _ = begun.send(());
        let _ = gone.recv();
        io.recv()?;
        Ok(())
    });
    let works = system.add("works", works).unwrap().start();
    let activity = system.describe().components[0].activity.clone();
    begins.await.unwrap();
    assert!(activity.poll_started_at.load(Ordering::Relaxed) > 0);
    let busy = activity.busy_ns.load(Ordering::Relaxed);
    drop(go);
    works.stop(Stop::ProducerFinished);
    soon("its end", works.ended()).await;
    assert!(activity.busy_ns.load(Ordering::Relaxed) > busy);
}
