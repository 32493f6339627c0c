//! Scenarios: a model and, line by line, what its users, workers and clock do.
//!
//! `docs/scenarios.md` describes the lines. Running one gives the text of a snapshot: each line
//! with the events that it caused, and what is left at the end.

mod line;
mod tasks;

use std::fmt::Write;
use std::path::Path;

use bytes::Bytes;
use engine::{Limits, Outcome, Rejection};
use proto::record::command::Kind;
use proto::record::deploy_resources::Resource;
use proto::record::{
    ActivateJobs, Answer, BeginTerm, BroadcastSignal, CancelInstance, CloseStream, Command,
    CompleteJob, CreateInstance, CreditStream, DeployResources, EvaluateDecision, FailJob,
    OpenStream, ParkRecord, PublishMessage, PublishedRecord, RefusedRecord, ResolveIncident,
    SetVariables, ThrowJobError, UpdateJobRetries, UpdateJobTimeout, answer, event,
};

use crate::describe::{Describer, short};
use crate::machine::Machine;
use line::Line;

/// Runs `scenario` over the model beside it; gives the snapshot.
///
/// # Panics
/// When the scenario has a line that means nothing, or an invariant does not hold.
pub fn run(model: &Path, scenario: &str) -> String {
    let mut player = Player::new(model, limits(scenario));
    player.play(&Line::parse("deploy"));
    for text in scenario.lines().map(str::trim) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        player.play(&Line::parse(text));
    }
    player.finish()
}

/// `# limits steps=50 continuations=3` in the first line lowers the machine's limits.
fn limits(scenario: &str) -> Limits {
    let mut limits = Limits::default();
    let first = scenario.lines().next().unwrap_or_default();
    if let Some(text) = first.strip_prefix("# limits ") {
        let line = Line::parse(&format!("limits {text}"));
        let number = |name| line.option(name).and_then(|text| text.parse::<u32>().ok());
        limits.steps = number("steps").unwrap_or(limits.steps);
        limits.continuations = number("continuations").unwrap_or(limits.continuations);
        limits.feel_steps = number("feel").unwrap_or(limits.feel_steps);
        limits.record_bytes = number("record").map_or(limits.record_bytes, |bytes| bytes as usize);
        limits.elements = number("elements").map_or(limits.elements, |count| count as usize);
        limits.variables_bytes =
            number("bytes").map_or(limits.variables_bytes, |bytes| bytes as usize);
    }
    limits
}

struct Player<'a> {
    model: &'a Path,
    machine: Machine,
    describer: Describer,
    /// What topics may refuse.
    published: Vec<PublishedRecord>,
    out: String,
}

impl<'a> Player<'a> {
    fn new(model: &'a Path, limits: Limits) -> Player<'a> {
        Player {
            model,
            machine: Machine::new(limits),
            describer: Describer::default(),
            published: Vec::new(),
            out: String::new(),
        }
    }

    fn play(&mut self, line: &Line) {
        let _ = writeln!(self.out, "> {}", line.text);
        if line.words[0] == "advance" {
            self.machine.now_ms += line.millis(1);
        } else {
            let command = self.command(line);
            let outcome = self.machine.apply_command(command);
            self.tell(outcome);
        }
        for outcome in self.machine.settle() {
            self.tell(Ok(outcome));
        }
    }

    fn tell(&mut self, outcome: Result<Outcome, Rejection>) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(rejection) => {
                let _ = writeln!(self.out, "    REJECTED {:?} {rejection}", rejection.code);
                return;
            }
        };
        for event in &outcome.events {
            if let Some(event::Kind::RecordPublished(published)) = &event.kind {
                self.published.extend(published.record.clone());
            }
            if let Some(text) = self.describer.line(&self.machine.state, event) {
                let _ = writeln!(self.out, "    {}", text.trim_end());
            }
        }
        if let Some(text) = outcome.answer.as_ref().and_then(answer_text) {
            let _ = writeln!(self.out, "    = {text}");
        }
        for effect in &outcome.effects {
            if let engine::Effect::Answer { answer, .. } = effect
                && let Some(text) = answer_text(answer)
            {
                let _ = writeln!(self.out, "    = later: {text}");
            }
            if let engine::Effect::PushJob { stream_id, job } = effect {
                let _ = writeln!(
                    self.out,
                    "    pushed {} to stream {stream_id}",
                    short(job.key)
                );
            }
        }
    }

    fn command(&self, line: &Line) -> Command {
        let kind = self.tasks(line).unwrap_or_else(|| self.kind(line));
        let request_id = line.option("request").map_or_else(Bytes::new, |id| {
            Bytes::from(format!("{id:>16}").into_bytes())
        });
        Command {
            kind: Some(kind),
            request_id,
            principal: "tester".to_owned(),
            correlation: 1,
            ..Command::default()
        }
    }

    fn kind(&self, line: &Line) -> Kind {
        match line.words[0].as_str() {
            "deploy" => self.deploy(line),
            "create" => Kind::CreateInstance(CreateInstance {
                process_id: line
                    .option("process")
                    .map_or_else(|| self.process_id(), str::to_owned),
                version: line.number("version", -1),
                variables: line.json.clone(),
                start_elements: line.list("at"),
                await_result: line.has("await"),
                fetch_variables: line.list("fetch"),
                ..CreateInstance::default()
            }),
            "cancel" => Kind::CancelInstance(CancelInstance {
                instance_key: self.instance(line),
            }),
            "publish" => Kind::PublishMessage(PublishMessage {
                name: line.word(1).to_owned(),
                correlation_key: line.word(2).trim_matches('"').to_owned(),
                ttl_ms: line.option("ttl").map_or(0, line::millis),
                message_id: line.option("id").unwrap_or_default().to_owned(),
                variables: line.json.clone(),
            }),
            "broadcast" => Kind::BroadcastSignal(BroadcastSignal {
                name: line.word(1).to_owned(),
                variables: line.json.clone(),
            }),
            "set" => Kind::SetVariables(SetVariables {
                scope_key: self.scope(line.word(1)),
                variables: line.json.clone(),
                local: line.has("local"),
            }),
            "resolve" => Kind::ResolveIncident(ResolveIncident {
                incident_key: self.incident(line.word(1)),
            }),
            "evaluate" => Kind::EvaluateDecision(EvaluateDecision {
                decision_key: 0,
                decision_id: line.word(1).to_owned(),
                variables: line.json.clone(),
            }),
            "refuse" => self.refuse(line),
            "term" => Kind::BeginTerm(BeginTerm {
                term: line.word(1).parse().expect("a term"),
                leader: "tester".to_owned(),
            }),
            _ => self.job_kind(line),
        }
    }

    fn job_kind(&self, line: &Line) -> Kind {
        let job_key = || self.job(line.word(1));
        match line.words[0].as_str() {
            "activate" => Kind::ActivateJobs(ActivateJobs {
                r#type: line.word(1).to_owned(),
                worker: "worker".to_owned(),
                timeout_ms: line.option("timeout").map_or(60_000, line::millis),
                max_jobs: line
                    .words
                    .get(2)
                    .map_or(1, |n| n.parse().expect("a number")),
                fetch_variables: line.list("fetch"),
            }),
            "complete" => Kind::CompleteJob(CompleteJob {
                job_key: job_key(),
                variables: line.json.clone(),
            }),
            "fail" => Kind::FailJob(FailJob {
                job_key: job_key(),
                retries: line.number("retries", 0),
                error_message: line.option("message").unwrap_or_default().to_owned(),
                retry_back_off_ms: line.option("backoff").map_or(0, line::millis),
                variables: line.json.clone(),
            }),
            "throw" => Kind::ThrowJobError(ThrowJobError {
                job_key: job_key(),
                error_code: line.word(2).to_owned(),
                error_message: line.option("message").unwrap_or_default().to_owned(),
                variables: line.json.clone(),
            }),
            "retries" => Kind::UpdateJobRetries(UpdateJobRetries {
                job_key: job_key(),
                retries: line.word(2).parse().expect("a number"),
            }),
            "timeout" => Kind::UpdateJobTimeout(UpdateJobTimeout {
                job_key: job_key(),
                timeout_ms: line.millis(2),
            }),
            "stream" => Kind::OpenStream(OpenStream {
                stream_id: line.word(1).parse().expect("a number"),
                r#type: line.word(2).to_owned(),
                worker: "streamer".to_owned(),
                timeout_ms: 60_000,
                credit: line.number("credit", 1) as u32,
                ..OpenStream::default()
            }),
            "credit" => Kind::CreditStream(CreditStream {
                stream_id: line.word(1).parse().expect("a number"),
                credit: line.word(2).parse().expect("a number"),
            }),
            "close" => Kind::CloseStream(CloseStream {
                stream_id: line.word(1).parse().expect("a number"),
                undelivered_jobs: line
                    .words
                    .iter()
                    .skip(2)
                    .map(|name| self.job(name))
                    .collect(),
            }),
            other => panic!("`{other}` is no command of a scenario"),
        }
    }

    fn deploy(&self, line: &Line) -> Kind {
        let names = line.words.get(1..).unwrap_or_default();
        let mut paths = names
            .iter()
            .map(|name| self.model.with_file_name(name))
            .collect::<Vec<_>>();
        if paths.is_empty() {
            let decisions = self.model.with_extension("dmn");
            paths.push(self.model.to_owned());
            paths.extend(Some(decisions).filter(|path| path.exists()));
        }
        Kind::DeployResources(DeployResources {
            resources: paths.iter().map(|path| resource(path)).collect(),
        })
    }

    fn process_id(&self) -> String {
        let definitions = self.machine.state.definitions();
        definitions
            .first()
            .map_or_else(String::new, |first| first.process_id.clone())
    }

    /// `nth=2` names the second live instance; without it the first.
    fn instance(&self, line: &Line) -> u64 {
        let nth = line.number("nth", 1).max(1) as usize;
        let keys = self.machine.state.instance_keys();
        keys.iter().nth(nth - 1).copied().unwrap_or_default()
    }

    /// The topic refuses what the element published last; `sequence=1` says again what was said.
    fn refuse(&self, line: &Line) -> Kind {
        let state = &self.machine.state;
        let mut published = self.published.iter().rev();
        let record = published.find(|record| {
            let executable = state.executable(record.definition_key);
            let node = executable.and_then(|found| found.nodes.get(record.node as usize));
            node.is_some_and(|node| *node.id == *line.word(1))
        });
        let next = state.last_parked() + 1;
        let sequence = line
            .option("sequence")
            .map(|text| text.parse().expect("a number"));
        let refused = Some(RefusedRecord {
            sequence: sequence.unwrap_or(next),
            record: record.cloned(),
            reason: "there is no such topic".to_owned(),
            offset: 0,
        });
        Kind::ParkRecord(Box::new(ParkRecord { refused }))
    }

    /// The newest scope of this element, or `instance`.
    fn scope(&self, name: &str) -> u64 {
        let state = &self.machine.state;
        let live = state
            .instance_keys()
            .iter()
            .filter_map(|key| state.instance(*key));
        let elements = live.flat_map(|instance| {
            let executable = state.executable(instance.definition_key);
            instance.elements.iter().filter_map(move |element| {
                let id = &executable?.nodes.get(element.node as usize)?.id;
                Some((id.to_string(), element))
            })
        });
        let mut found = elements.filter(|(id, element)| match name {
            "instance" => element.scope == 0,
            _ => id == name,
        });
        found.next_back().map_or(0, |(_, element)| element.key)
    }

    fn incident(&self, name: &str) -> u64 {
        let state = &self.machine.state;
        let incidents = state
            .incident_keys()
            .iter()
            .filter_map(|key| state.incident(*key));
        let mut named = incidents.filter(|incident| {
            let executable = state.executable(incident.definition_key);
            let node = executable.and_then(|found| found.nodes.get(incident.node as usize));
            node.is_some_and(|node| *node.id == *name)
        });
        named.next().map_or(0, |incident| incident.key)
    }

    /// The oldest job of this type or element; a number is a key as it was printed.
    fn job(&self, name: &str) -> u64 {
        if let Some(number) = name.strip_prefix('#') {
            return 1 << 51 | number.parse::<u64>().expect("a key");
        }
        let state = &self.machine.state;
        let live = state
            .instance_keys()
            .iter()
            .filter_map(|key| state.instance(*key));
        let jobs = live
            .flat_map(|instance| &instance.elements)
            .map(|element| element.job);
        let mut jobs = jobs.filter_map(|job| state.job(job)).collect::<Vec<_>>();
        jobs.sort_by_key(|job| job.key);
        let found = jobs.into_iter().find(|job| {
            let executable = state.executable(job.definition_key);
            let node = executable.and_then(|found| found.nodes.get(job.node as usize));
            job.r#type == name || node.is_some_and(|node| *node.id == *name)
        });
        found.map_or(0, |job| job.key)
    }

    fn finish(mut self) -> String {
        self.machine.check_replay_and_restore();
        let state = &self.machine.state;
        for key in state.instance_keys() {
            let Some(instance) = state.instance(*key) else {
                continue;
            };
            let executable = state.executable(instance.definition_key);
            let ids = instance.elements.iter().filter_map(|element| {
                let node = executable?.nodes.get(element.node as usize)?;
                Some(node.id.to_string())
            });
            let ids = ids.collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                self.out,
                "left: {} at {ids}, {} tokens on flows",
                short(*key),
                instance.tokens.len()
            );
        }
        if state.instance_keys().is_empty() {
            let _ = writeln!(self.out, "left: nothing");
        }
        self.out
    }
}

fn resource(path: &Path) -> Resource {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.file_name().map(|name| name.to_string_lossy());
    Resource {
        name: name.unwrap_or_default().into_owned(),
        content: Bytes::from(content),
    }
}

fn answer_text(answer: &Answer) -> Option<String> {
    Some(match answer.kind.as_ref()? {
        answer::Kind::InstanceResult(result) => {
            format!("result {}", String::from_utf8_lossy(&result.variables))
        }
        answer::Kind::ActivatedJobs(activated) => {
            let jobs = activated.jobs.iter().map(|job| {
                let (headers, variables) = (&job.headers, &job.variables);
                format!(
                    "{} {} headers={} variables={}",
                    short(job.key),
                    job.element_id,
                    String::from_utf8_lossy(headers),
                    String::from_utf8_lossy(variables)
                )
            });
            format!("jobs [{}]", jobs.collect::<Vec<_>>().join(", "))
        }
        answer::Kind::InstanceStarted(started) => {
            format!("started {}", short(started.instance_key))
        }
        answer::Kind::Decision(made) => {
            let evaluation = made.evaluation.as_ref()?;
            let output = String::from_utf8_lossy(&made.output);
            format!("decision {}: {output}", evaluation.decision_id)
        }
        answer::Kind::Deployed(_)
        | answer::Kind::Done(_)
        | answer::Kind::MessagePublished(_)
        | answer::Kind::SignalBroadcast(_)
        | answer::Kind::VariablesSet(_)
        | answer::Kind::Task(_) => return None,
    })
}
