//! How exact the repulsion is, and what exactness costs, beside d3-force: at the places of a picture at rest, since there
//! it matters.
//!
//! The error is sqrt(Σ|force − exact|² / Σ|exact|²) over at most [`MOST_SAMPLES`] bodies, evenly picked. Both engines are
//! compared with the sum that each approximates: ours is softened at short distances, d3's hardly is. All bodies have one
//! charge, as they have with d3.

use std::fmt::Write;
use std::fs;

use anyhow::Result;

use crate::engine::{self, Pool, SOFTENING};
use crate::graphs::Kind;
use crate::node::{Errors, Peers};
use crate::support::pairs::median;
use crate::support::{Better, Line, Options};

const PEER: &str = "d3-force";
/// d3-force's default.
const PEER_THETA: f32 = 0.9;
const THETAS: [f32; 10] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2];
const MOST_SAMPLES: usize = 1_000;
const ROUNDS: usize = 5;

/// Runs the part.
pub(crate) fn bench(options: Options) -> Result<()> {
    let peers = Peers::find();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("places.xy");
    for kind in Kind::ALL {
        for n in [1_000, 10_000] {
            let the_table = kind == Kind::Pipelines && n == 10_000;
            if options.quick && !the_table {
                continue;
            }
            let mut simulation = engine::laid_out(&kind.graph(n).request());
            engine::rest(&mut simulation)?;
            let places = engine::places(&simulation);
            let mut text = String::new();
            for (body, [x, y]) in places.iter().enumerate() {
                writeln!(text, "{body} {x} {y}")?;
            }
            fs::write(&file, text)?;
            let theirs = |thetas: &[f32]| peers.as_ref().map(|peers| peers.d3_errors(&file, thetas)).transpose();

            let name = format!("{}-{n}", kind.name());
            let peer = theirs(&[PEER_THETA])?;
            let ours = measure(&places, engine::theta())?;
            print(&name, ours, peer.and_then(|peer| peer.first().copied()))?;
            if the_table {
                let peers = theirs(&THETAS)?;
                for (place, theta) in THETAS.into_iter().enumerate() {
                    let ours = measure(&places, theta)?;
                    let peer = peers.as_ref().and_then(|peers| peers.get(place).copied());
                    print(&format!("{name}-theta-{theta:.1}"), ours, peer)?;
                }
            }
        }
    }
    Ok(())
}

fn print(name: &str, ours: Errors, peer: Option<Errors>) -> Result<()> {
    let figures = [
        ("force_error", "%", ours.error * 100.0, peer.map(|peer| peer.error * 100.0)),
        ("repulsion_ms", "ms", ours.ms, peer.map(|peer| peer.ms)),
    ];
    for (metric, unit, ours, theirs) in figures {
        let line = Line::alone("layout", format!("{metric}@{name}"), ours, unit);
        match theirs {
            Some(theirs) => line.against(PEER, theirs, Better::Less).print()?,
            None => line.print()?,
        }
    }
    Ok(())
}

/// Ours, on one thread.
fn measure(places: &[[f32; 2]], theta: f32) -> Result<Errors> {
    let charges = vec![1.0; places.len()];
    let pool = Pool::new(1)?;
    let mut forces = Vec::new();
    let took = (0..ROUNDS).map(|_| pool.time(|| forces = engine::repulsion(places, &charges, theta)));
    let ms: Vec<f64> = took.map(|took| took.as_secs_f64() * 1e3).collect();
    Ok(Errors { error: error(places, &forces), ms: median(&ms) })
}

fn error(places: &[[f32; 2]], forces: &[[f32; 2]]) -> f64 {
    let samples = places.len().min(MOST_SAMPLES);
    let (mut off, mut all) = (0.0, 0.0);
    for body in (0..samples).map(|sample| sample * places.len() / samples) {
        let exact = exact(places, body);
        for axis in 0..2 {
            off += (f64::from(forces[body][axis]) - exact[axis]).powi(2);
            all += exact[axis].powi(2);
        }
    }
    (off / all).sqrt()
}

/// What the engine's repulsion would be if nothing were far.
fn exact(places: &[[f32; 2]], body: usize) -> [f64; 2] {
    let softening = f64::from(SOFTENING).powi(2);
    places.iter().fold([0.0; 2], |[fx, fy], other| {
        let [x, y] = [0, 1].map(|axis| f64::from(places[body][axis]) - f64::from(other[axis]));
        let push = 1.0 / (x * x + y * y + softening);
        [fx + x * push, fy + y * push]
    })
}
