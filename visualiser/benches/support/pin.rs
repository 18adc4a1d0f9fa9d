//! Binds threads to processors. Threads and processes inherit the binding of whoever creates them.

use std::path::Path;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Where what is measured runs.
pub(crate) const MEASURED: usize = 0;
/// Where those who watch it run.
pub(crate) const WATCHING: usize = 1;

/// Binds this thread to `cpu`; says so when it cannot.
pub(crate) fn here(cpu: usize) {
    let mut wanted = CpuSet::new();
    let bound = wanted.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &wanted));
    let holds = bound.and_then(|()| sched_getaffinity(Pid::from_raw(0)));
    if holds != Ok(wanted) {
        eprintln!("bench: WARNING: a thread could not be bound to processor {cpu}; take no bar from this run");
    }
}

/// Does `work` on `cpu`, and so binds whatever `work` starts; returns to where this thread was.
pub(crate) fn over_there<R>(cpu: usize, work: impl FnOnce() -> R) -> R {
    let before = sched_getaffinity(Pid::from_raw(0));
    here(cpu);
    let result = work();
    if before.and_then(|before| sched_setaffinity(Pid::from_raw(0), &before)).is_err() {
        eprintln!("bench: WARNING: a thread could not be bound to where it was");
    }
    result
}

/// Says so unless every thread of process `pid` whose name begins with `name` is bound to `cpu` alone.
pub(crate) fn check(pid: u32, name: &str, cpu: usize) {
    let mut found = false;
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks.map(|task| task.path()).filter(|task| read(task, "comm").starts_with(name)) {
        found = true;
        let status = read(&task, "status");
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or("unknown").trim();
        if list != cpu.to_string() {
            let thread = read(&task, "comm");
            eprintln!("bench: WARNING: thread {} may run on {list}, not only on {cpu}", thread.trim());
        }
    }
    if !found {
        eprintln!("bench: WARNING: no thread {name:?} of process {pid} can be found to see where it runs");
    }
}

fn read(task: &Path, file: &str) -> String {
    std::fs::read_to_string(task.join(file)).unwrap_or_default()
}
