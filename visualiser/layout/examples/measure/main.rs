//! Tick times.
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
    let bodies: Vec<Body> =
        (0..count).map(|key| Body { key: key as u64, parent: None, half_size: [8.0; 2], pin: None }).collect();
    let springs: Vec<Spring> = lines
        .map(|line| {
            let (a, b) = line.split_once(' ').unwrap();
            Spring { source: a.parse().unwrap(), sink: b.parse().unwrap(), weight: 1.0, flows: false }
        })
        .collect();
    let mut simulation: Simulation = Simulation::new(1);
    let began = Instant::now();
    if args[2] == "cold" {
        simulation.set_request(&LayoutRequest { bodies, springs });
    } else {
        simulation.set_request(&LayoutRequest { bodies: bodies.clone(), springs: vec![] });
        let mut seed = 99u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as f64 / f64::from(1u32 << 31)
        };
        let side = (count as f64).sqrt() * 30.0;
        let places: Vec<[f32; 3]> = (0..count).map(|_| [(next() * side) as f32, (next() * side) as f32, 0.0]).collect();

        // keep the cold start out: one tick with pins
        let pinned: Vec<Body> = bodies.iter().zip(&places).map(|(b, p)| Body { pin: Some(*p), ..*b }).collect();
        simulation = Simulation::new(1);
        simulation.set_request(&LayoutRequest { bodies: pinned, springs: springs.clone() });
        simulation.set_request(&LayoutRequest { bodies, springs });
    }
    let first = began.elapsed();
    let ticks: u32 = args[3].parse().unwrap();
    let mut best = f64::MAX;
    for _ in 0..2 {
        let b = Instant::now();
        for _ in 0..ticks {
            simulation.reheat(1.0);
            simulation.tick();
        }
        best = best.min(b.elapsed().as_secs_f64() / f64::from(ticks));
    }
    println!(
        "{} {}: start {:.2} s, {:.3} ms a tick, {:.1} ns a body",
        args[1],
        args[2],
        first.as_secs_f64(),
        best * 1e3,
        best * 1e9 / count as f64
    );
}
