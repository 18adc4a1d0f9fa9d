//! What `./bench layout` measures with: the graphs are those of its peers, and the measure of a picture's quality is
//! right where it can be done by hand. Benchmarks have no tests of their own.

#![allow(dead_code, reason = "the benchmark uses the rest")]

#[path = "../benches/layout/graphs.rs"]
mod graphs;
#[path = "../benches/layout/quality.rs"]
mod quality;

use graphs::{Graph, Kind, starts};

/// FNV-1a of the edges' ends, as little-endian words, in order.
fn checksum(graph: &Graph) -> u64 {
    let bytes = graph.edges.iter().flatten().flat_map(|end| end.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn graphs_are_those_of_the_peers() {
    // From the files that visualiser/layout/peers/graphs.mjs writes.
    let expected = [
        (Kind::Pipelines, 1_000, 1_000, 1_064, 0xa991_2f7e_7b4e_0ed9),
        (Kind::Pipelines, 10_000, 10_000, 10_639, 0x229d_dfd3_9644_a123),
        (Kind::Ba, 1_000, 1_000, 1_997, 0xb09a_e1f0_cb08_4a2d),
        (Kind::Ba, 10_000, 10_000, 19_997, 0xac1d_8b63_a9d3_fa93),
        (Kind::Grid, 1_000, 961, 1_860, 0xea88_9782_2820_0f3d),
        (Kind::Grid, 10_000, 10_000, 19_800, 0x3f87_7c7e_5a10_469f),
    ];
    for (kind, n, nodes, edges, sum) in expected {
        let graph = kind.graph(n);
        assert_eq!((graph.nodes, graph.edges.len()), (nodes, edges), "{} {n}", kind.name());
        assert_eq!(checksum(&graph), sum, "{} {n}", kind.name());
    }
}

#[test]
fn nodes_start_where_the_peers_do() {
    // As graphs.mjs says, to the nearest `f32`.
    assert_eq!(starts(1_000)[..2], [[221.289_61, 441.003_33], [821.459_53, 554.303_96]]);
}

#[test]
fn a_path_drawn_straight_and_evenly_is_perfect() {
    let straight = quality::of(&path_of_three(), &[[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]);
    assert!(straight.stress.abs() < 1e-12);
    assert_eq!((straight.neighbours_kept, straight.edge_variation), (1.0, 0.0));
}

#[test]
fn a_path_with_a_corner_has_the_stress_found_by_hand() {
    // Σ w·r·d = 2 + √½, Σ w·r² = 2½ and Σ w·d² = 3 over three pairs, each counted from both ends.
    let expected = (3.0 - (2.0 + 0.5f64.sqrt()).powi(2) / 2.5) / 3.0;
    for scale in [1.0, 70.0] {
        let found = quality::stress(&path_of_three(), &[[0.0, 0.0], [scale, 0.0], [scale, scale]], 200);
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn a_path_out_of_order_keeps_a_third_of_its_neighbours() {
    // Each end is nearer to the other end than to the middle; lengths are 3 and 2.
    let found = quality::of(&path_of_three(), &[[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]]);
    assert!((found.neighbours_kept - 1.0 / 3.0).abs() < 1e-9);
    assert!((found.edge_variation - 0.2).abs() < 1e-9);
}

fn path_of_three() -> Graph {
    Graph { nodes: 3, edges: vec![[0, 1], [1, 2]] }
}
