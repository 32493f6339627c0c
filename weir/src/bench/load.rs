//! The load: one thread; to each server a connection that creates and one that works.

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

use super::flight::{Flights, Measured};
use super::usage::Usage;
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

/// What is done how often, and how fast.
pub struct Course {
    pub process_id: &'static str,
    pub job_type: &'static str,
    pub instances: u64,
    /// Jobs of an instance that are done; without any it is over when it is created.
    pub tasks: u32,
    pub outstanding: u32,
    pub rate: Option<u32>,
    pub long_poll: bool,
    pub variables_bytes: u32,
}

struct Run {
    create: Vec<Client>,
    work: Vec<Client>,
    process_id: &'static str,
    job_type: &'static str,
    flights: RefCell<Flights>,
    free: Semaphore,
    variables: String,
    failed: mpsc::Sender<Failure>,
}

/// Runs all instances of a course to their ends.
///
/// # Errors
/// The first call that fails for another reason than too much load.
pub async fn drive(addresses: &[String], course: &Course) -> Result<Load, Failure> {
    if course.instances == 0 {
        return Ok(Load {
            measured: Flights::new(course.tasks).measured,
            took: Duration::ZERO,
            cpu_seconds: None,
        });
    }
    let (failed, mut failures) = mpsc::channel(1);
    let permits = match course.rate {
        Some(_) => OPEN_LOOP_MAX,
        None => course.outstanding as usize,
    };
    let run = Rc::new(Run {
        create: connect(addresses).await?,
        work: connect(addresses).await?,
        process_id: course.process_id,
        job_type: course.job_type,
        flights: RefCell::new(Flights::new(course.tasks)),
        free: Semaphore::new(permits),
        variables: variables(course.variables_bytes),
        failed,
    });
    let before = Usage::of_this_process();
    let local = LocalSet::new();
    let took = local
        .run_until(async {
            tokio::select! {
                took = all(&run, course, permits) => took,
                Some(failure) = failures.recv() => Err(failure),
            }
        })
        .await?;
    drop(local);
    let flights = run.flights.replace(Flights::new(course.tasks));
    Ok(Load {
        measured: flights.measured,
        took,
        cpu_seconds: Usage::of_this_process().cpu_seconds_since(&before),
    })
}

async fn connect(addresses: &[String]) -> Result<Vec<Client>, Failure> {
    let mut clients = Vec::with_capacity(addresses.len());
    for address in addresses {
        clients.push(Client::connect_to(address).await?);
    }
    Ok(clients)
}

async fn all(run: &Rc<Run>, course: &Course, permits: usize) -> Result<Duration, Failure> {
    if course.tasks > 0 {
        for client in &run.work {
            work_at(run, client, course).await?;
        }
    }
    let began = Instant::now();
    for (number, client) in (0..course.instances).zip(run.create.iter().cycle()) {
        let mut due = Instant::now();
        if let Some(rate) = course.rate {
            due = began + Duration::from_secs_f64(number as f64 / f64::from(rate));
            tokio::time::sleep_until(due.into()).await;
        }
        if let Ok(permit) = run.free.acquire().await {
            // Given back when the instance has ended.
            permit.forget();
        }
        let began = if course.rate.is_some() {
            due
        } else {
            Instant::now()
        };
        spawn_local(create(Rc::clone(run), client.clone(), began));
    }
    // Every permit is back when every instance has ended.
    let all = u32::try_from(permits).unwrap_or(u32::MAX);
    let _ = run.free.acquire_many(all).await;
    Ok(began.elapsed())
}

async fn work_at(run: &Rc<Run>, client: &Client, course: &Course) -> Result<(), Failure> {
    let (run, client) = (Rc::clone(run), client.clone());
    if course.long_poll {
        let most = i32::try_from(course.outstanding).unwrap_or(i32::MAX);
        spawn_local(poll(run, client, most));
    } else {
        let jobs = open_stream(&run, &client).await?;
        spawn_local(work(run, client, jobs));
    }
    Ok(())
}

async fn create(run: Rc<Run>, client: Client, began: Instant) {
    let mut gateway = client.gateway();
    loop {
        let request = CreateProcessInstanceRequest {
            bpmn_process_id: run.process_id.to_owned(),
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
                if !run.again(&client, &status).await {
                    return;
                }
            }
        }
    }
}

async fn open_stream(
    run: &Run,
    client: &Client,
) -> Result<tonic::Streaming<ActivatedJob>, Failure> {
    let request = StreamActivatedJobsRequest {
        r#type: run.job_type.to_owned(),
        worker: "weir-bench".to_owned(),
        timeout: LEASE.as_millis() as i64,
        ..Default::default()
    };
    let reply = client.gateway().stream_activated_jobs(request).await;
    Ok(reply.map_err(client.failure())?.into_inner())
}

async fn work(run: Rc<Run>, client: Client, mut jobs: tonic::Streaming<ActivatedJob>) {
    loop {
        match jobs.message().await {
            Ok(Some(job)) => take(&run, &client, &job),
            Ok(None) => {
                return run.fail(Failure::failed("the server has closed the stream of jobs"));
            }
            Err(status) => return run.fail_with(&client, &status),
        }
    }
}

async fn poll(run: Rc<Run>, client: Client, most: i32) {
    let mut gateway = client.gateway();
    loop {
        let request = ActivateJobsRequest {
            r#type: run.job_type.to_owned(),
            worker: "weir-bench".to_owned(),
            timeout: LEASE.as_millis() as i64,
            max_jobs_to_activate: most,
            ..Default::default()
        };
        let mut batches = match gateway.activate_jobs(request).await {
            Ok(reply) => reply.into_inner(),
            Err(status) => match run.again(&client, &status).await {
                true => continue,
                false => return,
            },
        };
        loop {
            match batches.message().await {
                Ok(Some(batch)) => batch.jobs.iter().for_each(|job| take(&run, &client, job)),
                Ok(None) => break,
                Err(status) => match run.again(&client, &status).await {
                    true => break,
                    false => return,
                },
            }
        }
    }
}

fn take(run: &Rc<Run>, client: &Client, job: &ActivatedJob) {
    let instance = job.process_instance_key;
    run.flights.borrow_mut().job(instance, Instant::now());
    spawn_local(complete(Rc::clone(run), client.clone(), job.key, instance));
}

async fn complete(run: Rc<Run>, client: Client, key: i64, instance: i64) {
    let mut gateway = client.gateway();
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
                if !run.again(&client, &status).await {
                    return;
                }
            }
        }
    }
}

impl Run {
    /// Whether the call is to be repeated; waits a little before.
    async fn again(&self, client: &Client, status: &Status) -> bool {
        // The server has too much to do, or a partition has no leader at the moment.
        if matches!(status.code(), Code::ResourceExhausted | Code::Unavailable) {
            self.flights.borrow_mut().measured.refused += 1;
            tokio::time::sleep(PAUSE_WHEN_REFUSED).await;
            return true;
        }
        self.fail_with(client, status);
        false
    }

    fn fail_with(&self, client: &Client, status: &Status) {
        self.fail(Failure::of_status(status, client.address()));
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
