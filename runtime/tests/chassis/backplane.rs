//! Publishing and subscribing by name, while publishers and subscribers come and go.

use axonscope_runtime::{AddError, Backplane, Graphline, Handle, PublishTo, State, Stop, SubscribeTo, System};

use crate::support::{all, feed, settle, soon, tell};

#[tokio::test]
async fn all_who_subscribed_get_all_that_is_published_in_order() {
    let system = System::new("test");
    let news = system.add("news", Backplane::<u32>::new("news")).unwrap().start();
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(Handle::<(), u32>::start(&system, "reader", SubscribeTo::<u32>::new("news")).unwrap());
    }
    let mut writer = Handle::<u32, ()>::start(&system, "writer", PublishTo::<u32>::new("news")).unwrap();
    for number in 0..30 {
        writer.send(number).await.unwrap();
    }
    assert_eq!(soon("the end", writer.stop()).await, State::Finished);
    news.stop(Stop::ProducerFinished);
    for mut reader in readers {
        for number in 0..30 {
            assert_eq!(soon("a number", reader.recv()).await, Some(number));
        }
        assert_eq!(soon("the end", reader.recv()).await, None);
    }
    soon("the end of all", system.finished()).await;
    assert!(system.describe().components.is_empty());
    assert!(system.services().names().is_empty());
}

#[tokio::test]
async fn publishers_and_subscribers_come_and_go() {
    let system = System::new("test");
    system.add("news", Backplane::<u32>::new("news")).unwrap().start();
    let mut early = Handle::<(), u32>::start(&system, "early", SubscribeTo::<u32>::new("news")).unwrap();
    let mut writer = Handle::<u32, ()>::start(&system, "writer", PublishTo::<u32>::new("news")).unwrap();
    writer.send(1).await.unwrap();
    assert_eq!(soon("a number", early.recv()).await, Some(1));
    assert_eq!(soon("the end", writer.stop()).await, State::Finished);

    let mut late = Handle::<(), u32>::start(&system, "late", SubscribeTo::<u32>::new("news")).unwrap();
    let mut writer = Handle::<u32, ()>::start(&system, "writer", PublishTo::<u32>::new("news")).unwrap();
    writer.send(2).await.unwrap();
    assert_eq!(soon("a number", early.recv()).await, Some(2));
    assert_eq!(soon("a number", late.recv()).await, Some(2));
    assert_eq!(soon("the end", early.stop()).await, State::Finished);
    let outboxes = system.describe().postboxes.iter().filter(|info| info.name.starts_with("outbox ")).count();
    assert_eq!(outboxes, 1, "who has gone leaves no box behind");

    writer.send(3).await.unwrap();
    assert_eq!(soon("a number", late.recv()).await, Some(3));
    system.shutdown().await;
}

#[tokio::test]
async fn a_backplane_of_the_same_name_takes_over() {
    let system = System::new("test");
    let first = system.add("news", Backplane::<u32>::new("news")).unwrap().start();
    let mut writer = Handle::<u32, ()>::start(&system, "writer", PublishTo::<u32>::new("news")).unwrap();
    writer.send(1).await.unwrap();
    settle().await;
    first.stop(Stop::Shutdown);
    soon("its end", first.ended()).await;
    writer.send(2).await.unwrap();
    settle().await;

    system.add("news again", Backplane::<u32>::new("news")).unwrap().start();
    let mut reader = Handle::<(), u32>::start(&system, "reader", SubscribeTo::<u32>::new("news")).unwrap();
    writer.send(3).await.unwrap();
    assert_eq!(soon("a number", reader.recv()).await, Some(3));
    system.shutdown().await;
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let system = System::new("test");
    let ended = async |component: Handle<(), u32>| soon("the end", component.stop()).await;
    let lonely = Handle::start(&system, "reader", SubscribeTo::<u32>::new("news")).unwrap();
    let none = "there is no backplane `news`; there is none at all in this system";
    assert_eq!(ended(lonely).await, State::Failed(none.into()));

    let _news = system.add("news", Backplane::<String>::new("news")).unwrap();
    let _sport = system.add("sport", Backplane::<u32>::new("sport")).unwrap();
    let lost = Handle::start(&system, "reader", SubscribeTo::<u32>::new("new")).unwrap();
    assert_eq!(ended(lost).await, State::Failed("there is no backplane `new`; there is `news`, `sport`".into()));
    let other = Handle::start(&system, "reader", SubscribeTo::<u32>::new("news")).unwrap();
    assert_eq!(ended(other).await, State::Failed("the backplane `news` carries String, not u32".into()));
    let writer = Handle::<u32, ()>::start(&system, "writer", PublishTo::<u32>::new("news")).unwrap();
    let state = soon("the end", writer.stop()).await;
    assert_eq!(state, State::Failed("the backplane `news` carries String, not u32".into()));

    let taken = system.add("other news", Backplane::<u32>::new("news")).err();
    assert_eq!(taken, Some(AddError::ServiceTaken { name: "news".into(), holder: "news".into() }));
}

#[tokio::test]
async fn in_a_graphline_it_ends_with_everything_else() {
    for stop in [Stop::ProducerFinished, Stop::Shutdown] {
        let system = System::new("test");
        let (numbers, feed) = feed(100);
        let (tell, told) = tell(100);
        let graphline = Graphline::new()
            .component("out", SubscribeTo::<u32>::new("news"))
            .component("news", Backplane::<u32>::new("news"))
            .component("in", PublishTo::<u32>::new("news"))
            .component("feed", feed)
            .component("tell", tell)
            .link("feed.outbox", "in.inbox")
            .link("out.outbox", "tell.inbox");
        let graphline = system.add("graphline", graphline).unwrap().start();
        settle().await;
        for number in 0..50 {
            numbers.send(number).await.unwrap();
        }
        drop(numbers);
        settle().await;
        graphline.stop(stop);
        assert_eq!(soon("the end", graphline.ended()).await, State::Finished);
        let told = all(told).await;
        if stop == Stop::ProducerFinished {
            assert_eq!(told, (0..50).collect::<Vec<_>>());
        }
    }
}
