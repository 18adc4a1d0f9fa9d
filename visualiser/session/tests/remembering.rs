//! What happened in the last two minutes is kept for whoever has a window open, and for nobody else.
#![allow(clippy::unwrap_used)]

mod support;

use axonscope_model::PostboxId;
use axonscope_proto::v1::{self, report::Content};
use axonscope_session::Subject;
use support::{Probe, listening};

#[tokio::test]
async fn an_inbox_that_filled_up_did_so_a_moment_ago() {
    let (session, _) = listening();
    let mut probe = Probe::with_row(&session, "row", 1, 2).await;
    let system = session.list()[0].system;
    session.set_looked_at(true);
    let began = std::time::Instant::now();
    let trace = loop {
        let full = v1::PostboxActivity { postbox: 20, messages: probe.seq, depth: 9, ..Default::default() };
        probe.say(Content::Activity(v1::Activity { postboxes: vec![full], ..Default::default() })).await;
        if let Some(trace) = session.past(system, Subject::Postbox(PostboxId(20))) {
            break trace;
        }
        assert!(began.elapsed() < support::DEADLINE);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(trace.rates.len(), trace.shares.len());
    assert!(trace.shares.last().copied().flatten().unwrap() > 0.5, "{trace:?}");
    assert!(!trace.since_selected);
    assert_eq!(session.past(system, Subject::Postbox(PostboxId(11))), None, "nothing happened there");
}
