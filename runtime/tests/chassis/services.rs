//! Postboxes found by name, from when they are registered until their component has gone.

use std::sync::Arc;

use axonscope_runtime::{AddError, In, System};

use crate::support::{run, settle, soon};

#[tokio::test]
async fn a_name_leads_to_its_postbox_until_the_component_has_gone() {
    let system = System::new("test");
    let sink = || {
        run(|mut boxes: In<u32>, _| async move {
            while boxes.inbox.recv().await?.is_some() {}
            Ok(())
        })
    };
    let first = system.add("first", sink()).unwrap();
    let inbox = system.describe().postboxes.iter().find(|info| &*info.name == "inbox").unwrap().id;
    system.services().register("numbers", inbox).unwrap();
    system.services().register("also", inbox).unwrap();
    assert_eq!(system.services().find("numbers"), Some(inbox));
    assert_eq!(system.services().names(), [Arc::from("also"), Arc::from("numbers")]);

    let taken = system.services().register("numbers", inbox).unwrap_err();
    assert_eq!(taken, AddError::ServiceTaken { name: "numbers".into(), holder: "first".into() });
    assert_eq!(taken.to_string(), "`numbers` is offered by `first` already");

    system.services().unregister("also", inbox);
    assert_eq!(system.services().find("also"), None);

    drop(first);
    assert_eq!(system.services().find("numbers"), None);
    assert!(system.services().names().is_empty());
    let _second = system.add("second", sink()).unwrap();
    let inbox = system.describe().postboxes.iter().find(|info| &*info.name == "inbox").unwrap().id;
    system.services().register("numbers", inbox).unwrap();
}

#[tokio::test]
async fn whoever_waits_for_a_name_learns_of_it() {
    let system = System::new("test");
    let waiting = tokio::spawn({
        let system = system.clone();
        async move { system.services().wait_for("late").await }
    });
    settle().await;
    assert!(!waiting.is_finished());
    let late = run(|boxes: In<u32>, ctx: axonscope_runtime::Context| async move {
        ctx.system().services().register("late", boxes.inbox.id())?;
        ctx.shutdown().await;
        Ok(())
    });
    system.add("late", late).unwrap().start();
    let found = soon("the service", waiting).await.unwrap();
    assert_eq!(system.services().find("late"), Some(found));
    system.shutdown().await;
}

#[tokio::test]
async fn names_of_components_that_have_gone_do_not_pile_up() {
    let system = System::new("test");
    for number in 0..1000 {
        let component = system.add("passing", run(|_: In<u32>, _| async { Ok(()) })).unwrap();
        let inbox = system.describe().postboxes.iter().find(|info| &*info.name == "inbox").unwrap().id;
        system.services().register(&format!("service {number}"), inbox).unwrap();
        drop(component);
    }
    assert!(system.services().names().is_empty());
}
