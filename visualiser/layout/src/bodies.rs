//! The state of every body, one array for each property, and the tree that composites make of them.

use crate::request::LayoutRequest;
use crate::result::Layout;
use crate::vector::{add, spatial};

/// Stands for "no parent".
pub(crate) const NONE: u32 = u32::MAX;

/// No coordinate ever leaves the square from minus to plus this, so that its square stays a number.
pub(crate) const WORLD: f32 = 1.0e7;

/// Sizes are kept between one unit and this.
const LARGEST: f32 = 1.0e4;

/// A composite that has children: which they are, as a range of [`Bodies::members`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    pub(crate) body: u32,
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// Everything the forces read and write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bodies<const D: usize> {
    pub(crate) key: Vec<u64>,
    pub(crate) parent: Vec<u32>,
    /// Half the sides of the box round a body; in space it is as deep as it is wide or tall, whichever is less.
    pub(crate) half: Vec<[f32; D]>,
    pub(crate) at: Vec<[f32; D]>,
    pub(crate) velocity: Vec<[f32; D]>,
    /// Scratch for one pass: how far a body itself moved, not counting what its composite did.
    pub(crate) moved: Vec<[f32; D]>,
    /// How much longer springs are here than their ends would like, so that what stands close has room; at least 1.
    pub(crate) air: Vec<f32>,
    /// See [`Layout::radii`].
    pub(crate) radius: Vec<f32>,
    /// How far a body still is from rest: 1 after a cold start, 0 when only a push can move it.
    pub(crate) heat: Vec<f32>,
    /// How many leaves move with the body: 1, or the number inside a composite.
    pub(crate) leaves: Vec<u32>,
    /// Pinned bodies hold themselves; a composite round one cannot be pushed either.
    pub(crate) held: Vec<bool>,
    /// The few pinned bodies and where they hold, in order of index.
    pub(crate) pins: Vec<(u32, [f32; 3])>,
    /// Whether a ring with others in it is drawn for the body.
    pub(crate) ringed: Vec<bool>,
    /// Composites that have children, outermost first.
    pub(crate) rings: Vec<Ring>,
    pub(crate) members: Vec<u32>,
}

impl<const D: usize> Bodies<D> {
    /// Bodies as asked for, all at the origin and cold.
    pub(crate) fn new(request: &LayoutRequest) -> Self {
        let count = request.bodies.len();
        let mut bodies = Self {
            key: request.bodies.iter().map(|body| body.key).collect(),
            parent: (0..count).map(|i| parent_of(request, i)).collect(),
            half: request.bodies.iter().map(|body| sane_size(body.half_size)).collect(),
            at: vec![[0.0; D]; count],
            velocity: vec![[0.0; D]; count],
            moved: vec![[0.0; D]; count],
            air: vec![1.0; count],
            radius: vec![0.0; count],
            heat: vec![0.0; count],
            leaves: vec![0; count],
            held: vec![false; count],
            ringed: vec![false; count],
            ..Self::default()
        };
        bodies.find_rings();
        bodies.radius = bodies.half.iter().map(|half| half[0].hypot(half[1])).collect();
        bodies.set_pins(request);
        bodies
    }

    pub(crate) fn len(&self) -> usize {
        self.key.len()
    }

    /// Half the sides of what is drawn for a body.
    pub(crate) fn extent(&self, body: usize) -> [f32; D] {
        if self.ringed[body] { [self.radius[body]; D] } else { self.half[body] }
    }

    /// The radius of the ring round what is inside a body; 0 for one that contains nothing.
    pub(crate) fn ring_reach(&self, body: usize) -> f32 {
        if self.ringed[body] { self.radius[body] } else { 0.0 }
    }

    pub(crate) fn members(&self, ring: Ring) -> &[u32] {
        &self.members[ring.first as usize..(ring.first + ring.count) as usize]
    }

    /// Takes over the pins of a request that has these very bodies.
    pub(crate) fn set_pins(&mut self, request: &LayoutRequest) {
        self.pins.clear();
        self.held.fill(false);
        for (i, body) in request.bodies.iter().enumerate() {
            if let Some(place) = sane_pin(body.pin) {
                self.pins.push((i as u32, place));
                self.held[i] = true;
            }
        }
        for i in (0..self.len()).rev() {
            if self.held[i] && self.parent[i] != NONE {
                self.held[self.parent[i] as usize] = true;
            }
        }
    }

    pub(crate) fn pin_of(&self, body: usize) -> Option<[f32; 3]> {
        let found = self.pins.binary_search_by_key(&(body as u32), |pin| pin.0).ok()?;
        Some(self.pins[found].1)
    }

    /// Moves every body by what [`Bodies::moved`] says and by what its composites moved; pins stay.
    pub(crate) fn carry(&mut self) {
        for &(pinned, _) in &self.pins {
            self.moved[pinned as usize] = [0.0; D];
        }
        let mut pins = self.pins.iter().peekable();
        for i in 0..self.len() {
            if let Some(&(_, place)) = pins.next_if(|pin| pin.0 == i as u32) {
                self.at[i] = std::array::from_fn(|axis| place[axis]);
                continue;
            }
            if self.parent[i] != NONE {
                self.moved[i] = add(self.moved[i], self.moved[self.parent[i] as usize]);
            }
            self.at[i] = add(self.at[i], self.moved[i]).map(|side| side.clamp(-WORLD, WORLD));
        }
    }

    /// Writes places and sizes into a layout, reusing its storage.
    pub(crate) fn write(&self, layout: &mut Layout) {
        layout.positions.clear();
        layout.positions.extend(self.at.iter().map(|at| spatial(*at)));
        for &(pinned, place) in &self.pins {
            layout.positions[pinned as usize] = place;
        }
        layout.radii.clone_from(&self.radius);
        let (mut min, mut max) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        for (i, place) in layout.positions.iter().enumerate() {
            let half = spatial(self.extent(i));
            for axis in 0..3 {
                min[axis] = min[axis].min(place[axis] - half[axis]);
                max[axis] = max[axis].max(place[axis] + half[axis]);
            }
        }
        layout.bounds = if self.len() == 0 { Default::default() } else { crate::result::Bounds { min, max } };
    }

    fn find_rings(&mut self) {
        let count = self.len();
        let mut children = vec![0u32; count];
        for &parent in &self.parent {
            if parent != NONE {
                children[parent as usize] += 1;
            }
        }
        let mut first = 0;
        let mut next = vec![0u32; count];
        for (i, &inside) in children.iter().enumerate() {
            next[i] = first;
            if inside > 0 {
                self.ringed[i] = true;
                self.rings.push(Ring { body: i as u32, first, count: inside });
            }
            first += inside;
        }
        self.members = vec![0; first as usize];
        for i in 0..count {
            if self.parent[i] != NONE {
                let slot = &mut next[self.parent[i] as usize];
                self.members[*slot as usize] = i as u32;
                *slot += 1;
            }
        }
        for i in (0..count).rev() {
            self.leaves[i] = self.leaves[i].max(1);
            if self.parent[i] != NONE {
                let parent = self.parent[i] as usize;
                self.leaves[parent] = self.leaves[parent].saturating_add(self.leaves[i]);
            }
        }
    }
}

/// The parent as the simulation sees it: an earlier body or [`NONE`].
pub(crate) fn parent_of(request: &LayoutRequest, body: usize) -> u32 {
    request.bodies[body].parent.filter(|&parent| (parent as usize) < body).unwrap_or(NONE)
}

/// A size that can be computed with.
pub(crate) fn sane_size<const D: usize>(half: [f32; 2]) -> [f32; D] {
    let half = half.map(|side| if side.is_finite() { side.clamp(1.0, LARGEST) } else { 1.0 });
    std::array::from_fn(|axis| half.get(axis).copied().unwrap_or(half[0].min(half[1])))
}

/// A pin that can be held: none if a coordinate is no number, at the edge of the world if beyond it.
pub(crate) fn sane_pin(pin: Option<[f32; 3]>) -> Option<[f32; 3]> {
    pin.filter(|place| place.iter().all(|side| side.is_finite()))
        .map(|place| place.map(|side| side.clamp(-WORLD, WORLD)))
}
