//! How a system stands, and who it is.

use std::fmt;

/// What a system says of itself when it connects. Its texts are cut by whoever received them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Made once per start of the process: proves that a stream which dials again is the same instance.
    pub instance: [u8; 16],
    /// What people call it.
    pub name: String,
    /// Process id on its host.
    pub pid: u32,
    /// Where it runs.
    pub host: String,
    /// The program.
    pub program: String,
    /// Free words of its own.
    pub labels: Vec<(String, String)>,
    /// Nanoseconds since 1970 UTC, read together with `monotonic_ns`.
    pub wall_clock_ns: u64,
    /// Its monotonic clock, which every other time of it is of.
    pub monotonic_ns: u64,
    /// When the instance began, on its monotonic clock.
    pub started_at: u64,
}

/// Who a system is: [`Hello`] without its proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Process id on its host.
    pub pid: u32,
    /// Where it runs.
    pub host: String,
    /// The program.
    pub program: String,
    /// Free words of its own.
    pub labels: Vec<(String, String)>,
    /// Nanoseconds since 1970 UTC, read together with `monotonic_ns`.
    pub wall_clock_ns: u64,
    /// Its monotonic clock, which every other time of it is of.
    pub monotonic_ns: u64,
    /// When the instance began, on its monotonic clock.
    pub started_at: u64,
}

impl Facts {
    /// A time of the system's monotonic clock as nanoseconds since 1970 UTC, by the system's own pair of clocks.
    pub fn wall_clock_at(&self, monotonic_ns: u64) -> u64 {
        if monotonic_ns >= self.monotonic_ns {
            self.wall_clock_ns.saturating_add(monotonic_ns - self.monotonic_ns)
        } else {
            self.wall_clock_ns.saturating_sub(self.monotonic_ns - monotonic_ns)
        }
    }
}

/// How a system stands. Times are of the visualiser's clock, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Connected, heard, and its picture complete.
    Live,
    /// Connected, but the picture may be wrong.
    Stale(Staleness),
    /// Its stream ended without a farewell.
    Lost {
        /// When.
        at_ns: u64,
    },
    /// It said farewell.
    Left {
        /// When.
        at_ns: u64,
        /// In its own words; may be empty.
        reason: String,
    },
}

/// Why the picture of a connected system may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// Its first snapshot since it connected is not complete.
    Incomplete,
    /// It sends everything anew, and has not finished.
    Renewing,
    /// Reports are missing; a fresh snapshot will make it right.
    Gap,
    /// Nothing was heard since then.
    Silent {
        /// When it was last heard.
        since_ns: u64,
    },
}

impl Status {
    /// Whether its stream is open.
    pub fn is_connected(&self) -> bool {
        matches!(self, Status::Live | Status::Stale(_))
    }
}

/// One word.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Live => "live",
            Status::Stale(_) => "stale",
            Status::Lost { .. } => "lost",
            Status::Left { .. } => "left",
        })
    }
}

/// The reason in words.
impl fmt::Display for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Staleness::Incomplete => "waiting for its first complete snapshot",
            Staleness::Renewing => "a fresh snapshot is on its way",
            Staleness::Gap => "reports are missing; waiting for a fresh snapshot",
            Staleness::Silent { .. } => "not heard for a while",
        })
    }
}

/// Why a system is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This many are connected, and that is the limit.
    TooManySystems(usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooManySystems(limit) => {
                write!(f, "{limit} systems are connected, which is the limit")
            }
        }
    }
}

impl std::error::Error for Refusal {}
