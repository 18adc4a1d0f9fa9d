//! Plain code that talks to a component.

use axonscope_runtime::library::Transformer;
use axonscope_runtime::{AddError, Handle, In, Io, LinkError, Out, SendError, State, System};

use crate::support::{run, settle, soon, state};

fn double() -> Transformer<u32, u32> {
    Transformer::new(|n| n * 2)
}

#[tokio::test]
async fn what_was_sent_is_finished_and_can_be_received() {
    let system = System::new("test");
    let mut handle = Handle::<u32, u32>::start(&system, "double", double()).unwrap();
    for number in 0..50 {
        handle.send(number).await.unwrap();
    }
    handle.finish();
    assert_eq!(handle.send(1).await, Err(SendError::Finished));
    for number in 0..50 {
        assert_eq!(soon("an answer", handle.recv()).await, Some(number * 2));
    }
    assert_eq!(soon("the end", handle.recv()).await, None);
    soon("the end of all", system.finished()).await;
    assert!(system.describe().components.is_empty());
    assert_eq!(handle.send(1).await, Err(SendError::Ended(State::Finished)));
}

#[tokio::test]
async fn it_is_a_composite_in_the_topology() {
    let system = System::new("test");
    let handle = Handle::<u32, u32>::start(&system, "double", double()).unwrap();
    let description = system.describe();
    let names: Vec<_> = description.components.iter().map(|info| (&*info.name, &*info.type_name)).collect();
    assert_eq!(names, [("double", "Handle"), ("component", "Transformer")]);
    assert_eq!(description.components[1].id, handle.component());
    assert_eq!(description.components[1].parent, Some(description.components[0].id));
    assert_eq!(description.linkages.len(), 4);
    assert_eq!(soon("the end", handle.stop()).await, State::Finished);
}

#[tokio::test]
async fn dropping_it_lets_the_component_finish_what_it_holds() {
    let system = System::new("test");
    let (seen, mut told) = tokio::sync::mpsc::channel(100);
    let sink = run(move |mut boxes: In<u32>, _| async move {
        while let Some(number) = boxes.inbox.recv().await? {
            seen.send(number).await?;
        }
        Ok(())
    });
    let mut handle = Handle::<u32, ()>::start(&system, "sink", sink).unwrap();
    for number in 0..30 {
        handle.send(number).await.unwrap();
    }
    drop(handle);
    soon("the end", system.finished()).await;
    for number in 0..30 {
        assert_eq!(told.try_recv(), Ok(number));
    }
}

#[tokio::test]
async fn shutdown_stops_a_component_that_waits() {
    let system = System::new("test");
    let mut handle = Handle::<u32, u32>::start(&system, "double", double()).unwrap();
    // Nobody receives: the component waits in its send.
    for number in 0..100 {
        handle.send(number).await.unwrap();
    }
    settle().await;
    assert_eq!(soon("the end", handle.shutdown()).await, State::Finished);
    soon("the end of all", system.finished()).await;
}

#[tokio::test]
async fn a_system_that_shuts_down_is_the_end_for_whoever_waits() {
    let system = System::new("test");
    let mut handle = Handle::<u32, u32>::start(&system, "double", double()).unwrap();
    let waiting = tokio::spawn(async move { (handle.recv().await, handle.send(1).await) });
    settle().await;
    assert!(soon("the end", system.shutdown()).await.is_empty());
    let (received, sent) = soon("the answer", waiting).await.unwrap();
    assert_eq!(received, None);
    assert!(sent.is_err());
}

#[tokio::test]
async fn a_failure_is_told_to_whoever_sends() {
    let system = System::new("test");
    let failing = run(|mut io: Io<u32, u32>, _| async move {
        io.inbox.recv().await?;
        Err(axonscope_runtime::Failure::new("out of paper"))
    });
    let mut handle = Handle::<u32, u32>::start(&system, "printer", failing).unwrap();
    handle.send(1).await.unwrap();
    assert_eq!(soon("the end", handle.recv()).await, None);
    let error = handle.send(2).await.unwrap_err();
    assert_eq!(error.to_string(), "the component has ended: out of paper");
    assert_eq!(state(&system, "component"), Some(State::Failed("out of paper".into())));
}

#[tokio::test]
async fn a_box_that_is_not_there_is_an_error_unless_it_is_of_units() {
    let system = System::new("test");
    let source = || run(|mut boxes: Out<u32>, _| async move { Ok(boxes.outbox.send(7).await?) });
    let error = Handle::<u32, u32>::start(&system, "source", source()).err().unwrap();
    assert!(matches!(error, AddError::Link(LinkError::NoPostbox { .. })), "{error}");
    let error = Handle::<(), String>::start(&system, "source", source()).err().unwrap();
    assert!(matches!(error, AddError::Link(LinkError::TypesDiffer { .. })), "{error}");
    assert!(system.describe().components.is_empty());

    let mut handle = Handle::<(), u32>::start(&system, "source", source()).unwrap();
    assert_eq!(handle.send(()).await, Err(SendError::NoInbox));
    assert_eq!(soon("the number", handle.recv()).await, Some(7));
    assert_eq!(soon("the end", handle.recv()).await, None);
}

#[test]
fn a_thread_outside_the_runtime_talks_to_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let system = System::new("test");
    let handle = runtime.block_on(async { Handle::<u32, u32>::start(&system, "double", double()).unwrap() });
    let (mut sender, mut receiver) = handle.split();
    let sending = std::thread::spawn(move || {
        for number in 0..1000 {
            sender.blocking_send(number).unwrap();
        }
    });
    let receiving = std::thread::spawn(move || {
        let mut received = Vec::new();
        while let Some(number) = receiver.blocking_recv() {
            received.push(number);
        }
        received
    });
    runtime.block_on(soon("the end", system.finished()));
    sending.join().unwrap();
    assert_eq!(receiving.join().unwrap(), (0..1000).map(|number| number * 2).collect::<Vec<_>>());
}
