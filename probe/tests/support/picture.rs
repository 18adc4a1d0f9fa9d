//! What a visualiser knows, kept as strictly as the wire promises: everything is told once, and after what it refers to.

use std::collections::BTreeMap;

use axonscope_proto::v1::report::Content;
use axonscope_proto::v1::{
    Activity, Component, ComponentActivity, Delta, Linkage, LogLine, Postbox, PostboxActivity, Report, Snapshot,
    TapSample,
};
use axonscope_runtime::{State, System};

#[derive(Default)]
pub(crate) struct Picture {
    pub(crate) components: BTreeMap<u64, Component>,
    pub(crate) postboxes: BTreeMap<u64, Postbox>,
    pub(crate) linkages: BTreeMap<u64, Linkage>,
    pub(crate) component_totals: BTreeMap<u64, ComponentActivity>,
    pub(crate) postbox_totals: BTreeMap<u64, PostboxActivity>,
    /// Complete Snapshots, and the parts of all.
    pub(crate) snapshots: u32,
    pub(crate) parts: u32,
    pub(crate) deltas: u32,
    /// Activity Reports with and without content.
    pub(crate) activities: u32,
    pub(crate) heartbeats: u32,
    pub(crate) lost: u64,
    pub(crate) merged: u64,
    pub(crate) captured_at: u64,
    pub(crate) refused: u64,
    pub(crate) lines: Vec<LogLine>,
    pub(crate) samples: Vec<TapSample>,
    pub(crate) farewell: Option<String>,
    /// What the wire does not allow, in words.
    pub(crate) anomalies: Vec<String>,
    next_part: u32,
}

impl Picture {
    pub(crate) fn apply(&mut self, report: &Report) {
        if report.lost < self.lost {
            self.anomalies.push(format!("lost fell from {} to {}", self.lost, report.lost));
        }
        self.lost = report.lost;
        self.refused = report.refused;
        self.captured_at = self.captured_at.max(report.captured_at);
        match report.content.as_ref() {
            Some(Content::Hello(_)) => {}
            Some(Content::Snapshot(snapshot)) => self.apply_snapshot(snapshot),
            Some(Content::Delta(delta)) => self.apply_delta(delta),
            Some(Content::Activity(activity)) => self.apply_activity(activity),
            Some(Content::LogLine(line)) => {
                if line.component != 0 && !self.components.contains_key(&line.component) {
                    self.anomalies.push(format!("a line of unknown component {}", line.component));
                }
                self.lines.push(line.clone());
            }
            Some(Content::TapSample(sample)) => {
                if !self.linkages.contains_key(&sample.linkage) {
                    self.anomalies.push(format!("a sample of unknown linkage {}", sample.linkage));
                }
                self.samples.push(sample.clone());
            }
            Some(Content::Farewell(farewell)) => self.farewell = Some(farewell.reason.clone()),
            None => self.anomalies.push("a Report without content".to_owned()),
        }
    }

    fn apply_snapshot(&mut self, snapshot: &Snapshot) {
        if snapshot.part == 0 {
            self.components.clear();
            self.postboxes.clear();
            self.linkages.clear();
            self.component_totals.clear();
            self.postbox_totals.clear();
        } else if snapshot.part != self.next_part {
            self.anomalies.push(format!("part {} instead of {}", snapshot.part, self.next_part));
        }
        self.next_part = snapshot.part + 1;
        self.parts += 1;
        self.add(&snapshot.components, &snapshot.postboxes, &snapshot.linkages);
        self.snapshots += u32::from(snapshot.last);
    }

    fn apply_delta(&mut self, delta: &Delta) {
        self.deltas += 1;
        self.merged = delta.merged;
        for id in &delta.unlinked {
            self.linkages.remove(id);
        }
        for id in &delta.removed_postboxes {
            self.remove_postbox(*id);
        }
        for id in &delta.removed_components {
            let boxes: Vec<_> = self.postboxes.values().filter(|postbox| postbox.owner == *id).map(|p| p.id).collect();
            boxes.into_iter().for_each(|postbox| self.remove_postbox(postbox));
            self.components.remove(id);
            self.component_totals.remove(id);
        }
        self.add(&delta.added_components, &delta.added_postboxes, &delta.linked);
        for change in &delta.state_changes {
            match self.components.get_mut(&change.component) {
                Some(component) => {
                    component.state = change.state;
                    component.state_detail.clone_from(&change.detail);
                }
                None => self.anomalies.push(format!("state of unknown component {}", change.component)),
            }
        }
    }

    fn apply_activity(&mut self, activity: &Activity) {
        if activity.components.is_empty() && activity.postboxes.is_empty() {
            self.heartbeats += 1;
        } else {
            self.activities += 1;
        }
        for totals in &activity.components {
            if !self.components.contains_key(&totals.component) {
                self.anomalies.push(format!("totals of unknown component {}", totals.component));
            }
            self.component_totals.insert(totals.component, *totals);
        }
        for totals in &activity.postboxes {
            if !self.postboxes.contains_key(&totals.postbox) {
                self.anomalies.push(format!("totals of unknown postbox {}", totals.postbox));
            }
            self.postbox_totals.insert(totals.postbox, *totals);
        }
    }

    fn add(&mut self, components: &[Component], postboxes: &[Postbox], linkages: &[Linkage]) {
        for component in components {
            if component.parent != 0 && !self.components.contains_key(&component.parent) {
                self.anomalies.push(format!("component {} before its parent", component.id));
            }
            if self.components.insert(component.id, component.clone()).is_some() {
                self.anomalies.push(format!("component {} twice", component.id));
            }
        }
        for postbox in postboxes {
            if !self.components.contains_key(&postbox.owner) {
                self.anomalies.push(format!("postbox {} before its owner", postbox.id));
            }
            if self.postboxes.insert(postbox.id, postbox.clone()).is_some() {
                self.anomalies.push(format!("postbox {} twice", postbox.id));
            }
        }
        for linkage in linkages {
            if !self.postboxes.contains_key(&linkage.source) || !self.postboxes.contains_key(&linkage.sink) {
                self.anomalies.push(format!("linkage {} before its ends", linkage.id));
            }
            if self.linkages.insert(linkage.id, *linkage).is_some() {
                self.anomalies.push(format!("linkage {} twice", linkage.id));
            }
        }
    }

    fn remove_postbox(&mut self, id: u64) {
        self.postboxes.remove(&id);
        self.postbox_totals.remove(&id);
        let orphans: Vec<_> = self.linkages.values().filter(|l| l.source == id || l.sink == id).map(|l| l.id).collect();
        for linkage in orphans {
            self.anomalies.push(format!("postbox {id} went before linkage {linkage}"));
        }
    }

    /// True when this is what `system` says of itself now.
    pub(crate) fn is_of(&self, system: &System) -> bool {
        let truth = system.describe();
        let states = truth.states.iter().map(|state| match state {
            State::Starting => 1,
            State::Running => 2,
            State::Finished => 3,
            State::Failed(_) => 4,
        });
        let components = truth.components.iter().zip(states).map(|(component, state)| {
            (component.id.get(), component.parent.map_or(0, |parent| parent.get()), component.name.to_string(), state)
        });
        let postboxes = truth.postboxes.iter().map(|postbox| (postbox.id.get(), postbox.owner.get()));
        let linkages =
            truth.linkages.iter().map(|linkage| (linkage.id.get(), linkage.source.get(), linkage.sink.get()));
        sorted(components) == sorted(self.components.values().map(|c| (c.id, c.parent, c.name.clone(), c.state)))
            && sorted(postboxes) == sorted(self.postboxes.values().map(|p| (p.id, p.owner)))
            && sorted(linkages) == sorted(self.linkages.values().map(|l| (l.id, l.source, l.sink)))
    }

    pub(crate) fn component(&self, name: &str) -> Option<&Component> {
        self.components.values().find(|component| component.name == name)
    }

    /// A component's totals, by its name.
    pub(crate) fn activity(&self, component: &str) -> Option<&ComponentActivity> {
        self.component_totals.get(&self.component(component)?.id)
    }

    /// What is joined, as `component.box -> component.box`, in order; grips have no names.
    pub(crate) fn wiring(&self) -> Vec<String> {
        let end = |id| {
            let postbox: &Postbox = &self.postboxes[id];
            let owner = &self.components[&postbox.owner].name;
            if postbox.name.is_empty() { owner.clone() } else { format!("{owner}.{}", postbox.name) }
        };
        sorted(self.linkages.values().map(|linkage| format!("{} -> {}", end(&linkage.source), end(&linkage.sink))))
    }

    /// The names of all components with those they are in, as `outer/inner`, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        sorted(self.components.values().map(|component| {
            let mut path = component.name.clone();
            let mut parent = component.parent;
            while let Some(outer) = self.components.get(&parent) {
                path = format!("{}/{path}", outer.name);
                parent = outer.parent;
            }
            path
        }))
    }

    /// The totals of a box, by the names of its component and its own.
    pub(crate) fn totals(&self, component: &str, postbox: &str) -> Option<&PostboxActivity> {
        let owner = self.component(component)?.id;
        let postbox = self.postboxes.values().find(|p| p.owner == owner && p.name == postbox)?;
        self.postbox_totals.get(&postbox.id)
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{} components, {} postboxes, {} linkages, {} snapshots, {} deltas, lost {}, merged {}, anomalies {:?}",
            self.components.len(),
            self.postboxes.len(),
            self.linkages.len(),
            self.snapshots,
            self.deltas,
            self.lost,
            self.merged,
            &self.anomalies[..self.anomalies.len().min(5)],
        )
    }

    pub(crate) fn assert_clean(&self) {
        assert!(self.anomalies.is_empty(), "{}", self.summary());
    }
}

fn sorted<T: Ord>(things: impl Iterator<Item = T>) -> Vec<T> {
    let mut things: Vec<_> = things.collect();
    things.sort();
    things
}
