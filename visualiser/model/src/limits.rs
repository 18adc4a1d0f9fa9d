//! How much the model keeps before it refuses more.

/// Bounds of a [`Model`](crate::Model). What is over one is left out, counted and shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Components of one system.
    pub components: usize,
    /// Postboxes of one system.
    pub postboxes: usize,
    /// Linkages of one system.
    pub linkages: usize,
    /// Systems connected at a time.
    pub systems: usize,
    /// Systems kept after they left, all names together.
    pub departed: usize,
    /// What all systems together may take, by the model's own estimate.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            components: 1_000_000,
            postboxes: 8_000_000,
            linkages: 8_000_000,
            systems: 64,
            departed: 16,
            bytes: 4 << 30,
        }
    }
}
