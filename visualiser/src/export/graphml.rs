//! GraphML: systems and composites are nodes with a graph inside, boxes are ports, every figure is data with a type.
//!
//! Linkages and uses stand in the outermost graph, so that readers which know no nesting (networkx) find all of them; groups
//! carry yEd's attribute for such. Names are hostile, and are made printable and escaped.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write as _};

use super::json::{Component, Document, Postbox, Summary, System};
use super::xml::escaped;

/// Composites nested deeper than this stand beside their children and not round them, and are their `parent` all the same:
/// readers of XML recurse.
const DEPTH_MAX: usize = 24;

/// What data is about, and its names and types; `id` names the key in the file.
type Keys = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const KEYS: &[Keys] = &[
    ("graph", "g_", &[("format", "string"), ("instant", "string")]),
    (
        "node",
        "n_",
        &[
            ("kind", "string"),
            ("label", "string"),
            ("name", "string"),
            ("type", "string"),
            ("description", "string"),
            ("state", "string"),
            ("state_detail", "string"),
            ("labels", "string"),
            ("parent", "string"),
            ("system", "string"),
            ("busy_ns", "long"),
            ("busy_share", "double"),
            ("scheduled_share", "double"),
            ("polls", "long"),
            ("restarts", "int"),
            ("begun", "long"),
            ("open", "int"),
            ("begun_per_second", "double"),
            ("x", "double"),
            ("y", "double"),
            ("radius", "double"),
            ("pinned", "boolean"),
            ("ordinal", "int"),
            ("pid", "long"),
            ("host", "string"),
            ("program", "string"),
            ("uptime_ms", "long"),
            ("silent_ms", "long"),
            ("components", "long"),
            ("postboxes", "long"),
            ("linkages", "long"),
            ("messages_per_second", "double"),
            ("lost", "long"),
            ("anomalies", "long"),
            ("refused", "long"),
        ],
    ),
    (
        "port",
        "p_",
        &[
            ("name", "string"),
            ("kind", "string"),
            ("message_type", "string"),
            ("description", "string"),
            ("capacity", "long"),
            ("depth", "long"),
            ("high_water", "long"),
            ("messages", "long"),
            ("messages_per_second", "double"),
            ("dropped", "long"),
            ("blocked_ns", "long"),
            ("blocked_share", "double"),
            ("waiting", "boolean"),
        ],
    ),
    (
        "edge",
        "e_",
        &[
            ("kind", "string"),
            ("source_box", "string"),
            ("sink_box", "string"),
            ("messages", "long"),
            ("messages_per_second", "double"),
        ],
    ),
];

/// Writes `document` as one directed graph.
///
/// # Errors
/// Whatever `out` returns.
pub fn write(document: &Document, out: &mut dyn io::Write) -> io::Result<()> {
    let mut file = Sheet { out: io::BufWriter::new(out) };
    writeln!(file.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        file.out,
        "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns \
         http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">"
    )?;
    for (about, prefix, keys) in KEYS {
        for (name, kind) in *keys {
            writeln!(
                file.out,
                "  <key id=\"{prefix}{name}\" for=\"{about}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>"
            )?;
        }
    }
    writeln!(file.out, "  <graph id=\"axonscope\" edgedefault=\"directed\">")?;
    file.data("g_format", document.format)?;
    file.data("g_instant", &document.instant)?;
    for system in &document.systems {
        file.system(system)?;
    }
    for system in &document.systems {
        file.edges(system)?;
    }
    writeln!(file.out, "  </graph>\n</graphml>")?;
    file.out.flush()
}

struct Sheet<'a> {
    out: io::BufWriter<&'a mut dyn io::Write>,
}

/// A step of the walk through a system, with its own stack: programs decide how deep composites nest.
enum Step<'a> {
    Enter(&'a Component, usize),
    Close,
}

impl Sheet<'_> {
    fn data(&mut self, key: &str, value: impl ToString) -> io::Result<()> {
        writeln!(self.out, "<data key=\"{key}\">{}</data>", escaped(&value.to_string()))
    }

    /// Nothing where there is nothing to say.
    fn words(&mut self, key: &str, value: &str) -> io::Result<()> {
        if value.is_empty() { Ok(()) } else { self.data(key, value) }
    }

    /// Longs of XML have a sign.
    fn long(&mut self, key: &str, value: u64) -> io::Result<()> {
        self.data(key, value.min(i64::MAX as u64))
    }

    fn labels<'a>(&mut self, labels: impl Iterator<Item = (&'a String, &'a String)>) -> io::Result<()> {
        let all: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
        self.words("n_labels", &all.join(", "))
    }

    fn system(&mut self, system: &System) -> io::Result<()> {
        let summary = &system.summary;
        let id = format!("s{}", summary.id);
        writeln!(self.out, "<node id=\"{id}\" yfiles.foldertype=\"group\">")?;
        self.summary(summary)?;
        writeln!(self.out, "<graph id=\"{id}_inside\" edgedefault=\"directed\">")?;
        let mut boxes: HashMap<u64, Vec<&Postbox>> = HashMap::new();
        for postbox in &system.postboxes {
            boxes.entry(postbox.owner).or_default().push(postbox);
        }
        let mut children: HashMap<u64, Vec<&Component>> = HashMap::new();
        for component in &system.components {
            children.entry(component.parent.unwrap_or(0)).or_default().push(component);
        }
        let inside = |id: u64| children.get(&id).map_or(&[][..], Vec::as_slice);
        let mut steps: Vec<Step<'_>> = inside(0).iter().rev().map(|top| Step::Enter(top, 0)).collect();
        while let Some(step) = steps.pop() {
            let Step::Enter(component, depth) = step else {
                writeln!(self.out, "</graph>\n</node>")?;
                continue;
            };
            let inside = inside(component.id);
            let opens = !inside.is_empty() && depth < DEPTH_MAX;
            let node = format!("{id}c{}", component.id);
            let group = if opens { " yfiles.foldertype=\"group\"" } else { "" };
            writeln!(self.out, "<node id=\"{node}\"{group}>")?;
            self.component(&id, component)?;
            for postbox in boxes.get(&component.id).map_or(&[][..], Vec::as_slice) {
                self.port(postbox)?;
            }
            let deeper = if opens {
                writeln!(self.out, "<graph id=\"{node}_inside\" edgedefault=\"directed\">")?;
                steps.push(Step::Close);
                depth + 1
            } else {
                writeln!(self.out, "</node>")?;
                depth
            };
            steps.extend(inside.iter().rev().map(|child| Step::Enter(child, deeper)));
        }
        writeln!(self.out, "</graph>\n</node>")
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        self.data("n_kind", "system")?;
        self.data("n_label", summary.title())?;
        self.words("n_name", &summary.name)?;
        self.data("n_ordinal", summary.ordinal)?;
        self.data("n_pid", summary.pid)?;
        self.words("n_host", &summary.host)?;
        self.words("n_program", &summary.program)?;
        self.data("n_state", summary.status)?;
        self.words("n_state_detail", &summary.status_detail)?;
        self.labels(summary.labels.iter())?;
        let figures = [
            ("n_uptime_ms", summary.uptime_ms),
            ("n_silent_ms", summary.silent_ms),
            ("n_components", summary.component_count),
            ("n_postboxes", summary.postbox_count),
            ("n_linkages", summary.linkage_count),
            ("n_lost", summary.lost),
            ("n_anomalies", summary.anomalies),
            ("n_refused", summary.refused),
        ];
        for (key, figure) in figures {
            self.long(key, figure)?;
        }
        self.data("n_messages_per_second", summary.messages_per_second)
    }

    fn component(&mut self, system: &str, component: &Component) -> io::Result<()> {
        self.data("n_kind", "component")?;
        self.words("n_label", &component.name)?;
        self.words("n_name", &component.name)?;
        self.words("n_type", &component.type_name)?;
        self.words("n_description", &component.description)?;
        self.data("n_state", component.state)?;
        self.words("n_state_detail", &component.state_detail)?;
        self.labels(component.labels.iter())?;
        self.data("n_system", system)?;
        if let Some(parent) = component.parent {
            self.data("n_parent", format!("{system}c{parent}"))?;
        }
        self.long("n_busy_ns", component.busy_ns)?;
        self.data("n_busy_share", component.busy_share)?;
        if let Some(share) = component.scheduled_share {
            self.data("n_scheduled_share", share)?;
        }
        self.long("n_polls", component.polls)?;
        self.data("n_restarts", component.restarts)?;
        if let Some(many) = component.many {
            self.long("n_begun", many.begun)?;
            self.data("n_open", many.open)?;
            self.data("n_begun_per_second", many.begun_per_second)?;
        }
        if let Some(place) = component.place {
            self.data("n_x", place.x)?;
            self.data("n_y", place.y)?;
            self.data("n_radius", place.radius)?;
            self.data("n_pinned", place.pinned)?;
        }
        Ok(())
    }

    fn port(&mut self, postbox: &Postbox) -> io::Result<()> {
        writeln!(self.out, "<port name=\"b{}\">", postbox.id)?;
        self.words("p_name", &postbox.name)?;
        self.data("p_kind", postbox.kind)?;
        self.words("p_message_type", &postbox.message_type)?;
        self.words("p_description", &postbox.description)?;
        if let Some(capacity) = postbox.capacity {
            self.data("p_capacity", capacity)?;
        }
        self.data("p_depth", postbox.depth)?;
        self.data("p_high_water", postbox.high_water)?;
        self.long("p_messages", postbox.messages)?;
        self.data("p_messages_per_second", postbox.messages_per_second)?;
        self.long("p_dropped", postbox.dropped)?;
        self.long("p_blocked_ns", postbox.blocked_ns)?;
        self.data("p_blocked_share", postbox.blocked_share)?;
        self.data("p_waiting", postbox.waiting)?;
        writeln!(self.out, "</port>")
    }

    /// Those whose ends are there.
    fn edges(&mut self, system: &System) -> io::Result<()> {
        let id = format!("s{}", system.summary.id);
        let components: HashSet<u64> = system.components.iter().map(|component| component.id).collect();
        let boxes: HashMap<u64, &Postbox> = system.postboxes.iter().map(|postbox| (postbox.id, postbox)).collect();
        for linkage in &system.linkages {
            let (Some(source), Some(sink)) = (boxes.get(&linkage.source), boxes.get(&linkage.sink)) else { continue };
            if !components.contains(&source.owner) || !components.contains(&sink.owner) {
                continue;
            }
            writeln!(
                self.out,
                "<edge id=\"{id}l{}\" source=\"{id}c{}\" target=\"{id}c{}\" sourceport=\"b{}\" targetport=\"b{}\">",
                linkage.id, source.owner, sink.owner, source.id, sink.id
            )?;
            self.data("e_kind", linkage.kind)?;
            self.words("e_source_box", &source.name)?;
            self.words("e_sink_box", &sink.name)?;
            if let Some(messages) = linkage.messages {
                self.long("e_messages", messages)?;
            }
            if let Some(rate) = linkage.messages_per_second {
                self.data("e_messages_per_second", rate)?;
            }
            writeln!(self.out, "</edge>")?;
        }
        for usage in &system.uses {
            if components.contains(&usage.user) && components.contains(&usage.used) {
                writeln!(
                    self.out,
                    "<edge id=\"{id}l{}\" source=\"{id}c{}\" target=\"{id}c{}\">",
                    usage.id, usage.user, usage.used
                )?;
                self.data("e_kind", "use")?;
                writeln!(self.out, "</edge>")?;
            }
        }
        Ok(())
    }
}
