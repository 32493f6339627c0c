//! A town that handles insurance claims: clients of all roles that do what clients must, repeat with the same request id
//! until they know; and the checks that every claim has ended once, and that nothing that was acknowledged is lost.
#![allow(dead_code)] // Each test program uses a part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use proto::admin::admin_service_client::AdminServiceClient;
use proto::admin::story_event::Type;
use proto::admin::{GetInstanceRequest, InstanceState, ListInstancesRequest};
use proto::gateway::{ActivateJobsRequest, CompleteJobRequest, CreateProcessInstanceRequest};
use proto::usertask::user_task_service_client::UserTaskServiceClient;
use proto::usertask::{
    Candidate, ClaimTaskRequest, CompleteTaskRequest, ListTasksRequest, Task, TaskFilter, TaskState,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::real::{Server, gateway, request_id};

/// What a claim is.
pub const MODEL: &str = "models/examples/insurance-claim.bpmn";
/// Clients that start claims while servers die.
const STARTERS: usize = 4;
/// Stories that are asked for at the same time.
const READERS: usize = 4;
/// A worker that dies with the answer on its way leaves its jobs for so long.
const LEASE_MS: i64 = 2_000;
/// So long for any one thing; a stuck server fails the test instead of hanging it.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Everything that ends a claim here.
const ENDS: [&str; 3] = ["claim-approved", "not-covered", "rejected-in-review"];

/// What may go wrong with the servers while the town works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// They are killed: connections break in every way.
    Die,
    /// They live, so whatever they say must be that it can be tried again.
    Live,
}

/// What all clients share.
pub struct Town {
    /// So many come in all.
    claims: AtomicUsize,
    servers: Servers,
    /// The channel to the server of the moment, with its generation.
    server: watch::Receiver<(u64, Channel)>,
    answers: AtomicU64,
    answered: Notify,
    /// How often something had to be tried again.
    repeated: AtomicU64,
    next_claim: AtomicUsize,
    /// Instance → claim, as acknowledged.
    created: Mutex<BTreeMap<u64, usize>>,
    /// Job → (instance, what the worker returned), as acknowledged.
    jobs: Mutex<BTreeMap<i64, (u64, String)>>,
    /// Tasks that somebody knows to be completed.
    tasks: Mutex<BTreeSet<u64>>,
    is_over: AtomicBool,
}

/// The roles of a town at work.
pub struct Clients(JoinSet<()>);

impl Town {
    /// Begins to work on so many claims, with the server of the moment.
    pub fn live(
        claims: usize,
        servers: Servers,
        server: watch::Receiver<(u64, Channel)>,
    ) -> (Arc<Town>, Clients) {
        let town = Arc::new(Town {
            claims: AtomicUsize::new(claims),
            servers,
            server,
            answers: AtomicU64::new(0),
            answered: Notify::new(),
            repeated: AtomicU64::new(0),
            next_claim: AtomicUsize::new(0),
            created: Mutex::default(),
            jobs: Mutex::default(),
            tasks: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let mut clients = JoinSet::new();
        // A town that nobody kills works on for as long as its brokers are maltreated: one is enough.
        let starters = match servers {
            Servers::Die => STARTERS,
            Servers::Live => 1,
        };
        for starter in 0..starters {
            clients.spawn(start_claims(Arc::clone(&town), starter as u64));
        }
        let types = ["check-coverage", "check-coverage", "pay-out", "pay-out"];
        for (seed, job_type) in (10..).zip(types) {
            clients.spawn(work(Arc::clone(&town), job_type, seed));
        }
        clients.spawn(review(Arc::clone(&town), "eva", 20));
        clients.spawn(review(Arc::clone(&town), "carl", 21));
        (town, Clients(clients))
    }

    /// No further claims come.
    pub fn close(&self) {
        let come = self.next_claim.load(Ordering::SeqCst);
        self.claims.fetch_min(come, Ordering::SeqCst);
    }

    fn claims(&self) -> usize {
        self.claims.load(Ordering::SeqCst)
    }

    /// Answers so far.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::SeqCst)
    }

    /// How often something had to be tried again.
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::SeqCst)
    }

    /// Calls until the outcome is known. What a dead server leaves unanswered is asked again of the next one.
    async fn insist<T, F>(&self, call: impl Fn(Channel) -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut server = self.server.clone();
        let since = Instant::now();
        loop {
            let (generation, channel) = server.borrow_and_update().clone();
            let error = match call(channel).await {
                Ok(answer) => {
                    self.answers.fetch_add(1, Ordering::SeqCst);
                    self.answered.notify_one();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if !self.may_pass(error.code()) {
                return Err(error);
            }
            self.repeated.fetch_add(1, Ordering::SeqCst);
            assert!(
                since.elapsed() < PATIENCE,
                "generation {generation}: {error}"
            );
            // The next server, or another attempt with this one.
            let _ = tokio::time::timeout(Duration::from_millis(200), server.changed()).await;
        }
    }

    fn may_pass(&self, code: Code) -> bool {
        match code {
            Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded => true,
            Code::Unknown | Code::Cancelled | Code::Internal => self.servers == Servers::Die,
            _ => false,
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

fn identified<T>(message: T, id: &str) -> Request<T> {
    let mut request = Request::new(message);
    let id = id.parse().expect("hexadecimal digits");
    request.metadata_mut().insert("weir-request-id", id);
    request
}

/// Half of the claims are reviewed; one in ten is not covered, see `work`.
fn variables(claim: usize) -> String {
    let amount = if claim.is_multiple_of(2) { 500 } else { 4_000 };
    format!(r#"{{"claimId":"C-{claim}","customer":"Ann","policy":"P-1","amount":{amount}}}"#)
}

async fn start_claims(town: Arc<Town>, seed: u64) {
    let mut random = Rng::with_seed(seed);
    loop {
        let claim = town.next_claim.fetch_add(1, Ordering::SeqCst);
        if claim >= town.claims() {
            return;
        }
        let id = request_id(&mut random);
        let create = CreateProcessInstanceRequest {
            bpmn_process_id: "insurance-claim".to_owned(),
            version: -1,
            variables: variables(claim),
            ..CreateProcessInstanceRequest::default()
        };
        let created = town.insist(|channel| {
            let request = identified(create.clone(), &id);
            async move { gateway(channel).create_process_instance(request).await }
        });
        let created = created.await.expect("the process is deployed").into_inner();
        let key = created.process_instance_key as u64;
        town.created.lock().unwrap().insert(key, claim);
    }
}

async fn work(town: Arc<Town>, job_type: &'static str, seed: u64) {
    let mut random = Rng::with_seed(seed);
    while !town.is_over() {
        let activate = ActivateJobsRequest {
            r#type: job_type.to_owned(),
            worker: format!("{job_type}-{seed}"),
            timeout: LEASE_MS,
            max_jobs_to_activate: 8,
            request_timeout: 500,
            ..ActivateJobsRequest::default()
        };
        let jobs = town.insist(|channel| {
            let activate = activate.clone();
            async move {
                let mut answers = gateway(channel).activate_jobs(activate).await?.into_inner();
                let mut jobs = Vec::new();
                while let Some(answer) = answers.message().await? {
                    jobs.extend(answer.jobs);
                }
                Ok(jobs)
            }
        });
        for job in jobs.await.expect("jobs are activated") {
            let proof = request_id(&mut random);
            let is_covered = !job.variables.contains("0\"");
            let complete = CompleteJobRequest {
                job_key: job.key,
                variables: format!(r#"{{"covered":{is_covered},"proof-{job_type}":"{proof}"}}"#),
            };
            let id = request_id(&mut random);
            let completed = town.insist(|channel| {
                let request = identified(complete.clone(), &id);
                async move { gateway(channel).complete_job(request).await }
            });
            match completed.await {
                Ok(_) => {
                    let instance = job.process_instance_key as u64;
                    let before = town.jobs.lock().unwrap().insert(job.key, (instance, proof));
                    assert_eq!(before, None, "job {} was acknowledged twice", job.key);
                }
                // Another worker was faster, after the lease had ended.
                Err(status) => assert_eq!(status.code(), Code::NotFound, "{status}"),
            }
        }
    }
}

async fn review(town: Arc<Town>, user: &'static str, seed: u64) {
    let mut random = Rng::with_seed(seed);
    let filter = TaskFilter {
        states: vec![TaskState::Created.into()],
        claimable_by: Some(Candidate {
            user: user.to_owned(),
            groups: vec!["adjusters".to_owned()],
        }),
        ..TaskFilter::default()
    };
    while !town.is_over() {
        let list = ListTasksRequest {
            filter: Some(filter.clone()),
            page_size: 20,
            ..ListTasksRequest::default()
        };
        let listed = town.insist(|channel| {
            let list = list.clone();
            async move { UserTaskServiceClient::new(channel).list_tasks(list).await }
        });
        let tasks = listed.await.expect("tasks are listed").into_inner().tasks;
        if tasks.is_empty() {
            // Whatever is answered next may bring a task.
            let _ =
                tokio::time::timeout(Duration::from_millis(100), town.answered.notified()).await;
        }
        for task in tasks.into_iter().filter_map(|listed| listed.task) {
            decide(&town, user, &task, &mut random).await;
        }
    }
}

async fn decide(town: &Town, user: &str, task: &Task, random: &mut Rng) {
    let claim = ClaimTaskRequest {
        task_key: task.key,
        user: user.to_owned(),
        groups: vec!["adjusters".to_owned()],
        request_id: request_id(random),
    };
    let claimed = town.insist(|channel| {
        let claim = claim.clone();
        async move { UserTaskServiceClient::new(channel).claim_task(claim).await }
    });
    if let Err(status) = claimed.await {
        // The other one was faster.
        let is_taken = matches!(status.code(), Code::FailedPrecondition | Code::NotFound);
        assert!(is_taken, "{status}");
        return;
    }
    let is_rejected = random.u32(0..8) == 0;
    let complete = CompleteTaskRequest {
        task_key: task.key,
        user: user.to_owned(),
        action: if is_rejected { "reject" } else { "approve" }.to_owned(),
        request_id: request_id(random),
        ..CompleteTaskRequest::default()
    };
    let completed = town.insist(|channel| {
        let complete = complete.clone();
        async move {
            UserTaskServiceClient::new(channel)
                .complete_task(complete)
                .await
        }
    });
    completed.await.expect("whoever claimed may complete");
    let is_new = town.tasks.lock().unwrap().insert(task.key);
    assert!(is_new, "task {} was acknowledged twice", task.key);
}

/// Waits until there were so many answers.
pub async fn answers(town: &Town, number: u64) {
    let since = Instant::now();
    while town.answers() < number {
        assert!(since.elapsed() < PATIENCE, "nobody is answered any more");
        let _ = tokio::time::timeout(Duration::from_millis(100), town.answered.notified()).await;
    }
}

/// Waits until every claim has ended, sends the clients home, and checks all of it.
pub async fn end(town: &Arc<Town>, clients: Clients, server: &Server) {
    all_ended(town, server).await;
    town.is_over.store(true, Ordering::SeqCst);
    let mut clients = clients.0;
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client is content");
    }
    check(town, server).await;
}

/// Waits until no instance is left that runs.
async fn all_ended(town: &Town, server: &Server) {
    let active = ListInstancesRequest {
        states: vec![InstanceState::Active.into(), InstanceState::Incident.into()],
        page_size: 10,
        ..ListInstancesRequest::default()
    };
    let since = Instant::now();
    loop {
        let listed = server.admin().list_instances(active.clone()).await;
        let left = listed.expect("instances are listed").into_inner().instances;
        let is_started = town.created.lock().unwrap().len() == town.claims();
        if is_started && left.is_empty() {
            return;
        }
        assert!(since.elapsed() < PATIENCE, "still running: {left:?}");
        let _ = tokio::time::timeout(Duration::from_millis(100), town.answered.notified()).await;
    }
}

/// All instances that there are and were.
async fn instances(server: &Server) -> BTreeMap<u64, InstanceState> {
    let mut found = BTreeMap::new();
    let mut list = ListInstancesRequest {
        page_size: 200,
        ..ListInstancesRequest::default()
    };
    loop {
        let page = server.admin().list_instances(list.clone()).await;
        let page = page.expect("instances are listed").into_inner();
        for instance in page.instances {
            let before = found.insert(instance.key, instance.state());
            assert_eq!(before, None, "{} is listed twice", instance.key);
        }
        if page.next_page_token.is_empty() {
            return found;
        }
        list.page_token = page.next_page_token;
    }
}

/// What the stories tell: what was completed, and what each claim's workers wrote.
async fn stories(server: &Server, keys: Vec<u64>) -> (BTreeSet<u64>, BTreeMap<u64, String>) {
    let mut readers = JoinSet::new();
    for part in keys.chunks(keys.len().div_ceil(READERS).max(1)) {
        let (admin, part) = (server.admin(), part.to_vec());
        readers.spawn(async move {
            let mut read = Vec::new();
            for key in part {
                read.push((key, check_story(admin.clone(), key).await));
            }
            read
        });
    }
    let (mut done, mut stories) = (BTreeSet::new(), BTreeMap::new());
    for (key, (completed, written)) in readers.join_all().await.into_iter().flatten() {
        done.extend(completed);
        stories.insert(key, written);
    }
    (done, stories)
}

/// The story of one claim: one end, nothing completed twice; gives what was completed, and what was written.
async fn check_story(mut admin: AdminServiceClient<Channel>, key: u64) -> (BTreeSet<u64>, String) {
    let asked = admin.get_instance(GetInstanceRequest {
        instance_key: key,
        without_story: false,
    });
    let shown = asked.await.expect("its story").into_inner();
    let (mut completed, mut written) = (BTreeSet::new(), String::new());
    for event in &shown.story {
        if matches!(event.r#type(), Type::JobCompleted | Type::TaskCompleted) {
            assert!(
                completed.insert(event.key),
                "{key}: {} completed twice",
                event.key
            );
        }
        written += event
            .document
            .as_ref()
            .map_or("", |document| &document.json);
    }
    let ends = shown
        .elements
        .iter()
        .filter(|run| ENDS.contains(&run.element_id.as_str()));
    assert_eq!(ends.count(), 1, "claim {key} has one end");
    (completed, written)
}

async fn check(town: &Town, server: &Server) {
    let created = town.created.lock().unwrap().clone();
    let found = instances(server).await;
    let keys = |found: &BTreeMap<u64, _>| found.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!(created.len(), town.claims());
    assert!(
        found.keys().eq(created.keys()),
        "acknowledged and not there, or there and not acknowledged: {:?}",
        keys(&found).symmetric_difference(&created.keys().copied().collect())
    );
    let (jobs, tasks) = (
        town.jobs.lock().unwrap().clone(),
        town.tasks.lock().unwrap().clone(),
    );
    for (key, state) in &found {
        assert_eq!(*state, InstanceState::Completed, "claim {key}");
    }
    let (done, stories) = stories(server, found.into_keys().collect()).await;
    for (job, (instance, proof)) in &jobs {
        assert!(
            done.contains(&(*job as u64)),
            "job {job} was acknowledged and is not done"
        );
        let written = &stories[instance];
        assert!(
            written.contains(proof),
            "the result of job {job} is lost: {written}"
        );
    }
    assert!(
        tasks.is_subset(&done),
        "a task was acknowledged and is not done"
    );
    let known = jobs.len() + tasks.len();
    println!(
        "{} jobs and {} tasks acknowledged, {} done",
        jobs.len(),
        tasks.len(),
        done.len()
    );
    assert!(known <= done.len());
}
