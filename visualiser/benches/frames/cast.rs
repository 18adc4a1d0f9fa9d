//! A system of pipelines, half of them composites, that stands in rows and sends messages.

use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox,
    PostboxActivity, PostboxId, PostboxKind, SystemId,
};
use axonscope_session::{ComponentPlace, Session, SystemLayout, sizes};

/// Components of a pipeline, the composite included where there is one.
const LENGTH: usize = 10;
/// World units from one pipeline to the next.
const PITCH: f32 = 470.0;
/// And from one component to the next.
const SPACING: f32 = 118.0;
const RING: f32 = 205.0;
/// What each of them is called by type.
const STAGES: [&str; LENGTH] =
    ["Reader", "Decoder", "Filter", "Scaler", "Router", "Blender", "Encoder", "Checker", "Signer", "Writer"];

pub(crate) struct Cast {
    size: usize,
    system: SystemId,
    step: u64,
}

/// Ids of a component are of a block of eight, as the runtime's are.
fn ids(component: usize) -> (ComponentId, PostboxId, PostboxId) {
    let id = 8 * component as u64 + 8;
    (ComponentId(id), PostboxId(id + 1), PostboxId(id + 2))
}

impl Cast {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, system: SystemId(0), step: 0 }
    }

    fn is_composite(component: usize) -> bool {
        component.is_multiple_of(2 * LENGTH)
    }

    fn parent(component: usize) -> Option<usize> {
        let first = component / LENGTH * LENGTH;
        (first != component && Self::is_composite(first)).then_some(first)
    }

    /// All that exists, with places; laid out by nobody.
    pub(crate) fn session(&self) -> Session {
        let mut model = Model::new(Limits::default());
        let hello = Hello { name: "pipelines".into(), instance: [1; 16], ..Hello::default() };
        let system = model.connect(hello, 1).unwrap_or(self.system);
        let mut tell = |change| {
            let applied = model.apply(system, change);
            debug_assert!(applied.anomaly.is_none(), "{:?}", applied.anomaly);
        };
        tell(Change::SnapshotBegan);
        for component in 0..self.size {
            let (id, inbox, outbox) = ids(component);
            tell(Change::ComponentAdded(NewComponent {
                id,
                parent: Self::parent(component).map(|parent| ids(parent).0),
                name: if Self::is_composite(component) {
                    format!("line {}", component / LENGTH)
                } else {
                    format!("{} {}", STAGES[component % LENGTH].to_lowercase(), component / LENGTH)
                },
                type_name: if Self::is_composite(component) { "Pipeline" } else { STAGES[component % LENGTH] }.into(),
                ..NewComponent::default()
            }));
            for (id, name, kind, capacity) in
                [(inbox, "inbox", PostboxKind::Inbox, 64), (outbox, "outbox", PostboxKind::Outbox, 0)]
            {
                let owner = ids(component).0;
                let (name, message_type) = (name.into(), "Frame".into());
                tell(Change::PostboxAdded(NewPostbox {
                    id,
                    owner,
                    name,
                    kind,
                    message_type,
                    capacity,
                    description: String::new(),
                }));
            }
        }
        for (link, (from, to)) in self.joins().enumerate() {
            let (source, sink) = (ids(from).2, ids(to).1);
            tell(Change::Linked(NewLinkage {
                id: LinkageId(link as u64 + 1),
                source,
                sink,
                kind: LinkageKind::Direct,
            }));
        }
        tell(Change::SnapshotEnded);
        let session = Session::from_model_and_places(model, &[self.layout(system)]);
        let mut first = Self { step: 0, ..*self };
        (0..10).for_each(|_| first.step(&session));
        session
    }

    /// Each to the next in its line, and the last of a line to the first of the next.
    fn joins(&self) -> impl Iterator<Item = (usize, usize)> {
        let works = |&component: &usize| !Self::is_composite(component);
        (0..self.size).filter(works).zip((0..self.size).filter(works).skip(1))
    }

    fn layout(&self, system: SystemId) -> SystemLayout {
        let lines = self.size.div_ceil(LENGTH);
        let columns = (1.6 * lines as f32).sqrt().ceil() as usize;
        let place = |component: usize| {
            let (line, within) = (component / LENGTH, component % LENGTH);
            let middle = [(line % columns) as f32 * PITCH, -((line / columns) as f32) * PITCH];
            let is_ring = Self::is_composite(component);
            // Three rows of three, to and fro; where no composite takes one of them, the tenth below.
            let has_ring = Self::is_composite(line * LENGTH);
            let cell = if has_ring { within.max(1) - 1 } else { within };
            let (row, column) = (cell / 3, if (cell / 3) % 2 == 0 { cell % 3 } else { 2 - cell % 3 });
            let off = match (is_ring, cell) {
                (true, _) => [0.0; 2],
                (false, 9) => [SPACING, -1.9 * SPACING],
                _ => [(column as f32 - 1.0) * SPACING, (1.0 - row as f32) * SPACING],
            };
            ComponentPlace {
                component: ids(component).0,
                position: [middle[0] + off[0], middle[1] + off[1], 0.0],
                radius: if is_ring { RING } else { sizes::DISC_RADIUS },
                pinned: false,
            }
        };
        let rows = lines.div_ceil(columns);
        SystemLayout {
            system,
            places: (0..self.size).map(place).collect(),
            min: [-0.6 * PITCH, -(rows as f32 - 0.4) * PITCH],
            max: [(columns as f32 - 0.4) * PITCH, 0.6 * PITCH + sizes::TITLE_HEIGHT],
        }
    }

    /// A tenth of a second passes, in which a tenth of all components sends.
    pub(crate) fn step(&mut self, session: &Session) {
        self.step += 1;
        let Some(system) = session.read(|model| model.systems().next().map(|system| system.id())) else { return };
        let step = self.step;
        let sends = (0..self.size)
            .filter(|&component| !Self::is_composite(component) && (component + step as usize).is_multiple_of(10));
        let totals = sends.map(|component| {
            let messages = step * 10u64.pow((component / LENGTH % 4) as u32);
            let depth = (component as u32 * 7 + step as u32) % 24;
            let (_, inbox, outbox) = ids(component);
            [(inbox, depth), (outbox, 0)].map(|(postbox, depth)| {
                Change::PostboxActivity(PostboxActivity { postbox, messages, depth, ..PostboxActivity::default() })
            })
        });
        let at = Change::Sampled { at: step * 100_000_000 };
        session.apply(system, totals.flatten().chain(std::iter::once(at)));
    }

    /// So much time passes that nothing flows any more.
    pub(crate) fn fall_silent(&mut self, session: &Session) {
        let Some(system) = session.read(|model| model.systems().next().map(|system| system.id())) else { return };
        for _ in 0..40 {
            self.step += 1;
            session.apply(system, [Change::Sampled { at: self.step * 100_000_000 }]);
        }
    }
}
