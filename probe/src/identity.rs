//! Who speaks: what stays the same for as long as one probe lives, however often it dials.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use axonscope_proto::limits::LABELS;
use axonscope_proto::v1::Report;
use axonscope_runtime::clock_ns;

use crate::to_proto;

/// What every Hello of this probe says.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) instance_id: [u8; 16],
    pub(crate) pid: u32,
    pub(crate) host: String,
    pub(crate) program: String,
    pub(crate) labels: BTreeMap<String, String>,
    /// Of the runtime's clock.
    pub(crate) started_at: u64,
}

impl Identity {
    /// A new instance, which began now. Labels past the wire's limit are left out.
    pub(crate) fn new(name: String, labels: BTreeMap<String, String>) -> Self {
        Self {
            name,
            instance_id: random_id(),
            pid: std::process::id(),
            host: host(),
            program: program(),
            labels: labels.into_iter().take(LABELS).collect(),
            started_at: clock_ns(),
        }
    }

    /// The first Report of a stream, with both clocks read together.
    pub(crate) fn hello(&self) -> Report {
        let monotonic_ns = clock_ns();
        let wall_clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall_clock_ns = u64::try_from(wall_clock.as_nanos()).unwrap_or(u64::MAX);
        Report {
            seq: 1,
            captured_at: monotonic_ns,
            lost: 0,
            refused: 0,
            content: Some(to_proto::hello(self, wall_clock_ns, monotonic_ns)),
        }
    }
}

/// The program's file name without its extension; empty when the platform does not say.
pub(crate) fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn host() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_kernel.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.unwrap_or_default().trim().to_owned()
}

/// 128 random bits. The standard library keys its hashers from the operating system's randomness, which serves here
/// without a further dependency.
fn random_id() -> [u8; 16] {
    let half = |salt: u8| RandomState::new().hash_one((salt, std::process::id(), SystemTime::now())).to_le_bytes();
    let mut id = [0; 16];
    id[..8].copy_from_slice(&half(1));
    id[8..].copy_from_slice(&half(2));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_instances_never_share_an_id() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn labels_past_the_limit_are_left_out() {
        let labels = (0..LABELS + 5).map(|n| (format!("key {n}"), String::new())).collect();
        assert_eq!(Identity::new("x".into(), labels).labels.len(), LABELS);
    }
}
