//! The numbers of the forces, tuned by looking at pictures of discs of radius 24 with a name below.

/// How strong each force is. Lengths are in world units, strengths are shares of a tick at full heat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Laws {
    /// Air between the rims of two linked bodies; sizes are added to it.
    pub spring_gap: f32,
    /// A hub's springs are longer than others by this times the square root of their number, if that is more than 1, so
    /// that its neighbours have room.
    pub hub_room: f32,
    /// Repulsion between two ordinary leaves at distance one; it falls with the distance.
    pub charge: f32,
    /// Parts whose bodies have more charge than this together share so much out among themselves, or the pressure in a
    /// large one would grow until no spring held it together.
    pub charge_limit: f32,
    /// Larger is faster and coarser: a far cell counts as one when its size is below this share of its distance.
    pub theta: f32,
    /// How much of a spring's freedom goes into drawing its source left and its sink right, in units a tick.
    pub flow: f32,
    /// How much of the height between its ends a spring takes away.
    pub level: f32,
    /// How strongly a body in a composite leans towards what it is linked to outside, in units a tick.
    pub lean: f32,
    /// Pull of a composite on its children, as a share of their distance from its centre.
    pub contain: f32,
    /// Pull of the origin on each disconnected part as a whole, as a share of its distance.
    pub center: f32,
    /// How much stronger that pull is upwards and downwards, so that parts stand side by side on a wide screen.
    pub center_upright: f32,
    /// Least air between the boxes of two siblings.
    pub body_gap: f32,
    /// Air between a composite's children and its ring.
    pub ring_padding: f32,
    /// Least air round a composite's ring, where its name stands.
    pub ring_gap: f32,
    /// Share of its velocity that a body keeps from one tick to the next.
    pub momentum: f32,
    /// Share of its heat that a body loses each tick while it is hotter than `tepid`.
    pub cooling: f32,
    /// Below this heat only details are left to be found, and bodies cool faster.
    pub tepid: f32,
    /// Share of its heat that a body loses each tick then.
    pub setting: f32,
    /// A body colder than this is at rest.
    pub coldest: f32,
    /// Everything is at rest when nothing moved further than this, for a few ticks.
    pub still: f32,
}

impl Default for Laws {
    fn default() -> Self {
        Self {
            spring_gap: 50.0,
            hub_room: 0.28,
            charge: 600.0,
            charge_limit: 1200.0,
            theta: 0.6,
            flow: 6.0,
            level: 0.02,
            lean: 4.0,
            contain: 0.12,
            center: 0.05,
            center_upright: 1.8,
            body_gap: 14.0,
            ring_padding: 18.0,
            ring_gap: 26.0,
            momentum: 0.6,
            cooling: 0.0228,
            tepid: 0.3,
            setting: 0.055,
            coldest: 0.002,
            still: 0.03,
        }
    }
}
