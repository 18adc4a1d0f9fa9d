//! Rows that several kinds of things have: boxes, linkages with what passes there, logs, labels.

use axonscope_model::{ComponentRef, Level, Line, LinkageRef, PostboxKind, PostboxRef, Sample, System, display};
use axonscope_session::{Subject, Trace};

use super::super::chosen::Selected;
use super::super::picture::Trouble;
use super::{Of, PostboxRow, Row, Sheet};

/// Linkages and neighbours listed on each side; a hub's others are counted.
pub(super) const ROWS_MAX: usize = 12;
/// As many samples and lines as can be read at a glance; the model keeps a few more.
const SAMPLES_MAX: usize = 8;
const LINES_MAX: usize = 10;
const LINE_CHARS: usize = 240;
const SAMPLE_CHARS: usize = 2048;

/// A name in full: whoever shows it shortens it.
pub(super) fn name(text: &str) -> String {
    display::label(text, 200).into_owned()
}

/// A total and its rate.
pub(super) fn figures(total: u64, rate: f64) -> String {
    format!("{} · {}", display::count(total), display::rate(rate))
}

/// Of a time of the system's clock: how long ago that was.
pub(super) fn ago(system: &System, at: u64) -> String {
    match now(system).saturating_sub(at) {
        ..1_000_000 => "now".to_owned(),
        passed => format!("{} ago", display::duration_ns(passed)),
    }
}

/// The system's clock, as last told.
pub(super) fn now(system: &System) -> u64 {
    system.sampled_at().max(system.facts().monotonic_ns)
}

pub(super) fn key(component: ComponentRef<'_>) -> Selected {
    Selected::Component((component.system().id(), component.id()))
}

pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARN",
        Level::Info => "INFO",
        Level::Debug => "DEBUG",
        Level::Trace => "TRACE",
    }
}

impl Sheet {
    /// Rows of at most so many, and how many more there are.
    pub(super) fn some_of<T>(&mut self, all: &[T], most: usize, mut push: impl FnMut(&mut Self, &T)) {
        all.iter().take(most).for_each(|one| push(self, one));
        if all.len() > most {
            self.rows.push(Row::Aside(format!("and {} more", display::count((all.len() - most) as u64))));
        }
    }

    pub(super) fn postbox(&mut self, postbox: PostboxRef<'_>, past: &impl Fn(Subject) -> Option<Trace>) {
        let trace = past(Subject::Postbox(postbox.id()));
        let is_inbox = postbox.kind() == PostboxKind::Inbox;
        // Of an inbox it matters how full it is, if anything ever waits there.
        let fills = is_inbox && trace.as_ref().is_some_and(|trace| trace.shares.iter().flatten().any(|s| *s > 0.02));
        let of = if fills { Of::Share } else { Of::Rate };
        let is_quiet = !postbox.is_linked() || postbox.is_standard();
        self.rows.push(Row::Postbox(Box::new(PostboxRow {
            name: name(postbox.name()),
            to: Selected::Postbox((postbox.owner().system().id(), postbox.owner().id()), postbox.id()),
            is_inbox,
            trouble: Trouble::of_fill(postbox.fill()),
            held: held(postbox),
            rate: if postbox.is_linked() && !postbox.is_standard() {
                display::rate(postbox.rate())
            } else {
                String::new()
            },
            is_quiet,
            trace: trace.filter(|_| !postbox.is_standard()).map(|trace| (trace, of)),
            told: told(postbox),
        })));
    }

    /// Linkages with their far ends, the busiest first, those that are tapped with what was seen.
    pub(super) fn linkages<'a>(
        &mut self,
        heading: &str,
        linkages: impl Iterator<Item = LinkageRef<'a>>,
        far_end: impl Fn(LinkageRef<'a>) -> PostboxRef<'a>,
    ) {
        let mut linkages: Vec<LinkageRef<'a>> = linkages.collect();
        if linkages.is_empty() {
            return;
        }
        // What somebody chose to see stays in sight however quiet it is.
        let rank = |linkage: &LinkageRef<'a>| linkage.tap().is_none();
        linkages.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.rate().total_cmp(&a.rate())).then(a.id().cmp(&b.id())));
        self.section(heading);
        self.some_of(&linkages, ROWS_MAX, |sheet, &linkage| {
            let far = far_end(linkage).owner();
            let (source, sink) = (name(linkage.source().name()), name(linkage.sink().name()));
            sheet.rows.push(Row::Link {
                name: format!("{} · {source} → {sink}", name(far.name())),
                to: key(far),
                figure: if linkage.is_passthrough() { "passthrough".into() } else { display::rate(linkage.rate()) },
                tap: tap_of(linkage),
            });
            sheet.samples(linkage);
        });
    }

    /// What was seen on a linkage that is tapped, the newest first; what was not shown stands between.
    pub(super) fn samples(&mut self, linkage: LinkageRef<'_>) {
        let Some(tap) = linkage.tap() else { return };
        if !tap.refusal().is_empty() {
            self.rows.push(Row::Aside(format!("nothing to see: {}", display::label(tap.refusal(), 200))));
        } else if tap.samples().len() == 0 {
            self.rows.push(Row::Aside("waiting for a message".into()));
        }
        for sample in tap.samples().rev().take(SAMPLES_MAX) {
            let text = display::label(&sample.text, SAMPLE_CHARS).into_owned();
            self.rows.push(Row::Sample { text, cut: cut(sample) });
            if sample.skipped > 0 {
                self.rows.push(Row::Aside(format!("{} passed between", display::count(sample.skipped))));
            }
        }
    }

    /// Components to go to, with a figure each.
    pub(super) fn components<'a>(
        &mut self,
        heading: &str,
        all: &[ComponentRef<'a>],
        figure: impl Fn(ComponentRef<'a>) -> String,
    ) {
        if all.is_empty() {
            return;
        }
        self.section(heading);
        self.some_of(all, ROWS_MAX, |sheet, &one| {
            sheet.rows.push(Row::Link { name: name(one.name()), to: key(one), figure: figure(one), tap: None });
        });
    }

    /// The newest first.
    pub(super) fn log<'a>(
        &mut self,
        heading: &str,
        system: &System,
        lines: impl DoubleEndedIterator<Item = &'a Line>,
        gone: u64,
    ) {
        let mut lines = lines.rev().peekable();
        if lines.peek().is_none() {
            return;
        }
        self.section(heading);
        for line in lines.by_ref().take(LINES_MAX) {
            let text = display::label(&line.text, LINE_CHARS).into_owned();
            self.rows.push(Row::Line { at: time_of_day(system, line.at), level: line.level, text });
            if line.skipped > 0 {
                self.rows.push(Row::Aside(format!("{} left out", display::count(line.skipped))));
            }
        }
        let earlier = gone + lines.count() as u64;
        if earlier > 0 {
            self.rows.push(Row::Aside(format!("and {} before", display::count(earlier))));
        }
    }

    pub(super) fn labels(&mut self, labels: &[(String, String)]) {
        if labels.is_empty() {
            return;
        }
        self.section("Labels");
        self.some_of(labels, ROWS_MAX * 2, |sheet, (label, value)| {
            sheet.figure(&display::label(label, 60), display::label(value, 200));
        });
    }
}

/// Whether it is tapped, where it may be.
pub(super) fn tap_of(linkage: LinkageRef<'_>) -> Option<(axonscope_model::LinkageId, bool)> {
    let is_here = linkage.source().owner().system().status().is_connected();
    is_here.then(|| (linkage.id(), linkage.tap().is_some()))
}

/// "… 12 KiB": how long it was before the program cut it.
fn cut(sample: &Sample) -> Option<String> {
    let is_cut = sample.full_length as usize > sample.text.len();
    is_cut.then(|| format!("… {}", display::bytes(sample.full_length.into())))
}

/// Depth and capacity of an inbox, messages of an outbox, and what either dropped.
pub(super) fn held(postbox: PostboxRef<'_>) -> String {
    let count = |figure: u32| display::count(figure.into());
    let dropped = if postbox.dropped() > 0 {
        format!(" · {} dropped", display::count(postbox.dropped()))
    } else {
        String::new()
    };
    if !postbox.is_linked() {
        let holds = if postbox.depth() > 0 { format!(" · {} waiting", count(postbox.depth())) } else { String::new() };
        return format!("unlinked{holds}{dropped}");
    }
    let held = match (postbox.kind(), postbox.capacity()) {
        _ if postbox.is_standard() => "linked".to_owned(),
        (PostboxKind::Inbox, 0) => format!("{} waiting", count(postbox.depth())),
        (PostboxKind::Inbox, capacity) => format!("{} / {}", count(postbox.depth()), count(capacity)),
        (PostboxKind::Outbox | PostboxKind::Grip, _) => display::count(postbox.messages()),
    };
    format!("{held}{dropped}")
}

fn told(postbox: PostboxRef<'_>) -> String {
    let carries = if postbox.message_type().is_empty() { "not known" } else { postbox.message_type() };
    let mut told = format!(
        "carries {}\nmost waiting {} · {} messages in all",
        display::label(carries, 80),
        display::count(postbox.high_water().into()),
        display::count(postbox.messages())
    );
    if !postbox.description().is_empty() {
        told += &format!("\n{}", display::label(postbox.description(), 400));
    }
    told
}

/// `12:04:11`, by the clock of whoever looks; of a time of the system's clock.
pub(super) fn time_of_day(system: &System, at: u64) -> String {
    let wall = system.facts().wall_clock_at(at);
    match jiff::Timestamp::from_nanosecond(i128::from(wall)) {
        Ok(instant) if at > 0 && system.facts().wall_clock_ns > 0 => {
            instant.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_cut_says_how_long_it_was() {
        let sample = |full_length| Sample { text: "hello".to_owned(), full_length, ..Sample::default() };
        assert_eq!([0, 5, 12_288].map(|length| cut(&sample(length))), [None, None, Some("… 12 KiB".to_owned())]);
    }
}
