//! Keeps disconnected parts near each other: each is drawn to the origin as a whole, so that its shape does not suffer, and
//! what hangs on nothing is drawn to its place below the rest.

use crate::bodies::{Bodies, NONE};
use crate::laws::Laws;
use crate::place::bounds;

/// How far a picture of one body may stand from the origin; more of them take more room, and may stand as much farther off.
const HOME: f64 = 30.0;

/// Which part each body belongs to, [`NONE`] for a body that hangs on nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) of: Vec<u32>,
    /// Sum of places and of heat, and number of leaves: scratch for one tick.
    pub(crate) sums: Vec<[f64; 4]>,
}

pub(crate) fn apply(bodies: &mut Bodies, parts: &mut Parts, laws: &Laws) {
    if parts.sums.len() > 1 {
        gather(bodies, parts, laws);
    }
    shelve(bodies, parts, laws);
}

/// Carries the whole picture back towards the origin as far as it is warm on the whole, so that one in which things come and
/// go for hours does not wander; what is pinned stays, and then so does the rest. All move alike: no shape suffers, and a
/// single change in a large picture moves it by next to nothing.
pub(crate) fn bring_home(bodies: &mut Bodies, laws: &Laws) {
    if !bodies.pins.is_empty() || bodies.len() == 0 {
        return;
    }
    let mut sum = [0.0f64; 3];
    for i in 0..bodies.len() {
        let adding = [bodies.at[i][0], bodies.at[i][1], bodies.heat[i]];
        sum.iter_mut().zip(adding).for_each(|(sum, value)| *sum += f64::from(value));
    }
    let count = bodies.len() as f64;
    let off = sum[0].hypot(sum[1]) / count;
    let beyond = (1.0 - HOME * count.sqrt() / off.max(1e-9)).max(0.0);
    let pull = beyond * f64::from(laws.center) * sum[2] / (count * count);
    let by = [(sum[0] * pull) as f32, (sum[1] * pull) as f32];
    for at in &mut bodies.at {
        *at = [at[0] - by[0], at[1] - by[1]];
    }
}

/// A part moves only as far as it is hot on the whole: one hot body does not drag the others through the picture.
fn gather(bodies: &mut Bodies, parts: &mut Parts, laws: &Laws) {
    parts.sums.fill([0.0; 4]);
    let leaf = |i: &usize| !bodies.ringed[*i] && parts.of[*i] != NONE;
    for i in (0..bodies.len()).filter(leaf) {
        let sum = &mut parts.sums[parts.of[i] as usize];
        let adding = [bodies.at[i][0], bodies.at[i][1], bodies.heat[i], 1.0];
        sum.iter_mut().zip(adding).for_each(|(sum, value)| *sum += f64::from(value));
    }
    for i in 0..bodies.len() {
        if !bodies.ringed[i] && parts.of[i] != NONE {
            let [x, y, heat, count] = parts.sums[parts.of[i] as usize];
            let pull = f64::from(laws.center) * heat / (count * count);
            bodies.velocity[i][0] -= (x * pull) as f32;
            bodies.velocity[i][1] -= (y * pull) as f32 * laws.center_upright;
        }
    }
}

fn shelve(bodies: &mut Bodies, parts: &Parts, laws: &Laws) {
    let alone = |i: &usize| parts.of[*i] == NONE;
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
        let by = [(min[0] + max[0] - low[0] - high[0]) * 0.5 * pull, (min[1] - laws.spring_gap - high[1]) * pull];
        for i in (0..bodies.len()).filter(alone) {
            bodies.velocity[i] = [bodies.velocity[i][0] + by[0], bodies.velocity[i][1] + by[1]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::tests::linked;

    fn two_parts() -> (Bodies, Parts) {
        let (bodies, _) = linked(&[[-500.0, 0.0], [-500.0, 100.0], [500.0, 0.0], [700.0, 0.0]], &[(0, 1), (2, 3)]);
        (bodies, Parts { of: vec![0, 0, 1, 1], sums: vec![[0.0; 4]; 2] })
    }

    #[test]
    fn a_part_is_drawn_to_the_origin_without_losing_its_shape() {
        let (mut bodies, mut parts) = two_parts();
        apply(&mut bodies, &mut parts, &Laws::default());
        assert!(bodies.velocity[0][0] > 0.0 && bodies.velocity[2][0] < 0.0);
        assert_eq!(bodies.velocity[0], bodies.velocity[1]);
        assert_eq!(bodies.velocity[2], bodies.velocity[3]);
    }

    #[test]
    fn a_cold_part_stays_and_one_hot_body_hardly_draws() {
        let (mut bodies, mut parts) = two_parts();
        bodies.heat = vec![0.0, 0.0, 1.0, 0.0];
        apply(&mut bodies, &mut parts, &Laws::default());
        assert_eq!(bodies.velocity[0], [0.0; 2]);
        assert!(bodies.velocity[2][0].abs() <= 0.26 * 600.0 * 2.0 * Laws::default().center);
    }

    #[test]
    fn what_hangs_on_nothing_is_drawn_below_the_rest() {
        let (mut bodies, _) = linked(&[[0.0, 0.0], [150.0, 0.0], [400.0, 300.0], [500.0, 300.0]], &[(0, 1)]);
        let mut parts = Parts { of: vec![0, 0, NONE, NONE], sums: vec![[0.0; 4]; 1] };
        apply(&mut bodies, &mut parts, &Laws::default());
        assert!(bodies.velocity[2][1] < 0.0 && bodies.velocity[2] == bodies.velocity[3]);
        assert_eq!(bodies.velocity[0], [0.0; 2]);
    }
}
