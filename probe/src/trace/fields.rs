//! What the fields of a span or an event say.

use std::fmt::{Debug, Write};

use tracing::field::{Field, Visit};

/// What a span declares, by the convention.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// It has a field of the convention, whatever that says.
    pub(super) is_component: bool,
    pub(super) name: Option<String>,
    pub(super) type_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) inboxes: String,
    pub(super) outboxes: String,
    pub(super) links: String,
    /// Fields that look like the convention's and are not.
    pub(super) unknown: Vec<String>,
    /// All other fields, as `key=value`, up to a limit.
    pub(super) label: String,
}

/// How much of its fields a span is remembered by.
const LABEL_BYTES: usize = 128;

impl Declared {
    fn take(&mut self, field: &Field, value: impl FnOnce() -> String) {
        let Some(word) = field.name().strip_prefix(PREFIX) else {
            if self.label.len() < LABEL_BYTES && field.name() != "message" {
                let gap = if self.label.is_empty() { "" } else { " " };
                // Writing to a string cannot fail.
                let _ = write!(self.label, "{gap}{}={}", field.name(), value());
                self.label.truncate(self.label.floor_char_boundary(LABEL_BYTES));
            }
            return;
        };
        self.is_component = true;
        match word {
            "name" => self.name = Some(value()),
            "type" => self.type_name = Some(value()),
            "description" => self.description = Some(value()),
            "inboxes" => self.inboxes = value(),
            "outboxes" => self.outboxes = value(),
            "links" => self.links = value(),
            "component" => {}
            _ => self.unknown.push(format!("there is no field {}", field.name())),
        }
    }
}

/// Where fields of the convention begin.
pub(super) const PREFIX: &str = "axon.";

impl Visit for Declared {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, || value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.take(field, || format!("{value:?}"));
    }
}

/// What an event counts, by the convention.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) sent: Option<String>,
    pub(super) taken: Option<String>,
    pub(super) dropped: Option<String>,
    pub(super) waiting: Option<String>,
    pub(super) count: Option<u64>,
}

impl Visit for Counted {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "axon.count" {
            self.count = Some(value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, value.try_into().unwrap_or(0));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "axon.sent" => &mut self.sent,
            "axon.taken" => &mut self.taken,
            "axon.dropped" => &mut self.dropped,
            "axon.waiting" => &mut self.waiting,
            _ => return,
        };
        *place = Some(value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// An event as a line: its message, and its other fields after it.
#[derive(Debug, Default)]
pub(super) struct Text {
    message: String,
    rest: String,
}

impl Text {
    pub(super) fn line(self) -> String {
        if self.message.is_empty() { self.rest.trim_start().to_owned() } else { self.message + &self.rest }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.to_owned();
        } else {
            let _ = write!(self.rest, " {}={value:?}", field.name());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.rest, " {}={value:?}", field.name());
        }
    }
}
