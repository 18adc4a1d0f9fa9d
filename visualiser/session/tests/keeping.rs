//! What a person arranges is kept, comes back with program and session, and can be taken back; and layers beside forces.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use axonscope_model::{
    Change, ComponentId, Hello, Limits, LinkageId, LinkageKind, Model, NewComponent, NewLinkage, NewPostbox, PostboxId,
    PostboxKind, SystemId,
};
use axonscope_session::{Options, Place, Session, Style};

const PATIENCE: Duration = Duration::from_secs(60);
const FILE: &str = "arrangement.toml";

fn keeping(folder: &Path) -> Session {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    Session::start(Options { listen, keep_in: Some(folder.to_owned()), ..Options::default() }).unwrap()
}

/// A pipeline of four.
fn row(session: &Session, name: &str, instance: u8) -> SystemId {
    let system =
        session.connect(Hello { instance: [instance; 16], name: name.to_owned(), ..Hello::default() }).unwrap();
    let postbox = |owner: u64, offset: u64, kind| {
        Change::PostboxAdded(NewPostbox {
            id: PostboxId(10 * owner + offset),
            owner: ComponentId(owner),
            name: "box".to_owned(),
            kind,
            message_type: String::new(),
            capacity: 8,
            description: String::new(),
        })
    };
    let added = (1..=4).flat_map(|id| {
        let component = NewComponent { id: ComponentId(id), name: format!("stage {id}"), ..NewComponent::default() };
        [Change::ComponentAdded(component), postbox(id, 0, PostboxKind::Inbox), postbox(id, 1, PostboxKind::Outbox)]
    });
    let linked = (1..4).map(|id| {
        let (source, sink) = (PostboxId(10 * id + 1), PostboxId(10 * (id + 1)));
        Change::Linked(NewLinkage { id: LinkageId(id), source, sink, kind: LinkageKind::Direct })
    });
    let whole: Vec<Change> = std::iter::once(Change::SnapshotBegan)
        .chain(added)
        .chain(linked)
        .chain(std::iter::once(Change::SnapshotEnded))
        .collect();
    session.apply(system, whole);
    assert!(session.settle(PATIENCE));
    system
}

fn place(session: &Session, system: SystemId, component: u64) -> Place {
    let slot = session.read(|model| model.system(system).unwrap().component(ComponentId(component)).unwrap().slot());
    *session.places().system(system).unwrap().of(slot, ComponentId(component)).unwrap()
}

fn all(session: &Session, system: SystemId) -> Vec<[f32; 3]> {
    (1..=4).map(|id| place(session, system, id).position).collect()
}

#[test]
fn pins_folds_and_shifts_come_back_with_program_and_session() {
    let folder = tempfile::tempdir().unwrap();
    let session = keeping(folder.path());
    let system = row(&session, "demo", 1);
    session.pin(system, ComponentId(2), Some([500.0, -300.0, 0.0]));
    session.fold(system, ComponentId(3), Some(true));
    session.move_system(system, [70.0, 30.0]);
    assert!(session.settle(PATIENCE));
    let before = place(&session, system, 2);
    drop(session);

    let session = keeping(folder.path());
    let system = row(&session, "demo", 9);
    let again = place(&session, system, 2);
    assert!(again.pinned);
    assert_eq!(again.position, before.position);
    assert_eq!(again.position, [570.0, -270.0, 0.0]);
    assert_eq!(*session.folds(), [((system, ComponentId(3)), true)].into());
}

#[test]
fn two_at_once_keep_what_the_other_arranged() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (keeping(folder.path()), keeping(folder.path()));
    let (a, b) = (row(&one, "a", 1), row(&other, "b", 2));
    one.pin(a, ComponentId(1), Some([10.0, 0.0, 0.0]));
    other.pin(b, ComponentId(1), Some([20.0, 0.0, 0.0]));
    drop((one, other));
    let session = keeping(folder.path());
    for name in ["a", "b"] {
        let system = row(&session, name, 3);
        assert!(place(&session, system, 1).pinned, "{name}");
        session.disconnect(system, None);
    }
}

#[test]
fn a_broken_file_is_kept_aside_and_the_rest_of_it_is_used_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let whole = "version = 1\n[[system]]\nname = 3\n[[system]]\nname = \"demo\"\n\
                 [[system.component]]\npath = \"stage 2\"\npin = [40.0, 50.0, 0.0]\n";
    fs::write(&path, whole).unwrap();
    let session = keeping(folder.path());
    let system = row(&session, "demo", 1);
    assert!(place(&session, system, 2).pinned);
    session.shutdown();
    assert_eq!(fs::read_to_string(folder.path().join("arrangement.broken-1.toml")).unwrap(), whole);
    assert!(fs::read_to_string(&path).unwrap().contains("stage 2"));
}

#[test]
fn nothing_is_written_where_nothing_is_kept_or_arranged() {
    let folder = tempfile::tempdir().unwrap();
    let session = keeping(folder.path());
    row(&session, "demo", 1);
    drop(session);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(Session::from_model(Model::new(Limits::default())).keeper().is_none());
}

#[test]
fn undoing_puts_everything_where_it_was_and_redoing_where_it_came_to() {
    let session = Session::from_model(Model::new(Limits::default()));
    let system = row(&session, "demo", 1);
    let before = all(&session, system);
    for step in 1..=20 {
        session.pin(system, ComponentId(2), Some([before[1][0] + 10.0 * step as f32, before[1][1] + 200.0, 0.0]));
    }
    session.finish_step();
    assert!(session.settle(PATIENCE));
    let after = all(&session, system);
    assert_ne!(before[0], after[0], "others followed");
    assert!(session.undo());
    assert!(session.settle(PATIENCE));
    assert_eq!(all(&session, system), before);
    assert!(!place(&session, system, 2).pinned);
    assert!(!session.undo());
    assert!(session.redo());
    assert!(session.settle(PATIENCE));
    assert_eq!(all(&session, system), after);
    assert!(place(&session, system, 2).pinned);
    assert!(!session.redo());
}

#[test]
fn arranging_again_holds_pins_and_can_be_undone_in_both_styles() {
    for style in [Style::Force, Style::Layered] {
        let session = Session::from_model(Model::new(Limits::default()));
        session.set_style(style);
        let system = row(&session, "demo", 1);
        session.pin(system, ComponentId(3), Some([100.0, 220.0, 0.0]));
        session.finish_step();
        assert!(session.settle(PATIENCE));
        let before = all(&session, system);
        session.rearrange();
        assert!(session.settle(PATIENCE));
        assert_eq!(place(&session, system, 3).position, [100.0, 220.0, 0.0]);
        assert!(session.undo());
        assert!(session.settle(PATIENCE));
        assert_eq!(all(&session, system), before, "{style:?}");
    }
}

#[test]
fn two_systems_are_where_they_were_when_a_move_is_undone() {
    let session = Session::from_model(Model::new(Limits::default()));
    let (one, two) = (row(&session, "one", 1), row(&session, "two", 2));
    let before = (all(&session, one), all(&session, two));
    let to = place(&session, two, 2).position;
    let by = [to[0] - before.0[1][0], to[1] - before.0[1][1]];
    session.move_system(one, by);
    session.finish_step();
    assert!(session.settle(PATIENCE));
    assert_ne!(all(&session, two), before.1, "the other made room");
    assert!(session.undo());
    assert!(session.settle(PATIENCE));
    assert_eq!((all(&session, one), all(&session, two)), before);
}

#[test]
fn layers_and_forces_each_keep_their_picture() {
    let session = Session::from_model(Model::new(Limits::default()));
    let systems = [row(&session, "one", 1), row(&session, "two", 2)];
    let both = || {
        assert!(session.settle(PATIENCE));
        systems.map(|system| all(&session, system))
    };
    let by_forces = both();
    session.set_style(Style::Layered);
    let in_layers = both();
    for (system, stages) in systems.iter().zip(&in_layers) {
        assert_eq!(session.places().system(*system).unwrap().style, Style::Layered);
        assert!(stages.windows(2).all(|pair| pair[0][0] + 60.0 < pair[1][0] && pair[0][1] == pair[1][1]));
    }
    session.set_style(Style::Force);
    assert_eq!(both(), by_forces);
    session.set_style(Style::Layered);
    assert_eq!(both(), in_layers);
}
