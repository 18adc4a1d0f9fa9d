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
        let mut linkages: HashMap<(SystemId, LinkageId), Trouble> = HashMap::new();
        for problem in problems {
            let trouble = trouble_of(problem.severity);
            for culprit in culprits(problem) {
                if let Some(node) = self.index.get(&culprit).and_then(|&node| self.nodes.get_mut(node as usize)) {
                    node.blamed = node.blamed.max(trouble);
                }
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
}
