//! Events in words, for snapshots: one line each, element ids instead of indexes, short keys.

use engine::{Event, State};
use proto::record::event::Kind as Fact;
use proto::record::{incident, job, user_task};

/// The counter of a key: what a reader can follow.
pub fn short(key: u64) -> String {
    format!("#{}", key & ((1 << 51) - 1))
}

fn json(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The BPMN id of a node of an instance's process.
fn node(state: &State, definition: u64, index: u32) -> String {
    let executable = state.executable(definition);
    let node = executable.and_then(|executable| executable.nodes.get(index as usize));
    node.map_or_else(|| index.to_string(), |node| node.id.to_string())
}

/// Remembers which definition an instance runs, also when it has ended.
#[derive(Default)]
pub struct Describer {
    definitions: std::collections::BTreeMap<u64, u64>,
}

impl Describer {
    /// One line, or `None` for what only the partition cares about.
    pub fn line(&mut self, state: &State, event: &Event) -> Option<String> {
        let fact = event.kind.as_ref()?;
        if let Fact::InstanceCreated(created) = fact
            && let Some(instance) = &created.instance
        {
            self.definitions
                .insert(instance.key, instance.definition_key);
        }
        let line = self
            .flow(state, fact)
            .or_else(|| work(fact))
            .or_else(|| self.wait(state, fact))
            .or_else(|| partition(fact))?;
        Some(line)
    }

    fn id(&self, state: &State, instance: u64, index: u32) -> String {
        let definition = self.definitions.get(&instance).copied().unwrap_or_default();
        node(state, definition, index)
    }

    fn flow_id(&self, state: &State, instance: u64, index: u32) -> String {
        let definition = self.definitions.get(&instance).copied().unwrap_or_default();
        let executable = state.executable(definition);
        let flow = executable.and_then(|executable| executable.flows.get(index as usize));
        flow.map_or_else(|| index.to_string(), |flow| flow.id.to_string())
    }

    fn flow(&self, state: &State, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::InstanceCreated(created) => {
                let instance = created.instance.as_ref()?;
                format!("instance created {}", short(instance.key))
            }
            Fact::InstanceCompleted(done) => format!("instance completed {}", short(done.instance)),
            Fact::InstanceCanceled(done) => format!("instance canceled {}", short(done.instance)),
            Fact::ElementActivated(fact) => {
                format!(
                    "activated {} {}",
                    self.id(state, fact.instance, fact.node),
                    short(fact.key)
                )
            }
            Fact::ElementCompleted(fact) => {
                format!("completed {}", self.id(state, fact.instance, fact.node))
            }
            Fact::ElementTerminated(fact) => {
                format!("terminated {}", self.id(state, fact.instance, fact.node))
            }
            Fact::FlowTaken(fact) => {
                format!("flow {}", self.flow_id(state, fact.instance, fact.flow))
            }
            Fact::TokensConsumed(fact) => {
                let flows = fact.flows.iter();
                let flows = flows.map(|flow| self.flow_id(state, fact.instance, *flow));
                format!("tokens consumed {}", flows.collect::<Vec<_>>().join(" "))
            }
            Fact::VariablesWritten(fact) => {
                format!("variables {} {}", short(fact.scope), json(&fact.document))
            }
            Fact::ContinuationSaved(fact) => {
                let continuation = fact.continuation.as_ref()?;
                format!("continuation {} saved", short(continuation.number))
            }
            Fact::ContinuationTaken(fact) => format!("continuation {} taken", short(fact.number)),
            Fact::DecisionEvaluated(fact) => decided(fact.evaluation.as_ref()?),
            Fact::ResultAwaited(fact) => format!("result awaited of {}", short(fact.instance)),
            Fact::IncidentRaised(fact) => {
                let incident = fact.incident.as_ref()?;
                let kind = incident::Type::try_from(incident.r#type)
                    .ok()?
                    .as_str_name();
                let id = node(state, incident.definition_key, incident.node);
                format!(
                    "incident {} at {id}: {kind}: {}",
                    short(incident.key),
                    incident.message
                )
            }
            Fact::IncidentResolved(fact) => format!("incident {} resolved", short(fact.incident)),
            _ => return None,
        })
    }

    fn wait(&self, state: &State, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::TaskCreated(fact) => task(state, fact.task.as_ref()?),
            Fact::TaskChanged(fact) => {
                let (task, record) = (fact.task.as_ref()?, fact.record.as_ref()?);
                format!(
                    "task {} {} by {} {}",
                    short(task.key),
                    record.what,
                    record.by,
                    record.detail
                )
            }
            Fact::TaskEnded(fact) => {
                let state = user_task::State::try_from(fact.state).ok()?.as_str_name();
                format!("task {} {state} {}", short(fact.task), fact.action)
            }
            Fact::TimerCreated(fact) => {
                let timer = fact.timer.as_ref()?;
                let id = node(state, timer.definition_key, timer.node);
                let after = timer.due_ms - state.now_ms();
                format!("timer {} for {id} due in {after} ms", short(timer.key))
            }
            Fact::TimerFired(fact) => format!("timer {} fired", short(fact.timer)),
            Fact::TimerCanceled(fact) => format!("timer {} canceled", short(fact.timer)),
            Fact::MessagePublished(fact) => {
                let message = fact.message.as_ref()?;
                format!(
                    "message {} buffered: {} {:?}",
                    short(message.key),
                    message.name,
                    message.correlation_key
                )
            }
            Fact::MessageCorrelated(fact) => {
                format!(
                    "message {} correlated: {} to {}",
                    short(fact.message),
                    fact.name,
                    short(fact.instance)
                )
            }
            Fact::SignalBroadcast(fact) => match fact.instance {
                0 => format!("signal {} broadcast: {}", short(fact.signal), fact.name),
                by => {
                    let by = short(by);
                    format!(
                        "signal {} broadcast: {} by {by}",
                        short(fact.signal),
                        fact.name
                    )
                }
            },
            Fact::SignalCorrelated(fact) => {
                let (signal, instance) = (short(fact.signal), short(fact.instance));
                format!("signal {signal} correlated: {} to {instance}", fact.name)
            }
            Fact::MessageExpired(fact) => format!("message {} expired", short(fact.message)),
            Fact::SubscriptionOpened(fact) => {
                let subscription = fact.subscription.as_ref()?;
                let id = node(state, subscription.definition_key, subscription.node);
                if subscription.is_signal {
                    let key = short(subscription.key);
                    return Some(format!(
                        "subscription {key} for {id}: signal {}",
                        subscription.name
                    ));
                }
                format!(
                    "subscription {} for {id}: {} {:?}",
                    short(subscription.key),
                    subscription.name,
                    subscription.correlation_key
                )
            }
            Fact::RecordPublished(fact) => published(fact.record.as_ref()?),
            Fact::RecordParked(fact) => match fact.instance {
                0 => format!("record {} parked: its instance has ended", fact.sequence),
                _ => format!("record {} parked", fact.sequence),
            },
            Fact::SubscriptionClosed(fact) => {
                format!("subscription {} closed", short(fact.subscription))
            }
            _ => return None,
        })
    }
}

/// The decisions that were made, with the rules that matched.
fn decided(evaluation: &proto::record::DecisionEvaluation) -> String {
    let made = evaluation.made.iter().map(|made| {
        let rules = made.rules.iter();
        let rules = rules.map(|rule| format!("{} {}", rule.index, rule.id));
        let inputs = made.inputs.iter();
        let inputs = inputs.map(|input| format!("{}={}", input.name, json(&input.value)));
        format!(
            "{} {} version {} ({}) rules [{}] gave {}",
            made.decision_id,
            short(made.decision_key),
            made.version,
            inputs.collect::<Vec<_>>().join(", "),
            rules.collect::<Vec<_>>().join(", "),
            json(&made.output)
        )
    });
    let made = made.collect::<Vec<_>>().join("; ");
    match evaluation.failure.as_str() {
        "" => format!("decided {made}"),
        failure => format!("not decided {}: {failure}; {made}", evaluation.decision_id),
    }
}

fn published(record: &proto::record::PublishedRecord) -> String {
    let shown = |bytes: &Option<bytes::Bytes>| bytes.as_deref().map_or("none".to_owned(), json);
    let mut line = format!("published to {}", record.topic);
    line.push_str(&format!(" key={}", shown(&record.key)));
    for header in &record.headers {
        line.push_str(&format!(" {}={}", header.name, json(&header.value)));
    }
    line.push_str(&format!(
        " at {} ms: {}",
        record.timestamp_ms,
        shown(&record.value)
    ));
    line
}

fn task(state: &State, task: &proto::record::UserTask) -> String {
    let mut line = format!(
        "task {} for {}",
        short(task.key),
        node(state, task.definition_key, task.node)
    );
    for (name, value) in [
        ("assignee", task.assignee.clone()),
        ("users", task.candidate_users.join(",")),
        ("groups", task.candidate_groups.join(",")),
        ("excluded", task.excluded_users.join(",")),
        (
            "form",
            [task.form_key.as_str(), &task.form_id, &task.external_form].concat(),
        ),
    ] {
        if !value.is_empty() {
            line.push_str(&format!(" {name}={value}"));
        }
    }
    if task.due_ms != 0 {
        line.push_str(&format!(" due in {} ms", task.due_ms - task.created_ms));
    }
    if task.priority != 50 {
        line.push_str(&format!(" priority={}", task.priority));
    }
    line
}

fn work(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::JobCreated(fact) => {
            let job = fact.job.as_ref()?;
            format!(
                "job {} created: {} retries={}",
                short(job.key),
                job.r#type,
                job.retries
            )
        }
        Fact::JobLeased(fact) => format!("job {} leased to {}", short(fact.job), fact.worker),
        Fact::JobCompleted(fact) => format!("job {} completed", short(fact.job)),
        Fact::JobFailed(fact) => format!(
            "job {} failed: retries={} {}",
            short(fact.job),
            fact.retries,
            fact.error_message
        ),
        Fact::JobErrorThrown(fact) => {
            let caught = if fact.caught { "caught" } else { "uncaught" };
            format!("job {} threw {} {caught}", short(fact.job), fact.error_code)
        }
        Fact::JobCanceled(fact) => format!("job {} canceled", short(fact.job)),
        Fact::JobTimedOut(fact) => format!("job {} timed out", short(fact.job)),
        Fact::JobReturned(fact) => format!("job {} returned", short(fact.job)),
        Fact::JobRetriesUpdated(fact) => {
            format!("job {} retries={}", short(fact.job), fact.retries)
        }
        Fact::JobTimeoutUpdated(fact) => format!("job {} lease extended", short(fact.job)),
        Fact::JobBackOffEnded(fact) => format!("job {} back-off ended", short(fact.job)),
        Fact::StreamOpened(fact) => format!("stream {} opened", fact.stream.as_ref()?.id),
        Fact::StreamCredited(fact) => format!("stream {} +{}", fact.stream_id, fact.credit),
        Fact::StreamClosed(fact) => format!("stream {} closed", fact.stream_id),
        _ => return None,
    })
}

fn partition(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::DefinitionAdded(fact) => {
            let definition = fact.definition.as_ref()?;
            format!(
                "definition {} version {}",
                definition.process_id, definition.version
            )
        }
        Fact::DecisionAdded(fact) => {
            let decision = fact.decision.as_ref()?;
            format!(
                "decision {} {} version {}",
                decision.decision_id,
                short(decision.key),
                decision.version
            )
        }
        Fact::DecisionRequirementsAdded(fact) => {
            let requirements = fact.requirements.as_ref()?;
            format!(
                "decision requirements {} version {}",
                requirements.requirements_id, requirements.version
            )
        }
        Fact::TermBegun(fact) => format!("term {}", fact.term),
        Fact::SemanticsRaised(fact) => format!("semantics {}", fact.semantics),
        Fact::SendReceived(fact) => format!("send {} received", fact.sequence),
        Fact::SendsRemoved(fact) => format!("sends removed through {}", fact.through),
        _ => return None,
    })
}

/// A job in few words.
pub fn job_state(job: &proto::record::Job) -> &'static str {
    job::State::try_from(job.state).map_or("?", |state| state.as_str_name())
}
