//! What is wrong is said in one sentence with its figures, and not before it is wrong.
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_proto::v1::{self, report::Content};
use axonscope_session::{Problem, Severity};
use support::{Probe, listening, reader, until};

fn of_kind<'a>(problems: &'a [Problem], kind: &str) -> Vec<&'a Problem> {
    problems.iter().filter(|problem| problem.kind == kind).collect()
}

#[tokio::test]
async fn a_healthy_system_has_none() {
    let (session, address) = listening();
    let _probe = Probe::with_row(&session, "row", 1, 3).await;
    assert_eq!(reader(address).await.problems(None).await.unwrap(), []);
}

#[tokio::test]
async fn a_failure_and_a_loss() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    let failed = v1::StateChange { component: 2, state: 4, detail: "no disk".to_owned() };
    probe.delta(v1::Delta { state_changes: vec![failed], ..Default::default() }).await;
    let problem = until("it is seen", || session.problems(None).pop()).await;
    let told = (problem.kind.as_str(), problem.sentence.as_str(), problem.evidence.as_str());
    assert_eq!(told, ("failed", "stage 2 failed.", "no disk"));
    drop(probe);
    let lost = |problems: Vec<Problem>| of_kind(&problems, "lost-system").len();
    until("the loss is seen", || (lost(session.problems(None)) == 1).then_some(())).await;
    assert_eq!(lost(reader(address).await.problems(None).await.unwrap()), 1);
}

#[tokio::test]
async fn an_unlinked_outbox_that_threw_away_is_named() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    let dropped = v1::PostboxActivity { postbox: 21, dropped: 1200, ..Default::default() };
    probe.say(Content::Activity(v1::Activity { postboxes: vec![dropped], ..Default::default() })).await;
    let problem = until("it is seen", || session.problems(None).pop()).await;
    assert_eq!(problem.sentence, "stage 2's outbox is not linked to anything, and its messages are lost.");
    assert_eq!((problem.evidence.as_str(), problem.severity), ("1 200 messages dropped so far", Severity::Warning));
}

#[tokio::test]
async fn the_latest_list_comes_by_itself_while_nothing_happens() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    let version = session.versions().problems;
    let full = v1::PostboxActivity { postbox: 20, depth: 10, ..Default::default() };
    probe.say(Content::Activity(v1::Activity { postboxes: vec![full], ..Default::default() })).await;
    let began = std::time::Instant::now();
    let problem = loop {
        if let Some(problem) = session.latest_problems().first() {
            break problem.clone();
        }
        assert!(began.elapsed() < support::DEADLINE, "waited in vain");
        // From here on it only shows that it lives.
        probe.say(Content::Activity(v1::Activity::default())).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    // Nothing is ever taken, which is known a moment after that it is full.
    assert!(["slow-consumer", "silent"].contains(&problem.kind.as_str()), "{}", problem.kind);
    assert_eq!((problem.components.len(), problem.linkages.len()), (1, 1));
    assert!(problem.evidence.starts_with("inbox 10 of 10, full for "), "{}", problem.evidence);
    assert!(session.versions().problems > version);
}
