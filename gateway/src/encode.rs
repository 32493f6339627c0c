//! Answers of the machine as the gateway protocol spells them.

use bytes::Bytes;
use proto::gateway::{
    ActivatedJob, CreateProcessInstanceResponse, CreateProcessInstanceWithResultResponse,
    ProcessMetadata,
};
use proto::record::{self, DeployedProcess, InstanceResult, InstanceStarted};

use crate::call::TENANT;

/// Keys have 63 bits: 13 of the partition, below the sign of none.
pub(crate) fn key(key: u64) -> i64 {
    key.cast_signed()
}

/// Documents are JSON text already; what is not UTF-8 was never normalized and is shown as far as it goes.
pub(crate) fn text(document: Bytes) -> String {
    String::from_utf8(document.into())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

pub(crate) fn job(job: record::ActivatedJob) -> ActivatedJob {
    ActivatedJob {
        key: key(job.key),
        r#type: job.r#type,
        process_instance_key: key(job.instance_key),
        bpmn_process_id: job.process_id,
        process_definition_version: job.version,
        process_definition_key: key(job.definition_key),
        element_id: job.element_id,
        element_instance_key: key(job.element_key),
        custom_headers: text(job.headers),
        worker: job.worker,
        retries: job.retries,
        deadline: job.deadline_ms,
        variables: text(job.variables),
        tenant_id: TENANT.to_owned(),
    }
}

pub(crate) fn started(
    started: InstanceStarted,
    tags: Vec<String>,
) -> CreateProcessInstanceResponse {
    CreateProcessInstanceResponse {
        process_definition_key: key(started.definition_key),
        bpmn_process_id: started.process_id,
        version: started.version,
        process_instance_key: key(started.instance_key),
        tenant_id: TENANT.to_owned(),
        tags,
    }
}

pub(crate) fn result(
    result: InstanceResult,
    tags: Vec<String>,
) -> CreateProcessInstanceWithResultResponse {
    let started = result.instance.unwrap_or_default();
    CreateProcessInstanceWithResultResponse {
        process_definition_key: key(started.definition_key),
        bpmn_process_id: started.process_id,
        version: started.version,
        process_instance_key: key(started.instance_key),
        variables: text(result.variables),
        tenant_id: TENANT.to_owned(),
        tags,
    }
}

pub(crate) fn process(process: DeployedProcess) -> ProcessMetadata {
    ProcessMetadata {
        bpmn_process_id: process.process_id,
        version: process.version,
        process_definition_key: key(process.definition_key),
        resource_name: process.resource_name,
        tenant_id: TENANT.to_owned(),
    }
}
