//! Sums of repulsions, the innermost loop of all, in vector registers.
//!
//! Each lane sums for one place, source after source, and nothing is fused, so that the width of the registers does
//! not show in the result.

use wide::f32x8;

/// Places that are summed for side by side.
pub(crate) const LANES: usize = 8;

/// Places with charges, a column a coordinate.
#[derive(Clone, Debug)]
pub(crate) struct Columns<const D: usize> {
    at: [Vec<f32>; D],
    charge: Vec<f32>,
}

impl<const D: usize> Default for Columns<D> {
    fn default() -> Self {
        Self { at: std::array::from_fn(|_| Vec::new()), charge: Vec::new() }
    }
}

impl<const D: usize> Columns<D> {
    pub(crate) fn clear(&mut self) {
        self.at.iter_mut().for_each(Vec::clear);
        self.charge.clear();
    }

    pub(crate) fn push(&mut self, at: [f32; D], charge: f32) {
        for (column, side) in self.at.iter_mut().zip(at) {
            column.push(side);
        }
        self.charge.push(charge);
    }

    pub(crate) fn extend(&mut self, other: &Self, run: std::ops::Range<usize>) {
        for (column, more) in self.at.iter_mut().zip(&other.at) {
            column.extend_from_slice(&more[run.clone()]);
        }
        self.charge.extend_from_slice(&other.charge[run]);
    }

    pub(crate) fn place(&self, index: usize) -> [f32; D] {
        std::array::from_fn(|axis| self.at[axis][index])
    }

    pub(crate) fn charge(&self, index: usize) -> f32 {
        self.charge[index]
    }

    /// What is without charge fills up the last lanes.
    pub(crate) fn pad(&mut self) {
        while !self.charge.len().is_multiple_of(LANES) {
            self.push([0.0; D], 0.0);
        }
    }
}

/// What a source of charge q at distance vector d does: `q d / (d² + soft²)`, in the plane the field of a charge without its
/// peak. Lengths are in world units.
#[cfg(test)]
pub(crate) fn push<const D: usize>(off: [f32; D], charge: f32, soft: f32) -> [f32; D] {
    crate::vector::scaled(off, charge / (crate::vector::dot(off, off) + soft * soft))
}

/// The force about a centre: what is felt there, and how that changes on the way to a place nearby.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<const D: usize> {
    pub(crate) force: [f32; D],
    pub(crate) slope: [[f32; D]; D],
}

impl<const D: usize> Field<D> {
    pub(crate) const NONE: Self = Self { force: [0.0; D], slope: [[0.0; D]; D] };

    /// What is felt so far from the centre.
    pub(crate) fn at(&self, off: [f32; D]) -> [f32; D] {
        std::array::from_fn(|i| self.force[i] + (0..D).map(|j| self.slope[i][j] * off[j]).sum::<f32>())
    }
}

/// Sums for the places of a run of rows what the sources do to each. The run must begin and end at a multiple of
/// [`LANES`]; `sums` has a column for each coordinate and a row for each place.
///
/// A source of charge q at distance vector d pushes by `q d / (d² + soft²)`.
pub(crate) fn sum_forces<const D: usize>(
    sources: &Columns<D>,
    soft: f32,
    places: &Columns<D>,
    run: std::ops::Range<usize>,
    sums: [&mut [f32]; D],
) {
    // Cut to one length, so that no look into a column needs to be checked.
    let count = sources.charge.len();
    let from: [&[f32]; D] = std::array::from_fn(|axis| &sources.at[axis][..count]);
    let softening = f32x8::splat(soft * soft);
    for row in (0..run.len()).step_by(LANES) {
        let first = run.start + row;
        let at: [f32x8; D] = std::array::from_fn(|axis| lanes(&places.at[axis], first));
        let mut sum = [f32x8::ZERO; D];
        for (index, charge) in sources.charge.iter().enumerate() {
            let off: [f32x8; D] = std::array::from_fn(|axis| at[axis] - f32x8::splat(from[axis][index]));
            let square = off.iter().fold(softening, |square, side| square + *side * *side);
            let push = f32x8::splat(*charge) / square;
            for axis in 0..D {
                sum[axis] += off[axis] * push;
            }
        }
        for axis in 0..D {
            sums[axis][row..row + LANES].copy_from_slice(sum[axis].as_array());
        }
    }
}

/// As many numbers as there are lanes, from one on.
pub(crate) fn lanes(column: &[f32], first: usize) -> f32x8 {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&column[first..first + LANES]);
    f32x8::from(lanes)
}

/// Adds what a source of that charge and so far off does about a centre, to the first order.
pub(crate) fn add_field<const D: usize>(field: &mut Field<D>, off: [f32; D], charge: f32, soft: f32) {
    let near = 1.0 / (crate::vector::dot(off, off) + soft * soft);
    let push = charge * near;
    let steep = 2.0 * push * near;
    for i in 0..D {
        field.force[i] += off[i] * push;
        field.slope[i][i] += push;
        for j in 0..D {
            field.slope[i][j] -= steep * off[i] * off[j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFT: f32 = 2.0;
    const THREE: [([f32; 2], f32); 3] = [([3.0, 4.0], 1.0), ([-50.0, 10.0], 2.5), ([0.0, 0.0], 4.0)];

    fn felt(at: [f32; 2]) -> [f32; 2] {
        let (mut sources, mut places) = (Columns::default(), Columns::default());
        THREE.iter().for_each(|(at, charge)| sources.push(*at, *charge));
        places.push(at, 0.0);
        places.pad();
        let [mut x, mut y] = [[0.0; LANES]; 2];
        sum_forces(&sources, SOFT, &places, 0..LANES, [&mut x, &mut y]);
        [x[0], y[0]]
    }

    #[test]
    fn what_each_source_does_is_added_up() {
        let true_one = THREE
            .iter()
            .fold([0.0; 2], |sum, (at, charge)| crate::vector::add(sum, push([5.0 - at[0], -at[1]], *charge, SOFT)));
        let found = felt([5.0, 0.0]);
        assert!((0..2).all(|axis| (found[axis] - true_one[axis]).abs() < 1.0e-6), "{found:?} {true_one:?}");
    }

    #[test]
    fn a_push_is_the_charge_over_the_distance() {
        assert!((push([3.0, 4.0], 26.0, 1.0)[0] - 3.0).abs() < 1.0e-6);
        assert!(push([0.1, 0.0], 1.0, 1.0)[0] < 0.1);
    }

    #[test]
    fn a_field_tells_what_is_felt_nearby() {
        let centre = [80.0, 60.0];
        let mut field = Field::NONE;
        for (at, charge) in THREE {
            add_field(&mut field, [centre[0] - at[0], centre[1] - at[1]], charge, SOFT);
        }
        for off in [[0.0, 0.0], [2.0, 0.0], [0.0, -2.0], [1.5, 1.5]] {
            let (told, true_one) = (field.at(off), felt([centre[0] + off[0], centre[1] + off[1]]));
            for axis in 0..2 {
                assert!((told[axis] - true_one[axis]).abs() < 1.0e-4, "{off:?}: {told:?} {true_one:?}");
            }
        }
    }
}
