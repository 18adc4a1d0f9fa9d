//! Names: static ones are kept once for a whole system, made ones live with what they name.

use std::collections::HashMap;
use std::sync::Arc;

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

/// Keeps each static text once. Bounded by the program's own text.
#[derive(Default)]
pub(crate) struct Names {
    texts: HashMap<&'static str, Arc<str>>,
    types: HashMap<&'static str, Arc<str>>,
}

impl Names {
    pub(crate) fn keep(&mut self, name: Name) -> Arc<str> {
        match name {
            Name::Static(text) => self.texts.entry(text).or_insert_with(|| text.into()).clone(),
            Name::Made(text) => text,
        }
    }

    /// The short form of what [`std::any::type_name`] said; a made name is short already.
    pub(crate) fn keep_type(&mut self, name: Name) -> Arc<str> {
        match name {
            Name::Static(full) => self.types.entry(full).or_insert_with(|| short_type(full).into()).clone(),
            Name::Made(short) => short,
        }
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
}
