//! Lays out an edge list from nothing and says how long it took.
#![allow(missing_docs, clippy::unwrap_used)]
use axonscope_layout::{Body, LayoutRequest, Simulation, Spring};
use std::time::Instant;
fn main() {
    let threads: usize = std::env::var("THREADS").map_or(1, |t| t.parse().unwrap());
    if threads > 1 { rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run) } else { run() }
}
fn run() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut lines = text.lines();
    let count: usize = lines.next().unwrap().split(' ').next().unwrap().parse().unwrap();
    let half: f32 = args.get(3).map_or(8.0, |half| half.parse().unwrap());
    let flows = args.get(4).is_some();
    let bodies =
        (0..count).map(|key| Body { key: key as u64, parent: None, half_size: [half; 2], pin: None }).collect();
    let springs = lines
        .map(|line| {
            let (a, b) = line.split_once(' ').unwrap();
            Spring { source: a.parse().unwrap(), sink: b.parse().unwrap(), weight: 1.0, flows }
        })
        .collect();
    let request = LayoutRequest { bodies, springs };
    let began = Instant::now();
    let mut simulation: Simulation = Simulation::with_laws(
        std::env::var("SEED").map_or(1, |t| t.parse().unwrap()),
        { let mut laws = axonscope_layout::Laws::default();
        let e = |n: &str, d: f32| std::env::var(n).map_or(d, |t| t.parse().unwrap());
        laws.hub_room = e("HUB", laws.hub_room); laws.charge = e("CHARGE", laws.charge); laws.charge_limit = e("LIMIT", laws.charge_limit); laws.tepid = e("TEPID", laws.tepid); laws.setting = e("SETTING", laws.setting); laws.cooling = e("COOL", laws.cooling); laws.theta = e("THETA", laws.theta); laws },
    );
    simulation.set_request(&request);
    let first = began.elapsed();
    let mut ticks = 0;
    while simulation.at_rest() == false && ticks < std::env::var("TICKS").map_or(3000, |t| t.parse().unwrap()) {
        simulation.tick();
        ticks += 1;
    }
    let all = began.elapsed();
    println!(
        "{} {count}: set_request {:.3} s, {ticks} ticks, {:.3} s, {:.3} ms a tick",
        args[1],
        first.as_secs_f64(),
        all.as_secs_f64(),
        (all - first).as_secs_f64() * 1e3 / f64::from(ticks.max(1))
    );
    if let Some(out) = args.get(2).filter(|out| *out != "-") {
        let at = &simulation.layout().positions;
        let text: String = at.iter().enumerate().map(|(i, at)| format!("{i} {} {}\n", at[0], at[1])).collect();
        std::fs::write(out, text).unwrap();
    }
}
