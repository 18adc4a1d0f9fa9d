//! Components side by side.

use axonscope_runtime::{AddError, LinkError, Out, Par, State, Stop, System};

use crate::support::{all, feed, run, settle, soon, tell};

#[tokio::test]
async fn all_send_by_one_outbox_and_it_ends_with_the_last() {
    let system = System::new("test");
    let (first, first_feed) = feed(100);
    let (second, second_feed) = feed(100);
    let (tell, told) = tell(1000);
    let (dumb, _) = crate::support::tell(1);
    let par = Par::new().child("first", first_feed).child("second", second_feed).child("dumb", dumb);
    let par = system.add("par", par).unwrap();
    let tell = system.add("tell", tell).unwrap();
    system.link((&par, "outbox"), (&tell, "inbox")).unwrap();
    system.link((&par, "signal"), (&tell, "control")).unwrap();
    tell.start();
    let par = par.start();
    for number in 0..100 {
        first.send(number).await.unwrap();
        second.send(1000 + number).await.unwrap();
    }
    drop(first);
    settle().await;
    assert_eq!(par.end(), None);
    drop(second);
    settle().await;
    assert_eq!(par.end(), None, "one still waits for messages");
    par.stop(Stop::ProducerFinished);
    assert_eq!(soon("its end", par.ended()).await, State::Finished);
    let told = soon("the numbers", all(told)).await;
    let (of_first, of_second): (Vec<u32>, Vec<u32>) = told.into_iter().partition(|number| *number < 1000);
    assert_eq!(of_first, (0..100).collect::<Vec<_>>());
    assert_eq!(of_second, (1000..1100).collect::<Vec<_>>());
    soon("the end of all", system.finished()).await;
}

#[tokio::test]
async fn a_stop_reaches_all() {
    for stop in [Stop::ProducerFinished, Stop::Shutdown] {
        let system = System::new("test");
        let (first, first_feed) = feed(1);
        let (second, second_feed) = feed(1);
        let par =
            system.add("par", Par::new().child("first", first_feed).child("second", second_feed)).unwrap().start();
        settle().await;
        par.stop(stop);
        assert_eq!(soon("its end", par.ended()).await, State::Finished);
        assert!(first.is_closed() && second.is_closed());
        soon("the end of all", system.finished()).await;
    }
}

#[tokio::test]
async fn outboxes_of_two_types_do_not_fit() {
    let system = System::new("test");
    let (_numbers, numbers) = feed(1);
    let words = run(|_: Out<String>, _| async { Ok(()) });
    let error = system.add("par", Par::new().child("numbers", numbers).child("words", words)).err().unwrap();
    assert!(matches!(error, AddError::Link(LinkError::TypesDiffer { .. })), "{error}");
    assert!(system.describe().components.is_empty());
}
