//! What must hold of a model whatever it was told.

use std::collections::HashSet;

use crate::*;

pub(super) fn assert_invariants(model: &Model) {
    for system in model.systems() {
        assert_tree(system);
        assert_postboxes(system);
        assert_linkages(system);
        assert_numbers(system);
        assert_names(system);
        let topology = &system.topology;
        let is_component = |slot| topology.components.get(slot).is_some();
        topology.said.assert_invariants(is_component, |slot| topology.linkages.get(slot).is_some());
    }
    assert_eq!(model.bytes(), model.systems().map(System::bytes).sum::<usize>());
}

fn assert_tree(system: &System) {
    let in_tree: Vec<ComponentId> = system.tree().map(|component| component.id()).collect();
    assert_eq!(in_tree.len(), system.component_count(), "each component is in the tree once: {in_tree:?}");
    assert_eq!(in_tree.iter().collect::<HashSet<_>>().len(), in_tree.len());
    for component in system.components() {
        assert_eq!(system.component(component.id()).map(ComponentRef::slot), Some(component.slot()));
        assert!(component.slot() < system.component_slots());
        for child in component.children() {
            assert_eq!(child.parent().map(ComponentRef::id), Some(component.id()));
        }
        assert_eq!(component.is_composite(), component.children().next().is_some());
    }
    assert!(system.roots().all(|root| root.parent().is_none()));
}

fn assert_postboxes(system: &System) {
    let owned: Vec<PostboxId> =
        system.components().flat_map(ComponentRef::postboxes).map(|postbox| postbox.id()).collect();
    assert_eq!(owned.len(), system.postbox_count());
    for component in system.components() {
        for postbox in component.postboxes() {
            assert_eq!(postbox.owner().id(), component.id());
            assert_eq!(system.postbox(postbox.id()).map(PostboxRef::slot), Some(postbox.slot()));
            assert!(postbox.slot() < system.postbox_slots());
        }
    }
}

fn assert_linkages(system: &System) {
    let leaving = system.postboxes().flat_map(PostboxRef::linkages_out).count();
    let coming = system.postboxes().flat_map(PostboxRef::linkages_in).count();
    assert_eq!([leaving, coming], [system.linkage_count(); 2]);
    assert_eq!(system.linkages().count(), system.linkage_count());
    assert_eq!(system.uses().count(), system.use_count());
    let by_components = system.components().flat_map(ComponentRef::uses).count();
    assert_eq!(by_components, system.components().flat_map(ComponentRef::used_by).count());
    assert_eq!(by_components, system.use_count());
    for postbox in system.postboxes() {
        assert!(postbox.linkages_out().all(|linkage| linkage.source().id() == postbox.id()));
        assert!(postbox.linkages_in().all(|linkage| linkage.sink().id() == postbox.id()));
    }
    for linkage in system.linkages() {
        assert_eq!(system.linkage(linkage.id()).map(LinkageRef::slot), Some(linkage.slot()));
        assert!(linkage.slot() < system.linkage_slots());
    }
}

fn assert_numbers(system: &System) {
    let rates = [system.messages_per_second(), system.changes_per_second()]
        .into_iter()
        .chain(system.postboxes().map(PostboxRef::rate))
        .chain(system.components().map(ComponentRef::begun_rate))
        .chain(system.linkages_and_uses().map(LinkageRef::rate));
    for rate in rates {
        assert!(rate.is_finite() && rate >= 0.0, "{rate}");
    }
    let shares = system
        .components()
        .map(ComponentRef::busy_share)
        .chain(system.components().filter_map(ComponentRef::scheduled_share))
        .chain(system.postboxes().map(PostboxRef::blocked_share));
    for share in shares {
        assert!((0.0..=1.0).contains(&share), "{share}");
    }
    assert!(system.recent_anomalies().len() <= 64);
}

/// Every text kept is used, as often as it is counted, and totals hang on something.
fn assert_names(system: &System) {
    let used = |text: &str| usize::from(!text.is_empty());
    let by_components =
        system.components().map(|component| used(component.type_name()) + used(component.description())).sum::<usize>();
    let by_postboxes = system
        .components()
        .flat_map(ComponentRef::grips_and_postboxes)
        .map(|postbox| used(postbox.name()) + used(postbox.message_type()) + used(postbox.description()))
        .sum::<usize>();
    assert_eq!(system.topology.names.uses(), by_components + by_postboxes);
    let activities = &system.topology.activities;
    assert_eq!(activities.traffic.len(), system.postboxes().filter(|postbox| postbox.is_counted()).count());
    let waiting = system.postboxes().filter(|postbox| postbox.waits().is_some()).count();
    let scheduled = system.components().filter(|component| component.scheduled().is_some()).count();
    assert_eq!(activities.waits.len(), waiting + scheduled);
    let many = system.components().filter(|component| component.stands_for_many());
    assert_eq!(activities.spans.len(), many.count());
    assert_eq!(activities.work.len(), system.components().filter(|component| component.work().is_some()).count());
    let detailed =
        system.components().filter(|component| !component.state_detail().is_empty() || !component.labels().is_empty());
    assert_eq!(system.topology.details.len(), detailed.count());
    let described = system
        .components()
        .flat_map(ComponentRef::grips_and_postboxes)
        .filter(|postbox| !postbox.description().is_empty());
    assert_eq!(system.topology.descriptions.len(), described.count());
}
