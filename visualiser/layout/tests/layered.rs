//! What holds for any picture in layers.
#![allow(clippy::unwrap_used)]

use axonscope_layout::{Body, Layered, Layout, LayoutRequest, Spring, TooLarge};
use proptest::prelude::*;

/// As in the laws of the layout: the least air between leaves, and half of it between rings and what is beside them.
const AIR: f32 = 14.0;

fn body(key: u64, parent: Option<u32>) -> Body {
    Body { key, parent, half_size: [40.0 + (key % 5) as f32 * 8.0, 45.0], pin: None }
}

fn spring(source: u32, sink: u32) -> Spring {
    Spring { source, sink, weight: 1.0, flows: true }
}

fn flat(count: u32, pairs: impl IntoIterator<Item = (u32, u32)>) -> LayoutRequest {
    LayoutRequest {
        bodies: (0..count).map(|i| body(u64::from(i), None)).collect(),
        springs: pairs.into_iter().map(|(source, sink)| spring(source, sink)).collect(),
    }
}

fn laid_out(request: &LayoutRequest) -> Layout {
    let mut layered = Layered::new();
    layered.set_request(request).unwrap();
    while layered.tick() {}
    layered.layout().clone()
}

fn is_ring(request: &LayoutRequest, i: usize) -> bool {
    request.bodies.iter().any(|body| body.parent == Some(i as u32))
}

fn extent(request: &LayoutRequest, layout: &Layout, i: usize) -> [f32; 2] {
    if is_ring(request, i) { [layout.radii[i]; 2] } else { request.bodies[i].half_size }
}

/// Siblings are apart and children inside, everything is a number, and springs that need not be turned lead to the right.
fn check(request: &LayoutRequest, layout: &Layout, has_pins: bool) {
    let count = request.bodies.len();
    assert_eq!((layout.positions.len(), layout.radii.len()), (count, count));
    assert!(layout.positions.iter().flatten().chain(&layout.radii).all(|side| side.is_finite()));
    for i in 0..count {
        let (at, size) = (layout.positions[i], extent(request, layout, i));
        for j in i + 1..count {
            if request.bodies[i].parent != request.bodies[j].parent || has_pins {
                continue;
            }
            let (other, other_size) = (layout.positions[j], extent(request, layout, j));
            let apart = (0..2).any(|axis| (at[axis] - other[axis]).abs() > size[axis] + other_size[axis] + 0.9 * AIR);
            assert!(apart, "{i} at {at:?} and {j} at {other:?}");
        }
        if let Some(parent) = request.bodies[i].parent {
            let ring = layout.positions[parent as usize];
            let far = if is_ring(request, i) {
                (at[0] - ring[0]).hypot(at[1] - ring[1]) + size[0]
            } else {
                ((at[0] - ring[0]).abs() + size[0]).hypot((at[1] - ring[1]).abs() + size[1])
            };
            assert!(far <= layout.radii[parent as usize] + 0.5, "{i} in {parent}");
        }
    }
}

/// Up to so many bodies, nested at most a few deep, and twice as many springs.
fn any_request(most: usize) -> impl Strategy<Value = LayoutRequest> {
    let parents = prop::collection::vec(prop::option::weighted(0.4, any::<prop::sample::Index>()), 1..most);
    (parents, prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..2 * most))
        .prop_map(|(parents, springs)| {
            let count = parents.len();
            let parent =
                |i: usize, at: Option<prop::sample::Index>| (i > 0).then(|| at.map(|at| at.index(i) as u32))?;
            let bodies = parents.into_iter().enumerate().map(|(i, at)| body(i as u64, parent(i, at))).collect();
            let springs = springs.into_iter().map(|(a, b)| spring(a.index(count) as u32, b.index(count) as u32));
            LayoutRequest { bodies, springs: springs.collect() }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_overlaps_and_everything_is_inside_its_ring(request in any_request(40)) {
        let layout = laid_out(&request);
        check(&request, &layout, false);
        prop_assert_eq!(layout, laid_out(&request), "the same again");
    }

    #[test]
    fn what_has_no_cycle_goes_from_left_to_right(pairs in prop::collection::vec((0u32..30, 0u32..30), 0..60)) {
        let request = flat(30, pairs.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))));
        let layout = laid_out(&request);
        for spring in &request.springs {
            let [from, to] = [spring.source, spring.sink].map(|end| layout.positions[end as usize][0]);
            prop_assert!(from + 80.0 < to, "{} {} {} {}", spring.source, from, spring.sink, to);
        }
    }

    #[test]
    fn no_linkage_stays_within_a_layer(pairs in prop::collection::vec((0u32..20, 0u32..20), 0..60)) {
        let request = flat(20, pairs.into_iter().filter(|(a, b)| a != b));
        let layout = laid_out(&request);
        let x = |end: u32| layout.positions[end as usize][0];
        prop_assert!(request.springs.iter().all(|spring| (x(spring.source) - x(spring.sink)).abs() > 80.0));
    }

    #[test]
    fn pins_hold(mut request in any_request(30), pins in prop::collection::vec((any::<prop::sample::Index>(), -900.0f32..900.0), 1..4)) {
        let count = request.bodies.len();
        for (which, at) in pins {
            request.bodies[which.index(count)].pin = Some([at, -at, 0.0]);
        }
        let layout = laid_out(&request);
        check(&request, &layout, true);
        for (body, at) in request.bodies.iter().zip(&layout.positions) {
            prop_assert!(body.pin.is_none_or(|pin| pin == *at));
        }
    }
}

#[test]
fn a_pipeline_is_one_line() {
    let layout = laid_out(&flat(6, (1..6).map(|i| (i - 1, i))));
    for pair in layout.positions.windows(2) {
        assert!(pair[0][0] + 100.0 < pair[1][0] && pair[0][1] == pair[1][1], "{:?}", layout.positions);
    }
}

#[test]
fn one_more_body_leaves_the_others_in_their_order_and_near_where_they_were() {
    let pairs = |count: u32| (1..count).map(|i| (0, i)).chain((1..count).map(move |i| (i, 40)));
    let mut layered = Layered::new();
    layered.set_request(&flat(41, pairs(9))).unwrap();
    let before = layered.layout().positions.clone();
    layered.set_request(&flat(41, pairs(10))).unwrap();
    let after = &layered.layout().positions;
    for i in 1..9 {
        assert!((before[i][0] - after[i][0]).abs() < 150.0 && (before[i][1] - after[i][1]).abs() < 150.0);
        assert!(i == 1 || (before[i][1] - before[i - 1][1] > 0.0) == (after[i][1] - after[i - 1][1] > 0.0));
    }
}

#[test]
fn a_drag_moves_what_is_dragged_and_letting_go_brings_it_back() {
    let mut request = flat(8, (1..8).map(|i| (i / 2, i)));
    let mut layered = Layered::new();
    layered.set_request(&request).unwrap();
    let before = layered.layout().clone();
    for step in 1..20 {
        request.bodies[7].pin = Some([before.positions[7][0] + 40.0 * step as f32, before.positions[7][1], 0.0]);
        assert_eq!(layered.set_request(&request), Ok(true));
        assert_eq!(layered.layout().positions[..7], before.positions[..7]);
    }
    request.bodies[7].pin = None;
    layered.set_request(&request).unwrap();
    assert_eq!(layered.layout(), &before);
    assert_eq!(layered.set_request(&request), Ok(false));
}

#[test]
fn places_of_before_can_be_given_back() {
    let request = flat(8, (1..8).map(|i| (i / 2, i)));
    let mut layered = Layered::new();
    layered.set_request(&request).unwrap();
    let before = layered.layout().positions.clone();
    let elsewhere: Vec<[f32; 3]> = before.iter().map(|at| [at[0] + 500.0, at[1] * 3.0, 0.0]).collect();
    layered.move_to(&elsewhere);
    while layered.tick() {}
    assert_eq!(layered.layout().positions, elsewhere);
    layered.rearrange();
    assert_ne!(layered.layout().positions, elsewhere);
}

#[test]
fn some_thousand_are_arranged_and_a_hundred_thousand_refused() {
    let tree =
        |count: u32| flat(count, (1..count).map(|i| (i - 1 - (i.wrapping_mul(2_654_435_761) >> 13) % i.min(9), i)));
    let large = tree(4000);
    check(&flat(0, []), &laid_out(&flat(0, [])), false);
    let layout = laid_out(&large);
    assert!(
        large.springs.iter().all(|s| { layout.positions[s.source as usize][0] < layout.positions[s.sink as usize][0] })
    );
    let mut layered = Layered::new();
    layered.set_request(&tree(10)).unwrap();
    let before = layered.layout().clone();
    assert_eq!(layered.set_request(&tree(100_000)), Err(TooLarge));
    assert_eq!(layered.layout(), &before);
}

#[test]
fn bad_numbers_do_no_harm() {
    let mut request = flat(6, [(0, 1), (1, 2), (2, 0), (3, 3), (9, 1), (4, 5)]);
    request.bodies[0].half_size = [f32::NAN, f32::INFINITY];
    request.bodies[1].pin = Some([f32::NAN, 0.0, 0.0]);
    request.bodies[2].pin = Some([1.0e30, 0.0, 0.0]);
    request.bodies[3].parent = Some(7);
    request.springs[0].weight = f32::NAN;
    request.springs[1].weight = -1.0;
    let layout = laid_out(&request);
    assert!(layout.positions.iter().flatten().chain(&layout.radii).all(|side| side.is_finite()));
}
