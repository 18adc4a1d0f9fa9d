//! One look at every component and postbox of a system: what the lints then think about.

use crate::change::{PostboxKind, State};
use crate::query::{ComponentRef, PostboxRef};
use crate::system::System;

use super::ways;

/// An inbox this full is about to make its senders wait.
const FULL: f32 = 0.85;
/// How much of its time a sender must have waited, if not without a break.
const BLOCKED_SHARE: f32 = 0.5;
/// How many things of a kind are thought about. What is beyond is not judged.
const MOST: usize = 4_096;

/// What may be wrong.
pub(super) struct Survey<'a> {
    pub(super) system: &'a System,
    /// Inboxes that are nearly full.
    pub(super) full: Vec<PostboxRef<'a>>,
    /// Inboxes in which something waits, the full ones included.
    pub(super) unread: Vec<PostboxRef<'a>>,
    /// Outboxes whose component waits, or waited much lately, for room.
    pub(super) blocked: Vec<PostboxRef<'a>>,
    /// Outboxes that threw messages away and lead nowhere.
    pub(super) dropping: Vec<PostboxRef<'a>>,
    /// Inboxes at which a component waits and that nobody sends to.
    pub(super) starved: Vec<PostboxRef<'a>>,
    /// Components that run now, and began before the latest sample.
    pub(super) polled: Vec<ComponentRef<'a>>,
    pub(super) failed: Vec<ComponentRef<'a>>,
    pub(super) finished: Vec<ComponentRef<'a>>,
    /// Components that were ever started again.
    pub(super) restarted: Vec<ComponentRef<'a>>,
}

impl<'a> Survey<'a> {
    pub(super) fn of(system: &'a System) -> Survey<'a> {
        let mut survey = Survey {
            system,
            full: Vec::new(),
            unread: Vec::new(),
            blocked: Vec::new(),
            dropping: Vec::new(),
            starved: Vec::new(),
            polled: Vec::new(),
            failed: Vec::new(),
            finished: Vec::new(),
            restarted: Vec::new(),
        };
        for component in system.components() {
            survey.judge(component);
        }
        for postbox in system.postboxes().filter(|postbox| postbox.is_counted()) {
            match postbox.kind() {
                PostboxKind::Inbox => survey.judge_inbox(postbox),
                PostboxKind::Outbox => survey.judge_outbox(postbox),
                // Not among the boxes of a system.
                PostboxKind::Grip => {}
            }
        }
        survey
    }

    /// Whether time alone may make more of it.
    pub(super) fn ripens(&self) -> bool {
        let boxes = [&self.full, &self.unread, &self.blocked, &self.starved];
        boxes.iter().any(|list| !list.is_empty())
            || [&self.polled, &self.finished, &self.restarted].iter().any(|list| !list.is_empty())
    }

    fn judge(&mut self, component: ComponentRef<'a>) {
        match component.state() {
            State::Failed => put(&mut self.failed, component),
            State::Finished => put(&mut self.finished, component),
            State::Starting | State::Running => {
                if component.poll_started_at() > 0 {
                    put(&mut self.polled, component);
                }
            }
        }
        if component.restarts() > 0 {
            put(&mut self.restarted, component);
        }
    }

    fn judge_inbox(&mut self, inbox: PostboxRef<'a>) {
        if inbox.depth() > 0 {
            if inbox.is_standard() {
                return;
            }
            put(&mut self.unread, inbox);
            if inbox.fill().is_some_and(|fill| fill >= FULL) {
                put(&mut self.full, inbox);
            }
        } else if inbox.is_waited_at() && !ways::is_fed(inbox) && !inbox.is_standard() {
            put(&mut self.starved, inbox);
        }
    }

    fn judge_outbox(&mut self, outbox: PostboxRef<'a>) {
        if outbox.blocked_since() > 0 || outbox.blocked_share() >= BLOCKED_SHARE {
            put(&mut self.blocked, outbox);
        }
        if outbox.dropped() > 0 && !outbox.is_standard() && !ways::leads_somewhere(outbox) {
            put(&mut self.dropping, outbox);
        }
    }
}

fn put<T>(list: &mut Vec<T>, thing: T) {
    if list.len() < MOST {
        list.push(thing);
    }
}
