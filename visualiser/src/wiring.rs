//! Reads a declared wiring: what `axonscope export --format wiring` writes, and what `axonscope-examples run` runs.
//!
//! A file for the runner says how to make components (`kind`, and options) and not what they are; they live in a
//! composite that is named after the file's `name`. Types, and what is inside of what a kind makes, are not compared then.

mod document;

use std::path::{Path, PathBuf};

use axonscope_model::wiring::{End, Link, Part, Wiring};
use thiserror::Error;
use toml::de::DeTable;

use document::{Found, Source, Table, entries};

/// Why a file is no wiring.
#[derive(Debug, Error)]
pub enum WiringError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// What it says makes no sense: a line each, with file, line and column.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
}

/// Reads a file.
///
/// # Errors
/// [`WiringError`], which says all that is wrong and where.
pub fn load(path: &Path) -> Result<Wiring, WiringError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| WiringError::Unreadable { path: path.to_owned(), error })?;
    parse(&text, &path.display().to_string())
}

/// Reads a text; `file` names it in errors.
///
/// # Errors
/// [`WiringError::Wrong`].
pub fn parse(text: &str, file: &str) -> Result<Wiring, WiringError> {
    let mut source = Source::new(text, file);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        source.find(error.span().map_or(0, |span| span.start), error.message());
    }
    let wiring = if source.is_good() { read(&mut source, table.get_ref()) } else { Wiring::default() };
    if source.is_good() { Ok(wiring) } else { Err(WiringError::Wrong(source.findings())) }
}

fn read(source: &mut Source<'_>, table: &DeTable<'_>) -> Wiring {
    let mut wiring = Wiring::default();
    let (mut links, mut signals) = (Vec::new(), None);
    let mut is_for_runner = false;
    for entry in entries(table) {
        match entry.key.as_str() {
            "name" => wiring.name = entry.text(source).unwrap_or_default(),
            "optional" => {
                wiring.optional = entry.texts(source).into_iter().map(|found| found.text).collect();
            }
            "links" => links = entry.texts(source),
            "signals" => signals = Some(entry.texts(source)),
            "components" => {
                for component in entry.tables(source, "write `[components.NAME]` for each") {
                    let (part, has_kind) = read_part(source, &component);
                    is_for_runner |= has_kind;
                    wiring.parts.insert(component.name.clone(), part);
                }
            }
            key => source.find(
                entry.at,
                &format!(
                    "`{key}` means nothing here; there is `name`, `optional`, `links`, `signals` and `components`"
                ),
            ),
        }
    }
    if wiring.name.is_empty() {
        wiring.name = source.stem();
    }
    if wiring.parts.is_empty() && source.is_good() {
        source.find(0, "there is no component; write a table `[components.NAME]` for each");
    }
    if is_for_runner {
        let whole = wiring.name.clone();
        wiring.parts = std::mem::take(&mut wiring.parts)
            .into_iter()
            .map(|(name, part)| (format!("{whole}/{name}"), part))
            .collect();
        wiring.optional.extend(wiring.parts.keys().map(|path| format!("{path}/*")));
    }
    add_parents(&mut wiring);
    let root = is_for_runner.then(|| wiring.name.clone());
    let read_links = |source: &mut Source<'_>, links: Vec<Found>| {
        links.iter().filter_map(|link| read_link(source, &wiring, root.as_deref(), link)).collect()
    };
    let links = read_links(source, links);
    let signals = signals.map(|signals| read_links(source, signals));
    Wiring { links, signals, ..wiring }
}

/// What is said of a component, and whether it says how to make it.
fn read_part(source: &mut Source<'_>, component: &Table<'_, '_>) -> (Part, bool) {
    let mut part = Part::default();
    let all = entries(component.table);
    let has_kind = all.iter().any(|entry| entry.key == "kind");
    for entry in &all {
        match entry.key.as_str() {
            "links" | "signals" | "optional" => source.find(
                entry.at,
                &format!("`{}` is in the table of `{}`: move it above the first table", entry.key, component.name),
            ),
            // The options of a kind.
            _ if has_kind => {}
            "type" => part.type_name = entry.text(source),
            "inboxes" => part.inboxes = entry.texts(source).into_iter().map(|found| found.text).collect(),
            "outboxes" => part.outboxes = entry.texts(source).into_iter().map(|found| found.text).collect(),
            key => source.find(
                entry.at,
                &format!("`{key}` means nothing here; a component has `type`, `inboxes` and `outboxes`"),
            ),
        }
    }
    (part, has_kind)
}

/// A composite that only its children name is there as well.
fn add_parents(wiring: &mut Wiring) {
    let paths: Vec<String> = wiring.parts.keys().cloned().collect();
    for path in paths {
        for (at, _) in path.match_indices('/') {
            wiring.parts.entry(path[..at].to_owned()).or_default();
        }
    }
}

fn read_link(source: &mut Source<'_>, wiring: &Wiring, root: Option<&str>, link: &Found) -> Option<Link> {
    let how = "a linkage is a text such as \"a.outbox -> b.inbox\", or \"a -> b\" for short";
    let mut ends = link.text.split("->").map(str::trim);
    let (Some(from), Some(to), None) = (ends.next(), ends.next(), ends.next()) else {
        source.find(link.at, how);
        return None;
    };
    if from.is_empty() || to.is_empty() {
        source.find(link.at, how);
        return None;
    }
    let from = read_end(source, wiring, root, from, link.at);
    let to = read_end(source, wiring, root, to, link.at);
    let ((from, from_box), (to, to_box)) = (from?, to?);
    // Within a composite its own inbox is a source, and its own outbox a sink.
    let is_within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    let source_box = if is_within(&to, &from) { "inbox" } else { "outbox" };
    let sink_box = if is_within(&from, &to) { "outbox" } else { "inbox" };
    let end = |component, postbox: Option<String>, short: &str| End {
        component,
        postbox: postbox.unwrap_or_else(|| short.to_owned()),
    };
    Some(Link { source: end(from, from_box, source_box), sink: end(to, to_box, sink_box) })
}

/// The path of a component, and the box where one is named: the last point is the one between the two.
fn read_end(
    source: &mut Source<'_>,
    wiring: &Wiring,
    root: Option<&str>,
    text: &str,
    at: usize,
) -> Option<(String, Option<String>)> {
    let path = |component: &str| match root {
        Some(root) if component == "self" => root.to_owned(),
        Some(root) => format!("{root}/{component}"),
        None => component.to_owned(),
    };
    let whole = path(text);
    if wiring.parts.contains_key(&whole) {
        return Some((whole, None));
    }
    let (component, postbox) =
        text.rsplit_once('.').map_or((text, None), |(component, postbox)| (component.trim(), Some(postbox.trim())));
    let component_path = path(component);
    if !wiring.parts.contains_key(&component_path) {
        source.find(at, &format!("there is no component `{component}`; write a table `[components.…]` for it"));
        return None;
    }
    Some((component_path, postbox.map(str::to_owned)))
}

#[cfg(test)]
mod tests;
