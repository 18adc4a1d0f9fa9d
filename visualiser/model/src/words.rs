//! What happened, in words: for people who see a line of text and nothing else.

use std::fmt::{self, Display, Formatter};

use crate::change::{Anomaly, LinkageKind, PostboxKind, State};
use crate::display;
use crate::said::Level;

/// One sentence without a full stop, on one line, whatever the program wrote.
impl Display for Anomaly {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Anomaly::UnknownParent { component, parent } => {
                write!(
                    f,
                    "component {component} names component {parent} as its parent, which nobody told of; it is shown at the top"
                )
            }
            Anomaly::UnknownOwner { postbox, owner } => {
                write!(f, "postbox {postbox} belongs to component {owner}, which nobody told of; it is left out")
            }
            Anomaly::UnknownEnd { linkage, postbox } => {
                write!(f, "linkage {linkage} ends at postbox {postbox}, which nobody told of; it is left out")
            }
            Anomaly::DuplicateId { noun, id } => {
                write!(f, "{noun} {id} was told a second time with other content; the first stays")
            }
            Anomaly::UnknownId { noun, id } => {
                write!(f, "something was said of {noun} {id}, which nobody told of")
            }
            Anomaly::TotalFell { noun, id } => write!(f, "a total of {noun} {id} went backwards; the larger one stays"),
            Anomaly::Gap { expected, got } => write!(f, "reports are missing: number {got} came, {expected} was due"),
            Anomaly::Cut { noun, id } => {
                write!(f, "a text of {noun} {id} was too long and was cut")
            }
            Anomaly::OverLimit { what } => write!(f, "too much: the limit of {what} is reached; what came is left out"),
            Anomaly::Malformed(why) => f.write_str(&display::escape(why)),
        }
    }
}

/// One word.
impl Display for State {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Starting => "starting",
            State::Running => "running",
            State::Finished => "finished",
            State::Failed => "failed",
        })
    }
}

/// One word.
impl Display for PostboxKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PostboxKind::Inbox => "inbox",
            PostboxKind::Outbox => "outbox",
            PostboxKind::Grip => "grip",
        })
    }
}

/// One word.
impl Display for LinkageKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            LinkageKind::Direct => "direct",
            LinkageKind::Inward => "inward",
            LinkageKind::Outward => "outward",
            LinkageKind::Use => "use",
        })
    }
}

/// One word.
impl Display for Level {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        })
    }
}
