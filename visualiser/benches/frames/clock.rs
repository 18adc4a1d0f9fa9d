//! Processor time by whose thread it was: the one that makes frames, all of ours, the software renderer's.

use std::time::Duration;

use anyhow::{Context, Result};

#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// By the thread that makes the frames.
    pub(crate) main: Duration,
    /// By that and the others that read, build and prepare; not by the session's and those that play the program.
    pub(crate) ours: Duration,
    pub(crate) renderer: Duration,
    /// By all there are, the session's included.
    pub(crate) all: Duration,
}

impl Spent {
    /// So far, by the threads that live.
    pub(crate) fn now() -> Result<Self> {
        let mut spent = Self::default();
        let own = std::process::id().to_string();
        for task in std::fs::read_dir("/proc/self/task").context("no /proc: this needs Linux")? {
            let task = task?;
            // A thread may end while it is asked.
            let read = |file: &str| std::fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let (name, stat) = (read("comm"), read("schedstat"));
            let on_cpu = Duration::from_nanos(stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0));
            let name = name.trim();
            spent.all += on_cpu;
            if name.starts_with("llvmpipe") || name.starts_with("vk") || name.ends_with(":disk$0") {
                spent.renderer += on_cpu;
            } else if name != "traffic" && !name.starts_with("axonscope-") {
                spent.ours += on_cpu;
            }
            if task.file_name().to_string_lossy() == own {
                spent.main += on_cpu;
            }
        }
        Ok(spent)
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            main: self.main.saturating_sub(before.main),
            ours: self.ours.saturating_sub(before.ours),
            renderer: self.renderer.saturating_sub(before.renderer),
            all: self.all.saturating_sub(before.all),
        }
    }
}
