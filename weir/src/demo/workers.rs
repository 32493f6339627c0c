//! The workers: programs that do the service tasks, over job streams as any Zeebe client has them.

use std::sync::Arc;

use proto::gateway::{
    ActivatedJob, CompleteJobRequest, FailJobRequest, StreamActivatedJobsRequest, ThrowErrorRequest,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::Status;

use super::Stage;
use crate::failure::Failure;
use crate::variables::value;

const JOB_TYPES: [&str; 3] = ["check-coverage", "ask-for-documents", "pay-out"];
const LEASE_MS: i64 = 10_000;
const BACK_OFF_MS: i64 = 1_000;

/// What a worker answers.
enum Answer {
    Complete(Value),
    /// Once more, after the back-off.
    Fail(&'static str),
    Error {
        code: &'static str,
        message: &'static str,
    },
}

/// Starts one worker for each type; they end when the result is dropped.
pub async fn start(stage: &Arc<Stage>) -> Result<JoinSet<()>, Failure> {
    let mut workers = JoinSet::new();
    for job_type in JOB_TYPES {
        let jobs = open(stage, job_type)
            .await
            .map_err(stage.client.failure())?;
        workers.spawn(work(Arc::clone(stage), job_type, jobs));
    }
    Ok(workers)
}

async fn open(stage: &Stage, job_type: &str) -> Result<tonic::Streaming<ActivatedJob>, Status> {
    let request = StreamActivatedJobsRequest {
        r#type: job_type.to_owned(),
        worker: format!("{job_type}-worker"),
        timeout: LEASE_MS,
        ..Default::default()
    };
    let reply = stage
        .client
        .gateway()
        .stream_activated_jobs(request)
        .await?;
    Ok(reply.into_inner())
}

async fn work(stage: Arc<Stage>, job_type: &str, mut jobs: tonic::Streaming<ActivatedJob>) {
    loop {
        match jobs.message().await {
            Ok(Some(job)) => {
                tokio::spawn(do_job(Arc::clone(&stage), job));
            }
            // The server restores or restarts: open the stream again.
            Ok(None) | Err(_) => loop {
                super::pause(0.2).await;
                if let Ok(again) = open(&stage, job_type).await {
                    jobs = again;
                    break;
                }
            },
        }
    }
}

async fn do_job(stage: Arc<Stage>, job: ActivatedJob) {
    super::pause(0.3).await;
    let mut gateway = stage.client.gateway();
    let answered = match answer(&job) {
        Answer::Complete(variables) => gateway
            .complete_job(CompleteJobRequest {
                job_key: job.key,
                variables: variables.to_string(),
            })
            .await
            .map(|_| ()),
        Answer::Fail(message) => gateway
            .fail_job(FailJobRequest {
                job_key: job.key,
                retries: job.retries - 1,
                error_message: message.to_owned(),
                retry_back_off: BACK_OFF_MS,
                variables: String::new(),
            })
            .await
            .map(|_| ()),
        Answer::Error { code, message } => gateway
            .throw_error(ThrowErrorRequest {
                job_key: job.key,
                error_code: code.to_owned(),
                error_message: message.to_owned(),
                variables: json!({ "refusal": message }).to_string(),
            })
            .await
            .map(|_| ()),
    };
    if let Err(status) = answered {
        // Taken back meanwhile, or the lease is over: it comes again if it is still to be done.
        tracing::debug!(job = job.key, %status, "a job could not be answered");
    }
}

fn answer(job: &ActivatedJob) -> Answer {
    let variables = value(&job.variables);
    let bank = variables["bank"].as_str().unwrap_or_default();
    match job.r#type.as_str() {
        "check-coverage" => {
            let policy = variables["policy"].as_str().unwrap_or_default();
            Answer::Complete(json!({ "covered": !policy.starts_with("EXPIRED") }))
        }
        "pay-out" if bank == "refuses" => Answer::Error {
            code: "PAYOUT_REFUSED",
            message: "the account is closed",
        },
        "pay-out" if bank == "slow" && job.retries > 2 => Answer::Fail("the bank does not answer"),
        "pay-out" => {
            let claim = variables["claimId"].as_str().unwrap_or_default();
            Answer::Complete(json!({ "transfer": format!("T-{claim}") }))
        }
        _ => Answer::Complete(json!({})),
    }
}
