//! The graphviz picture: `dot -Tsvg` lays it out afresh, `neato -n -Tsvg` keeps the places of the window.
//!
//! Systems and composites are clusters, components are records with a port for each box, uses are dashed and lead to no
//! port. Names are hostile: they are
//! made printable, shortened, and escaped for where they stand, so that none of them can end its label.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io;

use axonscope_model::display::{label, share};

use super::json::{Component, Document, Linkage, Postbox, System};

/// The longest name in a label, in characters; JSON has the whole.
const LABEL_CHARACTERS: usize = 60;

/// Composites nested deeper than this are drawn beside their children and not around them: graphviz recurses.
const CLUSTER_DEPTH: usize = 24;

/// Writes `document` as one digraph.
///
/// # Errors
/// Whatever `out` returns.
pub fn write(document: &Document, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let out: &mut dyn io::Write = &mut out;
    writeln!(out, "digraph axonscope {{")?;
    writeln!(out, "  graph [rankdir=LR, fontname=\"Helvetica\", label={}];", quoted(&document.instant))?;
    writeln!(out, "  node [shape=record, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];")?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#5b6472\"];")?;
    for system in &document.systems {
        write_system(system, out)?;
    }
    writeln!(out, "}}")?;
    out.flush()
}

fn write_system(system: &System, out: &mut dyn io::Write) -> io::Result<()> {
    let mut boxes: HashMap<u64, Vec<&Postbox>> = HashMap::new();
    for postbox in &system.postboxes {
        boxes.entry(postbox.owner).or_default().push(postbox);
    }
    let mut children: HashMap<u64, Vec<&Component>> = HashMap::new();
    for component in &system.components {
        children.entry(component.parent.unwrap_or(0)).or_default().push(component);
    }
    let in_use: HashSet<u64> = system.uses.iter().flat_map(|usage| [usage.user, usage.used]).collect();
    let linked: HashSet<u64> = system.linkages.iter().flat_map(|linkage| [linkage.source, linkage.sink]).collect();
    let shown = |postbox: &&&Postbox| linked.contains(&postbox.id) || !matches!(&*postbox.name, "control" | "signal");

    let summary = &system.summary;
    let here = summary.id;
    writeln!(out, "  subgraph cluster_s{here} {{")?;
    let facts = format!("{}, pid {}, {:.0} messages/s", summary.status, summary.pid, summary.messages_per_second);
    let style = if matches!(summary.status, "lost" | "left") { "rounded,dashed" } else { "rounded" };
    writeln!(
        out,
        "    label=\"{}\\n{facts}\"; style=\"{style}\"; color=\"#9aa3b0\";",
        escaped(&shortened(&summary.title()))
    )?;

    // A walk with its own stack, because programs decide how deep composites nest.
    enum Step<'a> {
        Enter(&'a Component, usize),
        Close(usize),
    }
    let tops = children.get(&0).map_or(&[][..], Vec::as_slice);
    let mut steps: Vec<Step<'_>> = tops.iter().rev().map(|top| Step::Enter(top, 0)).collect();
    while let Some(step) = steps.pop() {
        let (component, depth) = match step {
            Step::Enter(component, depth) => (component, depth),
            Step::Close(depth) => {
                writeln!(out, "{:indent$}}}", "", indent = 4 + 2 * depth)?;
                continue;
            }
        };
        let id = component.id;
        let indent = 4 + 2 * depth;
        let own: Vec<&Postbox> = boxes.get(&id).map_or(&[][..], Vec::as_slice).iter().filter(shown).copied().collect();
        let inside = children.get(&id).map_or(&[][..], Vec::as_slice);
        if inside.is_empty() {
            write_node(system, component, &own, indent, out)?;
            continue;
        }
        let opens = depth < CLUSTER_DEPTH;
        let deeper = if opens { depth + 1 } else { depth };
        if opens {
            writeln!(out, "{:indent$}subgraph cluster_s{here}c{id} {{", "")?;
            let title = escaped(&title(component));
            writeln!(out, "{:indent$}  label=\"{title}\"; style=\"rounded\"; color=\"#c3c9d2\";", "")?;
            steps.push(Step::Close(depth));
        }
        if !own.is_empty() || !opens || in_use.contains(&id) {
            write_node(system, component, &own, 4 + 2 * deeper, out)?;
        }
        steps.extend(inside.iter().rev().map(|child| Step::Enter(child, deeper)));
    }
    writeln!(out, "  }}")?;

    let owners: HashMap<u64, &Postbox> = system.postboxes.iter().map(|postbox| (postbox.id, postbox)).collect();
    let components: HashSet<u64> = system.components.iter().map(|component| component.id).collect();
    for linkage in &system.linkages {
        if let (Some(source), Some(sink)) = (owners.get(&linkage.source), owners.get(&linkage.sink))
            && components.contains(&source.owner)
            && components.contains(&sink.owner)
        {
            write_edge(here, linkage, source, sink, out)?;
        }
    }
    for usage in system.uses.iter().filter(|usage| components.contains(&usage.user) && components.contains(&usage.used))
    {
        // Nothing flows, so it does not say who stands to the left of whom.
        let style = "style=dashed, color=\"#9aa3b0\", arrowhead=none, constraint=false";
        writeln!(out, "  s{here}c{} -> s{here}c{} [{style}];", usage.user, usage.used)?;
    }
    Ok(())
}

fn write_node(
    system: &System,
    component: &Component,
    boxes: &[&Postbox],
    indent: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let side = |kind: &str| {
        let ports: Vec<String> = boxes
            .iter()
            .filter(|postbox| postbox.kind == kind)
            .map(|postbox| {
                let fill = match postbox.capacity {
                    Some(capacity) if postbox.depth > 0 => format!(" {}/{capacity}", postbox.depth),
                    None if postbox.depth > 0 => format!(" {}", postbox.depth),
                    _ => String::new(),
                };
                format!("<b{}> {}{fill}", postbox.id, record_escaped(&shortened(&postbox.name)))
            })
            .collect();
        ports.join("|")
    };
    let mut text = String::from("{");
    let inboxes = side("inbox");
    if !inboxes.is_empty() {
        let _ = write!(text, "{{{inboxes}}}|");
    }
    let _ = write!(text, "{}", record_escaped(&shortened(&component.name)));
    if !component.type_name.is_empty() && component.type_name != component.name {
        let _ = write!(text, "\\n{}", record_escaped(&shortened(&component.type_name)));
    }
    if component.state == "failed" {
        let _ = write!(text, "\\nfailed: {}", record_escaped(&shortened(&component.state_detail)));
    }
    if component.busy_share >= 0.005 {
        let _ = write!(text, "\\nbusy {}", share(component.busy_share as f32));
    }
    let outboxes = side("outbox");
    if !outboxes.is_empty() {
        let _ = write!(text, "|{{{outboxes}}}");
    }
    text.push('}');

    write!(out, "{:indent$}s{}c{} [label=\"{text}\"", "", system.summary.id, component.id)?;
    match (system.summary.status, component.state) {
        (_, "failed") => write!(out, ", color=\"#c62828\", penwidth=2.5, fillcolor=\"#ffffff\"")?,
        ("lost" | "left", _) | (_, "finished") => {
            write!(out, ", style=\"rounded,dashed\", color=\"#9aa3b0\", fontcolor=\"#7a828e\"")?
        }
        _ => write!(out, ", color=\"#5b6472\", fillcolor=\"{:.3} 0.160 0.970\"", hue(&component.type_name))?,
    }
    if let Some(place) = component.place {
        // Points are three quarters of a pixel; the mark pins the node where neato is asked to keep it.
        write!(out, ", pos=\"{:.1},{:.1}!\"", place.x * 0.75, place.y * 0.75)?;
    }
    writeln!(out, "];")
}

fn write_edge(
    system: u64,
    linkage: &Linkage,
    source: &Postbox,
    sink: &Postbox,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    write!(out, "  s{system}c{}:b{} -> s{system}c{}:b{}", source.owner, source.id, sink.owner, sink.id)?;
    let rate = linkage.messages_per_second.unwrap_or(0.0);
    match linkage.kind {
        "direct" => write!(out, " [penwidth={:.2}", 1.0 + (1.0 + rate.max(0.0)).log10())?,
        _ => write!(out, " [style=dotted, arrowhead=open")?,
    }
    if rate >= 0.05 {
        let digits = usize::from(rate < 10.0);
        write!(out, ", label=\"{rate:.digits$}/s\"")?;
    }
    writeln!(out, "];")
}

/// A composite's heading.
fn title(component: &Component) -> String {
    if component.type_name.is_empty() || component.type_name == component.name {
        shortened(&component.name).into_owned()
    } else {
        format!("{} ({})", shortened(&component.name), shortened(&component.type_name))
    }
}

/// `text` made printable, on one line, and never empty.
fn shortened(text: &str) -> Cow<'_, str> {
    label(text, LABEL_CHARACTERS)
}

/// `text` as a whole quoted string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// `text` for inside quotes: a backslash begins an escape there, and an ampersand an HTML entity.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

/// `text` for a field of a record, whose own punctuation has to be escaped as well.
fn record_escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escaped(text).chars() {
        if matches!(c, '{' | '}' | '|' | '<' | '>') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// A hue from green to violet, the same for the same name always: red and amber belong to trouble.
fn hue(type_name: &str) -> f64 {
    let hash = type_name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    0.28 + 0.5 * ((hash >> 40) as f64 / (1_u64 << 24) as f64)
}
