//! Keeps disconnected parts near each other: each is drawn to the origin as a whole, so that its shape does not suffer, and
//! what hangs on nothing is drawn to its place below the rest.

use crate::bodies::{Bodies, NONE};
use crate::forces::charge;
use crate::laws::Laws;
use crate::place::bounds;
use crate::vector::{add, middle, scaled, sub};

/// How far a picture of one body may stand from the origin; more of them take more room, and may stand as much farther off.
const HOME: f64 = 30.0;
/// Which share of the way beyond that a picture that is hot all over goes in a tick.
const HOMING: f64 = 0.15;

/// The parts of a picture that hang together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// Which one each body belongs to, [`NONE`] for a body that hangs on nothing.
    of: Vec<u32>,
    /// For each part what is left of its bodies' charge.
    shares: Vec<f32>,
}

impl Parts {
    pub(crate) fn new(of: Vec<u32>, count: usize) -> Self {
        Self { of, shares: vec![1.0; count] }
    }

    pub(crate) fn has_part(&self, body: usize) -> bool {
        self.of[body] != NONE
    }

    /// What is left of the charge of a body that belongs to a part.
    pub(crate) fn share(&self, body: usize) -> f32 {
        self.shares[self.of[body] as usize]
    }

    /// Finds how much charge each part has to share out, after sizes have changed.
    pub(crate) fn measure<const D: usize>(&mut self, bodies: &Bodies<D>, laws: &Laws) {
        self.shares.fill(0.0);
        for i in (0..bodies.len()).filter(|&i| !bodies.ringed[i] && self.of[i] != NONE) {
            self.shares[self.of[i] as usize] += charge::of(bodies, i as u32);
        }
        self.shares.iter_mut().for_each(|sum| *sum = (laws.charge_limit / sum.max(1.0)).min(1.0));
    }
}

/// Places and heat of several bodies together, and how many they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum<const D: usize> {
    at: [f64; D],
    heat: f64,
    count: f64,
}

impl<const D: usize> Sum<D> {
    const NONE: Self = Self { at: [0.0; D], heat: 0.0, count: 0.0 };

    fn add(&mut self, at: [f32; D], heat: f32) {
        self.at.iter_mut().zip(at).for_each(|(sum, side)| *sum += f64::from(side));
        self.heat += f64::from(heat);
        self.count += 1.0;
    }

    /// A share of the way from the origin to the middle, as far as the bodies are hot on the whole.
    fn share(&self, share: f64) -> [f32; D] {
        self.at.map(|side| (side * share * self.heat / (self.count * self.count)) as f32)
    }
}

/// `sums` is scratch for one tick.
pub(crate) fn apply<const D: usize>(
    bodies: &Bodies<D>,
    parts: &Parts,
    sums: &mut Vec<Sum<D>>,
    laws: &Laws,
    pulls: &mut [[f32; D]],
) {
    if parts.shares.len() > 1 {
        sums.clear();
        sums.resize(parts.shares.len(), Sum::NONE);
        gather(bodies, &parts.of, sums, laws, pulls);
    }
    shelve(bodies, &parts.of, laws, pulls);
}

/// Carries the whole picture back towards the origin as far as it is warm on the whole, so that one in which things come and
/// go for hours does not wander; what is pinned stays, and then so does the rest. All move alike: no shape suffers, and a
/// single change in a large picture moves it by next to nothing.
pub(crate) fn bring_home<const D: usize>(bodies: &mut Bodies<D>) {
    if !bodies.pins.is_empty() || bodies.len() == 0 {
        return;
    }
    let mut sum = Sum::NONE;
    for i in 0..bodies.len() {
        sum.add(bodies.at[i], bodies.heat[i]);
    }
    let off = sum.at.iter().map(|side| side * side).sum::<f64>().sqrt() / sum.count;
    let beyond = (1.0 - HOME * sum.count.sqrt() / off.max(1e-9)).max(0.0);
    let by = sum.share(beyond * HOMING);
    if by.iter().any(|&side| side != 0.0) {
        bodies.at.iter_mut().for_each(|at| *at = sub(*at, by));
    }
}

/// A part moves only as far as it is hot on the whole: one hot body does not drag the others through the picture.
fn gather<const D: usize>(bodies: &Bodies<D>, of: &[u32], sums: &mut [Sum<D>], laws: &Laws, pulls: &mut [[f32; D]]) {
    let leaf = |i: &usize| !bodies.ringed[*i] && of[*i] != NONE;
    for i in (0..bodies.len()).filter(leaf) {
        sums[of[i] as usize].add(bodies.at[i], bodies.heat[i]);
    }
    for i in (0..bodies.len()).filter(leaf) {
        let mut by = sums[of[i] as usize].share(f64::from(laws.center));
        by[1] *= laws.center_upright;
        pulls[i] = sub(pulls[i], by);
    }
}

fn shelve<const D: usize>(bodies: &Bodies<D>, of: &[u32], laws: &Laws, pulls: &mut [[f32; D]]) {
    let alone = |i: &usize| of[*i] == NONE;
    let (mut heat, mut count) = (0.0, 0.0f32);
    for i in (0..bodies.len()).filter(alone) {
        heat += bodies.heat[i];
        count += 1.0;
    }
    if heat <= 0.0 {
        return;
    }
    let rest = bounds(bodies, (0..bodies.len()).filter(|i| !alone(i)));
    let shelf = bounds(bodies, (0..bodies.len()).filter(alone));
    if let (Some([min, max]), Some([low, high])) = (rest, shelf) {
        let pull = 0.1 * heat / count;
        let mut by = scaled(sub(middle(min, max), middle(low, high)), pull);
        by[1] = (min[1] - laws.spring_gap - high[1]) * pull;
        for i in (0..bodies.len()).filter(alone) {
            pulls[i] = add(pulls[i], by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    fn pulls(bodies: &Bodies<2>, parts: &Parts) -> Vec<[f32; 2]> {
        let mut pulls = vec![[0.0; 2]; bodies.len()];
        apply(bodies, parts, &mut Vec::new(), &Laws::default(), &mut pulls);
        pulls
    }

    fn two_parts() -> (Bodies<2>, Parts) {
        let (bodies, _) = linked(&[[-500.0, 0.0], [-500.0, 100.0], [500.0, 0.0], [700.0, 0.0]], &[(0, 1), (2, 3)]);
        (bodies, Parts::new(vec![0, 0, 1, 1], 2))
    }

    #[test]
    fn a_part_is_drawn_to_the_origin_without_losing_its_shape() {
        let (bodies, parts) = two_parts();
        let found = pulls(&bodies, &parts);
        assert!(found[0][0] > 0.0 && found[2][0] < 0.0);
        assert_eq!(found[0], found[1]);
        assert_eq!(found[2], found[3]);
    }

    #[test]
    fn a_large_part_shares_its_charge_out_and_a_small_one_keeps_it() {
        let laws = Laws { charge_limit: 1.0, ..Laws::default() };
        let (bodies, _) = linked(&[[0.0; 2]; 12], &[(0, 1)]);
        let mut parts = Parts::new([vec![0; 10], vec![1, NONE]].concat(), 2);
        parts.measure(&bodies, &laws);
        let charge = charge::of(&bodies, 0);
        assert!((parts.share(3) * 10.0 * charge - 1.0).abs() < 1.0e-6);
        assert_eq!(parts.share(10), 1.0);
        assert!(!parts.has_part(11));
    }

    #[test]
    fn a_cold_part_stays_and_one_hot_body_hardly_draws() {
        let (mut bodies, parts) = two_parts();
        bodies.heat = vec![0.0, 0.0, 1.0, 0.0];
        let found = pulls(&bodies, &parts);
        assert_eq!(found[0], [0.0; 2]);
        assert!(found[2][0].abs() <= 0.26 * 600.0 * 2.0 * Laws::default().center);
    }

    #[test]
    fn what_hangs_on_nothing_is_drawn_below_the_rest() {
        let (bodies, _) = linked(&[[0.0, 0.0], [150.0, 0.0], [400.0, 300.0], [500.0, 300.0]], &[(0, 1)]);
        let parts = Parts::new(vec![0, 0, NONE, NONE], 1);
        let found = pulls(&bodies, &parts);
        assert!(found[2][1] < 0.0 && found[2] == found[3]);
        assert_eq!(found[0], [0.0; 2]);
    }
}
