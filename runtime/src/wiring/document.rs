//! The text of a wiring as what it says: components with their options, and links. Knows nothing of kinds.

use std::collections::HashMap;

use toml::de::{DeTable, DeValue};

use super::problem::{Findings, Source, Span, instead};

/// A value and where it is.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Number(f64),
    Truth(bool),
    List(Vec<Found>),
    Other,
}

/// A component to be.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) kind: Option<(String, Span)>,
    pub(super) options: Vec<(String, Span, Found)>,
}

impl Part {
    /// One that says nothing.
    pub(super) fn blank(name: &str) -> Self {
        Self { name: name.to_owned(), span: 0..0, kind: None, options: Vec::new() }
    }
}

/// A link to be.
#[derive(Clone, Debug)]
pub(super) struct Join {
    pub(super) source: End,
    pub(super) sink: End,
}

/// One end of a link.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) component: String,
    pub(super) postbox: String,
    pub(super) span: Span,
}

impl End {
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.component, self.postbox)
    }
}

/// All that a wiring says, and what of it makes no sense whatever the kinds are.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) name: Option<String>,
    pub(super) parts: Vec<Part>,
    pub(super) joins: Vec<Join>,
    pub(super) findings: Findings,
}

impl Document {
    /// Reads `source`; an error is one of the text's form, where nothing else can be told.
    pub(super) fn read(source: &Source) -> Result<Self, Findings> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            let whole = || 0..0;
            let finding = |error: toml::de::Error| (error.span().unwrap_or_else(whole), error.message().to_owned());
            return Err(errors.into_iter().map(finding).collect());
        }
        let mut document = Self::default();
        let mut links = None;
        for (key, key_span, value) in entries(table.get_ref()) {
            match (key.as_str(), value.value) {
                ("name", Raw::Value(Value::Text(name))) => document.name = Some(name),
                ("name", _) => document.find(&value.span, "`name` must be a text".to_owned()),
                ("components", Raw::Table(table)) => links = document.read_parts(table).or(links),
                ("components", _) => {
                    let how = "`components` must be tables: write `[components.NAME]` for each";
                    document.find(&value.span, how.to_owned());
                }
                ("links", Raw::Value(Value::List(list))) => links = Some(list),
                ("links", _) => {
                    let how = "`links` must be a list of texts such as \"a.outbox -> b.inbox\"";
                    document.find(&value.span, how.to_owned());
                }
                _ => {
                    let instead = instead(&key, ["name", "components", "links"], "there is");
                    document.find(&key_span, format!("`{key}` means nothing here{instead}"));
                }
            }
        }
        if document.parts.is_empty() && document.findings.is_empty() {
            document.find(&(0..0), "there is no component; write a table `[components.NAME]` for each".to_owned());
        }
        for link in links.into_iter().flatten() {
            document.read_link(source, &link);
        }
        document.find_double_links(source);
        Ok(document)
    }

    fn find(&mut self, span: &Span, message: String) {
        self.findings.push((span.clone(), message));
    }

    /// Returns links that were written below a table by mistake.
    fn read_parts(&mut self, table: &DeTable<'_>) -> Option<Vec<Found>> {
        let mut links = None;
        for (name, span, value) in entries(table) {
            if name == "self" {
                self.find(&span, "a component cannot be named `self`, which is the whole".to_owned());
            } else if name.is_empty() || name.contains(['.', '/']) || name.contains("->") {
                self.find(&span, format!("`{name}` cannot be a name: leave out `.`, `/` and `->`"));
            }
            let Raw::Table(table) = value.value else {
                self.find(&value.span, format!("`{name}` must be a table: write `[components.{name}]`"));
                continue;
            };
            let mut part = Part { name, span, kind: None, options: Vec::new() };
            let mut has_kind = false;
            for (key, key_span, value) in entries(table) {
                let found = match value.value {
                    Raw::Value(value) => value,
                    Raw::Table(_) => Value::Other,
                };
                match (key.as_str(), found) {
                    ("kind", Value::Text(kind)) => (part.kind, has_kind) = (Some((kind, value.span)), true),
                    ("kind", _) => {
                        has_kind = true;
                        self.find(&value.span, "`kind` must be a text, the name of a kind".to_owned());
                    }
                    ("links", Value::List(list)) => {
                        let message =
                            format!("`links` is in the table of `{}`: move it above the first table", part.name);
                        self.find(&key_span, message);
                        links = Some(list);
                    }
                    (_, found) => part.options.push((key, key_span, Found { value: found, span: value.span })),
                }
            }
            if !has_kind {
                let message = format!("`{}` has no kind; write `kind = \"…\"` in its table", part.name);
                self.find(&part.span.clone(), message);
            }
            self.parts.push(part);
        }
        links
    }

    fn read_link(&mut self, source: &Source, link: &Found) {
        let how = "a link is a text such as \"a.outbox -> b.inbox\", or \"a -> b\" for short";
        let Value::Text(text) = &link.value else { return self.find(&link.span, how.to_owned()) };
        let mut ends = text.split("->").map(str::trim);
        let (Some(from), Some(to), None) = (ends.next(), ends.next(), ends.next()) else {
            return self.find(&link.span, how.to_owned());
        };
        if from.is_empty() || to.is_empty() {
            return self.find(&link.span, how.to_owned());
        }
        // The whole's own inbox is a source inside it, and its own outbox a sink.
        let from = self.read_end(source.part(&link.span, from, false), from, "outbox", "inbox");
        let to = self.read_end(source.part(&link.span, to, true), to, "inbox", "outbox");
        if let (Some(source), Some(sink)) = (from, to) {
            if source.component == "self" && sink.component == "self" {
                self.find(&source.span, "a link from `self` to `self` joins nothing".to_owned());
            } else {
                self.joins.push(Join { source, sink });
            }
        }
    }

    fn read_end(&mut self, span: Span, text: &str, short: &str, short_of_self: &str) -> Option<End> {
        let (component, postbox) = match text.split_once('.') {
            Some((component, postbox)) => (component.trim(), postbox.trim()),
            None if text == "self" => (text, short_of_self),
            None => (text, short),
        };
        if component != "self" && !self.parts.iter().any(|part| part.name == component) {
            let known = self.parts.iter().map(|part| part.name.as_str());
            let message = format!("there is no component `{component}`{}", instead(component, known, "there is"));
            self.find(&span, message);
            return None;
        }
        Some(End { component: component.to_owned(), postbox: postbox.to_owned(), span })
    }

    /// Leaves out all but the first link of an outbox.
    fn find_double_links(&mut self, source: &Source) {
        let mut first = HashMap::new();
        for join in std::mem::take(&mut self.joins) {
            let path = join.source.path();
            if let Some(&at) = first.get(&path) {
                let line = source.line(at);
                let message = format!(
                    "`{path}` is linked already, in line {line}: it can have one link; a `splitter` sends to several"
                );
                self.find(&join.source.span, message);
                continue;
            }
            first.insert(path, join.source.span.start);
            self.joins.push(join);
        }
    }
}

/// A value as the parser has it, tables still with their spans.
enum Raw<'a, 'i> {
    Table(&'a DeTable<'i>),
    Value(Value),
}

struct Spanned<T> {
    value: T,
    span: Span,
}

/// What is in a table, in the order of the text.
fn entries<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(String, Span, Spanned<Raw<'a, 'i>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let raw = match value.get_ref() {
                DeValue::Table(table) => Raw::Table(table),
                other => Raw::Value(owned(other)),
            };
            (key.get_ref().to_string(), key.span(), Spanned { value: raw, span: value.span() })
        })
        .collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries
}

fn owned(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Value::Integer(integer),
            Err(_) => Value::Other,
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Other,
        },
        DeValue::Boolean(truth) => Value::Truth(*truth),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|value| Found { value: owned(value.get_ref()), span: value.span() }).collect())
        }
        DeValue::Datetime(_) | DeValue::Table(_) => Value::Other,
    }
}
