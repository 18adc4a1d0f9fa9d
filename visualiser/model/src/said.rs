//! What programs say in words: lines of their logs, and samples of tapped linkages. The newest are kept, within bounds.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::id::{ComponentId, LinkageId};
use crate::slab::NONE;

/// The most lines kept of one component, and of a system's own.
pub const LINES_PER_COMPONENT: usize = 32;
/// The most lines kept of one system, those of its components included.
pub const LINES_PER_SYSTEM: usize = 4096;
/// The most samples kept of one tapped linkage.
pub const SAMPLES_PER_LINKAGE: usize = 16;
/// The most linkages of one system tapped at a time.
pub const TAPPED_LINKAGES: usize = 64;

/// How grave a line is, from the gravest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Good to know. A level that is not known counts as this.
    #[default]
    Info,
    /// For whoever looks for a fault.
    Debug,
    /// All of it.
    Trace,
}

/// A line of a log, as told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewLine {
    /// Whose; none is the system's as a whole.
    pub component: Option<ComponentId>,
    /// The line.
    pub line: Line,
}

/// A line of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// When it was written, on the system's clock; 0 is not known.
    pub at: u64,
    /// How grave it is.
    pub level: Level,
    /// As the program wrote it; not escaped.
    pub text: String,
    /// Lines that the probe left out since the one before.
    pub skipped: u64,
}

/// What was seen on a tapped linkage, as told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewSample {
    /// Which linkage.
    pub linkage: LinkageId,
    /// What was seen.
    pub sample: Sample,
    /// Why nothing can be seen there; empty where it can.
    pub refusal: String,
}

/// One message seen on a tapped linkage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// When it passed, on the system's clock; 0 is not known.
    pub at: u64,
    /// As the program prints it, cut; not escaped.
    pub text: String,
    /// How long it was before the cut, in bytes.
    pub full_length: u32,
    /// Messages that passed unseen since the one before.
    pub skipped: u64,
}

/// A tapped linkage: what was seen there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tap {
    samples: VecDeque<Sample>,
    refusal: String,
}

impl Tap {
    /// The latest samples, the newest last.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }

    /// Why nothing is seen, in the program's words; empty where nothing stands in the way.
    pub fn refusal(&self) -> &str {
        &self.refusal
    }

    fn bytes(&self) -> usize {
        size_of::<(u32, Tap)>() + self.refusal.len() + self.samples.iter().map(sample_bytes).sum::<usize>()
    }
}

fn sample_bytes(sample: &Sample) -> usize {
    size_of::<Sample>() + sample.text.len()
}

fn line_bytes(line: &Line) -> usize {
    size_of::<(u64, u32, Line)>() + size_of::<u64>() + line.text.len()
}

/// Everything kept of what one system says, by slot of what it is about.
#[derive(Default)]
pub(crate) struct Said {
    /// By number, in order of arrival: who wrote it, and the line.
    lines: BTreeMap<u64, (u32, Line)>,
    next: u64,
    /// By slot of the component; [`NONE`] is the system.
    writers: HashMap<u32, Writer>,
    /// By slot of the linkage.
    taps: BTreeMap<u32, Tap>,
    bytes: usize,
}

/// Whose lines they are.
#[derive(Default)]
struct Writer {
    /// Of its lines, the oldest first.
    numbers: VecDeque<u64>,
    /// How many of its lines are not kept any more.
    gone: u64,
}

impl Said {
    // === impl lines ===

    /// Keeps a line of the component in that slot, or of the system.
    pub(crate) fn write(&mut self, slot: u32, line: Line) {
        self.bytes += line_bytes(&line);
        self.lines.insert(self.next, (slot, line));
        let writer = self.writers.entry(slot).or_default();
        writer.numbers.push_back(self.next);
        self.next += 1;
        if writer.numbers.len() > LINES_PER_COMPONENT {
            self.drop_oldest_of(slot);
        }
        if self.lines.len() > LINES_PER_SYSTEM
            && let Some((_, &(oldest, _))) = self.lines.first_key_value()
        {
            self.drop_oldest_of(oldest);
        }
    }

    fn drop_oldest_of(&mut self, slot: u32) {
        let Some(writer) = self.writers.get_mut(&slot) else { return };
        if let Some((_, line)) = writer.numbers.pop_front().and_then(|number| self.lines.remove(&number)) {
            writer.gone += 1;
            self.bytes -= line_bytes(&line);
        }
    }

    /// The lines of one, the newest last.
    pub(crate) fn lines(&self, slot: u32) -> impl DoubleEndedIterator<Item = &Line> {
        let numbers = self.writers.get(&slot).into_iter().flat_map(|writer| writer.numbers.iter());
        numbers.filter_map(|number| self.lines.get(number).map(|(_, line)| line))
    }

    /// How many lines of one are not kept any more.
    pub(crate) fn lines_gone(&self, slot: u32) -> u64 {
        self.writers.get(&slot).map_or(0, |writer| writer.gone)
    }

    /// The component has gone, and its lines with it.
    pub(crate) fn forget_writer(&mut self, slot: u32) {
        if self.writers.is_empty() {
            return;
        }
        for number in self.writers.remove(&slot).unwrap_or_default().numbers {
            if let Some((_, line)) = self.lines.remove(&number) {
                self.bytes -= line_bytes(&line);
            }
        }
    }

    // === impl taps ===

    /// Begins or ends to keep what is seen on a linkage. False where that would be one too many.
    pub(crate) fn tap(&mut self, slot: u32, on: bool) -> bool {
        match (on, self.taps.contains_key(&slot)) {
            (true, false) if self.taps.len() >= TAPPED_LINKAGES => return false,
            (true, false) => {
                let tap = Tap::default();
                self.bytes += tap.bytes();
                self.taps.insert(slot, tap);
            }
            (false, true) => self.untap(slot),
            _ => {}
        }
        true
    }

    /// The linkage has gone, or nobody wants to see it any more.
    pub(crate) fn untap(&mut self, slot: u32) {
        if let Some(tap) = self.taps.remove(&slot) {
            self.bytes -= tap.bytes();
        }
    }

    pub(crate) fn untap_all(&mut self) {
        for tap in std::mem::take(&mut self.taps).values() {
            self.bytes -= tap.bytes();
        }
    }

    /// Keeps a sample, if its linkage is tapped: what was on its way when a tap ended is no news.
    pub(crate) fn sample(&mut self, slot: u32, sample: Sample, refusal: String) -> bool {
        let Some(tap) = self.taps.get_mut(&slot) else { return false };
        self.bytes -= tap.bytes();
        if refusal.is_empty() {
            tap.samples.push_back(sample);
        }
        tap.refusal = refusal;
        if tap.samples.len() > SAMPLES_PER_LINKAGE {
            tap.samples.pop_front();
        }
        self.bytes += tap.bytes();
        true
    }

    pub(crate) fn tap_of(&self, slot: u32) -> Option<&Tap> {
        self.taps.get(&slot)
    }

    /// The slots of the tapped linkages.
    pub(crate) fn tapped(&self) -> impl Iterator<Item = u32> {
        self.taps.keys().copied()
    }

    /// An estimate of what all this takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// What must hold whatever was told: bounds are kept, nothing hangs on what is gone, and the estimate is the sum.
    #[cfg(test)]
    pub(crate) fn assert_invariants(&self, is_component: impl Fn(u32) -> bool, is_linkage: impl Fn(u32) -> bool) {
        assert!(self.lines.len() <= LINES_PER_SYSTEM && self.taps.len() <= TAPPED_LINKAGES);
        assert!(self.writers.values().all(|writer| writer.numbers.len() <= LINES_PER_COMPONENT));
        assert!(self.writers.keys().all(|slot| *slot == NONE || is_component(*slot)));
        assert!(self.taps.keys().all(|slot| is_linkage(*slot)));
        let numbers: usize = self.writers.values().map(|writer| writer.numbers.len()).sum();
        assert_eq!(numbers, self.lines.len());
        let lines: usize = self.lines.values().map(|(_, line)| line_bytes(line)).sum();
        assert_eq!(self.bytes, lines + self.taps.values().map(Tap::bytes).sum::<usize>());
    }
}

/// The system itself, as a writer.
pub(crate) const SYSTEM: u32 = NONE;

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { text: text.to_owned(), ..Line::default() }
    }

    #[test]
    fn the_newest_lines_of_each_are_kept_and_the_rest_counted() {
        let mut said = Said::default();
        for number in 0..40 {
            said.write(7, line(&number.to_string()));
        }
        said.write(SYSTEM, line("of all"));
        let texts: Vec<&str> = said.lines(7).map(|line| &*line.text).collect();
        assert_eq!((texts.len(), texts[0], texts[31]), (32, "8", "39"));
        assert_eq!((said.lines_gone(7), said.lines_gone(SYSTEM)), (8, 0));
        said.forget_writer(7);
        assert_eq!((said.lines(7).count(), said.lines(SYSTEM).count()), (0, 1));
        said.assert_invariants(|_| false, |_| false);
    }

    #[test]
    fn the_oldest_line_of_all_goes_when_a_system_has_too_many() {
        let mut said = Said::default();
        for number in 0..LINES_PER_SYSTEM as u32 + 10 {
            said.write(number / 8, line("x"));
        }
        assert_eq!((said.lines(0).count(), said.lines_gone(0)), (0, 8));
        assert_eq!((said.lines(1).count(), said.lines_gone(1)), (6, 2));
        said.assert_invariants(|_| true, |_| false);
    }

    #[test]
    fn only_tapped_linkages_keep_samples_and_only_the_newest() {
        let mut said = Said::default();
        assert!(!said.sample(3, Sample::default(), String::new()));
        assert!(said.tap(3, true));
        for number in 0..20u32 {
            let sample = Sample { full_length: number, ..Sample::default() };
            assert!(said.sample(3, sample, String::new()));
        }
        let kept: Vec<u32> = said.tap_of(3).into_iter().flat_map(Tap::samples).map(|s| s.full_length).collect();
        assert_eq!((kept.len(), kept[0], kept[15]), (16, 4, 19));
        said.sample(3, Sample::default(), "not allowed".to_owned());
        assert_eq!(said.tap_of(3).map(|tap| (tap.refusal(), tap.samples().len())), Some(("not allowed", 16)));
        said.assert_invariants(|_| false, |_| true);
        assert!(said.tap(3, false));
        assert_eq!((said.tap_of(3), said.bytes()), (None, 0));
    }

    #[test]
    fn taps_are_bounded() {
        let mut said = Said::default();
        assert!((0..TAPPED_LINKAGES as u32).all(|slot| said.tap(slot, true)));
        assert!(!said.tap(1000, true));
        assert!(said.tap(5, true), "one that is tapped already stays so");
        said.untap_all();
        assert_eq!(said.bytes(), 0);
    }
}
