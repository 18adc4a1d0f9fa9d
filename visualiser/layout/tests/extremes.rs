//! What a simulation promises for graphs that no sane program has, in the plane and in space, on any number of threads.
#![allow(clippy::unwrap_used)]

use axonscope_layout::{Body, Layout, LayoutRequest, Simulation, Spring};

fn body(key: usize, parent: Option<u32>) -> Body {
    Body { key: key as u64, parent, half_size: [40.0, 30.0], pin: None }
}

fn spring((source, sink): (u32, u32)) -> Spring {
    Spring { source, sink, weight: 1.0, flows: true }
}

fn graph(count: usize, pairs: impl IntoIterator<Item = (u32, u32)>) -> LayoutRequest {
    let springs = pairs.into_iter().map(spring).collect();
    LayoutRequest { bodies: (0..count).map(|key| body(key, None)).collect(), springs }
}

/// A tangle with two parts, many of whose bodies hang on few.
fn tangle(count: u32) -> LayoutRequest {
    let to = |i: u32| i.wrapping_mul(2_654_435_761) >> 7;
    let pairs = (2..count).flat_map(|i| [(i - 2 - 2 * (to(i) % (i / 2).clamp(1, 20)).min(i / 2 - 1), i), (i % 2, i)]);
    graph(count as usize, pairs.filter(|(a, b)| a != b && (a % 2 == b % 2)))
}

/// Composites of seven, three deep, all in a row.
fn nested(outer: u32) -> LayoutRequest {
    let mut bodies = Vec::new();
    let mut leaves = Vec::new();
    for _ in 0..outer {
        let top = bodies.len() as u32;
        bodies.push(body(bodies.len(), None));
        for _ in 0..7 {
            let inner = bodies.len() as u32;
            bodies.push(body(bodies.len(), Some(top)));
            for _ in 0..7 {
                leaves.push(bodies.len() as u32);
                bodies.push(body(bodies.len(), Some(inner)));
            }
        }
    }
    LayoutRequest { bodies, springs: leaves.windows(2).map(|pair| spring((pair[0], pair[1]))).collect() }
}

fn is_finite(layout: &Layout) -> bool {
    let numbers = layout.positions.iter().flatten().chain(&layout.radii);
    numbers.chain(&layout.bounds.min).chain(&layout.bounds.max).all(|number| number.is_finite())
}

fn laid_out<const D: usize>(request: &LayoutRequest, ticks: usize) -> Layout {
    let mut simulation = Simulation::<D>::new(3);
    simulation.set_request(request);
    for _ in 0..ticks {
        if !simulation.tick() {
            break;
        }
    }
    assert!(is_finite(simulation.layout()));
    simulation.layout().clone()
}

#[test]
fn any_number_of_threads_gives_the_same_picture_to_the_last_bit() {
    for request in [tangle(3000), nested(20)] {
        let alone = laid_out::<2>(&request, 30);
        for threads in [1, 2, 3, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| laid_out::<2>(&request, 30)) == alone, "{threads} threads");
        }
    }
}

#[test]
fn a_star_of_fifty_thousand_stays_finite_and_round() {
    let request = graph(50_000, (1..50_000).map(|end| (0, end)));
    let layout = laid_out::<2>(&request, 40);
    let [width, height] = [0, 1].map(|axis| layout.bounds.max[axis] - layout.bounds.min[axis]);
    assert!(width > 5000.0 && width < 3.0 * height && height < 3.0 * width, "{width} by {height}");
    laid_out::<3>(&request, 5);
}

#[test]
fn a_million_bodies_that_hang_on_nothing_are_laid_in_rows() {
    let layout = laid_out::<2>(&graph(1_000_000, []), 1);
    let [width, height] = [0, 1].map(|axis| layout.bounds.max[axis] - layout.bounds.min[axis]);
    assert!(width < 4.0 * height && height < 4.0 * width, "{width} by {height}");
}

#[test]
fn bodies_on_one_spot_come_apart_in_the_plane_and_in_space() {
    fn spread<const D: usize>() -> f32 {
        let mut simulation = Simulation::<D>::new(1);
        let request = tangle(2000);
        simulation.set_request(&request);
        simulation.move_to(&vec![[5.0, -7.0, 0.0]; 2000]);
        simulation.reheat(1.0);
        for _ in 0..60 {
            simulation.tick();
        }
        assert!(is_finite(simulation.layout()));
        let bounds = simulation.layout().bounds;
        (0..D).map(|axis| bounds.max[axis] - bounds.min[axis]).fold(f32::MAX, f32::min)
    }
    assert!(spread::<2>() > 1000.0, "{}", spread::<2>());
    assert!(spread::<3>() > 300.0, "{}", spread::<3>());
}

#[test]
fn loops_repeats_and_springs_that_weigh_nothing_do_no_harm() {
    let mut request = graph(900, (1..900).map(|i| (i - 1, i)));
    let more = request.springs.clone();
    request.springs.extend(more.iter().map(|spring| Spring { sink: spring.source, ..*spring }));
    request.springs.extend(more.iter().map(|spring| Spring { weight: 0.0, sink: 899 - spring.sink, ..*spring }));
    request.springs.extend(more);
    let layout = laid_out::<2>(&request, 400);
    let apart = |a: [f32; 3], b: [f32; 3]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let longest = layout.positions.windows(2).map(|pair| apart(pair[0], pair[1])).fold(0.0, f32::max);
    assert!(longest < 1000.0, "a chain holds together: {longest}");
}

#[test]
fn space_is_used_and_nothing_overlaps_in_it() {
    let request = nested(3);
    let layout = laid_out::<3>(&request, 3000);
    let depth = layout.bounds.max[2] - layout.bounds.min[2];
    assert!(depth > 300.0, "{depth}");
    let composite = |i: usize| request.bodies.iter().any(|body| body.parent == Some(i as u32));
    for (b, body) in request.bodies.iter().enumerate() {
        for a in (0..b).filter(|&a| request.bodies[a].parent == body.parent && composite(a) == composite(b)) {
            let way: [f32; 3] =
                std::array::from_fn(|axis| (layout.positions[a][axis] - layout.positions[b][axis]).abs());
            if composite(a) {
                let apart = way.iter().map(|side| side * side).sum::<f32>().sqrt();
                assert!(apart >= layout.radii[a] + layout.radii[b], "{a} and {b}");
            } else {
                // As deep as it is tall.
                assert!(way[0] >= 80.0 || way[1] >= 60.0 || way[2] >= 60.0, "{a} and {b}: {way:?}");
            }
        }
        if let Some(parent) = body.parent {
            let (own, ring) = (layout.positions[b], layout.positions[parent as usize]);
            let away = (0..3).map(|axis| (own[axis] - ring[axis]).powi(2)).sum::<f32>().sqrt();
            assert!(away <= layout.radii[parent as usize], "{b} is outside of {parent}");
        }
    }
}

#[test]
fn pins_hold_in_space_too() {
    let mut request = tangle(300);
    request.bodies[7].pin = Some([100.0, -50.0, 75.0]);
    assert_eq!(laid_out::<3>(&request, 200).positions[7], [100.0, -50.0, 75.0]);
}

#[test]
fn who_is_moved_stays_where_it_was_put_if_nothing_warms_up() {
    let request = graph(3, []);
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(&request);
    while simulation.tick() {}
    let places = [[0.0, 500.0, 0.0], [900.0, 0.0, 0.0], [0.0, f32::NAN, 0.0]];
    let before = simulation.layout().positions[2];
    simulation.move_to(&places);
    while simulation.tick() {}
    assert_eq!(simulation.layout().positions, [places[0], places[1], before]);
}
