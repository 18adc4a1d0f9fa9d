//! The test graphs, the same to the last edge as those of `visualiser/layout/peers/graphs.mjs`.

use axonscope_layout::{Body, LayoutRequest, Spring};

/// A graph.
#[derive(Debug)]
pub(crate) struct Graph {
    /// How many nodes.
    pub(crate) nodes: usize,
    /// Pairs of nodes.
    pub(crate) edges: Vec<[u32; 2]>,
}

/// How a graph is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Hubs in a ring; from a hub goes a chain of 4 to 12 stages, and every second one ends in a hub.
    Pipelines,
    /// Scale-free: each node is joined to two before it, mostly to those that have many already.
    Ba,
    /// A square.
    Grid,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Pipelines, Self::Ba, Self::Grid];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::Ba => "ba",
            Self::Grid => "grid",
        }
    }

    /// One of about `n` nodes, of at most as many.
    pub(crate) fn graph(self, n: usize) -> Graph {
        match self {
            Self::Pipelines => pipelines(n),
            Self::Ba => ba(n),
            Self::Grid => grid(n),
        }
    }
}

impl Graph {
    /// Small discs; nothing flows, so that all directions are alike, as they are to the peers.
    pub(crate) fn request(&self) -> LayoutRequest {
        let body = |key| Body { key, parent: None, half_size: [8.0, 8.0], pin: None };
        LayoutRequest { bodies: (0..self.nodes as u64).map(body).collect(), springs: self.springs(0) }
    }

    /// The edges, between bodies that begin at `first`.
    pub(crate) fn springs(&self, first: u32) -> Vec<Spring> {
        let spring = |&[a, b]: &[u32; 2]| Spring { source: first + a, sink: first + b, weight: 1.0, flows: false };
        self.edges.iter().map(spring).collect()
    }

    /// The neighbours of every node; a repeated edge makes a repeated neighbour.
    pub(crate) fn neighbours(&self) -> Vec<Vec<u32>> {
        let mut neighbours = vec![Vec::new(); self.nodes];
        for &[a, b] in &self.edges {
            neighbours[a as usize].push(b);
            neighbours[b as usize].push(a);
        }
        neighbours
    }
}

/// Where nodes start: anywhere in a square of 30 by 30 for each of them.
pub(crate) fn starts(n: usize) -> Vec<[f32; 2]> {
    let mut random = Lcg(99);
    let side = (n as f64).sqrt() * 30.0;
    (0..n).map(|_| [(random.next() * side) as f32, (random.next() * side) as f32]).collect()
}

/// Numbers of 31 bits in [0, 1), the same as the peers'.
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }
}

fn pipelines(n: usize) -> Graph {
    let mut random = Lcg(7);
    let hubs = (((n as f64).sqrt() / 2.0) as usize).max(3);
    let mut edges: Vec<[u32; 2]> = (0..hubs).map(|hub| [hub as u32, ((hub + 1) % hubs) as u32]).collect();
    let mut v = hubs;
    while v < n {
        let mut previous = random.below(hubs) as u32;
        let length = 4 + random.below(9);
        for _ in 0..length.min(n - v) {
            edges.push([previous, v as u32]);
            previous = v as u32;
            v += 1;
        }
        if random.next() < 0.5 {
            edges.push([previous, random.below(hubs) as u32]);
        }
    }
    Graph { nodes: n, edges }
}

fn ba(n: usize) -> Graph {
    let mut random = Lcg(1);
    let (mut edges, mut ends) = (Vec::new(), vec![0u32]);
    for v in 1..n {
        let mut targets = Vec::new();
        while targets.len() < v.min(2) {
            let target = if random.next() < 0.9 { ends[random.below(ends.len())] } else { random.below(v) as u32 };
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        for target in targets {
            edges.push([v as u32, target]);
            ends.extend([target, v as u32]);
        }
    }
    Graph { nodes: n, edges }
}

fn grid(n: usize) -> Graph {
    let width = (n as f64).sqrt() as u32;
    let mut edges = Vec::new();
    for y in 0..width {
        for x in 0..width {
            let here = y * width + x;
            if x + 1 < width {
                edges.push([here, here + 1]);
            }
            if y + 1 < width {
                edges.push([here, here + width]);
            }
        }
    }
    Graph { nodes: (width * width) as usize, edges }
}
