//! Model → executable: resolves references, compiles every expression, reports all errors at once.

mod event;
mod publication;
mod task;

use std::sync::Arc;

use bpmn_parser::model::{FlowNode, FlowNodeKind, Gateway, Model, Process, SubProcessKind, Text};
use bpmn_parser::{Diagnostic, Location, Severity};
use bytes::Bytes;
use feel::json;
use petgraph::graph::NodeIndex as ModelIndex;
use rustc_hash::FxHashMap;

use super::reach::{NodeSet, hosts, reaching};
use super::{Executable, Flow, FlowIndex, Kind, Mapping, Node, NodeIndex, PROCESS_NODE, Template};

/// Nodes and flows times inclusive joins: what finding out who reaches them may cost.
const REACH_MAX: usize = 20_000_000;
/// Input or output mappings of one element: each reads what those before it gave.
const MAPPINGS_MAX: usize = 1_000;

/// Everything that keeps a process from running, located in its file.
pub type CompileError = Vec<Diagnostic>;

/// Compiles one process of a model that parsed without errors and refusals.
///
/// # Errors
/// All expressions that do not parse, and elements that this machine does not execute.
pub fn compile(model: &Model, process: &Process) -> Result<Executable, CompileError> {
    let mut compiler = Compiler {
        model,
        process,
        diagnostics: Vec::new(),
    };
    let executable = compiler.run();
    if compiler.diagnostics.is_empty() {
        Ok(executable)
    } else {
        Err(compiler.diagnostics)
    }
}

struct Compiler<'a> {
    model: &'a Model,
    process: &'a Process,
    diagnostics: Vec<Diagnostic>,
}

/// Model nodes start behind the process.
fn node_index(index: ModelIndex) -> NodeIndex {
    index.index() as NodeIndex + 1
}

impl Compiler<'_> {
    fn run(&mut self) -> Executable {
        let graph = &self.process.graph;
        let mut nodes = vec![self.process_node()];
        for (index, node) in graph.nodes() {
            let compiled = self.node(index, node);
            nodes.push(compiled);
        }
        let flows = self.flows();
        let inclusive_joins = self.reach(&mut nodes, &flows);
        let of_kind = |wanted: fn(&Node) -> bool| {
            (0..nodes.len() as NodeIndex)
                .filter(|index| wanted(&nodes[*index as usize]))
                .collect::<Vec<_>>()
        };
        Executable {
            key: 0,
            process_id: Arc::from(self.process.id.as_str()),
            name: self.process.name.as_deref().map(Box::from),
            version: 0,
            message_starts: of_kind(|node| matches!(node.kind, Kind::MessageStart(_))),
            signal_starts: of_kind(|node| matches!(node.kind, Kind::SignalStart(_))),
            timer_starts: of_kind(|node| matches!(node.kind, Kind::TimerStart(_))),
            inclusive_joins,
            by_id: (0..nodes.len() as NodeIndex)
                .map(|index| (nodes[index as usize].id.clone(), index))
                .collect::<FxHashMap<_, _>>(),
            forms: self
                .process
                .user_task_forms
                .iter()
                .map(|(id, body)| (Box::from(id.as_str()), Box::from(body.value.as_str())))
                .collect(),
            nodes,
            flows,
        }
    }

    /// Finds the inclusive gateways that join, and what can reach each.
    fn reach(&mut self, nodes: &mut [Node], flows: &[Flow]) -> Vec<NodeIndex> {
        let is_join = |node: &Node| {
            matches!(node.kind, Kind::InclusiveGateway { .. }) && node.incoming.len() > 1
        };
        let joins = (0..nodes.len() as NodeIndex)
            .filter(|index| is_join(&nodes[*index as usize]))
            .collect::<Vec<_>>();
        // Each walk visits every node and flow at most once.
        if joins.len().saturating_mul(nodes.len() + flows.len()) > REACH_MAX {
            let (first, count) = (&nodes[joins[0] as usize].id, joins.len());
            let message = format!(
                "the process has {count} inclusive gateways that join, too many for its {} elements and {} flows",
                nodes.len(),
                flows.len()
            );
            self.too_large(first, message);
            return Vec::new();
        }
        let hosts = hosts(nodes);
        for &join in &joins {
            let reached_from = reaching(join, nodes, flows, &hosts);
            nodes[join as usize].kind = Kind::InclusiveGateway { reached_from };
        }
        joins
    }

    fn process_node(&self) -> Node {
        Node {
            id: Box::from(self.process.id.as_str()),
            name: self.process.name.as_deref().map(Box::from),
            tag: "process",
            parent: PROCESS_NODE,
            kind: Kind::Scope {
                start: self.none_start(None),
            },
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default_flow: None,
            boundary_events: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            headers: Bytes::from_static(b"{}"),
        }
    }

    fn node(&mut self, index: ModelIndex, node: &FlowNode) -> Node {
        let graph = &self.process.graph;
        let flows = |flows: &[petgraph::graph::EdgeIndex]| {
            flows.iter().map(|flow| flow.index() as FlowIndex).collect()
        };
        let mut headers = Vec::new();
        let mut writer = json::ObjectWriter::new(&mut headers);
        for (name, value) in &node.zeebe.headers {
            writer.string(name, value);
        }
        writer.end();
        Node {
            id: Box::from(node.id.as_str()),
            name: node.name.as_deref().map(Box::from),
            tag: node.kind.tag(),
            parent: node.parent.map_or(PROCESS_NODE, node_index),
            kind: self.kind(index, node),
            incoming: flows(graph.incoming(index)),
            outgoing: flows(graph.outgoing(index)),
            default_flow: node.default_flow.map(|flow| flow.index() as FlowIndex),
            boundary_events: graph
                .boundary_events(index)
                .iter()
                .map(|event| node_index(*event))
                .collect(),
            inputs: self.mappings(node, &node.zeebe.inputs),
            outputs: self.mappings(node, &node.zeebe.outputs),
            headers: Bytes::from(headers),
        }
    }

    fn kind(&mut self, index: ModelIndex, node: &FlowNode) -> Kind {
        match &node.kind {
            FlowNodeKind::Task(task) => self.task(node, task),
            FlowNodeKind::Event(event) => self.event(node, event),
            FlowNodeKind::SubProcess(sub_process) => match sub_process.kind {
                SubProcessKind::Embedded => Kind::Scope {
                    start: self.none_start(Some(index)),
                },
                SubProcessKind::Event
                | SubProcessKind::Transaction { .. }
                | SubProcessKind::AdHoc { .. } => self.not_executed(node),
            },
            FlowNodeKind::CallActivity(_) => self.not_executed(node),
            FlowNodeKind::Gateway(gateway) => match gateway {
                Gateway::Exclusive => Kind::ExclusiveGateway,
                Gateway::Parallel => Kind::ParallelGateway,
                Gateway::Inclusive => Kind::InclusiveGateway {
                    reached_from: NodeSet::default(),
                },
                Gateway::EventBased { .. } => Kind::EventBasedGateway,
                Gateway::Complex { .. } => self.not_executed(node),
            },
        }
    }

    fn none_start(&self, scope: Option<ModelIndex>) -> Option<NodeIndex> {
        let graph = &self.process.graph;
        graph
            .children(scope)
            .iter()
            .find(|child| match &graph[**child].kind {
                FlowNodeKind::Event(event) => {
                    matches!(
                        event.position,
                        bpmn_parser::model::EventPosition::Start { .. }
                    ) && event.definitions.is_empty()
                }
                FlowNodeKind::Task(_)
                | FlowNodeKind::SubProcess(_)
                | FlowNodeKind::CallActivity(_)
                | FlowNodeKind::Gateway(_) => false,
            })
            .map(|child| node_index(*child))
    }

    fn flows(&mut self) -> Vec<Flow> {
        let graph = &self.process.graph;
        let mut flows = Vec::new();
        for (index, flow) in graph.flows() {
            let Some((source, target)) = graph.endpoints(index) else {
                continue; // An edge of a graph has two ends.
            };
            let condition = flow.condition.as_ref().and_then(|condition| {
                match self.template(&flow.id, &condition.text)? {
                    Template::Expression(expression) => Some(*expression),
                    Template::Static(_) => {
                        self.error(
                            &flow.id,
                            condition.text.location,
                            "a condition is a FEEL expression and starts with `=`".to_owned(),
                        );
                        None
                    }
                }
            });
            flows.push(Flow {
                id: Box::from(flow.id.as_str()),
                source: node_index(source),
                target: node_index(target),
                condition,
            });
        }
        flows
    }

    fn mappings(
        &mut self,
        node: &FlowNode,
        mappings: &[bpmn_parser::model::Mapping],
    ) -> Vec<Mapping> {
        if mappings.len() > MAPPINGS_MAX {
            let message = format!(
                "an element has {MAPPINGS_MAX} mappings of a kind at most, not {}",
                mappings.len()
            );
            self.error(&node.id, node.location, message);
            return Vec::new();
        }
        mappings
            .iter()
            .filter_map(|mapping| {
                Some(Mapping {
                    source: self.template(&node.id, &mapping.source)?,
                    target: mapping
                        .target
                        .value
                        .trim()
                        .split('.')
                        .map(Box::from)
                        .collect(),
                })
            })
            .collect()
    }

    fn template(&mut self, id: &str, text: &Text) -> Option<Template> {
        let Some(source) = text.expression() else {
            return Some(Template::Static(Box::from(text.value.as_str())));
        };
        match feel::parse(source) {
            Ok(expression) => {
                for (position, why) in expression.impossible() {
                    let message = format!("`={}`: {position}: {why}", source.trim());
                    self.error(id, text.location, message);
                }
                Some(Template::Expression(Box::new(expression)))
            }
            Err(error) => {
                self.error(id, text.location, format!("`={}`: {error}", source.trim()));
                None
            }
        }
    }

    fn optional(&mut self, id: &str, text: Option<&Text>) -> Option<Template> {
        text.and_then(|text| self.template(id, text))
    }

    /// For what has an own diagnostic already; the value is never run.
    fn required(&mut self, id: &str, text: Option<&Text>) -> Template {
        self.optional(id, text)
            .unwrap_or_else(|| Template::Static(Box::from("")))
    }

    fn not_executed(&mut self, node: &FlowNode) -> Kind {
        self.error(
            &node.id,
            node.location,
            format!("Weir does not execute this {} yet", node.kind.tag()),
        );
        Kind::PassThrough
    }

    /// The process asks for more than deploying may cost.
    fn too_large(&mut self, id: &str, message: String) {
        let graph = &self.process.graph;
        let found = graph.nodes().find(|(_, node)| node.id == id);
        let location = found.map_or(Location::START, |(_, node)| node.location);
        self.error(id, location, message);
        if let Some(diagnostic) = self.diagnostics.last_mut() {
            diagnostic.severity = Severity::Refusal;
            diagnostic.code = "process-too-large";
            diagnostic.help = "split the process".to_owned();
        }
    }

    fn error(&mut self, id: &str, location: Location, message: String) {
        self.diagnostics.push(Diagnostic {
            severity: Severity::Error,
            code: "expression",
            file: self.model.source_name.clone(),
            location,
            element_id: Some(id.to_owned()),
            element: None,
            message,
            help: "correct the expression; `weir check` shows all of them".to_owned(),
            process: Some(self.process.id.clone()),
        });
    }
}
