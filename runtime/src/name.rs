//! Names: static ones are kept once for a whole system, made ones live with what they name.

use std::collections::HashMap;
use std::sync::Arc;

use crate::observe::PostboxKind;

/// The name of a component or a postbox, or another short text about it. A `&'static str` is kept once for a whole
/// system; a `String` lives as long as what it names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Name {
    /// Known when compiling.
    Static(&'static str),
    /// Made while running.
    Made(Arc<str>),
}

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl From<&'static str> for Name {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

impl From<Arc<str>> for Name {
    fn from(text: Arc<str>) -> Self {
        Self::Made(text)
    }
}

/// What components of one type have in common.
pub(crate) struct Kind {
    pub(crate) type_name: Arc<str>,
    pub(crate) description: Arc<str>,
}

/// What postboxes of one name, direction, message type and capacity have in common.
pub(crate) struct Shape {
    pub(crate) name: Arc<str>,
    pub(crate) kind: PostboxKind,
    pub(crate) message_type: Arc<str>,
    pub(crate) capacity: Option<u32>,
}

/// How many kinds, and how many shapes, are kept once. A program that makes ever new ones out of static texts, such as
/// capacities, pays for each beyond that.
const KEPT: usize = 1024;

/// Keeps each static text, kind and shape once. Bounded by the program's own text, and by [`KEPT`].
#[derive(Default)]
pub(crate) struct Names {
    texts: HashMap<&'static str, Arc<str>>,
    types: HashMap<&'static str, Arc<str>>,
    kinds: HashMap<(&'static str, &'static str), Arc<Kind>>,
    shapes: HashMap<(&'static str, PostboxKind, &'static str, Option<u32>), Arc<Shape>>,
}

impl Names {
    pub(crate) fn keep(&mut self, name: Name) -> Arc<str> {
        match name {
            Name::Static(text) => self.texts.entry(text).or_insert_with(|| text.into()).clone(),
            Name::Made(text) => text,
        }
    }

    pub(crate) fn keep_kind(&mut self, type_name: Name, description: Name) -> Arc<Kind> {
        let key = match (&type_name, &description) {
            (&Name::Static(type_name), &Name::Static(description)) => Some((type_name, description)),
            _ => None,
        };
        if let Some(kept) = key.and_then(|key| self.kinds.get(&key)) {
            return kept.clone();
        }
        let kind = Arc::new(Kind { type_name: self.keep(type_name), description: self.keep(description) });
        if let Some(key) = key.filter(|_| self.kinds.len() < KEPT) {
            self.kinds.insert(key, kind.clone());
        }
        kind
    }

    /// `message_type` is what [`std::any::type_name`] said.
    pub(crate) fn keep_shape(
        &mut self,
        name: Name,
        kind: PostboxKind,
        message_type: &'static str,
        capacity: Option<u32>,
    ) -> Arc<Shape> {
        let key = match name {
            Name::Static(name) => Some((name, kind, message_type, capacity)),
            Name::Made(_) => None,
        };
        if let Some(kept) = key.and_then(|key| self.shapes.get(&key)) {
            return kept.clone();
        }
        let message_type = self.types.entry(message_type).or_insert_with(|| short_type(message_type).into()).clone();
        let shape = Arc::new(Shape { name: self.keep(name), kind, message_type, capacity });
        if let Some(key) = key.filter(|_| self.shapes.len() < KEPT) {
            self.shapes.insert(key, shape.clone());
        }
        shape
    }
}
/// Keeps the last segment of every path in a type name: `Vec<String>` for `alloc::vec::Vec<alloc::string::String>`.
pub(crate) fn short_type(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut segment = 0;
    for c in full.chars() {
        if c == ':' {
            short.truncate(segment);
            continue;
        }
        short.push(c);
        if !(c.is_alphanumeric() || c == '_') {
            segment = short.len();
        }
    }
    short
}

/// The name of a component's type: its last segment, without generic arguments (which often are closures).
pub(crate) fn component_type(full: &'static str) -> &'static str {
    let path = full.split('<').next().unwrap_or(full);
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_keep_their_last_segments() {
        let cases = [
            ("alloc::vec::Vec<alloc::string::String>", "Vec<String>"),
            ("(u8, core::option::Option<&str>)", "(u8, Option<&str>)"),
            ("[bytes::Bytes; 4]", "[Bytes; 4]"),
            ("alloc::boxed::Box<dyn core::fmt::Debug>", "Box<dyn Debug>"),
            ("u64", "u64"),
        ];
        for (full, short) in cases {
            assert_eq!(short_type(full), short);
        }
    }

    #[test]
    fn component_types_lose_their_arguments() {
        assert_eq!(component_type("chat::Handler"), "Handler");
        assert_eq!(component_type("a::Transformer<b::main::{{closure}}, x::Y>"), "Transformer");
    }

    #[test]
    fn static_texts_are_kept_once() {
        let mut names = Names::default();
        assert!(Arc::ptr_eq(&names.keep("inbox".into()), &names.keep("inbox".into())));
        let made = names.keep(String::from("inbox").into());
        assert_eq!(&*made, "inbox");
        assert_eq!(names.texts.len(), 1);
    }

    #[test]
    fn kinds_and_shapes_of_static_texts_are_kept_once_up_to_a_bound() {
        let mut names = Names::default();
        let mut inbox = |name: Name, capacity| names.keep_shape(name, PostboxKind::Inbox, "u8", Some(capacity));
        assert!(Arc::ptr_eq(&inbox("inbox".into(), 64), &inbox("inbox".into(), 64)));
        assert_eq!(&*inbox(String::from("made").into(), 64).name, "made");
        for capacity in 0..2 * KEPT as u32 {
            assert_eq!(inbox("inbox".into(), capacity).capacity, Some(capacity));
        }
        assert_eq!(names.shapes.len(), KEPT);
        let kind = names.keep_kind("Relay".into(), "".into());
        assert!(Arc::ptr_eq(&kind, &names.keep_kind("Relay".into(), "".into())));
        assert_eq!(&*names.keep_kind("Relay".into(), String::from("to 1").into()).description, "to 1");
    }
}
