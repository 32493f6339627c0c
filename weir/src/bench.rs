//! `weir bench`: what a server costs on this machine.
//!
//! The server is a child process of its own, so that its CPU time, memory and disk writes are counted apart from the
//! load's. It is the one that `weir serve` starts: durable, over gRPC on loopback. Nothing here is a test.

mod broker;
mod child;
mod flight;
mod load;
mod report;
mod servers;
mod usage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use proto::gateway::{DeployResourceRequest, Resource};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use broker::Brokers;
use journal::kafka::Mark;
use load::Course;
use report::{Cost, Report, Restart};
use servers::Servers;
use usage::Usage;

/// Measure a server on this machine: throughput, latency, CPU time, memory, disk writes
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  weir bench                              one task per instance, 32 instances at a time
  weir bench --tasks 10
  weir bench --rate 2000                  half load: instances begin at a fixed rate
  weir bench --long-poll --outstanding 128
  weir bench --parked 1000000             beside a million instances that wait
  weir bench --kafka localhost:9092       in topics of its own, which it removes
  weir bench --kafka localhost:9092 --partitions 12 --nodes 3
  weir bench --format json

It starts `weir serve` on a folder of its own, which it removes, and at the end kills it and starts
it again. Run it on an idle machine, several times, in a release build, and compare CPU-seconds
rather than single wall-clock figures.")]
pub struct BenchArgs {
    /// So many instances are measured
    #[arg(long, value_name = "N", default_value = "20000", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub instances: u64,

    /// So many go before and are not measured
    #[arg(long, value_name = "N", default_value = "2000")]
    pub warm_up: u64,

    /// Service tasks of an instance, one after the other
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub tasks: u32,

    /// Instances under way at the same time
    #[arg(long, value_name = "N", default_value = "32", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub outstanding: u32,

    /// Size of an instance's variables as JSON
    #[arg(long, value_name = "BYTES", default_value = "1000", value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    pub variables_bytes: u32,

    /// Begin instances at this rate per second, whatever has ended (open loop)
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,

    /// The worker polls for jobs instead of having them pushed
    #[arg(long)]
    pub long_poll: bool,

    /// Put the server's folder into this one instead of the system's for temporary files
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,

    /// Let the server begin a checkpoint so often
    #[arg(long, value_name = "DURATION", value_parser = crate::moment::parse_duration)]
    pub checkpoint_interval: Option<Duration>,

    /// Let the server keep everything in Kafka; some of its brokers
    #[arg(long, value_name = "HOST:PORT,…", conflicts_with = "folder")]
    pub kafka: Option<String>,

    /// Over how many partitions the instances are spread [default: 1, in Kafka 3]
    #[arg(long, value_name = "N", value_parser = crate::serve::partitions())]
    pub partitions: Option<u32>,

    /// How many servers share the partitions
    #[arg(long, value_name = "N", default_value = "1", requires = "kafka", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub nodes: u32,

    /// So many other instances wait for a job that nobody takes; they are begun before
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub parked: u64,
}

impl BenchArgs {
    /// Through all of a process.
    fn course(&self, instances: u64) -> Course {
        Course {
            process_id: PROCESS_ID,
            job_type: JOB_TYPE,
            instances,
            tasks: self.tasks,
            outstanding: self.outstanding,
            rate: self.rate,
            long_poll: self.long_poll,
            variables_bytes: self.variables_bytes,
        }
    }

    /// Up to the first task of a process that nobody works for.
    fn parking(&self, instances: u64) -> Course {
        Course {
            process_id: PARKED_ID,
            tasks: 0,
            outstanding: PARKING_OUTSTANDING,
            rate: None,
            ..self.course(instances)
        }
    }
}

const JOB_TYPE: &str = "bench";
const PROCESS_ID: &str = "bench";
const PARKED_ID: &str = "bench-parked";
const PARKING_OUTSTANDING: u32 = 1_000;
/// So many instances come to every partition, wherever the first one goes.
const PROBES: u64 = 1_000;
/// The last checkpoint of a load comes within this time.
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(1);

pub async fn run(args: &BenchArgs, output: Output) -> Result<(), Failure> {
    if args.long_poll && args.rate.is_some() {
        return Err(Failure::usage(
            "--rate is for pushed jobs: leave out --long-poll",
        ));
    }
    let mut servers = Servers::start(args).await?;
    let ready = servers.ready_after;
    let client = Client::connect_to(servers.address()).await?;
    deploy(&client, PROCESS_ID, JOB_TYPE, args.tasks).await?;
    deploy(&client, PARKED_ID, PARKED_ID, 1).await?;
    let idle = servers.usage();

    load::drive(servers.addresses(), &args.parking(args.parked)).await?;
    load::drive(servers.addresses(), &args.course(args.warm_up)).await?;
    let meter = Meter::start(&servers).await?;
    let load = load::drive(servers.addresses(), &args.course(args.instances)).await?;
    let cost = meter.stop(&servers).await?;
    let began = Instant::now();
    servers.restart()?;
    load::drive(servers.addresses(), &args.parking(PROBES)).await?;
    let restart = Restart {
        ready: began.elapsed(),
        usage: servers.usage(),
    };
    let report = Report {
        args,
        load,
        ready,
        idle,
        cost,
        restart,
    };
    output.show(|| report.json(), |paint| report.text(paint))
}

/// What servers and brokers had used when the load began.
struct Meter {
    servers: Usage,
    brokers: Usage,
    mark: Option<Mark>,
}

impl Meter {
    async fn start(servers: &Servers) -> Result<Self, Failure> {
        let mark = match servers.brokers() {
            None => None,
            Some(brokers) => {
                tokio::time::sleep(CHECKPOINT_PAUSE).await;
                Some(brokers.mark()?)
            }
        };
        Ok(Self {
            servers: servers.usage(),
            brokers: servers.brokers().map(Brokers::usage).unwrap_or_default(),
            mark,
        })
    }

    async fn stop(self, servers: &Servers) -> Result<Cost, Failure> {
        let after = servers.usage();
        let brokers = servers.brokers().map(Brokers::usage).unwrap_or_default();
        let volumes = match servers.brokers().zip(self.mark) {
            None => None,
            Some((brokers, mark)) => {
                tokio::time::sleep(CHECKPOINT_PAUSE).await;
                Some(brokers.volumes(&mark)?)
            }
        };
        Ok(Cost {
            cpu_seconds: after.cpu_seconds_since(&self.servers),
            written_bytes: after.written_bytes_since(&self.servers),
            resident_bytes: after.resident_bytes,
            brokers_cpu_seconds: brokers.cpu_seconds_since(&self.brokers),
            brokers_written_bytes: brokers.written_bytes_since(&self.brokers),
            volumes,
        })
    }
}

async fn deploy(
    client: &Client,
    process_id: &str,
    job_type: &str,
    tasks: u32,
) -> Result<(), Failure> {
    let request = DeployResourceRequest {
        resources: vec![Resource {
            name: format!("{process_id}.bpmn"),
            content: model(process_id, job_type, tasks).into_bytes(),
        }],
        tenant_id: String::new(),
    };
    let reply = client.gateway().deploy_resource(request).await;
    reply.map_err(client.failure()).map(|_| ())
}

/// A process with so many service tasks in a row.
fn model(process_id: &str, job_type: &str, tasks: u32) -> String {
    let mut body = String::from("<startEvent id=\"start\"/>");
    let mut last = "start".to_owned();
    for number in 1..=tasks {
        let task = format!("task-{number}");
        body += &format!(
            "<sequenceFlow id=\"to-{task}\" sourceRef=\"{last}\" targetRef=\"{task}\"/>\
             <serviceTask id=\"{task}\"><extensionElements>\
             <zeebe:taskDefinition type=\"{job_type}\"/></extensionElements></serviceTask>"
        );
        last = task;
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" targetNamespace=\"http://weir.dev/bench\">\
         <process id=\"{process_id}\" isExecutable=\"true\">{body}\
         <sequenceFlow id=\"to-end\" sourceRef=\"{last}\" targetRef=\"end\"/><endEvent id=\"end\"/>\
         </process></definitions>"
    )
}
