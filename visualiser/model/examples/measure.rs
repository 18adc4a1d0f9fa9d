//! Measures how fast changes are applied and what a component takes: `cargo run --release -p axonscope-model --example
//! measure`. Each component has four postboxes and two linkages; the memory is what the process has resident, and true
//! only of the first case of a process: `-- 100000 fresh` measures that case alone, with a name of its own for each box.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox,
    PostboxActivity, PostboxId, PostboxKind, SystemId,
};

fn main() {
    let usual = ["1000", "100000", "100000 fresh"].map(str::to_owned);
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let cases = if asked.is_empty() { usual.to_vec() } else { vec![asked.join(" ")] };
    for case in cases {
        let population = case.split(' ').next().and_then(|population| population.parse().ok());
        measure(population.unwrap_or(100_000), case.ends_with("fresh"));
    }
}

fn measure(population: u64, fresh_box_names: bool) {
    let resident_before = resident();
    let mut model = Model::new(Limits::default());
    let Ok(system) = model.connect(Hello { name: "measured".to_owned(), ..Hello::default() }, 0) else { return };
    let mut next = 0;
    let mut alive = VecDeque::new();
    for _ in 0..population {
        add(&mut next, fresh_box_names, &mut alive, &mut |change| apply(&mut model, system, change));
    }
    let idle = resident().saturating_sub(resident_before);
    let estimate = model.bytes();

    // Making the changes costs about as much as applying them: made once more for nothing, and taken off.
    let rounds = 400_000;
    let start = cpu_secs();
    for _ in 0..rounds {
        remove(&mut alive, &mut |change| apply(&mut model, system, change));
        add(&mut next, fresh_box_names, &mut alive, &mut |change| apply(&mut model, system, change));
    }
    let both = cpu_secs() - start;
    let (mut other_next, mut others, mut changes) = (next, alive.clone(), 0);
    let start = cpu_secs();
    for _ in 0..rounds {
        let mut make = |change| {
            black_box(change);
            changes += 1;
        };
        remove(&mut others, &mut make);
        add(&mut other_next, fresh_box_names, &mut others, &mut make);
    }
    let spent = both - (cpu_secs() - start);

    let mut told = 0u64;
    let start = cpu_secs();
    for round in 1..=5_000_000 / (population * 4) {
        for component in &alive {
            for postbox in component * 4..component * 4 + 4 {
                let activity =
                    PostboxActivity { postbox: PostboxId(postbox), messages: round * 10, ..PostboxActivity::default() };
                apply(&mut model, system, Change::PostboxActivity(activity));
                told += 1;
            }
        }
        apply(&mut model, system, Change::Sampled { at: round * 100_000_000 });
    }
    let activity_secs = cpu_secs() - start;
    let busy = resident().saturating_sub(resident_before);

    let start = cpu_secs();
    let snapshot = model.system(system).map_or(0, |system| system.snapshot().map(black_box).count());
    let snapshot_secs = cpu_secs() - start;
    let names = if fresh_box_names { "fresh box names" } else { "four box names" };
    println!("{population} components, {names}:");
    println!("  structure  {:6.0} ns a change ({changes} changes)", spent * 1e9 / f64::from(changes));
    println!("  activity   {:6.0} ns a postbox ({told} told)", activity_secs * 1e9 / told as f64);
    println!("  snapshot   {:6.0} ns a change ({snapshot} changes)", snapshot_secs * 1e9 / snapshot as f64);
    println!(
        "  memory     {} B a component idle (own estimate {}), {} B with every postbox busy (own estimate {})",
        idle / population,
        estimate as u64 / population,
        busy / population,
        model.bytes() as u64 / population,
    );
}

fn apply(model: &mut Model, system: SystemId, change: Change) {
    let applied = model.apply(system, change);
    assert_eq!(applied.anomaly, None);
}

/// Component n has the postboxes 4n to 4n + 3 and the linkages 2n and 2n + 1 from itself to itself and to the one before.
fn add(next: &mut u64, fresh_box_names: bool, alive: &mut VecDeque<u64>, tell: &mut impl FnMut(Change)) {
    *next += 1;
    let n = *next;
    tell(Change::ComponentAdded(NewComponent {
        id: ComponentId(n),
        name: format!("handler {n:09}"),
        type_name: "Handler".to_owned(),
        ..NewComponent::default()
    }));
    let boxes = [PostboxKind::Inbox, PostboxKind::Inbox, PostboxKind::Outbox, PostboxKind::Outbox];
    for ((kind, name), id) in boxes.into_iter().zip(["inbox", "control", "outbox", "signal"]).zip(n * 4..) {
        tell(Change::PostboxAdded(NewPostbox {
            id: PostboxId(id),
            owner: ComponentId(n),
            name: if fresh_box_names { format!("{name} {id:012}") } else { name.to_owned() },
            kind,
            message_type: "chat::Line".to_owned(),
            capacity: 64,
            description: String::new(),
        }));
    }
    let before = alive.back().copied().unwrap_or(n);
    for (id, sink) in [(n * 2, n), (n * 2 + 1, before)] {
        tell(Change::Linked(NewLinkage {
            id: LinkageId(id),
            source: PostboxId(n * 4 + 2),
            sink: PostboxId(sink * 4),
            kind: LinkageKind::Direct,
        }));
    }
    alive.push_back(n);
}

fn remove(alive: &mut VecDeque<u64>, tell: &mut impl FnMut(Change)) {
    let Some(n) = alive.pop_front() else { return };
    tell(Change::Unlinked(LinkageId(n * 2)));
    tell(Change::Unlinked(LinkageId(n * 2 + 1)));
    tell(Change::ComponentRemoved(ComponentId(n)));
}

/// Seconds that this process has been running, on Linux without those in which others ran.
fn cpu_secs() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let schedstat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let on_cpu = schedstat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok());
    on_cpu.map_or_else(|| START.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// Bytes of this process in memory, as Linux tells; 0 elsewhere.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
