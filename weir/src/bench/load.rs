//! The load: one thread, one connection that creates and one that works.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use proto::gateway::{
    ActivateJobsRequest, ActivatedJob, CompleteJobRequest, CreateProcessInstanceRequest,
    StreamActivatedJobsRequest,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{LocalSet, spawn_local};
use tonic::{Code, Status};

use super::child::{Child, Usage};
use super::flight::{Flights, Measured};
use super::{BenchArgs, JOB_TYPE, PROCESS_ID};
use crate::client::Client;
use crate::failure::Failure;

/// The most instances that an open loop has under way: beyond it the server is not keeping up.
const OPEN_LOOP_MAX: usize = 100_000;
const LEASE: Duration = Duration::from_secs(300);
const PAUSE_WHEN_REFUSED: Duration = Duration::from_millis(2);

/// What a run gave.
pub struct Load {
    pub measured: Measured,
    pub took: Duration,
    pub cpu_seconds: Option<f64>,
}

struct Run {
    create: Client,
    work: Client,
    flights: RefCell<Flights>,
    free: Semaphore,
    variables: String,
    failed: mpsc::Sender<Failure>,
}

/// Runs `instances` to their ends.
///
/// # Errors
/// The first call that fails for another reason than too much load.
pub async fn drive(child: &Child, args: &BenchArgs, instances: u64) -> Result<Load, Failure> {
    if instances == 0 {
        return Ok(Load {
            measured: Flights::new(args.tasks).measured,
            took: Duration::ZERO,
            cpu_seconds: None,
        });
    }
    let (failed, mut failures) = mpsc::channel(1);
    let permits = if args.rate.is_some() {
        OPEN_LOOP_MAX
    } else {
        args.outstanding as usize
    };
    let run = Rc::new(Run {
        create: Client::connect_to(child.address()).await?,
        work: Client::connect_to(child.address()).await?,
        flights: RefCell::new(Flights::new(args.tasks)),
        free: Semaphore::new(permits),
        variables: variables(args.variables_bytes),
        failed,
    });
    let before = Usage::of_this_process().cpu_seconds;
    let local = LocalSet::new();
    let took = local
        .run_until(async {
            tokio::select! {
                took = all(&run, args, instances, permits) => took,
                Some(failure) = failures.recv() => Err(failure),
            }
        })
        .await?;
    drop(local);
    let after = Usage::of_this_process().cpu_seconds;
    let flights = run.flights.replace(Flights::new(args.tasks));
    Ok(Load {
        measured: flights.measured,
        took,
        cpu_seconds: before.zip(after).map(|(before, after)| after - before),
    })
}

async fn all(
    run: &Rc<Run>,
    args: &BenchArgs,
    instances: u64,
    permits: usize,
) -> Result<Duration, Failure> {
    if args.long_poll {
        let most = i32::try_from(args.outstanding).unwrap_or(i32::MAX);
        spawn_local(poll(Rc::clone(run), most));
    } else {
        let jobs = open_stream(run).await?;
        spawn_local(work(Rc::clone(run), jobs));
    }
    let began = Instant::now();
    for number in 0..instances {
        let mut due = Instant::now();
        if let Some(rate) = args.rate {
            due = began + Duration::from_secs_f64(number as f64 / f64::from(rate));
            tokio::time::sleep_until(due.into()).await;
        }
        if let Ok(permit) = run.free.acquire().await {
            // Given back when the instance has ended.
            permit.forget();
        }
        let began = if args.rate.is_some() {
            due
        } else {
            Instant::now()
        };
        spawn_local(create(Rc::clone(run), began));
    }
    // Every permit is back when every instance has ended.
    let all = u32::try_from(permits).unwrap_or(u32::MAX);
    let _ = run.free.acquire_many(all).await;
    Ok(began.elapsed())
}

async fn create(run: Rc<Run>, began: Instant) {
    let mut gateway = run.create.gateway();
    loop {
        let request = CreateProcessInstanceRequest {
            bpmn_process_id: PROCESS_ID.to_owned(),
            version: -1,
            variables: run.variables.clone(),
            ..Default::default()
        };
        match gateway.create_process_instance(request).await {
            Ok(reply) => {
                let key = reply.into_inner().process_instance_key;
                if run.flights.borrow_mut().created(key, began) {
                    run.free.add_permits(1);
                }
                return;
            }
            Err(status) => {
                if !run.again(&status).await {
                    return;
                }
            }
        }
    }
}

async fn open_stream(run: &Run) -> Result<tonic::Streaming<ActivatedJob>, Failure> {
    let request = StreamActivatedJobsRequest {
        r#type: JOB_TYPE.to_owned(),
        worker: "weir-bench".to_owned(),
        timeout: LEASE.as_millis() as i64,
        ..Default::default()
    };
    let reply = run.work.gateway().stream_activated_jobs(request).await;
    Ok(reply.map_err(run.work.failure())?.into_inner())
}

async fn work(run: Rc<Run>, mut jobs: tonic::Streaming<ActivatedJob>) {
    loop {
        match jobs.message().await {
            Ok(Some(job)) => take(&run, &job),
            Ok(None) => {
                return run.fail(Failure::failed("the server has closed the stream of jobs"));
            }
            Err(status) => return run.fail_with(&status),
        }
    }
}

async fn poll(run: Rc<Run>, most: i32) {
    let mut gateway = run.work.gateway();
    loop {
        let request = ActivateJobsRequest {
            r#type: JOB_TYPE.to_owned(),
            worker: "weir-bench".to_owned(),
            timeout: LEASE.as_millis() as i64,
            max_jobs_to_activate: most,
            ..Default::default()
        };
        let mut batches = match gateway.activate_jobs(request).await {
            Ok(reply) => reply.into_inner(),
            Err(status) => match run.again(&status).await {
                true => continue,
                false => return,
            },
        };
        loop {
            match batches.message().await {
                Ok(Some(batch)) => batch.jobs.iter().for_each(|job| take(&run, job)),
                Ok(None) => break,
                Err(status) => match run.again(&status).await {
                    true => break,
                    false => return,
                },
            }
        }
    }
}

fn take(run: &Rc<Run>, job: &ActivatedJob) {
    let instance = job.process_instance_key;
    run.flights.borrow_mut().job(instance, Instant::now());
    spawn_local(complete(Rc::clone(run), job.key, instance));
}

async fn complete(run: Rc<Run>, key: i64, instance: i64) {
    let mut gateway = run.work.gateway();
    loop {
        let request = CompleteJobRequest {
            job_key: key,
            variables: String::new(),
        };
        match gateway.complete_job(request).await {
            Ok(_) => {
                if run.flights.borrow_mut().completed(instance, Instant::now()) {
                    run.free.add_permits(1);
                }
                return;
            }
            Err(status) => {
                if !run.again(&status).await {
                    return;
                }
            }
        }
    }
}

impl Run {
    /// Whether the call is to be repeated; waits a little before.
    async fn again(&self, status: &Status) -> bool {
        if status.code() == Code::ResourceExhausted {
            self.flights.borrow_mut().measured.refused += 1;
            tokio::time::sleep(PAUSE_WHEN_REFUSED).await;
            return true;
        }
        self.fail_with(status);
        false
    }

    fn fail_with(&self, status: &Status) {
        self.fail(Failure::of_status(status, self.work.address()));
    }

    fn fail(&self, failure: Failure) {
        // The run ends with the first one; nobody hears the others.
        let _ = self.failed.try_send(failure);
    }
}

/// A JSON object of this many bytes, as orders look: some short values and one long text.
fn variables(bytes: u32) -> String {
    let bytes = bytes as usize;
    let head = "{\"customer\":\"C-4711\",\"amount\":129.95,\"express\":true,\"note\":\"";
    let short = "{\"note\":\"";
    let head = if bytes > head.len() + 2 { head } else { short };
    let filler = bytes.saturating_sub(head.len() + 2);
    let text: String = "the quick brown fox jumps over the lazy dog "
        .chars()
        .cycle()
        .take(filler)
        .collect();
    format!("{head}{text}\"}}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn variables_have_the_size_that_was_asked_for() {
        for bytes in [16, 100, 1000, 100_000] {
            let text = super::variables(bytes);
            assert_eq!(text.len(), bytes as usize);
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        }
    }
}
