//! What problems name, marked in the picture: the culprit, and the linkages of a blocked chain or of a circle.

use std::collections::HashMap;

use axonscope_model::{LinkageId, SystemId};
use axonscope_session::{Problem, Severity};

use super::picture::{NodeKey, Picture, Trouble};

impl Picture {
    /// Marks what `problems` name, and nothing else any more.
    pub(crate) fn blame(&mut self, problems: &[Problem]) {
        if self.is_blamed || !problems.is_empty() {
            self.nodes.iter_mut().for_each(|node| node.blamed = Trouble::None);
        }
        self.is_blamed = !problems.is_empty();
        self.victims.clear();
        let mut linkages: HashMap<(SystemId, LinkageId), Trouble> = HashMap::new();
        for problem in problems {
            let trouble = trouble_of(problem.severity);
            let named =
                problem.components.iter().filter_map(|named| self.index.get(&(problem.system, *named)).copied());
            let named: Vec<u32> = named.collect();
            for culprit in culprits(problem) {
                let Some(&number) = self.index.get(&culprit) else { continue };
                if let Some(node) = self.nodes.get_mut(number as usize) {
                    node.blamed = node.blamed.max(trouble);
                }
                self.victims.entry(number).or_default().extend(&named);
            }
            for linkage in &problem.linkages {
                let known = linkages.entry((problem.system, *linkage)).or_default();
                *known = trouble.max(*known);
            }
        }
        if linkages.is_empty() {
            return;
        }
        for link in self.links.iter_mut().filter(|link| !link.gone) {
            if let Some(trouble) = linkages.get(&link.key) {
                link.trouble = link.trouble.max(*trouble);
            }
        }
    }
}

/// How loud a problem is.
pub(crate) fn trouble_of(severity: Severity) -> Trouble {
    match severity {
        Severity::Note => Trouble::None,
        Severity::Warning => Trouble::Warning,
        Severity::Error => Trouble::Alarm,
    }
}

/// At whom it points: of a circle at everybody, else at the first that it names. The rest are victims.
pub(crate) fn culprits(problem: &Problem) -> impl Iterator<Item = NodeKey> + '_ {
    let count = if problem.kind == "deadlock" { problem.components.len() } else { 1 };
    problem.components.iter().take(count).map(|component| (problem.system, *component))
}

#[cfg(test)]
mod tests {
    use axonscope_model::ComponentId;
    use axonscope_session::Findings;

    use super::super::nodes::Neighbours;
    use super::super::sample;
    use super::*;

    #[test]
    fn the_culprit_is_the_first_and_of_a_circle_everybody() {
        let problem = |kind: &str| Problem {
            kind: kind.to_owned(),
            components: [1, 2, 3].map(ComponentId).into(),
            ..Problem::default()
        };
        assert_eq!(culprits(&problem("slow-consumer")).count(), 1);
        assert_eq!(culprits(&problem("deadlock")).count(), 3);
    }

    #[test]
    fn whom_a_culprit_holds_up_stays_bright_beside_it() {
        let mut picture =
            sample::picture(&[(None, 0.0, 0.0, 24.0), (None, 900.0, 0.0, 24.0), (None, 0.0, 900.0, 24.0)], &[]);
        let problem = Problem {
            system: sample::SYSTEM,
            components: [1, 2].map(ComponentId).into(),
            severity: Severity::Error,
            ..Problem::default()
        };
        picture.blame(&[problem]);
        let near = Neighbours::of(&picture, Some(sample::key(0)), &Findings::default());
        assert_eq!([0, 1, 2].map(|node| near.dims(node)), [false, false, true]);
        picture.blame(&[]);
        let near = Neighbours::of(&picture, Some(sample::key(0)), &Findings::default());
        assert!(near.dims(1));
    }
}
