//! The Zeebe gateway protocol: each call becomes a command of the machine, each answer a response.

use std::sync::Arc;
use std::time::Duration;

use node::{Caller, Node};
use prost::Message;
use proto::gateway::gateway_server::Gateway;
use proto::gateway::*;
use proto::record::{self, answer, command, event};
use tonic::{Code, Request, Response, Status};

use crate::call::{self, TENANT, caller, check_tags, check_tenant, document};
use crate::closing::Closing;
use crate::config::Config;
use crate::jobs::{self, PolledJobs, PushedJobs};
use crate::status::{
    invalid, not_served, submit_failed, unavailable, unexpected_answer, with_reason,
};
use crate::topology;
use crate::{decisions, encode, resources};

/// The version of the protocol that is served; clients parse it.
pub(crate) const VERSION: &str = "8.6.0";

/// `gateway_protocol.Gateway`.
#[derive(Clone)]
pub(crate) struct Zeebe {
    pub node: Node,
    pub config: Arc<Config>,
    pub closing: Closing,
}

/// What Zeebe calls the creation of an instance whose result is awaited.
const WITH_RESULT: &str = "CREATE_WITH_AWAITING_RESULT";

type Answered<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Gateway for Zeebe {
    type ActivateJobsStream = PolledJobs;
    type StreamActivatedJobsStream = PushedJobs;

    async fn activate_jobs(&self, request: Request<ActivateJobsRequest>) -> Answered<PolledJobs> {
        let caller = caller(request.metadata())?;
        let polled = jobs::poll(&self.node, &self.config, caller, request.into_inner())?;
        Ok(Response::new(polled))
    }

    async fn stream_activated_jobs(
        &self,
        request: Request<StreamActivatedJobsRequest>,
    ) -> Answered<PushedJobs> {
        let caller = caller(request.metadata())?;
        let pushed = jobs::stream(&self.node, &self.config, &caller, request.into_inner());
        Ok(Response::new(pushed.await?))
    }

    async fn cancel_process_instance(
        &self,
        request: Request<CancelProcessInstanceRequest>,
    ) -> Answered<CancelProcessInstanceResponse> {
        let caller = caller(request.metadata())?;
        let cancel = record::CancelInstance {
            instance_key: call::key(request.get_ref().process_instance_key),
        };
        let command = command::Kind::CancelInstance(cancel);
        self.done("CANCEL", &caller, command).await?;
        Ok(Response::new(CancelProcessInstanceResponse {}))
    }

    async fn complete_job(
        &self,
        request: Request<CompleteJobRequest>,
    ) -> Answered<CompleteJobResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let complete = record::CompleteJob {
            job_key: call::key(request.job_key),
            variables: document(&self.config, &request.variables)?,
        };
        let command = command::Kind::CompleteJob(complete);
        self.done("COMPLETE", &caller, command).await?;
        Ok(Response::new(CompleteJobResponse {}))
    }

    async fn create_process_instance(
        &self,
        request: Request<CreateProcessInstanceRequest>,
    ) -> Answered<CreateProcessInstanceResponse> {
        let caller = caller(request.metadata())?;
        let create = self.create(request.into_inner())?;
        let tags = create.tags.clone();
        let command = command::Kind::CreateInstance(create);
        let answer = self.submit("CREATE", &caller, command).await?;
        let answer::Kind::InstanceStarted(started) = answer else {
            return Err(unexpected_answer(&caller, "CREATE"));
        };
        Ok(Response::new(encode::started(started, tags)))
    }

    async fn create_process_instance_with_result(
        &self,
        request: Request<CreateProcessInstanceWithResultRequest>,
    ) -> Answered<CreateProcessInstanceWithResultResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let Some(inner) = request.request else {
            return Err(invalid("REQUEST_MISSING", "the request is missing"));
        };
        let mut create = self.create(inner)?;
        create.await_result = true;
        create.fetch_variables = request.fetch_variables;
        let wait = match request.request_timeout {
            ..=0 => self.config.result_wait,
            wait_ms => Duration::from_millis(wait_ms.unsigned_abs()),
        };
        self.create_and_wait(&caller, create, wait).await
    }

    async fn evaluate_decision(
        &self,
        request: Request<EvaluateDecisionRequest>,
    ) -> Answered<EvaluateDecisionResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        check_tenant(&request.tenant_id)?;
        let evaluate = record::EvaluateDecision {
            decision_key: call::key(request.decision_key),
            variables: document(&self.config, &request.variables)?,
            decision_id: request.decision_id,
        };
        let command = command::Kind::EvaluateDecision(evaluate);
        let answer = self.submit("EVALUATE", &caller, command).await?;
        let answer::Kind::Decision(made) = answer else {
            return Err(unexpected_answer(&caller, "EVALUATE"));
        };
        Ok(Response::new(decisions::evaluated(made)))
    }

    async fn deploy_process(
        &self,
        request: Request<DeployProcessRequest>,
    ) -> Answered<DeployProcessResponse> {
        let caller = caller(request.metadata())?;
        let command = resources::of_processes(request.into_inner());
        let answer::Kind::Deployed(deployed) = self.submit("CREATE", &caller, command).await?
        else {
            return Err(unexpected_answer(&caller, "CREATE"));
        };
        Ok(Response::new(resources::processes(deployed)))
    }

    async fn deploy_resource(
        &self,
        request: Request<DeployResourceRequest>,
    ) -> Answered<DeployResourceResponse> {
        let caller = caller(request.metadata())?;
        check_tenant(&request.get_ref().tenant_id)?;
        let command = resources::of_resources(request.into_inner());
        let answer::Kind::Deployed(deployed) = self.submit("CREATE", &caller, command).await?
        else {
            return Err(unexpected_answer(&caller, "CREATE"));
        };
        Ok(Response::new(resources::deployments(deployed)))
    }

    async fn fail_job(&self, request: Request<FailJobRequest>) -> Answered<FailJobResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let fail = record::FailJob {
            job_key: call::key(request.job_key),
            retries: request.retries,
            variables: document(&self.config, &request.variables)?,
            error_message: request.error_message,
            retry_back_off_ms: request.retry_back_off,
        };
        let command = command::Kind::FailJob(fail);
        self.done("FAIL", &caller, command).await?;
        Ok(Response::new(FailJobResponse {}))
    }

    async fn throw_error(
        &self,
        request: Request<ThrowErrorRequest>,
    ) -> Answered<ThrowErrorResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let throw = record::ThrowJobError {
            job_key: call::key(request.job_key),
            variables: document(&self.config, &request.variables)?,
            error_code: request.error_code,
            error_message: request.error_message,
        };
        let command = command::Kind::ThrowJobError(throw);
        self.done("THROW_ERROR", &caller, command).await?;
        Ok(Response::new(ThrowErrorResponse {}))
    }

    async fn publish_message(
        &self,
        request: Request<PublishMessageRequest>,
    ) -> Answered<PublishMessageResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        check_tenant(&request.tenant_id)?;
        let publish = record::PublishMessage {
            variables: document(&self.config, &request.variables)?,
            name: request.name,
            correlation_key: request.correlation_key,
            ttl_ms: request.time_to_live,
            message_id: request.message_id,
        };
        let command = command::Kind::PublishMessage(publish);
        let answer = self.submit("PUBLISH", &caller, command).await?;
        let answer::Kind::MessagePublished(published) = answer else {
            return Err(unexpected_answer(&caller, "PUBLISH"));
        };
        Ok(Response::new(PublishMessageResponse {
            key: encode::key(published.key),
            tenant_id: TENANT.to_owned(),
        }))
    }

    async fn broadcast_signal(
        &self,
        request: Request<BroadcastSignalRequest>,
    ) -> Answered<BroadcastSignalResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        check_tenant(&request.tenant_id)?;
        let broadcast = record::BroadcastSignal {
            variables: document(&self.config, &request.variables)?,
            name: request.signal_name,
        };
        let command = command::Kind::BroadcastSignal(broadcast);
        let answer = self.submit("BROADCAST", &caller, command).await?;
        let answer::Kind::SignalBroadcast(broadcast) = answer else {
            return Err(unexpected_answer(&caller, "BROADCAST"));
        };
        Ok(Response::new(BroadcastSignalResponse {
            key: encode::key(broadcast.key),
            tenant_id: TENANT.to_owned(),
        }))
    }

    async fn resolve_incident(
        &self,
        request: Request<ResolveIncidentRequest>,
    ) -> Answered<ResolveIncidentResponse> {
        let caller = caller(request.metadata())?;
        let resolve = record::ResolveIncident {
            incident_key: call::key(request.get_ref().incident_key),
        };
        let command = command::Kind::ResolveIncident(resolve);
        self.done("RESOLVE", &caller, command).await?;
        Ok(Response::new(ResolveIncidentResponse {}))
    }

    async fn set_variables(
        &self,
        request: Request<SetVariablesRequest>,
    ) -> Answered<SetVariablesResponse> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let set = record::SetVariables {
            scope_key: call::key(request.element_instance_key),
            variables: document(&self.config, &request.variables)?,
            local: request.local,
        };
        let command = command::Kind::SetVariables(set);
        let answer = self.submit("UPDATE", &caller, command).await?;
        let answer::Kind::VariablesSet(set) = answer else {
            return Err(unexpected_answer(&caller, "UPDATE"));
        };
        Ok(Response::new(SetVariablesResponse {
            key: encode::key(set.key),
        }))
    }

    async fn topology(&self, _: Request<TopologyRequest>) -> Answered<TopologyResponse> {
        let brokers = topology::brokers(&self.node, &self.config);
        Ok(Response::new(TopologyResponse {
            cluster_size: i32::try_from(brokers.len()).unwrap_or(i32::MAX),
            brokers,
            partitions_count: self.node.partition_count().cast_signed(),
            replication_factor: 1,
            gateway_version: VERSION.to_owned(),
        }))
    }

    async fn update_job_retries(
        &self,
        request: Request<UpdateJobRetriesRequest>,
    ) -> Answered<UpdateJobRetriesResponse> {
        let caller = caller(request.metadata())?;
        let update = record::UpdateJobRetries {
            job_key: call::key(request.get_ref().job_key),
            retries: request.get_ref().retries,
        };
        let command = command::Kind::UpdateJobRetries(update);
        self.done("UPDATE_RETRIES", &caller, command).await?;
        Ok(Response::new(UpdateJobRetriesResponse {}))
    }

    async fn update_job_timeout(
        &self,
        request: Request<UpdateJobTimeoutRequest>,
    ) -> Answered<UpdateJobTimeoutResponse> {
        let caller = caller(request.metadata())?;
        let update = record::UpdateJobTimeout {
            job_key: call::key(request.get_ref().job_key),
            timeout_ms: request.get_ref().timeout,
        };
        let command = command::Kind::UpdateJobTimeout(update);
        self.done("UPDATE_TIMEOUT", &caller, command).await?;
        Ok(Response::new(UpdateJobTimeoutResponse {}))
    }

    async fn modify_process_instance(
        &self,
        _: Request<ModifyProcessInstanceRequest>,
    ) -> Answered<ModifyProcessInstanceResponse> {
        Err(not_served("ModifyProcessInstance"))
    }

    async fn migrate_process_instance(
        &self,
        _: Request<MigrateProcessInstanceRequest>,
    ) -> Answered<MigrateProcessInstanceResponse> {
        Err(not_served("MigrateProcessInstance"))
    }

    async fn delete_resource(
        &self,
        _: Request<DeleteResourceRequest>,
    ) -> Answered<DeleteResourceResponse> {
        Err(not_served("DeleteResource"))
    }
}

impl Zeebe {
    async fn submit(
        &self,
        intent: &str,
        caller: &Caller,
        command: command::Kind,
    ) -> Result<answer::Kind, Status> {
        let applied = self.node.submit(caller, command).await;
        let applied = applied.map_err(|error| submit_failed(intent, error))?;
        applied
            .answer
            .kind
            .ok_or_else(|| unexpected_answer(caller, intent))
    }

    /// Submits a command whose answer says nothing.
    async fn done(
        &self,
        intent: &str,
        caller: &Caller,
        command: command::Kind,
    ) -> Result<(), Status> {
        let answer::Kind::Done(_) = self.submit(intent, caller, command).await? else {
            return Err(unexpected_answer(caller, intent));
        };
        Ok(())
    }

    fn create(
        &self,
        request: CreateProcessInstanceRequest,
    ) -> Result<record::CreateInstance, Status> {
        check_tenant(&request.tenant_id)?;
        check_tags(&request.tags)?;
        let starts = request.start_instructions.into_iter();
        Ok(record::CreateInstance {
            // As with Zeebe, the id is asked first.
            definition_key: match request.bpmn_process_id.is_empty() {
                true => call::key(request.process_definition_key),
                false => 0,
            },
            process_id: request.bpmn_process_id,
            version: request.version,
            variables: document(&self.config, &request.variables)?,
            start_elements: starts.map(|start| start.element_id).collect(),
            await_result: false,
            fetch_variables: Vec::new(),
            tags: request.tags,
        })
    }

    /// Waits for the end of a new instance. When the time is up the instance goes on.
    async fn create_and_wait(
        &self,
        caller: &Caller,
        create: record::CreateInstance,
        wait: Duration,
    ) -> Answered<CreateProcessInstanceWithResultResponse> {
        let tags = create.tags.clone();
        let created = self.submit(WITH_RESULT, caller, command::Kind::CreateInstance(create));
        let answer = tokio::select! {
            biased;
            answer = created => answer?,
            () = tokio::time::sleep(wait) => {
                let message = format!("the instance has not ended within {} ms; it goes on", wait.as_millis());
                return Err(with_reason(Code::DeadlineExceeded, "RESULT_TIMEOUT", message, []));
            }
            () = self.closing.clone().wait() => {
                return Err(unavailable("STOPPING", "the server stops; the instance goes on"));
            }
        };
        let result = match answer {
            answer::Kind::InstanceResult(result) => result,
            answer::Kind::InstanceStarted(started) => {
                return Err(self.without_result(caller, started.instance_key).await);
            }
            answer::Kind::Done(_)
            | answer::Kind::Deployed(_)
            | answer::Kind::MessagePublished(_)
            | answer::Kind::SignalBroadcast(_)
            | answer::Kind::ActivatedJobs(_)
            | answer::Kind::VariablesSet(_)
            | answer::Kind::Decision(_)
            | answer::Kind::Task(_) => return Err(unexpected_answer(caller, WITH_RESULT)),
        };
        let response = encode::result(result, tags);
        let (size, limit) = (response.encoded_len(), self.config.message_bytes_max);
        if size > limit {
            let message = format!(
                "the result takes {size} bytes, a message holds {limit}: fetch fewer variables"
            );
            let sizes = [("size", size.to_string()), ("limit", limit.to_string())];
            let code = Code::ResourceExhausted;
            return Err(with_reason(code, "MESSAGE_TOO_LARGE", message, sizes));
        }
        Ok(Response::new(response))
    }

    /// Why the answer to somebody who awaits a result says only that the instance was started: it was canceled, or the
    /// request id is that of a call that awaited nothing.
    async fn without_result(&self, caller: &Caller, instance: u64) -> Status {
        if caller.request_id.is_some() {
            let story = match self.node.history(instance).await {
                Ok(story) => story,
                Err(error) => return submit_failed(WITH_RESULT, error),
            };
            let mut events = story.batches.iter().flat_map(|batch| &batch.events);
            if !events.any(|event| matches!(event.kind, Some(event::Kind::InstanceCanceled(_)))) {
                return unexpected_answer(caller, WITH_RESULT);
            }
        }
        let message = format!("instance {instance} was canceled");
        with_reason(Code::FailedPrecondition, "INSTANCE_CANCELED", message, [])
    }
}
