//! What lists cost over many open tasks, and what they cost others: `cargo run --release --example measure [TASKS]`.
//!
//! Prints how long pages take, and how long claims take while nobody lists and while four clients list without a pause.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use journal::memory::MemoryJournal;
use node::{Caller, Node};
use proto::record::{CreateInstance, DeployResources, command::Kind, deploy_resources};
use proto::usertask::user_task_service_client::UserTaskServiceClient;
use proto::usertask::{
    ClaimTaskRequest, ListTasksRequest, SortDirection, SortField, TaskFilter, VariableFilter,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};

type Client = UserTaskServiceClient<Channel>;
type Failure = Box<dyn Error + Send + Sync>;

/// Instances that are created at the same time.
const AT_ONCE: u64 = 1_000;
const CLAIMS: usize = 2_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let number = std::env::args()
        .nth(1)
        .map_or(Ok(100_000), |text| text.parse::<u64>())?;
    let node = start(number).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let service = user_tasks::service(node.clone(), &user_tasks::Config::default());
    let server = Server::builder().add_service(service);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(server.serve_with_incoming(incoming));
    let mut client = connect(&address).await?;

    println!("{number} open tasks, pages of 50, over gRPC on loopback");
    for (name, request) in requests() {
        let mut times = Vec::new();
        for _ in 0..20 {
            let begun = Instant::now();
            client.list_tasks(request.clone()).await?;
            times.push(begun.elapsed());
        }
        println!("{name:<44} {}", shown(times));
    }

    println!("claims, one after the other");
    let keys = keys(&mut client, 2 * CLAIMS).await?;
    let (alone, beside) = keys.split_at(CLAIMS.min(keys.len() / 2));
    println!(
        "{:<44} {}",
        "while nobody lists",
        shown(claims(&mut client, alone).await?)
    );
    let (stop, lists) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut listing = JoinSet::new();
    for _ in 0..4 {
        let (stop, lists) = (Arc::clone(&stop), Arc::clone(&lists));
        let mut client = connect(&address).await?;
        listing.spawn(async move {
            let request = by_priority(TaskFilter::default());
            while !stop.load(Ordering::Relaxed) && client.list_tasks(request.clone()).await.is_ok()
            {
                lists.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    println!(
        "{:<44} {}",
        "while four clients list all the time",
        shown(claims(&mut client, beside).await?)
    );
    stop.store(true, Ordering::Relaxed);
    listing.join_all().await;
    println!("{} lists meanwhile", lists.load(Ordering::Relaxed));
    node.stop().await;
    Ok(())
}

async fn connect(address: &str) -> Result<Client, Failure> {
    let endpoint = Endpoint::from_shared(address.to_owned())?;
    Ok(Client::new(endpoint.connect().await?))
}

async fn start(number: u64) -> Result<Node, Failure> {
    let journal = Arc::new(MemoryJournal::new(1, 1));
    let node = Node::start(journal, node::Config::default())?;
    let model = deploy_resources::Resource {
        name: "tasks.bpmn".to_owned(),
        content: include_str!("../tests/models/tasks.bpmn").into(),
    };
    let deploy = Kind::DeployResources(DeployResources {
        resources: vec![model],
    });
    node.submit(&Caller::default(), deploy).await?;
    let padding = "x".repeat(400);
    for from in (0..number).step_by(AT_ONCE as usize) {
        let mut creations = JoinSet::new();
        for at in from..number.min(from + AT_ONCE) {
            let variables = format!(
                r#"{{"padding":"{padding}","n":{at},"priority":{}}}"#,
                at * 37 % 101
            );
            let create = CreateInstance {
                process_id: "claim".to_owned(),
                variables: variables.into(),
                ..CreateInstance::default()
            };
            let node = node.clone();
            creations.spawn(async move {
                let created = node
                    .submit(&Caller::default(), Kind::CreateInstance(create))
                    .await;
                created.map(drop)
            });
        }
        for created in creations.join_all().await {
            created?;
        }
    }
    Ok(node)
}

fn by_priority(filter: TaskFilter) -> ListTasksRequest {
    ListTasksRequest {
        filter: Some(filter),
        sort_by: SortField::Priority.into(),
        direction: SortDirection::Descending.into(),
        ..ListTasksRequest::default()
    }
}

fn requests() -> [(&'static str, ListTasksRequest); 5] {
    let nobody = TaskFilter {
        assignees: vec!["nobody".to_owned()],
        ..TaskFilter::default()
    };
    let variable = VariableFilter {
        name: "n".to_owned(),
        value: "77".to_owned(),
    };
    let variables = TaskFilter {
        variables: vec![variable],
        ..TaskFilter::default()
    };
    let by_name = ListTasksRequest {
        sort_by: SortField::Name.into(),
        ..ListTasksRequest::default()
    };
    [
        ("oldest first", ListTasksRequest::default()),
        (
            "by priority (looks at all)",
            by_priority(TaskFilter::default()),
        ),
        ("by name (looks at all)", by_name),
        ("of one assignee (looks at all)", by_priority(nobody)),
        (
            "by a variable (looks at all, 430 B each)",
            by_priority(variables),
        ),
    ]
}

async fn keys(client: &mut Client, number: usize) -> Result<Vec<u64>, Failure> {
    let mut request = ListTasksRequest {
        page_size: 1_000,
        ..ListTasksRequest::default()
    };
    let mut keys = Vec::new();
    while keys.len() < number {
        let listed = client.list_tasks(request.clone()).await?.into_inner();
        keys.extend(
            listed
                .tasks
                .into_iter()
                .filter_map(|row| Some(row.task?.key)),
        );
        request.page_token = listed.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    keys.truncate(number);
    Ok(keys)
}

async fn claims(client: &mut Client, keys: &[u64]) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    for &task_key in keys {
        let claim = ClaimTaskRequest {
            task_key,
            user: "ann".to_owned(),
            ..ClaimTaskRequest::default()
        };
        let begun = Instant::now();
        client.claim_task(claim).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

fn shown(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let (middle, high, most) = (millis(at(50)), millis(at(99)), millis(times.last()));
    format!("p50 {middle:>8.2} ms   p99 {high:>8.2} ms   max {most:>8.2} ms")
}
