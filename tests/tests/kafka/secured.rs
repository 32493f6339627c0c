//! A cluster that asks who somebody is and allows nothing by itself: TLS, SCRAM, and a user that has exactly what
//! `weir acls` prints.

use std::collections::BTreeSet;

use journal::broker::Broker;
use journal::kafka::{KafkaJournal, KafkaOptions};
use journal::{Bytes, Checkpoint, Error, Journal};
use proto::admin::{InstanceState, ListInstancesRequest};
use proto::gateway::CompleteJobRequest;
use rdkafka::Message;

use crate::real::{Server, weir};
use crate::support::*;

const USER: &str = "weir";
const PASSWORD: &str = "secret";
/// Where the process publishes.
const TOPIC: &str = "payments";
/// Looks at what a server at work does in a moment.
const LOOKS_MAX: usize = 600;

/// Waits for a worker, and publishes when it has ended.
const PROCESS: &str = r#"<message id="paid" name="paid"/>
    <process id="work" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="f" sourceRef="s" targetRef="works"/>
    <serviceTask id="works"><extensionElements><zeebe:taskDefinition type="job"/></extensionElements></serviceTask>
    <sequenceFlow id="g" sourceRef="works" targetRef="e"/>
    <endEvent id="e"><extensionElements><zeebe:properties>
        <zeebe:property name="weir:topic" value="payments"/>
        <zeebe:property name="weir:value" value="=amount"/>
    </zeebe:properties></extensionElements><messageEventDefinition messageRef="paid"/></endEvent></process>"#;

/// A cluster with one user, seen by that user, and by those at whose listener everything is allowed.
struct Secured {
    broker: Broker,
    user: KafkaOptions,
    everybody: KafkaOptions,
}

impl Secured {
    fn start() -> Secured {
        let broker = Broker::start_secured(&[&format!("{USER}={PASSWORD}")]);
        let (bootstrap, properties) = broker.login(USER, PASSWORD);
        let properties = properties.into_iter();
        let user = KafkaOptions {
            bootstrap: bootstrap.to_owned(),
            namespace: "secured".to_owned(),
            partitions: 3,
            properties: properties
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ..KafkaOptions::default()
        };
        let everybody = KafkaOptions {
            bootstrap: broker.bootstrap().to_owned(),
            properties: Default::default(),
            ..user.clone()
        };
        Secured {
            broker,
            user,
            everybody,
        }
    }

    /// Its properties as the environment has them.
    fn variables(&self) -> Vec<(String, String)> {
        let variable = |name: &String| name.to_uppercase().replace('.', "_");
        let properties = self.user.properties.iter();
        let named = |(name, value): (&String, &String)| {
            (
                format!("WEIR_KAFKA_PROPERTY_{}", variable(name)),
                value.clone(),
            )
        };
        properties.map(named).collect()
    }

    fn server(&self) -> Server {
        let variables = self.variables();
        let variables = variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Server::with(&home(&self.user), &variables.collect::<Vec<_>>())
    }

    /// As arguments, with this password.
    fn arguments(&self, password: &str) -> Vec<String> {
        let properties = self.user.properties.iter();
        let arguments = properties.flat_map(|(name, value)| {
            let value = if name == "sasl.password" {
                password
            } else {
                value
            };
            ["--kafka-property".to_owned(), format!("{name}={value}")]
        });
        arguments.collect()
    }

    /// Whoever does not know the password, and the user while nothing was granted.
    fn strangers_are_refused(&self) {
        let mut doctor = weir();
        doctor
            .args(["doctor", "--kafka", &self.user.bootstrap])
            .args(self.arguments("wrong"));
        let looked = doctor.output().expect("the program runs");
        let said = String::from_utf8_lossy(&looked.stderr);
        assert!(said.contains("invalid credentials"), "{looked:?}");
        let arguments = self.arguments(PASSWORD);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = refused(&self.user, &arguments);
        assert!(said.contains("TopicAuthorizationFailed"), "{said}");
    }

    /// Gives the user what is printed for it, with the tools of Kafka.
    fn grant(&self) {
        let mut acls = weir();
        acls.args([
            "acls",
            "--principal",
            &format!("User:{USER}"),
            "--topic",
            TOPIC,
        ])
        .args(["--kafka", &self.everybody.bootstrap])
        .args(["--kafka-namespace", &self.everybody.namespace]);
        let printed = acls.output().expect("the program runs");
        assert!(printed.status.success(), "{printed:?}");
        self.broker
            .shell(&String::from_utf8(printed.stdout).expect("text"));
    }

    /// What the process has published, once there is so much.
    fn published(&self, count: usize) -> BTreeSet<String> {
        for _ in 0..LOOKS_MAX {
            let records = records(&self.everybody, TOPIC, 0);
            if records.len() >= count {
                let values = records.iter().filter_map(|record| record.payload());
                return values
                    .map(|value| String::from_utf8_lossy(value).into_owned())
                    .collect();
            }
        }
        panic!("{count} records did not come");
    }
}

/// Completes one job of whoever has one.
async fn work(server: &Server) {
    let complete = CompleteJobRequest {
        job_key: job(server).await.key,
        ..CompleteJobRequest::default()
    };
    let completed = server.gateway().complete_job(complete).await;
    completed.expect("completed");
}

async fn count(server: &Server, state: InstanceState) -> usize {
    let list = ListInstancesRequest {
        states: vec![state.into()],
        ..ListInstancesRequest::default()
    };
    let listed = server.admin().list_instances(list).await;
    listed.expect("listed").into_inner().instances.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_may_do_what_weir_acls_prints_serves() {
    let secured = Secured::start();
    secured.strangers_are_refused();
    let topic = format!(
        "kafka-topics.sh --bootstrap-server {} --create --topic {TOPIC} --partitions 1",
        secured.everybody.bootstrap
    );
    secured.broker.shell(&topic);
    secured.grant();

    let server = secured.server();
    deploy(&server, &model(PROCESS)).await;
    for amount in 1..=6 {
        create(&server, "work", &format!(r#"{{"amount":{amount}}}"#)).await;
    }
    for _ in 0..3 {
        work(&server).await;
    }
    let first = secured.published(3);
    drop(server); // SIGKILL: whoever comes next fences it, and restores.
    let server = secured.server();
    assert_eq!(count(&server, InstanceState::Active).await, 3);
    for _ in 0..3 {
        work(&server).await;
    }
    assert_eq!(count(&server, InstanceState::Completed).await, 6);
    let all = secured.published(6);
    assert!(all.is_superset(&first));
    assert_eq!(all, (1..=6).map(|amount| amount.to_string()).collect());
    server.stop();
    deletes_what_a_checkpoint_includes(&secured.user);
}

/// A server does so rarely, and there would have to be more commands than this test has.
fn deletes_what_a_checkpoint_includes(user: &KafkaOptions) {
    let journal = KafkaJournal::open(KafkaOptions {
        log_margin: 0,
        ..user.clone()
    });
    let journal = journal.expect("its topics");
    let command = Bytes::from_static(b"no command");
    journal.append(0, &[command]).expect("appended");
    let mut leader = journal.lead(0, "test").expect("it leads");
    let mut reader = journal.read(0, leader.next_offset()).expect("read");
    let last = loop {
        match reader.next(PATIENCE).expect("records").pop() {
            Some(record) if record.command == "no command" => break record.offset,
            Some(_) => {}
            None => panic!("the record did not come"),
        }
    };
    let checkpoint = Checkpoint {
        next_offset: last + 1,
        ..Checkpoint::default()
    };
    leader.checkpoint(&checkpoint).expect("checkpoint");
    for _ in 0..LOOKS_MAX {
        match journal.read(0, last).map(drop) {
            Ok(()) => {}
            Err(Error::OutOfBounds { first, .. }) => return assert_eq!(first, last + 1),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("nothing was deleted");
}
