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
async fn a_failure_a_loss_and_an_outbox_that_drops() {
    let (session, address) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 3).await;
    let failed = v1::StateChange { component: 2, state: 4, detail: "no disk".to_owned() };
    probe.delta(v1::Delta { state_changes: vec![failed], ..Default::default() }).await;
    // The last of the row is linked to nothing.
    let dropped = v1::PostboxActivity { postbox: 31, dropped: 1200, ..Default::default() };
    probe.say(Content::Activity(v1::Activity { postboxes: vec![dropped], ..Default::default() })).await;
    until("both are seen", || (session.problems(None).len() == 2).then_some(())).await;
    drop(probe);
    until("the loss is seen", || (!of_kind(&session.problems(None), "lost-system").is_empty()).then_some(())).await;
    let problems = reader(address).await.problems(None).await.unwrap();
    let failed = of_kind(&problems, "failed-component")[0];
    assert_eq!((failed.sentence.as_str(), failed.evidence.as_str()), ("stage 2 failed.", "no disk"));
    assert!(problems.is_sorted_by(|a, b| a.severity >= b.severity));
}

#[tokio::test]
async fn an_unlinked_outbox_that_threw_away_is_named() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    let dropped = v1::PostboxActivity { postbox: 21, dropped: 1200, ..Default::default() };
    probe.say(Content::Activity(v1::Activity { postboxes: vec![dropped], ..Default::default() })).await;
    let problem = until("it is seen", || session.problems(None).pop()).await;
    assert_eq!(problem.sentence, "stage 2's outbox is not linked to anything and threw messages away.");
    assert_eq!((problem.evidence.as_str(), problem.severity), ("1 200 dropped so far", Severity::Note));
}

#[tokio::test]
async fn an_inbox_is_a_problem_when_it_has_been_full_for_a_while() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    let began = std::time::Instant::now();
    let problem = loop {
        let full = v1::PostboxActivity { postbox: 20, messages: probe.seq, depth: 9, ..Default::default() };
        let blocked = v1::PostboxActivity { postbox: 11, blocked_since: 500_000_000, ..Default::default() };
        probe.say(Content::Activity(v1::Activity { postboxes: vec![full, blocked], ..Default::default() })).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let problems = session.problems(None);
        if let Some(problem) = of_kind(&problems, "full-inbox").first() {
            assert!(!of_kind(&problems, "blocked-sender").is_empty(), "its sender has waited for seconds");
            break (*problem).clone();
        }
        assert!(began.elapsed() < support::DEADLINE, "waited in vain");
    };
    assert!(began.elapsed().as_secs() >= 2, "too soon to say");
    assert!(problem.evidence.starts_with("9 of 10 waiting, for "), "{}", problem.evidence);
    assert_eq!(problem.linkages.len(), 1);
}
