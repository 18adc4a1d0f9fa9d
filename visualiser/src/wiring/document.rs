//! The text of a wiring: what stands where, and what is wrong with it.

use std::path::Path;

use axonscope_model::display::escape;
use toml::de::{DeTable, DeValue};

/// A text and its name, and what was found wrong in it so far.
pub(super) struct Source<'a> {
    text: &'a str,
    file: &'a str,
    found: Vec<(usize, String)>,
}

/// A text in a list, and where it stands.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) at: usize,
}

/// A key with its value.
pub(super) struct Entry<'t, 'i> {
    pub(super) key: String,
    pub(super) at: usize,
    value: &'t DeValue<'i>,
    value_at: usize,
}

/// A table within another one.
pub(super) struct Table<'t, 'i> {
    pub(super) name: String,
    pub(super) table: &'t DeTable<'i>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Source<'a> {
        Source { text, file, found: Vec::new() }
    }

    /// The name of the file without its ending.
    pub(super) fn stem(&self) -> String {
        let stem = Path::new(self.file).file_stem().and_then(|stem| stem.to_str());
        stem.unwrap_or("wiring").to_owned()
    }

    /// Something is wrong at that byte.
    pub(super) fn find(&mut self, at: usize, message: &str) {
        self.found.push((at, message.to_owned()));
    }

    pub(super) fn is_good(&self) -> bool {
        self.found.is_empty()
    }

    /// A line for each, in the order of the text: "file:line:column: what is wrong".
    pub(super) fn findings(mut self) -> Vec<String> {
        self.found.sort();
        self.found.dedup();
        let line = |(at, message): &(usize, String)| {
            let before = self.text.get(..*at).unwrap_or(self.text);
            let line = 1 + before.matches('\n').count();
            let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
            format!("{}:{line}:{column}: {}", escape(self.file), escape(message))
        };
        self.found.iter().map(line).collect()
    }
}

/// What is in a table, in the order of the text.
pub(super) fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<Entry<'t, 'i>> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            at: key.span().start,
            value: value.get_ref(),
            value_at: value.span().start,
        })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

impl<'t, 'i> Entry<'t, 'i> {
    pub(super) fn text(&self, source: &mut Source<'_>) -> Option<String> {
        if let DeValue::String(text) = self.value {
            return Some(text.to_string());
        }
        source.find(self.value_at, &format!("`{}` must be a text", self.key));
        None
    }

    pub(super) fn texts(&self, source: &mut Source<'_>) -> Vec<Found> {
        let DeValue::Array(list) = self.value else {
            source.find(self.value_at, &format!("`{}` must be a list of texts", self.key));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in list.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Found { text: text.to_string(), at: item.span().start }),
                _ => source.find(item.span().start, &format!("`{}` must be a list of texts", self.key)),
            }
        }
        texts
    }

    pub(super) fn tables(&self, source: &mut Source<'_>, how: &str) -> Vec<Table<'t, 'i>> {
        let DeValue::Table(table) = self.value else {
            source.find(self.value_at, &format!("`{}` must be tables: {how}", self.key));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for entry in entries(table) {
            match entry.value {
                DeValue::Table(table) => tables.push(Table { name: entry.key, table }),
                _ => source.find(entry.value_at, &format!("`{}` must be a table: {how}", entry.key)),
            }
        }
        tables
    }
}
