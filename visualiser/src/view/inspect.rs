//! What is known of what is selected, as plain rows: a panel shows them, and a person copies them as text.

mod component;
mod parts;
mod postbox;
mod system;

use axonscope_model::{Level, LinkageId, Model};
use axonscope_session::{Session, Subject, Trace};

use super::chosen::Selected;
use super::picture::Trouble;

/// All that is shown of one thing, read in one go.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    /// Where it is and what it is.
    pub(crate) path: String,
    pub(crate) rows: Vec<Row>,
}

/// A row, as it is read from top to bottom.
pub(crate) enum Row {
    /// The heading of what follows.
    Section(String),
    /// A sentence.
    Words { words: String, trouble: Trouble },
    /// A sentence that must be seen.
    Banner { words: String, evidence: String, trouble: Trouble },
    /// A name and its figure.
    Figure { name: String, figure: String, trouble: Trouble },
    /// A name, and a line of the last two minutes.
    Spark { name: String, trace: Trace, of: Of, trouble: Trouble },
    /// A box: clicked, it is selected.
    Postbox(Box<PostboxRow>),
    /// Something else to go to, and a figure.
    Link { name: String, to: Selected, figure: String, tap: Option<(LinkageId, bool)> },
    /// Something small below what is above it.
    Aside(String),
    /// A message that was seen on a tapped linkage.
    Sample { text: String, cut: Option<String> },
    /// A line of a log.
    Line { at: String, level: Level, text: String },
}

/// A box in a row.
pub(crate) struct PostboxRow {
    pub(crate) name: String,
    pub(crate) to: Selected,
    pub(crate) is_inbox: bool,
    pub(crate) trouble: Trouble,
    /// How much waits, or whether it is linked.
    pub(crate) held: String,
    pub(crate) rate: String,
    pub(crate) is_quiet: bool,
    pub(crate) trace: Option<(Trace, Of)>,
    pub(crate) told: String,
}

/// Which of the two figures of a trace a line is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Of {
    Rate,
    Share,
}

impl Sheet {
    /// What is known now; none where it does not exist any more.
    pub(crate) fn read(session: &Session, model: &Model, chosen: Selected) -> Option<Self> {
        let system = model.system(chosen.system())?;
        let past = |subject: Subject| session.past(system.id(), subject);
        match chosen {
            Selected::System(_) => Some(system::sheet(system, past)),
            Selected::Component((_, id)) => Some(component::sheet(system.component(id)?, past)),
            Selected::Postbox(_, id) => Some(postbox::sheet(system.postbox(id)?, past)),
            Selected::Linkage(_, id) => Some(postbox::linkage_sheet(system.linkage(id)?, past)),
        }
    }

    fn section(&mut self, heading: impl Into<String>) {
        self.rows.push(Row::Section(heading.into()));
    }

    fn figure(&mut self, name: &str, figure: impl Into<String>) {
        let (name, figure) = (name.to_owned(), figure.into());
        self.rows.push(Row::Figure { name, figure, trouble: Trouble::None });
    }

    fn words(&mut self, words: impl Into<String>) {
        self.rows.push(Row::Words { words: words.into(), trouble: Trouble::None });
    }

    /// For a person's clipboard: a line for each row.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n{}\n", self.title, self.path);
        for row in &self.rows {
            text += &row.text();
        }
        text
    }
}

impl Row {
    fn text(&self) -> String {
        match self {
            Self::Section(heading) => format!("\n{}\n", heading.to_uppercase()),
            Self::Words { words, .. } => format!("{words}\n"),
            Self::Banner { words, evidence, .. } if evidence.is_empty() => format!("{words}\n"),
            Self::Banner { words, evidence, .. } => format!("{words}\n{evidence}\n"),
            Self::Figure { name, figure, .. } => format!("{name}: {figure}\n"),
            Self::Spark { .. } => String::new(),
            Self::Postbox(row) if row.rate.is_empty() => format!("{}: {}\n", row.name, row.held),
            Self::Postbox(row) => format!("{}: {}, {}\n", row.name, row.held, row.rate),
            Self::Link { name, figure, .. } if figure.is_empty() => format!("{name}\n"),
            Self::Link { name, figure, .. } => format!("{name}: {figure}\n"),
            Self::Aside(words) => format!("  {words}\n"),
            Self::Sample { text, cut } => format!("  {text}{}\n", cut.as_deref().unwrap_or_default()),
            Self::Line { at, level, text } => format!("{at} {} {text}\n", parts::word(*level)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_reads_as_plain_text() {
        let mut sheet = Sheet { title: "logger".into(), path: "chat / logger".into(), ..Sheet::default() };
        sheet.section("Activity");
        sheet.figure("busy", "98 %");
        sheet.rows.push(Row::Line { at: "12:04:11".into(), level: Level::Warn, text: "slow".into() });
        assert_eq!(sheet.text(), "logger\nchat / logger\n\nACTIVITY\nbusy: 98 %\n12:04:11 WARN slow\n");
    }
}
