//! What a simulation promises for any request at all.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axonscope_layout::{Body, Layout, LayoutRequest, Simulation, Spring};
use proptest::prelude::*;

/// Bodies in random trees, of reasonable sizes, none pinned.
fn tame(most: usize) -> impl Strategy<Value = LayoutRequest> {
    let body = (any::<prop::sample::Index>(), 0u32..3, 20.0f32..90.0, 20.0f32..60.0);
    (prop::collection::vec(body, 1..most), prop::collection::vec((any::<u16>(), any::<u16>()), 0..most)).prop_map(
        |(bodies, pairs)| {
            let count = bodies.len() as u32;
            let bodies = bodies.into_iter().enumerate().map(|(i, (parent, nested, width, height))| Body {
                key: i as u64 * 7,
                parent: (nested == 0 && i > 0).then(|| parent.index(i) as u32),
                half_size: [width, height],
                pin: None,
            });
            let spring = |(a, b): (u16, u16)| Spring {
                source: u32::from(a) % count,
                sink: u32::from(b) % count,
                weight: 1.0,
                flows: true,
            };
            LayoutRequest { bodies: bodies.collect(), springs: pairs.into_iter().map(spring).collect() }
        },
    )
}

/// Anything the types allow.
fn wild() -> impl Strategy<Value = LayoutRequest> {
    let number = prop_oneof![
        -500.0f32..500.0,
        Just(f32::NAN),
        Just(f32::INFINITY),
        Just(f32::NEG_INFINITY),
        Just(f32::MAX),
        Just(f32::MIN_POSITIVE),
        Just(0.0f32),
    ];
    let pin = prop::option::weighted(0.3, [number.clone(), number.clone(), number.clone()]);
    let body = (0u64..30, prop::option::of(0u32..40), [number.clone(), number.clone()], pin)
        .prop_map(|(key, parent, half_size, pin)| Body { key, parent, half_size, pin });
    let spring = (0u32..40, 0u32..40, number).prop_map(|(source, sink, weight)| Spring {
        source,
        sink,
        weight,
        flows: source % 3 > 0,
    });
    (prop::collection::vec(body, 0..30), prop::collection::vec(spring, 0..60))
        .prop_map(|(bodies, springs)| LayoutRequest { bodies, springs })
}

fn at_rest(requests: &[LayoutRequest]) -> Layout {
    let mut simulation: Simulation = Simulation::new(5);
    for request in requests {
        simulation.set_request(request);
        for _ in 0..2000 {
            if !simulation.tick() {
                break;
            }
        }
        assert!(simulation.at_rest());
    }
    simulation.layout().clone()
}

fn has_children(request: &LayoutRequest, body: usize) -> bool {
    request.bodies.iter().any(|other| other.parent == Some(body as u32))
}

/// Air between two bodies; negative when what is drawn of them overlaps.
fn air(request: &LayoutRequest, layout: &Layout, a: usize, b: usize) -> f32 {
    let way = |axis: usize| (layout.positions[a][axis] - layout.positions[b][axis]).abs();
    let half = |body: usize| if has_children(request, body) { [0.0; 2] } else { request.bodies[body].half_size };
    let round = |body: usize| if has_children(request, body) { layout.radii[body] } else { 0.0 };
    let gap = |axis: usize| way(axis) - half(a)[axis] - half(b)[axis];
    if has_children(request, a) || has_children(request, b) {
        gap(0).max(0.0).hypot(gap(1).max(0.0)) - round(a) - round(b)
    } else {
        gap(0).max(gap(1))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn siblings_never_overlap_at_rest_and_rings_hold_their_children(request in tame(40)) {
        let layout = at_rest(std::slice::from_ref(&request));
        for (b, body) in request.bodies.iter().enumerate() {
            for a in (0..b).filter(|&a| request.bodies[a].parent == body.parent) {
                prop_assert!(air(&request, &layout, a, b) > 5.0, "{a} and {b}: {}", air(&request, &layout, a, b));
            }
            if let Some(parent) = body.parent {
                let parent = parent as usize;
                let way = |axis: usize| (layout.positions[b][axis] - layout.positions[parent][axis]).abs();
                let reach = if has_children(&request, b) {
                    way(0).hypot(way(1)) + layout.radii[b]
                } else {
                    (way(0) + body.half_size[0]).hypot(way(1) + body.half_size[1])
                };
                prop_assert!(reach <= layout.radii[parent], "{b} sticks out of {parent}");
            }
        }
    }

    #[test]
    fn everything_is_finite_and_repeats(requests in prop::collection::vec(wild(), 1..4), seed: u64) {
        let (mut one, mut two) = (Simulation::<2>::new(seed), Simulation::<2>::new(seed));
        let given = Arc::new(AtomicUsize::new(0));
        let counted = given.clone();
        two.give_way_by(Arc::new(move || { counted.fetch_add(1, Ordering::Relaxed); }));
        for request in &requests {
            one.set_request(request);
            two.set_request(request);
            for _ in 0..25 {
                let before = given.load(Ordering::Relaxed);
                let moves = two.tick();
                prop_assert_eq!(one.tick(), moves);
                prop_assert_eq!(one.layout(), two.layout());
                prop_assert!(!moves || given.load(Ordering::Relaxed) > before, "others never get a turn");
            }
            let layout = one.layout();
            prop_assert_eq!(layout.positions.len(), request.bodies.len());
            prop_assert_eq!(layout.radii.len(), request.bodies.len());
            let numbers = layout.positions.iter().flatten().chain(&layout.radii);
            prop_assert!(numbers.chain(&layout.bounds.min).chain(&layout.bounds.max).all(|number| number.is_finite()));
            prop_assert!(!one.clone().set_request(request), "the same again changes nothing");
        }
    }

    #[test]
    fn pins_hold_exactly(mut request in tame(25), pins in prop::collection::vec((0usize..25, [-900.0f32..900.0, -900.0f32..900.0, -90.0f32..90.0]), 1..6)) {
        let mut simulation: Simulation = Simulation::new(5);
        simulation.set_request(&request);
        for &(body, place) in &pins {
            let body = body % request.bodies.len();
            request.bodies[body].pin = Some(place);
            simulation.set_request(&request);
            for _ in 0..40 {
                simulation.tick();
                for (body, at) in request.bodies.iter().zip(&simulation.layout().positions) {
                    prop_assert!(body.pin.is_none_or(|pin| pin == *at));
                }
            }
        }
    }

    #[test]
    fn bounds_hold_everything(request in tame(25)) {
        let layout = at_rest(std::slice::from_ref(&request));
        for (i, at) in layout.positions.iter().enumerate() {
            let half = if has_children(&request, i) { [layout.radii[i]; 2] } else { request.bodies[i].half_size };
            for axis in 0..2 {
                prop_assert!(at[axis] - half[axis] >= layout.bounds.min[axis] - 0.01);
                prop_assert!(at[axis] + half[axis] <= layout.bounds.max[axis] + 0.01);
            }
        }
    }

    #[test]
    fn a_series_of_changes_still_ends_without_overlap(requests in prop::collection::vec(tame(20), 2..4)) {
        let layout = at_rest(&requests);
        let request = requests.last().unwrap();
        for b in 0..request.bodies.len() {
            for a in (0..b).filter(|&a| request.bodies[a].parent == request.bodies[b].parent) {
                prop_assert!(air(request, &layout, a, b) > 0.0, "{a} and {b}");
            }
        }
    }
}
