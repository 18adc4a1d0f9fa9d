//! What tokio tells of itself where it is built with its tracing: tasks, resources and wakes. The only file that knows its
//! words, which are not a stable interface of tokio's: what is not understood is left out.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use tracing::Metadata;
use tracing::field::{Field, Visit};

/// What a span or an event of tokio's is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Word {
    Task,
    Resource,
    /// A waker is cloned, used or dropped.
    Waker,
    /// Steps of an operation on a resource.
    Other,
}

/// What `metadata` is to tokio, if it is tokio's.
pub(super) fn word(metadata: &Metadata<'_>) -> Option<Word> {
    match (metadata.target(), metadata.name()) {
        ("tokio::task" | "tokio::task::blocking", "runtime.spawn") => Some(Word::Task),
        ("tokio::task::waker", _) => Some(Word::Waker),
        (target, "runtime.resource") if target.starts_with("tokio") => Some(Word::Resource),
        (target, name) if name.starts_with("runtime.resource") && target.starts_with("tokio") => Some(Word::Other),
        (target, _) if target.starts_with("runtime::resource") => Some(Word::Other),
        _ => None,
    }
}

/// What the span of a task or resource says.
#[derive(Debug, Default)]
pub(super) struct Told {
    kind: String,
    name: String,
    concrete_type: String,
    is_internal: bool,
    file: String,
    line: u64,
    column: u64,
}

impl Told {
    /// One that tokio uses inside of another, and nobody asked for.
    pub(super) fn is_internal(&self) -> bool {
        self.is_internal
    }

    /// Timers come with every `sleep` and every timeout: a picture of them says nothing.
    pub(super) fn is_timer(&self) -> bool {
        self.kind == "timer" || self.concrete_type == "Sleep" || self.concrete_type == "Interval"
    }

    /// What kind of component it is: "task", "blocking", "Mutex".
    pub(super) fn type_name(&self) -> &str {
        if self.concrete_type.is_empty() { &self.kind } else { &self.concrete_type }
    }

    /// Its name: what the program calls it, or else where it was made.
    pub(super) fn name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        if self.concrete_type.is_empty() {
            format!("{file}:{}", self.line)
        } else {
            format!("{} {file}:{}", self.concrete_type, self.line)
        }
    }

    /// Where it was made.
    pub(super) fn place(&self) -> String {
        format!("made at {}:{}:{}", self.file, self.line, self.column)
    }

    /// What those made at one place have in common.
    pub(super) fn salt(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.file, self.line, self.column, &self.name).hash(&mut hasher);
        hasher.finish()
    }
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "loc.line" => self.line = value,
            "loc.col" => self.column = value,
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "is_internal" {
            self.is_internal = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "kind" => &mut self.kind,
            "task.name" => &mut self.name,
            "concrete_type" => &mut self.concrete_type,
            "loc.file" => &mut self.file,
            _ => return,
        };
        *place = value.to_owned();
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "kind" | "task.name" | "concrete_type" | "loc.file" => self.record_str(field, &format!("{value:?}")),
            _ => {}
        }
    }
}

/// What is done with the waker of which task, by the id of the task's span.
#[derive(Debug, Default)]
pub(super) struct Waking {
    is_wake: bool,
    task: u64,
}

impl Waking {
    /// The span of the task that is woken, if one is.
    pub(super) fn woken(&self) -> Option<u64> {
        (self.is_wake && self.task != 0).then_some(self.task)
    }
}

impl Visit for Waking {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "task.id" {
            self.task = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "op" {
            self.is_wake = value.starts_with("waker.wake");
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "op" {
            self.record_str(field, &format!("{value:?}"));
        }
    }
}
