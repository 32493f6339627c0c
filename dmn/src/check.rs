//! What the elements of a file make together: names, cycles of requirements, cycles of types.
//!
//! Owns the judgement of a whole model; must not change it. Nothing here recurses along references:
//! a file may chain as many as it has elements.

use std::fmt::Write;

use model_xml::{Location, Severity, Sink, Subject, clip};
use rustc_hash::FxHashMap;

use crate::code::{self, Code};
use crate::model::{Definitions, Reference, Shape, Target};

/// Judges a file.
pub(crate) fn check(model: &Definitions, sink: &mut Sink) {
    names(model, sink);
    requirements(model, sink);
    types(model, sink);
}

fn report(
    sink: &mut Sink,
    severity: Severity,
    code: Code,
    at: (&str, &str, Location),
    message: String,
    help: &str,
) {
    let (element, id, location) = at;
    let subject = Subject {
        location,
        element_id: Some(id).filter(|id| !id.is_empty()),
        element: Some(element),
        process: None,
    };
    sink.report(severity, code, subject, message, help);
}

/// Names by which expressions find things: those of one kind must differ.
fn names(model: &Definitions, sink: &mut Sink) {
    let types = model.item_definitions.iter().map(|it| {
        let id = it.id.as_deref().unwrap_or("");
        (&*it.name, ("itemDefinition", id, it.location))
    });
    distinct(types, Severity::Error, sink);
    let imports = model.imports.iter();
    let imports = imports.map(|it| (&*it.name, ("import", "", it.location)));
    distinct(imports, Severity::Error, sink);
    let nodes = Nodes::new(model);
    let all = nodes.list.iter();
    let all = all.map(|it| (it.name, (it.element, it.id, it.location)));
    let inputs = model.input_data.iter();
    let inputs = inputs.map(|it| (&*it.name, ("inputData", &*it.id, it.location)));
    // Two elements that nothing requires together do not get into each other's way.
    distinct(all.chain(inputs), Severity::Warning, sink);
}

fn distinct<'a>(
    names: impl Iterator<Item = (&'a str, (&'a str, &'a str, Location))>,
    severity: Severity,
    sink: &mut Sink,
) {
    let mut seen: FxHashMap<&str, Location> = FxHashMap::default();
    for (name, at) in names.filter(|(name, _)| !name.is_empty()) {
        let Some(first) = seen.get(name) else {
            seen.insert(name, at.2);
            continue;
        };
        let message = format!("the name {:?} is also given at {first}", clip(name));
        let help = "give each a name of its own";
        report(sink, severity, code::DUPLICATE_NAME, at, message, help);
    }
}

/// One element that may require others.
struct Node<'m> {
    element: &'static str,
    id: &'m str,
    name: &'m str,
    location: Location,
    required: Vec<&'m Reference>,
}

/// Decisions, business knowledge models and services in one numbering.
struct Nodes<'m> {
    list: Vec<Node<'m>>,
    knowledge_models: usize,
    services: usize,
}

impl<'m> Nodes<'m> {
    fn new(model: &'m Definitions) -> Self {
        let decisions = model.decisions.iter().map(|it| Node {
            element: "decision",
            id: &it.id,
            name: &it.name,
            location: it.location,
            required: it
                .information_requirements
                .iter()
                .chain(&it.knowledge_requirements)
                .collect(),
        });
        let knowledge_models = model.knowledge_models.iter().map(|it| Node {
            element: "businessKnowledgeModel",
            id: &it.id,
            name: &it.name,
            location: it.location,
            required: it.knowledge_requirements.iter().collect(),
        });
        // Calling a service evaluates its outputs; what else it holds, they require.
        let services = model.services.iter().map(|it| Node {
            element: "decisionService",
            id: &it.id,
            name: &it.name,
            location: it.location,
            required: it.output_decisions.iter().collect(),
        });
        Nodes {
            list: decisions.chain(knowledge_models).chain(services).collect(),
            knowledge_models: model.decisions.len(),
            services: model.decisions.len() + model.knowledge_models.len(),
        }
    }

    /// The number of what a reference leads to; `None` for what requires nothing in this file.
    fn number(&self, reference: &Reference) -> Option<usize> {
        match &reference.target {
            Target::Decision(position) => Some(*position),
            Target::KnowledgeModel(position) => Some(self.knowledge_models + position),
            Target::Service(position) => Some(self.services + position),
            Target::InputData(_) | Target::KnowledgeSource(_) | Target::Imported { .. } => None,
        }
    }
}

fn requirements(model: &Definitions, sink: &mut Sink) {
    let nodes = Nodes::new(model);
    let successor = |node: usize, edge: usize| {
        let required = nodes.list.get(node)?.required.get(edge)?;
        Some(nodes.number(required))
    };
    for cycle in cycles(nodes.list.len(), successor) {
        let members = cycle.iter().filter_map(|at| nodes.list.get(*at));
        let Some(first) = members.clone().next() else {
            continue;
        };
        let way = way(members.map(|it| it.name));
        let message = format!("{} requires itself: {way}", first.element);
        let help = "remove one of these requirements";
        let at = (first.element, first.id, first.location);
        report(
            sink,
            Severity::Error,
            code::REQUIREMENT_CYCLE,
            at,
            message,
            help,
        );
    }
}

/// Types that say nothing but that they are each other.
fn types(model: &Definitions, sink: &mut Sink) {
    let by_name: FxHashMap<&str, usize> = model
        .item_definitions
        .iter()
        .enumerate()
        .map(|(at, it)| (&*it.name, at))
        .collect();
    let successor = |node: usize, edge: usize| {
        let definition = model.item_definitions.get(node)?;
        match &definition.shape {
            Shape::Reference(reference) if edge == 0 => {
                Some(by_name.get(&*reference.name).copied())
            }
            Shape::Reference(_) | Shape::Any | Shape::Components(_) | Shape::Function { .. } => {
                None
            }
        }
    };
    for cycle in cycles(model.item_definitions.len(), successor) {
        let members = cycle
            .iter()
            .filter_map(|at| model.item_definitions.get(*at));
        let Some(first) = members.clone().next() else {
            continue;
        };
        let way = way(members.map(|it| &*it.name));
        let message = format!("the type is defined as itself: {way}");
        let help = "let one of them be a type of FEEL or have components";
        let id = first.id.as_deref().unwrap_or("");
        let at = ("itemDefinition", id, first.location);
        report(sink, Severity::Error, code::TYPE_CYCLE, at, message, help);
    }
}

/// How many members of a cycle are named.
const MEMBERS_MAX: usize = 8;

/// `a → b → a`, shortened where a file makes it very long.
fn way<'n>(mut names: impl Iterator<Item = &'n str>) -> String {
    let first = names.next().unwrap_or_default();
    let mut way = clip(first);
    for (shown, name) in (1..).zip(names) {
        if shown == MEMBERS_MAX {
            way.push_str(" → …");
            break;
        }
        // Writing to a String cannot fail.
        let _ = write!(way, " → {}", clip(name));
    }
    let _ = write!(way, " → {}", clip(first));
    way
}

/// Whether a node has been looked at.
#[derive(Clone, Copy)]
enum Mark {
    New,
    /// On the way to the node at hand, at this position.
    Open(usize),
    Done,
}

/// Cycles of a graph, so many that removing one edge of each leaves none; of each the first members.
///
/// `successor` gives the end of a node's n-th edge: `None` when it has no such edge, `Some(None)`
/// when the edge leads out of the graph.
fn cycles(
    nodes: usize,
    successor: impl Fn(usize, usize) -> Option<Option<usize>>,
) -> Vec<Vec<usize>> {
    let mut marks = vec![Mark::New; nodes];
    let mut found = Vec::new();
    // Nodes and the edge of each to be followed next.
    let mut way: Vec<(usize, usize)> = Vec::new();
    for start in 0..nodes {
        if let Mark::New = marks[start] {
            marks[start] = Mark::Open(0);
            way.push((start, 0));
        }
        while let Some((node, edge)) = way.last_mut() {
            let (from, followed) = (*node, *edge);
            *edge += 1;
            match successor(from, followed) {
                None => {
                    marks[from] = Mark::Done;
                    way.pop();
                }
                Some(None) => {}
                Some(Some(to)) => match marks[to] {
                    Mark::New => {
                        marks[to] = Mark::Open(way.len());
                        way.push((to, 0));
                    }
                    Mark::Open(position) => {
                        let around = way.iter().skip(position).map(|(node, _)| *node);
                        found.push(around.take(MEMBERS_MAX + 1).collect());
                    }
                    Mark::Done => {}
                },
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::cycles;

    fn of(edges: &[&[usize]]) -> Vec<Vec<usize>> {
        cycles(edges.len(), |node, edge| {
            edges[node].get(edge).map(|to| Some(*to))
        })
    }

    #[test]
    fn every_cycle_is_found_and_nothing_else() {
        assert!(of(&[&[1, 2], &[2], &[]]).is_empty());
        assert_eq!(of(&[&[0]]), [vec![0]]);
        assert_eq!(of(&[&[1], &[2], &[1]]), [vec![1, 2]]);
        assert_eq!(of(&[&[1, 2], &[0], &[0]]), [vec![0, 1], vec![0, 2]]);
    }

    #[test]
    fn a_long_way_needs_no_stack() {
        let nodes = 1_000_000;
        let around = cycles(nodes, |node, edge| {
            (edge == 0).then_some(Some((node + 1) % nodes))
        });
        assert_eq!(around.len(), 1);
        assert_eq!(around[0].len(), super::MEMBERS_MAX + 1);
    }
}
