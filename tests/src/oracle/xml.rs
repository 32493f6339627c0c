//! Blocks as BPMN.

use std::fmt::Write;

use super::expect::CODE;
use super::{Awaited, Block, Boundary, BoundaryKind, Ending, Wait};

#[derive(Default)]
struct Writer {
    process: String,
    roots: String,
    flows: u32,
}

/// A whole file with one executable process, `oracle`.
pub(super) fn process(block: &Block) -> String {
    let mut writer = Writer::default();
    writer.element("startEvent", "start", "", "");
    let (entry, exit) = writer.block(block);
    writer.element("endEvent", "end", "", "");
    writer.flow("start", &entry, "");
    writer.flow(&exit, "end", "");
    let Writer { process, roots, .. } = writer;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="definitions" targetNamespace="http://weir.dev/oracle">
<error id="trouble" name="trouble" errorCode="{CODE}" />
{roots}<process id="oracle" isExecutable="true">
{process}</process>
</definitions>
"#
    )
}

/// The variables that steer the gateways, as JSON.
pub(super) fn variables(block: &Block) -> String {
    let mut pairs = Vec::new();
    steer(block, &mut pairs);
    format!("{{{}}}", pairs.join(","))
}

fn steer(block: &Block, pairs: &mut Vec<String>) {
    match block {
        Block::Pass { .. } | Block::Wait { .. } => {}
        Block::Sequence(blocks) => blocks.iter().for_each(|block| steer(block, pairs)),
        Block::Exclusive {
            id,
            branches,
            chosen,
        } => {
            pairs.push(format!("\"{id}\":{chosen}"));
            branches.iter().for_each(|branch| steer(branch, pairs));
        }
        Block::Parallel { branches, .. } => branches.iter().for_each(|branch| steer(branch, pairs)),
        Block::Inclusive {
            id,
            branches,
            taken,
        } => {
            pairs.push(format!("\"{id}\":{taken:?}"));
            branches.iter().for_each(|branch| steer(branch, pairs));
        }
        Block::EventBased { arms, .. } => arms.iter().for_each(|(_, body)| steer(body, pairs)),
        Block::SubProcess { body, .. } => steer(body, pairs),
    }
}

fn job(job_type: &str) -> String {
    format!(r#"<extensionElements><zeebe:taskDefinition type="{job_type}" /></extensionElements>"#)
}

fn timer(minutes: u32) -> String {
    format!(
        "<timerEventDefinition><timeDuration>PT{minutes}M</timeDuration></timerEventDefinition>"
    )
}

impl Writer {
    fn element(&mut self, tag: &str, id: &str, attributes: &str, inner: &str) {
        let _ = writeln!(
            self.process,
            r#"<{tag} id="{id}"{attributes}>{inner}</{tag}>"#
        );
    }

    fn flow(&mut self, source: &str, target: &str, condition: &str) -> String {
        self.flows += 1;
        let id = format!("f{}", self.flows);
        let condition = match condition {
            "" => String::new(),
            text => format!("<conditionExpression>={text}</conditionExpression>"),
        };
        let ends = format!(r#" sourceRef="{source}" targetRef="{target}""#);
        self.element("sequenceFlow", &id, &ends, &condition);
        id
    }

    /// The message that this element waits for; its name is the element's id.
    fn message(&mut self, id: &str) -> String {
        let key = r#"<extensionElements><zeebe:subscription correlationKey="=&quot;key&quot;" /></extensionElements>"#;
        let _ = writeln!(
            self.roots,
            r#"<message id="m_{id}" name="{id}">{key}</message>"#
        );
        format!(r#"<messageEventDefinition messageRef="m_{id}" />"#)
    }

    /// The signal that this element waits for; its name is the element's id.
    fn signal(&mut self, id: &str) -> String {
        let _ = writeln!(self.roots, r#"<signal id="s_{id}" name="{id}" />"#);
        format!(r#"<signalEventDefinition signalRef="s_{id}" />"#)
    }

    /// The ids where a token enters and leaves.
    fn block(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::Pass { id, tag } => {
                let script = format!(
                    r#"<extensionElements><zeebe:script expression="=1 + 1" resultVariable="{id}" /></extensionElements>"#
                );
                let inner = if *tag == "scriptTask" {
                    script.as_str()
                } else {
                    ""
                };
                self.element(tag, id, "", inner);
                (id.clone(), id.clone())
            }
            Block::Wait { id, kind, boundary } => {
                self.wait(id, *kind);
                let exit = self.boundary(id, boundary);
                (id.clone(), exit)
            }
            Block::Sequence(blocks) => self.sequence(blocks),
            Block::Exclusive { id, branches, .. } => {
                let condition = |index: usize| format!("{id} = {index}");
                self.gateway("exclusiveGateway", id, branches, Some(&condition))
            }
            Block::Parallel { id, branches } => self.gateway("parallelGateway", id, branches, None),
            Block::Inclusive { id, branches, .. } => {
                let condition = |index: usize| format!("{id}[{}]", index + 1);
                self.gateway("inclusiveGateway", id, branches, Some(&condition))
            }
            Block::EventBased { id, arms, chosen } => {
                self.element("eventBasedGateway", id, "", "");
                let join = format!("{id}_join");
                for (index, (arm, body)) in arms.iter().enumerate() {
                    let definition = match (arm.awaited, index == *chosen) {
                        (Awaited::Timer, true) => timer(1),
                        (Awaited::Timer, false) => timer(200_000),
                        (Awaited::Message, _) => self.message(&arm.id),
                        (Awaited::Signal, _) => self.signal(&arm.id),
                    };
                    self.element("intermediateCatchEvent", &arm.id, "", &definition);
                    let (entry, exit) = self.block(body);
                    self.flow(id, &arm.id, "");
                    self.flow(&arm.id, &entry, "");
                    self.flow(&exit, &join, "");
                }
                self.element("exclusiveGateway", &join, "", "");
                (id.clone(), join)
            }
            Block::SubProcess {
                id,
                body,
                ending,
                boundary,
            } => {
                self.sub_process(id, body, ending);
                let exit = self.boundary(id, boundary);
                (id.clone(), exit)
            }
        }
    }

    fn sequence(&mut self, blocks: &[Block]) -> (String, String) {
        let ends = blocks
            .iter()
            .map(|block| self.block(block))
            .collect::<Vec<_>>();
        for pair in ends.windows(2) {
            self.flow(&pair[0].1, &pair[1].0, "");
        }
        let first = ends
            .first()
            .map_or_else(String::new, |(entry, _)| entry.clone());
        let last = ends
            .last()
            .map_or_else(String::new, |(_, exit)| exit.clone());
        (first, last)
    }

    /// A split with its join; with conditions the last branch is the default.
    fn gateway(
        &mut self,
        tag: &str,
        id: &str,
        branches: &[Block],
        condition: Option<&dyn Fn(usize) -> String>,
    ) -> (String, String) {
        let join = format!("{id}_join");
        let last = branches.len() - 1;
        let mut default = String::new();
        for (index, branch) in branches.iter().enumerate() {
            let (entry, exit) = self.block(branch);
            let text = match condition {
                Some(condition) if index < last => condition(index),
                Some(_) | None => String::new(),
            };
            let flow = self.flow(id, &entry, &text);
            if condition.is_some() && index == last {
                default = format!(r#" default="{flow}""#);
            }
            self.flow(&exit, &join, "");
        }
        self.element(tag, id, &default, "");
        self.element(tag, &join, "", "");
        (id.to_owned(), join)
    }

    fn wait(&mut self, id: &str, kind: Wait) {
        match kind {
            Wait::Service | Wait::FailingService => self.element("serviceTask", id, "", &job(id)),
            Wait::Send => self.element("sendTask", id, "", &job(id)),
            Wait::BusinessRule => self.element("businessRuleTask", id, "", &job(id)),
            Wait::MessageThrow => {
                let definition = self.message(id);
                let inner = job(id) + &definition;
                self.element("intermediateThrowEvent", id, "", &inner);
            }
            Wait::User => {
                let inner = "<extensionElements><zeebe:userTask /></extensionElements>";
                self.element("userTask", id, "", inner);
            }
            Wait::Receive => {
                self.message(id);
                self.element("receiveTask", id, &format!(r#" messageRef="m_{id}""#), "");
            }
            Wait::MessageCatch => {
                let definition = self.message(id);
                self.element("intermediateCatchEvent", id, "", &definition);
            }
            Wait::SignalCatch => {
                let definition = self.signal(id);
                self.element("intermediateCatchEvent", id, "", &definition);
            }
            Wait::TimerCatch => self.element("intermediateCatchEvent", id, "", &timer(1)),
        }
    }

    fn sub_process(&mut self, id: &str, body: &Block, ending: &Ending) {
        let _ = writeln!(self.process, r#"<subProcess id="{id}">"#);
        self.element("startEvent", &format!("{id}_start"), "", "");
        let (entry, exit) = self.block(body);
        let named = |what: &str| format!("{id}_{what}");
        let mut first = named("start");
        match ending {
            Ending::Normal => self.end(&exit, "end", id, ""),
            Ending::Error => {
                self.end(
                    &exit,
                    "error",
                    id,
                    r#"<errorEventDefinition errorRef="trouble" />"#,
                );
            }
            Ending::Thrown => {
                let thrower = named("thrower");
                self.element("serviceTask", &thrower, "", &job(&thrower));
                self.flow(&exit, &thrower, "");
                self.end(&thrower, "end", id, "");
            }
            Ending::Terminate | Ending::Parked => {
                let (fork, parked) = (named("fork"), named("parked"));
                self.element("parallelGateway", &fork, "", "");
                self.element("serviceTask", &parked, "", &job(&parked));
                self.flow(&first, &fork, "");
                self.flow(&fork, &parked, "");
                self.end(&parked, "end", id, "");
                first = fork;
                match ending {
                    Ending::Terminate => {
                        self.end(&exit, "terminate", id, "<terminateEventDefinition />")
                    }
                    _ => self.end(&exit, "quiet", id, ""),
                }
            }
        }
        self.flow(&first, &entry, "");
        let _ = writeln!(self.process, "</subProcess>");
    }

    fn end(&mut self, from: &str, what: &str, id: &str, definition: &str) {
        let end = format!("{id}_{what}");
        self.element("endEvent", &end, "", definition);
        self.flow(from, &end, "");
    }

    /// The events of a host; gives where the token goes on.
    fn boundary(&mut self, host: &str, boundary: &[Boundary]) -> String {
        let merge = format!("{host}_merge");
        let merges = boundary.iter().any(|event| event.kind.is_interrupting());
        if merges {
            self.element("exclusiveGateway", &merge, "", "");
            self.flow(host, &merge, "");
        }
        for event in boundary {
            let definition = match event.kind {
                BoundaryKind::Error => r#"<errorEventDefinition errorRef="trouble" />"#.to_owned(),
                BoundaryKind::Timer | BoundaryKind::NonInterruptingTimer => timer(event.minutes),
                BoundaryKind::Message | BoundaryKind::NonInterruptingMessage => {
                    self.message(&event.id)
                }
                BoundaryKind::Signal | BoundaryKind::NonInterruptingSignal => {
                    self.signal(&event.id)
                }
            };
            let cancel = event.kind.is_interrupting();
            let attributes = format!(r#" attachedToRef="{host}" cancelActivity="{cancel}""#);
            self.element("boundaryEvent", &event.id, &attributes, &definition);
            let (entry, exit) = self.block(&event.handler);
            self.flow(&event.id, &entry, "");
            if cancel {
                self.flow(&exit, &merge, "");
            } else {
                let end = format!("{}_end", event.id);
                self.element("endEvent", &end, "", "");
                self.flow(&exit, &end, "");
            }
        }
        if merges { merge } else { host.to_owned() }
    }
}
