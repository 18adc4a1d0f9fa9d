//! The JSON picture, format `axonscope-1`: the structs below are its whole definition.
//!
//! Rules that hold for every field: all fields are always present; `null` means "not known" or "does not apply";
//! ids are unique within their system only, because programs make them; totals run since the program began; rates are
//! per second over the last second or so, by the program's own clock; strings are what the program said, byte for byte.
//! Fields are only added under one format name; whoever removes or changes one counts the name up.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use axonscope_model::display::escape;
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

/// The name of the format, the first field of every document.
pub const FORMAT: &str = "axonscope-1";

/// Everything a visualiser knows at one instant: `S` is [`System`], or [`Summary`] in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document<S = System> {
    /// [`FORMAT`].
    pub format: &'static str,
    /// When this was read, RFC 3339 in UTC, by the clock of whoever read it.
    pub instant: String,
    /// In order of first appearance, those that left included.
    pub systems: Vec<S>,
}

impl<S> Document<S> {
    /// `systems` as they are known now.
    pub fn now(systems: Vec<S>) -> Self {
        // Milliseconds are as true as it gets after the way here.
        let instant = jiff::Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_else(|_| jiff::Timestamp::now());
        Self { format: FORMAT, instant: instant.to_string(), systems }
    }
}

/// One observed program, in the fields of [`Summary`] and these.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct System {
    /// Who it is and how it does.
    #[serde(flatten)]
    pub summary: Summary,
    /// What its hull encloses; `null` while nothing of it is placed.
    pub extent: Option<Extent>,
    /// Parents before their children.
    pub components: Vec<Component>,
    /// Inboxes and outboxes of all components.
    pub postboxes: Vec<Postbox>,
    /// Joins between postboxes.
    pub linkages: Vec<Linkage>,
    /// Which component uses which.
    pub uses: Vec<Use>,
}

/// One observed program without what is inside it; `axonscope ls --format json` lists these in `systems`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Made by the visualiser; lives as long as the visualiser keeps the system.
    pub id: u64,
    /// What people call it. Two systems may have the same name.
    pub name: String,
    /// Tells systems of one name apart: 1 for the first instance this visualiser saw, then 2, 3 …
    pub ordinal: u32,
    /// Its process.
    pub pid: u32,
    /// The machine it runs on, as the program names it.
    pub host: String,
    /// The program's own name.
    pub program: String,
    /// Free words of the program's own.
    pub labels: BTreeMap<String, String>,
    /// "live", "stale" (not complete, or silent for a while), "lost" (ended without a word) or "left" (said goodbye).
    pub status: &'static str,
    /// Why it is not live, in words; empty while live.
    pub status_detail: String,
    /// Milliseconds since it was last heard.
    pub silent_ms: u64,
    /// Milliseconds from its start until it was last heard.
    pub uptime_ms: u64,
    /// How many components it has.
    pub component_count: u64,
    /// How many postboxes they have.
    pub postbox_count: u64,
    /// How many linkages join those.
    pub linkage_count: u64,
    /// Messages delivered by all its outboxes, a second.
    pub messages_per_second: f64,
    /// Structural events lost at the probe and made good by a snapshot since: a running total.
    pub lost: u64,
    /// Things told that did not fit what was known.
    pub anomalies: u64,
    /// Things left out at a limit, here or at the probe.
    pub refused: u64,
}

impl Summary {
    /// Its name, with the ordinal where there is more than one.
    pub fn title(&self) -> String {
        match self.ordinal {
            0 | 1 => self.name.clone(),
            ordinal => format!("{} {ordinal}", self.name),
        }
    }
}

/// A rectangle in world units: pixels at zoom 1, x to the right, y up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Extent {
    /// Left edge.
    pub min_x: f32,
    /// Lower edge.
    pub min_y: f32,
    /// Right edge.
    pub max_x: f32,
    /// Upper edge.
    pub max_y: f32,
}

/// A unit with its own task and named postboxes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Component {
    /// Unique within its system.
    pub id: u64,
    /// The composite it lives in; `null` at the top.
    pub parent: Option<u64>,
    /// May be empty; need not be unique.
    pub name: String,
    /// What kind of component it is; may be empty.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// "starting", "running", "finished" or "failed".
    pub state: &'static str,
    /// For "failed": what happened and where. Else empty.
    pub state_detail: String,
    /// Free words of the program's own.
    pub labels: BTreeMap<String, String>,
    /// Total nanoseconds its task spent running, in polls that ended.
    pub busy_ns: u64,
    /// Total polls that ended.
    pub polls: u64,
    /// How often it was started again after it had failed.
    pub restarts: u32,
    /// The share of time its task spent running lately, 0 to 1.
    pub busy_share: f64,
    /// The share of time its task was ready and did not run lately, 0 to 1; `null` where nobody measures it.
    pub scheduled_share: Option<f64>,
    /// What it stands for, if that is many short things of one kind; `null` where it stands for itself.
    pub many: Option<Many>,
    /// Where the window draws it; `null` while it is not placed.
    pub place: Option<Place>,
}

/// Many short things of one kind, such as the requests of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Many {
    /// Total of those that have begun.
    pub begun: u64,
    /// Those that are open now.
    pub open: u32,
    /// Rate of `begun`.
    pub begun_per_second: f64,
}

/// Where a component is drawn, in world units as in [`Extent`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// 0 while the picture is flat.
    pub z: f32,
    /// Of its disc, or of the ring around an open composite.
    pub radius: f32,
    /// Put there by a person.
    pub pinned: bool,
}

/// An inbox or an outbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Postbox {
    /// Unique within its system.
    pub id: u64,
    /// The component that has it.
    pub owner: u64,
    /// Unique within its component and kind.
    pub name: String,
    /// "inbox" or "outbox".
    pub kind: &'static str,
    /// The type of its messages as the program names it; may be empty.
    pub message_type: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How many messages an inbox holds before senders wait; `null` is not bounded or not known.
    pub capacity: Option<u32>,
    /// Messages that wait now.
    pub depth: u32,
    /// The largest depth there has been.
    pub high_water: u32,
    /// Total. Inbox: messages taken out by the component. Outbox: messages delivered.
    pub messages: u64,
    /// Total of messages thrown away here.
    pub dropped: u64,
    /// Outbox: total nanoseconds spent waiting for room, in waits that ended.
    pub blocked_ns: u64,
    /// Inbox: its component waits here for a message, and none has come.
    pub waiting: bool,
    /// Rate of `messages`.
    pub messages_per_second: f64,
    /// The share of time an outbox spent waiting for room lately, 0 to 1.
    pub blocked_share: f64,
}

/// A directed join of two postboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Linkage {
    /// Unique within its system.
    pub id: u64,
    /// The postbox messages come from.
    pub source: u64,
    /// The postbox they go to.
    pub sink: u64,
    /// "direct" (outbox to inbox), "inward" (a composite's inbox to a child's inbox) or "outward" (a child's outbox to
    /// its composite's outbox).
    pub kind: &'static str,
    /// Total of messages that passed; `null` where the program counts by outbox only and several linkages leave it.
    pub messages: Option<u64>,
    /// Rate of `messages`.
    pub messages_per_second: Option<f64>,
}

/// One component uses another, as a task uses a mutex. Nothing flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Use {
    /// Unique within its system, linkages included.
    pub id: u64,
    /// The component that uses.
    pub user: u64,
    /// The component that is used.
    pub used: u64,
}

/// Writes `document`, indented, with one newline at the end.
///
/// Characters that could steer a terminal or turn reading direction are written as `\uXXXX`: the same strings to every
/// JSON reader, and harmless where somebody prints the file.
///
/// # Errors
/// Whatever `out` returns.
pub fn write<S: Serialize>(document: &Document<S>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Harmless::default());
    document.serialize(&mut serializer)?;
    io::Write::write_all(&mut out, b"\n")?;
    io::Write::flush(&mut out)
}

/// Pretty JSON in which no character can steer a terminal.
#[derive(Default)]
struct Harmless {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, c) in fragment.char_indices() {
            if is_harmful(c) {
                out.write_all(&fragment.as_bytes()[plain_from..at])?;
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
                plain_from = at + c.len_utf8();
            }
        }
        out.write_all(&fragment.as_bytes()[plain_from..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        self.pretty.write_char_escape(out, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_array(out)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array(out)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(out)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}

/// What a terminal would not show as it is.
fn is_harmful(c: char) -> bool {
    !c.is_ascii() && matches!(escape(c.encode_utf8(&mut [0; 4])), Cow::Owned(_)) || c == '\u{7f}'
}
