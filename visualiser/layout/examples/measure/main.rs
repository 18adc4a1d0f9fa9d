//! Lays out an edge list from nothing and says how long it took.
#![allow(missing_docs, clippy::unwrap_used)]
use axonscope_layout::{Body, LayoutRequest, Simulation, Spring};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut lines = text.lines();
    let count: usize = lines.next().unwrap().split(' ').next().unwrap().parse().unwrap();
    let half: f32 = args.get(3).map_or(8.0, |half| half.parse().unwrap());
    let flows = args.get(4).is_some();
    let bodies = (0..count).map(|key| Body { key: key as u64, parent: None, half_size: [half; 2], pin: None }).collect();
    let springs = lines
        .map(|line| {
            let (a, b) = line.split_once(' ').unwrap();
            Spring { source: a.parse().unwrap(), sink: b.parse().unwrap(), weight: 1.0, flows }
        })
        .collect();
    let request = LayoutRequest { bodies, springs };
    let began = Instant::now();
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(&request);
    let first = began.elapsed();
    let mut ticks = 0;
    while simulation.tick() && ticks < 3000 {
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
