//! Sums of repulsions, the innermost loop of all, in the widest vector registers that the processor has.
//!
//! There are always [`LANES`] partial sums, whatever the registers, and no fused operation: every processor gets the same
//! result to the last bit.

use pulp::{Arch, NullaryFnOnce};

/// Sums side by side.
pub(crate) const LANES: usize = 8;

/// Sources of repulsion, a column a coordinate.
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

/// Adds to each of `forces` what the sources do to the place in that row of `places`, from `first` on.
///
/// A source of charge q at distance vector d pushes by `q d / (d² + soft²)`. `sources` must be padded.
pub(crate) fn add_forces<const D: usize>(
    arch: Arch,
    sources: &Columns<D>,
    soft: f32,
    places: &Columns<D>,
    first: usize,
    forces: &mut [[f32; D]],
) {
    arch.dispatch(Forces { sources, soft, places, first, forces });
}

/// Adds what the sources do about a centre, to the first order. `sources` must be padded.
pub(crate) fn add_field<const D: usize>(
    arch: Arch,
    sources: &Columns<D>,
    soft: f32,
    centre: [f32; D],
    field: &mut Field<D>,
) {
    arch.dispatch(About { sources, soft, centre, field });
}

// Named types rather than closures: those were not compiled for the wider registers.

struct Forces<'a, const D: usize> {
    sources: &'a Columns<D>,
    soft: f32,
    places: &'a Columns<D>,
    first: usize,
    forces: &'a mut [[f32; D]],
}

impl<const D: usize> NullaryFnOnce for Forces<'_, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (row, force) in self.forces.iter_mut().enumerate() {
            let more = force_at(self.sources, self.soft, self.places.place(self.first + row));
            for axis in 0..D {
                force[axis] += more[axis];
            }
        }
    }
}

struct About<'a, const D: usize> {
    sources: &'a Columns<D>,
    soft: f32,
    centre: [f32; D],
    field: &'a mut Field<D>,
}

impl<const D: usize> NullaryFnOnce for About<'_, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let more = field_at(self.sources, self.soft, self.centre);
        for i in 0..D {
            self.field.force[i] += more.force[i];
            for j in 0..D {
                self.field.slope[i][j] += more.slope[i.min(j)][i.max(j)];
            }
        }
    }
}

#[inline(always)]
fn force_at<const D: usize>(sources: &Columns<D>, soft: f32, place: [f32; D]) -> [f32; D] {
    let mut sums = [[0.0f32; LANES]; D];
    let (columns, charges) = lanes(sources);
    for (row, charge) in charges.iter().enumerate() {
        let mut off = [[0.0f32; LANES]; D];
        let mut square = [soft * soft; LANES];
        for axis in 0..D {
            for lane in 0..LANES {
                off[axis][lane] = place[axis] - columns[axis][row][lane];
                square[lane] += off[axis][lane] * off[axis][lane];
            }
        }
        for axis in 0..D {
            for lane in 0..LANES {
                sums[axis][lane] += off[axis][lane] * (charge[lane] / square[lane]);
            }
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

/// Only the upper half of the slope, which is symmetric.
#[inline(always)]
fn field_at<const D: usize>(sources: &Columns<D>, soft: f32, centre: [f32; D]) -> Field<D> {
    let mut force = [[0.0f32; LANES]; D];
    let mut slope = [[[0.0f32; LANES]; D]; D];
    let (columns, charges) = lanes(sources);
    for (row, charge) in charges.iter().enumerate() {
        let mut off = [[0.0f32; LANES]; D];
        let mut square = [soft * soft; LANES];
        for axis in 0..D {
            for lane in 0..LANES {
                off[axis][lane] = centre[axis] - columns[axis][row][lane];
                square[lane] += off[axis][lane] * off[axis][lane];
            }
        }
        for lane in 0..LANES {
            let one = 1.0 / square[lane];
            let push = charge[lane] * one;
            for i in 0..D {
                force[i][lane] += off[i][lane] * push;
                slope[i][i][lane] += push;
                for j in i..D {
                    slope[i][j][lane] -= 2.0 * push * one * off[i][lane] * off[j][lane];
                }
            }
        }
    }
    Field { force: force.map(|lanes| lanes.iter().sum()), slope: slope.map(|row| row.map(|lanes| lanes.iter().sum())) }
}

type Lanes = [f32; LANES];

#[inline(always)]
fn lanes<const D: usize>(sources: &Columns<D>) -> ([&[Lanes]; D], &[Lanes]) {
    let charges = sources.charge.as_chunks::<LANES>().0;
    // Cut to one length, so that no look into a column needs to be checked.
    (std::array::from_fn(|axis| &sources.at[axis].as_chunks::<LANES>().0[..charges.len()]), charges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Columns<2> {
        let mut sources = Columns::default();
        for (at, charge) in [([3.0, 4.0], 1.0), ([-50.0, 10.0], 2.5), ([0.0, 0.0], 4.0)] {
            sources.push(at, charge);
        }
        sources.pad();
        sources
    }

    fn felt(at: [f32; 2]) -> [f32; 2] {
        let mut forces = [[0.0; 2]];
        let mut places = Columns::default();
        places.push(at, 0.0);
        add_forces(Arch::new(), &three(), 2.0, &places, 0, &mut forces);
        forces[0]
    }

    #[test]
    fn each_source_pushes_by_its_charge_over_the_distance() {
        let force = felt([0.0, 0.0]);
        let (near, far) = (1.0 / (25.0 + 4.0), 2.5 / (2600.0 + 4.0));
        assert!((force[0] - (-3.0 * near + 50.0 * far)).abs() < 1.0e-6, "{force:?}");
        assert!((force[1] - (-4.0 * near - 10.0 * far)).abs() < 1.0e-6, "{force:?}");
    }

    #[test]
    fn a_field_tells_what_is_felt_nearby() {
        let centre = [80.0, 60.0];
        let mut field = Field::NONE;
        add_field(Arch::new(), &three(), 2.0, centre, &mut field);
        for off in [[0.0, 0.0], [2.0, 0.0], [0.0, -2.0], [1.5, 1.5]] {
            let (told, true_one) = (field.at(off), felt([centre[0] + off[0], centre[1] + off[1]]));
            for axis in 0..2 {
                assert!((told[axis] - true_one[axis]).abs() < 1.0e-4, "{off:?}: {told:?} {true_one:?}");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_to_the_last_bit() {
        let best = felt([7.0, 1.0]);
        let mut forces = [[0.0; 2]];
        let mut places = Columns::default();
        places.push([7.0, 1.0], 0.0);
        add_forces(Arch::Scalar, &three(), 2.0, &places, 0, &mut forces);
        assert_eq!(best, forces[0]);
    }
}
