//! Instances: element instances, tokens, variables, continuations, incidents.

use bytes::Bytes;
use feel::json;
use proto::record::{
    ElementActivated, ElementInstance, FlowToken, Incident, Instance, Variables, VariablesWritten,
};

use crate::state::State;
use crate::state::instance::Elements;

impl State {
    pub(super) fn instance_created(&mut self, created: &proto::record::InstanceCreated) {
        if let Some(instance) = &created.instance {
            self.add_instance(instance);
        }
    }

    pub(super) fn instance_completed(&mut self, completed: &proto::record::InstanceCompleted) {
        self.remove_instance(completed.instance);
    }

    pub(super) fn instance_canceled(&mut self, canceled: &proto::record::InstanceCanceled) {
        self.remove_instance(canceled.instance);
    }

    pub(super) fn element_activated(&mut self, activated: &proto::record::ElementActivated) {
        self.activate_element(activated);
    }

    pub(super) fn element_completed(&mut self, completed: &proto::record::ElementCompleted) {
        self.remove_element(completed.instance, completed.key);
    }

    pub(super) fn element_terminated(&mut self, terminated: &proto::record::ElementTerminated) {
        self.remove_element(terminated.instance, terminated.key);
    }

    pub(super) fn flow_taken(&mut self, taken: &proto::record::FlowTaken) {
        if let Some(instance) = self.instances.get_mut(taken.instance) {
            instance.tokens.push(FlowToken {
                scope: taken.scope,
                flow: taken.flow,
            });
        }
    }

    pub(super) fn tokens_consumed(&mut self, consumed: &proto::record::TokensConsumed) {
        if let Some(instance) = self.instances.get_mut(consumed.instance) {
            instance.take_tokens(consumed.scope, &consumed.flows);
        }
    }

    pub(super) fn variables_written(&mut self, written: &proto::record::VariablesWritten) {
        self.write_variables(written);
    }

    pub(super) fn continuation_saved(&mut self, saved: &proto::record::ContinuationSaved) {
        if let Some(continuation) = &saved.continuation {
            let number = continuation.number;
            self.use_key(number);
            self.index.add_continuation(continuation);
            self.continuations.insert(number, continuation.clone());
        }
    }

    pub(super) fn continuation_taken(&mut self, taken: &proto::record::ContinuationTaken) {
        if let Some(continuation) = self.continuations.remove(taken.number) {
            self.index.remove_continuation(&continuation);
        }
    }

    pub(super) fn result_awaited(&mut self, awaited: &proto::record::ResultAwaited) {
        if let Some(instance) = self.instances.get_mut(awaited.instance) {
            let awaiting = instance.awaiting.get_or_insert_default();
            awaiting.correlation = awaited.correlation;
        }
    }

    pub(super) fn incident_raised(&mut self, raised: &proto::record::IncidentRaised) {
        if let Some(incident) = &raised.incident {
            self.add_incident(incident);
        }
    }

    pub(super) fn incident_resolved(&mut self, resolved: &proto::record::IncidentResolved) {
        self.remove_incident(resolved.incident);
    }

    fn add_instance(&mut self, instance: &Instance) {
        self.use_key(instance.key);
        self.index.instances.insert(instance.key);
        self.index.add_started(instance);
        self.index.add_awaited(instance);
        self.instances.insert(instance.key, instance.clone());
    }

    fn remove_instance(&mut self, key: u64) {
        self.index.instances.remove(&key);
        self.variables.remove(key);
        for number in self.index.continuations_of.remove(&key).unwrap_or_default() {
            self.continuations.remove(number);
            self.index.continuations.remove(&number);
        }
        for task in self.index.tasks_of.remove(&key).unwrap_or_default() {
            self.tasks.remove(task);
            self.index.tasks.remove(&task);
        }
        let Some(instance) = self.instances.remove(key) else {
            return;
        };
        self.index.remove_awaited(&instance);
        self.index.remove_started(&instance);
    }

    fn activate_element(&mut self, activated: &ElementActivated) {
        self.use_key(activated.key);
        let since_ms = self.meta.now_ms;
        let Some(instance) = self.instances.get_mut(activated.instance) else {
            return;
        };
        if let Some(flow) = activated.flow_plus_one.checked_sub(1) {
            instance.take_token(activated.scope, flow);
        }
        instance.add_element(ElementInstance {
            key: activated.key,
            node: activated.node,
            scope: activated.scope,
            since_ms,
            ..ElementInstance::default()
        });
        self.index
            .elements
            .insert(activated.key, activated.instance);
    }

    fn remove_element(&mut self, instance: u64, key: u64) {
        self.index.elements.remove(&key);
        self.variables.remove(key);
        if let Some(instance) = self.instances.get_mut(instance) {
            instance.remove_element(key);
        }
    }

    fn write_variables(&mut self, written: &VariablesWritten) {
        match self.variables.get_mut(written.scope) {
            Some(variables) => {
                let merged = json::merge(&variables.document, &written.document);
                variables.document = Bytes::from(merged);
            }
            None => {
                let variables = Variables {
                    scope: written.scope,
                    instance: written.instance,
                    document: written.document.clone(),
                };
                self.variables.insert(written.scope, variables);
            }
        }
    }

    fn add_incident(&mut self, incident: &Incident) {
        self.use_key(incident.key);
        self.index.incidents.insert(incident.key);
        if let Some(instance) = self.instances.get_mut(incident.instance) {
            instance.change_owned(incident.element, |owned| owned.incidents.push(incident.key));
        }
        self.incidents.insert(incident.key, incident.clone());
    }

    fn remove_incident(&mut self, key: u64) {
        self.index.incidents.remove(&key);
        let Some(incident) = self.incidents.remove(key) else {
            return;
        };
        if let Some(instance) = self.instances.get_mut(incident.instance) {
            instance.change_owned(incident.element, |owned| {
                owned.incidents.retain(|present| *present != key)
            });
        }
    }
}
