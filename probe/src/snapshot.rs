//! Tells everything that exists, a part at a time, while it goes on changing.
//!
//! Components and postboxes go first and linkages in a second walk, so that no part names a postbox that was not told;
//! a system of one page needs one walk only. Things born meanwhile are left to the ledger.

use std::vec;

use axonscope_proto::v1::Snapshot;
use prost::Message;

use crate::ledger::Ledger;
use crate::source::{Lost, Source};
use crate::to_proto;
use crate::words::{Component, Linkage, Page, Postbox};

/// A Snapshot on its way.
#[derive(Debug)]
pub(crate) struct Walk<C> {
    /// The event the first page was true at; `None` before it was read.
    event_number: Option<u64>,
    round: Round,
    cursor: Option<C>,
    components: vec::IntoIter<Component>,
    postboxes: vec::IntoIter<Postbox>,
    linkages: vec::IntoIter<Linkage>,
    parts: u32,
    part_limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Round {
    Things,
    Linkages,
    /// Every page was read.
    Over,
}

impl<C: Copy> Walk<C> {
    /// Makes parts of about `part_limit` bytes.
    pub(crate) fn new(part_limit: usize) -> Self {
        Self {
            event_number: None,
            round: Round::Things,
            cursor: None,
            components: Vec::new().into_iter(),
            postboxes: Vec::new().into_iter(),
            linkages: Vec::new().into_iter(),
            parts: 0,
            part_limit,
        }
    }

    /// Reads at most one page, and gives the next part if there is one. After the part marked `last` the walk is over.
    pub(crate) fn step(
        &mut self,
        source: &mut impl Source<Cursor = C>,
        ledger: &mut Ledger,
    ) -> Result<Option<Snapshot>, Lost> {
        if self.is_page_told() && self.round != Round::Over {
            if self.event_number.is_none() {
                // Not before there is room for the first part: until then an event costs nothing.
                source.start();
            }
            let (page, next) = source.page(self.cursor);
            self.turn(page, next, source, ledger)?;
        }
        let mut part =
            Snapshot { event_number: self.event_number.unwrap_or(0), part: self.parts, ..Snapshot::default() };
        self.fill(&mut part);
        part.last = self.round == Round::Over && self.is_page_told();
        let is_empty = part.components.is_empty() && part.postboxes.is_empty() && part.linkages.is_empty();
        if is_empty && !part.last {
            return Ok(None);
        }
        self.parts += 1;
        Ok(Some(part))
    }

    /// Takes in a page that `source` gave, and knows what comes next.
    fn turn(
        &mut self,
        mut page: Page,
        next: Option<C>,
        source: &mut impl Source<Cursor = C>,
        ledger: &mut Ledger,
    ) -> Result<(), Lost> {
        let is_first = self.event_number.is_none();
        if is_first {
            ledger.begin(page.event_number);
            self.event_number = Some(page.event_number);
        }
        ledger.begin_catching_up();
        source.drain(ledger)?;
        ledger.leave_out_births(&mut page);
        let is_whole = is_first && next.is_none();
        if self.round == Round::Things {
            self.components = page.components.into_iter();
            self.postboxes = page.postboxes.into_iter();
        }
        if self.round == Round::Linkages || is_whole {
            self.linkages = page.linkages.into_iter();
        }
        self.cursor = next;
        self.round = match self.round {
            _ if is_whole => Round::Over,
            Round::Things if next.is_none() => Round::Linkages,
            Round::Linkages if next.is_none() => Round::Over,
            round => round,
        };
        Ok(())
    }

    fn fill(&mut self, part: &mut Snapshot) {
        let mut bytes = 0;
        while bytes < self.part_limit
            && let Some(component) = self.components.next()
        {
            let component = to_proto::component(component);
            bytes += framed(&component);
            part.components.push(component);
        }
        while bytes < self.part_limit
            && let Some(postbox) = self.postboxes.next()
        {
            let postbox = to_proto::postbox(postbox);
            bytes += framed(&postbox);
            part.postboxes.push(postbox);
        }
        while bytes < self.part_limit
            && let Some(linkage) = self.linkages.next()
        {
            let linkage = to_proto::linkage(linkage);
            bytes += framed(&linkage);
            part.linkages.push(linkage);
        }
    }

    fn is_page_told(&self) -> bool {
        self.components.len() == 0 && self.postboxes.len() == 0 && self.linkages.len() == 0
    }
}

/// What a message takes inside of another, encoded: itself, its tag and its length.
pub(crate) fn framed(message: &impl Message) -> usize {
    message.encoded_len() + 4
}
