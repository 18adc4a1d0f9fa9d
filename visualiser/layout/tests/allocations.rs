//! A tick allocates nothing once it is warm.
//!
//! On one thread, that is: rayon's own queue, which takes the work of a tick in from outside its pool, grows by a block now
//! and then.
#![allow(clippy::unwrap_used)]

use axonscope_layout::{Body, LayoutRequest, Simulation, Spring};

/// Every seventh a composite round the next six, all in a row.
fn request(count: u32) -> LayoutRequest {
    let parent = |i: u32| (!i.is_multiple_of(7)).then_some(i - i % 7);
    let body = |i: u32| Body { key: u64::from(i), parent: parent(i), half_size: [40.0, 30.0], pin: None };
    let spring = |i: u32| Spring { source: i - 1, sink: i, weight: 1.0, flows: i.is_multiple_of(3) };
    LayoutRequest { bodies: (0..count).map(body).collect(), springs: (1..count).map(spring).collect() }
}

#[test]
fn a_warm_tick_allocates_nothing() {
    let mut simulation: Simulation = Simulation::new(1);
    simulation.set_request(&request(3000));
    for _ in 0..30 {
        assert!(simulation.tick());
    }
    let counted = allocation_counter::measure(|| {
        for _ in 0..30 {
            assert!(simulation.tick());
        }
    });
    assert_eq!(counted.count_total, 0, "{} bytes", counted.bytes_total);
}
