//! The last messages that a node has had, for children that come back.

use std::collections::VecDeque;

use super::wire::Data;

/// At most so many messages, in the order of their sequence numbers; there are gaps where the node missed some.
#[derive(Debug)]
pub struct Ring {
    messages: VecDeque<Data>,
    capacity: usize,
}

impl Ring {
    /// Without messages.
    pub fn new(capacity: usize) -> Self {
        Self { messages: VecDeque::new(), capacity }
    }

    /// Keeps a message, which must have a higher number than all before. The oldest falls out when there are too many.
    pub fn push(&mut self, message: Data) {
        if self.messages.len() == self.capacity {
            self.messages.pop_front();
        }
        if self.capacity > 0 {
            self.messages.push_back(message);
        }
    }

    /// All that is kept and has a higher number.
    pub fn after(&self, sequence: u64) -> impl Iterator<Item = &Data> {
        let from = self.messages.partition_point(|message| message.sequence <= sequence);
        self.messages.range(from..)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.messages.clear();
    }
}
