//! What makes a picture readable, measured on whole graphs.
#![allow(clippy::unwrap_used)]

use axonscope_layout::{Body, Layout, LayoutRequest, Simulation, Spring};

fn body(key: u64) -> Body {
    Body { key, parent: None, half_size: [60.0, 45.0], pin: None }
}

fn graph(count: u32, pairs: impl IntoIterator<Item = (u32, u32)>) -> LayoutRequest {
    LayoutRequest {
        bodies: (0..count).map(|i| body(u64::from(i))).collect(),
        springs: pairs.into_iter().map(|(source, sink)| Spring { source, sink, weight: 1.0, flows: true }).collect(),
    }
}

/// A tree in which every body hangs on one of the few before it, as systems of pipelines do.
fn tree(count: u32) -> LayoutRequest {
    graph(count, (1..count).map(|i| (i - 1 - (i.wrapping_mul(2_654_435_761) >> 13) % i.min(9), i)))
}

fn settle(simulation: &mut Simulation) -> usize {
    let ticks = (0..3000).take_while(|_| simulation.tick()).count();
    assert!(simulation.at_rest());
    ticks
}

fn rest(request: &LayoutRequest) -> Layout {
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(request);
    settle(&mut simulation);
    simulation.layout().clone()
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn size(layout: &Layout) -> [f32; 2] {
    [layout.bounds.max[0] - layout.bounds.min[0], layout.bounds.max[1] - layout.bounds.min[1]]
}

#[test]
fn a_pipeline_reads_from_left_to_right_on_one_line() {
    for count in [2, 4, 7] {
        let layout = rest(&graph(count, (1..count).map(|i| (i - 1, i))));
        for pair in layout.positions.windows(2) {
            assert!(pair[1][0] - pair[0][0] > 130.0, "{:?}", layout.positions);
            assert!((pair[1][1] - pair[0][1]).abs() < 5.0, "{:?}", layout.positions);
        }
    }
}

#[test]
fn a_cycle_stays_round() {
    let layout = rest(&graph(8, (0..8).map(|i| (i, (i + 1) % 8))));
    let lengths: Vec<f32> = (0..8).map(|i| distance(layout.positions[i], layout.positions[(i + 1) % 8])).collect();
    let (short, long) = lengths.iter().fold((f32::MAX, 0.0f32), |(low, high), &l| (low.min(l), high.max(l)));
    assert!(long < 1.8 * short, "{lengths:?}");
    let [width, height] = size(&layout);
    assert!(height > 0.4 * width && width > 0.6 * height, "{width} by {height}");
}

#[test]
fn a_grid_looks_like_a_grid() {
    let side = 20u32;
    let right = (0..side * side).filter(|i| (i + 1) % side != 0).map(|i| (i, i + 1));
    let layout = rest(&graph(side * side, right.chain((0..side * (side - 1)).map(|i| (i, i + side)))));
    let at = &layout.positions;
    let mut kept = 0;
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let i = y * side + x;
            let mut others: Vec<u32> = (0..side * side).filter(|&j| j != i).collect();
            others.sort_by(|&a, &b| {
                distance(at[i as usize], at[a as usize]).total_cmp(&distance(at[i as usize], at[b as usize]))
            });
            kept += others[..4].iter().filter(|&&j| [i - 1, i + 1, i - side, i + side].contains(&j)).count();
        }
    }
    let share = kept as f32 / (4 * (side - 2) * (side - 2)) as f32;
    assert!(share > 0.95, "only {share} of the nearest are neighbours");
}

#[test]
fn disconnected_parts_and_loose_bodies_stay_together() {
    // Twenty pairs and ten bodies that hang on nothing.
    let layout = rest(&graph(50, (0..20).map(|i| (2 * i, 2 * i + 1))));
    let [width, height] = size(&layout);
    assert!(width * height < 6.0 * 50.0 * 134.0 * 104.0, "{width} by {height}");
    assert!(width > height, "{width} by {height}");
    let layout = rest(&graph(30, []));
    let [width, height] = size(&layout);
    assert!(width * height < 1.4 * 30.0 * 134.0 * 104.0 && width > height, "{width} by {height}");
}

#[test]
fn strangers_are_outside_a_ring_and_members_inside() {
    let mut request = graph(12, (1..8).flat_map(|i| [(i, 8), (8, i)]).chain([(8, 9), (10, 8), (11, 8)]));
    request.bodies[1..8].iter_mut().for_each(|body| body.parent = Some(0));
    let layout = rest(&request);
    for i in 1..12 {
        let far = distance(layout.positions[i], layout.positions[0]);
        assert!(if i < 8 { far + 20.0 < layout.radii[0] } else { far > layout.radii[0] + 45.0 }, "{i}");
    }
    assert!(layout.radii[0] < 330.0, "{}", layout.radii[0]);
}

#[test]
fn a_composite_fills_up_without_growing_loose_or_shuffling() {
    // Body 0 is the composite, 1 what everybody in it talks with.
    let room = |handlers: u32| {
        let mut request = graph(2 + handlers, (2..2 + handlers).flat_map(|i| [(i, 1), (1, i)]));
        request.bodies[2..].iter_mut().for_each(|body| body.parent = Some(0));
        request
    };
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(&room(1));
    settle(&mut simulation);
    for handlers in 2..=12 {
        let before = simulation.layout().positions.clone();
        simulation.set_request(&room(handlers));
        settle(&mut simulation);
        let after = &simulation.layout().positions;
        let moved: f32 = before.iter().zip(after).map(|(a, b)| distance(*a, *b)).sum::<f32>() / before.len() as f32;
        assert!(moved < 90.0, "{moved} when number {handlers} came");
        // A circle of this many boxes, half as large again as if they were packed perfectly.
        let tight = (handlers as f32 * 134.0 * 104.0 / std::f32::consts::PI).sqrt();
        let radius = simulation.layout().radii[0];
        assert!(radius < 1.5 * tight + 60.0, "{radius} round {handlers}");
    }
}

#[test]
fn some_hundred_bodies_settle_in_about_three_hundred_ticks() {
    for count in [60, 300] {
        let mut simulation: Simulation = Simulation::new(1);
        simulation.set_request(&tree(count));
        let ticks = settle(&mut simulation);
        assert!(ticks < 400, "{count}: {ticks}");
    }
}

#[test]
fn who_joins_two_thousand_hardly_moves_them() {
    let mut simulation: Simulation = Simulation::new(1);
    let mut request = tree(2000);
    simulation.set_request(&request);
    settle(&mut simulation);
    let before = simulation.layout().positions.clone();
    request.bodies.push(body(1_000_000));
    request.springs.push(Spring { source: 700, sink: 2000, weight: 1.0, flows: true });
    simulation.set_request(&request);
    assert_eq!(simulation.layout().positions[..2000], before[..], "nothing jumps");
    settle(&mut simulation);
    let after = &simulation.layout().positions;
    let moved: f32 = before.iter().zip(after).map(|(a, b)| distance(*a, *b)).sum::<f32>() / 2000.0;
    assert!(moved < 5.0, "the others moved {moved} on the mean");
    assert!(distance(after[700], after[2000]) < 400.0, "it stands beside its friend");
}

#[test]
fn who_leaves_or_hangs_on_nothing_moves_nobody_far() {
    let mut simulation: Simulation = Simulation::new(1);
    let mut request = tree(200);
    simulation.set_request(&request);
    settle(&mut simulation);
    let before = simulation.layout().positions.clone();
    request.bodies.push(body(1_000_000));
    simulation.set_request(&request);
    settle(&mut simulation);
    assert!(before.iter().zip(&simulation.layout().positions).all(|(a, b)| distance(*a, *b) < 0.01));
    assert!(simulation.layout().positions[200][1] < before.iter().map(|at| at[1]).fold(f32::MAX, f32::min));

    request.bodies.truncate(199);
    request.springs.retain(|spring| spring.sink != 199);
    simulation.set_request(&request);
    settle(&mut simulation);
    let moved = before.iter().zip(&simulation.layout().positions).map(|(a, b)| distance(*a, *b)).sum::<f32>() / 199.0;
    assert!(moved < 30.0, "{moved}");
}

#[test]
fn dragging_one_body_takes_its_neighbours_along_and_leaves_the_rest() {
    let mut simulation: Simulation = Simulation::new(1);
    let mut request = graph(40, (1..40).map(|i| (i - 1, i)));
    simulation.set_request(&request);
    settle(&mut simulation);
    let before = simulation.layout().positions.clone();
    let [x, y, _] = before[0];
    for step in 1..=30 {
        request.bodies[0].pin = Some([x - 20.0 * step as f32, y, 0.0]);
        assert!(simulation.set_request(&request));
        simulation.tick();
        simulation.tick();
    }
    settle(&mut simulation);
    let after = &simulation.layout().positions;
    assert_eq!(after[0][0], x - 600.0);
    assert!(distance(after[1], before[1]) > 60.0, "its neighbour follows");
    assert!(distance(after[39], before[39]) < 1.0, "the far end does not feel it");
}

#[test]
fn a_dragged_composite_takes_its_children_along() {
    let mut request = graph(4, [(1, 2)]);
    request.bodies[1..3].iter_mut().for_each(|body| body.parent = Some(0));
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(&request);
    settle(&mut simulation);
    let before = simulation.layout().positions.clone();
    request.bodies[0].pin = Some([before[0][0] + 500.0, before[0][1] - 300.0, 0.0]);
    simulation.set_request(&request);
    settle(&mut simulation);
    let after = &simulation.layout().positions;
    for child in 1..3 {
        let off = [before[child][0] + 500.0, before[child][1] - 300.0, 0.0];
        assert!(distance(after[child], off) < 40.0, "{:?} {off:?}", after[child]);
    }
}

#[test]
fn a_star_of_fifty_thousand_a_heap_and_a_crowd_stay_finite() {
    let star = graph(50_001, (1..50_001).map(|i| (0, i)));
    let mut heap = graph(20_000, []);
    heap.bodies.iter_mut().for_each(|body| body.pin = Some([7.0, 7.0, 0.0]));
    let unpinned = graph(20_000, (1..20_000).map(|i| (i - 1, i)));
    for requests in [vec![star], vec![heap, unpinned], vec![graph(50_000, [])]] {
        let mut simulation: Simulation = Simulation::new(1);
        for request in requests {
            simulation.set_request(&request);
            for _ in 0..5 {
                simulation.tick();
            }
            assert!(simulation.layout().positions.iter().flatten().all(|side| side.is_finite()));
        }
    }
}

#[test]
fn a_picture_in_which_bodies_come_and_go_does_not_wander_off() {
    let mut simulation: Simulation = Simulation::new(1);
    // A ring of handlers before a filter, a room and a log; somebody comes or goes every round.
    let middles: Vec<[f32; 2]> = (0..200u64)
        .map(|round| {
            let present: Vec<u64> = (0..6)
                .filter(|seat| (round + seat * 3) % 7 > 1)
                .map(|seat| 100 + seat + 10 * ((round + seat * 3) / 7))
                .collect();
            let handlers = 4..4 + present.len() as u32;
            let wiring = [(1, 2), (2, 3), (1, 3)].into_iter().chain(handlers.clone().flat_map(|i| [(i, 1), (2, i)]));
            let mut request = graph(handlers.end, wiring);
            for (body, key) in request.bodies[4..].iter_mut().zip(present) {
                (body.key, body.parent) = (key, Some(0));
            }
            simulation.set_request(&request);
            for _ in 0..50 {
                simulation.tick();
            }
            let positions = &simulation.layout().positions;
            [0, 1].map(|side| positions.iter().map(|at| at[side]).sum::<f32>() / positions.len() as f32)
        })
        .collect();
    let farthest = middles.iter().map(|at| at[0].hypot(at[1])).fold(0.0, f32::max);
    assert!(farthest < 400.0, "{farthest}, and at last {:?}", middles.last());
}
