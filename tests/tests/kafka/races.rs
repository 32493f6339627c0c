//! Ten thousand races of messages against time-outs, over three partitions that two nodes share: no message is lost, none
//! is taken twice.
//!
//! In each race one waits with little patience while a message comes, and a second one comes who has time. The message
//! is the first one's or, when that one has given up, the second one's; a second message is for whoever still waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use fastrand::Rng;
use harness::stored::check;
use journal::kafka::KafkaOptions;
use proto::gateway::PublishMessageRequest;
use proto::record::event::Kind as Fact;
use rdkafka::Message;
use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::real::Server;
use crate::support::*;

const RACES: usize = 10_000;
/// Races that run at the same time.
const AT_ONCE: usize = 48;
const PARTITIONS: u32 = 3;
/// How long the first one waits: up to 2 to the power of this, in milliseconds, so that on a fast and on a slow machine
/// many give up just when the message comes.
const PATIENCE_BITS: u32 = 9;
const DAY_MS: i64 = 24 * 3_600_000;

/// Each tells in the topic `@` who it was and which message it took.
const PROCESS: &str = r#"
    <message id="go" name="go"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>
    <message id="told" name="told"/>
    <process id="racer" isExecutable="true"><startEvent id="s"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="waits"/>
        <receiveTask id="waits" messageRef="go"/>
        <boundaryEvent id="late" attachedToRef="waits"><timerEventDefinition><timeDuration>=duration(patience)</timeDuration></timerEventDefinition></boundaryEvent>
        <sequenceFlow id="f1" sourceRef="waits" targetRef="took"/>
        <sequenceFlow id="f2" sourceRef="late" targetRef="missed"/>
        <endEvent id="took"><extensionElements><zeebe:properties>
            <zeebe:property name="weir:topic" value="@"/><zeebe:property name="weir:key" value="=id"/>
            <zeebe:property name="weir:value" value="={who: who, took: message}"/>
        </zeebe:properties></extensionElements><messageEventDefinition messageRef="told"/></endEvent>
        <endEvent id="missed"><extensionElements><zeebe:properties>
            <zeebe:property name="weir:topic" value="@"/><zeebe:property name="weir:key" value="=id"/>
            <zeebe:property name="weir:value" value="={who: who, took: 0}"/>
        </zeebe:properties></extensionElements><messageEventDefinition messageRef="told"/></endEvent>
    </process>"#;

async fn publish(server: &Server, race: usize, message: u32) {
    let publish = PublishMessageRequest {
        name: "go".to_owned(),
        correlation_key: format!("r{race}"),
        time_to_live: DAY_MS,
        variables: json!({ "message": message }).to_string(),
        ..PublishMessageRequest::default()
    };
    let published = server.gateway().publish_message(publish).await;
    published.expect("published");
}

async fn enter(server: &Server, race: usize, who: &str, patience: &str) {
    let variables = json!({ "id": format!("r{race}"), "who": who, "patience": patience });
    create(server, "racer", &variables.to_string()).await;
}

/// One race but for its second message.
async fn race(servers: &[Server], race: usize) {
    let mut random = Rng::with_seed(race as u64);
    let any = |random: &mut Rng| &servers[random.usize(..servers.len())];
    let bits = random.u32(0..=PATIENCE_BITS);
    let patience_ms = random.u64(0..1 << bits);
    let patience = format!("PT{}.{:03}S", patience_ms / 1_000, patience_ms % 1_000);
    enter(any(&mut random), race, "first", &patience).await;
    publish(any(&mut random), race, 1).await;
    enter(any(&mut random), race, "second", "P1D").await;
}

/// Does something for each race, many of them at the same time.
async fn for_each_race<F: Future<Output = ()> + Send + 'static>(
    servers: &Arc<Vec<Server>>,
    act: impl Fn(Arc<Vec<Server>>, usize) -> F + Clone + Send + 'static,
) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut runners = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (servers, next, act) = (Arc::clone(servers), Arc::clone(&next), act.clone());
        runners.spawn(async move {
            loop {
                let race = next.fetch_add(1, Ordering::Relaxed);
                if race >= RACES {
                    return;
                }
                act(Arc::clone(&servers), race).await;
            }
        });
    }
    runners.join_all().await;
}

/// What came of a race, as everybody can read it: which message each of the two took, 0 for none.
type Ends = BTreeMap<String, Vec<(String, u64)>>;

fn ends(options: &KafkaOptions, topic: &str) -> Ends {
    let mut ends = Ends::new();
    for partition in 0..PARTITIONS as i32 {
        for record in records(options, topic, partition) {
            let key = String::from_utf8(record.key().expect("a key").to_vec()).expect("text");
            let value: Value =
                serde_json::from_slice(record.payload().expect("a value")).expect("JSON");
            let who = value["who"].as_str().expect("who it was").to_owned();
            let took = value["took"].as_u64().expect("a number");
            ends.entry(key).or_default().push((who, took));
        }
    }
    ends.values_mut().for_each(|ends| ends.sort());
    ends
}

/// Once both of each race have come to their end.
fn all_ends(options: &KafkaOptions, topic: &str) -> Ends {
    let since = Instant::now();
    loop {
        let ends = ends(options, topic);
        let count = ends.values().map(Vec::len).sum::<usize>();
        if count >= 2 * RACES {
            return ends;
        }
        assert!(since.elapsed() < PATIENCE, "{count} of {} ended", 2 * RACES);
    }
}

async fn make_topic(options: &KafkaOptions, name: &str) {
    let new = NewTopic::new(name, PARTITIONS as i32, TopicReplication::Fixed(1));
    let made = admin(options)
        .create_topics(&[new], &AdminOptions::new())
        .await;
    made.expect("answered").remove(0).expect("made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_races_lose_nothing_and_double_nothing() {
    let options = options(PARTITIONS);
    let topic = format!("races-{}", options.namespace);
    make_topic(&options, &topic).await;
    let servers = [0, 1].map(|_| Server::at(&home(&options)));
    deploy(&servers[0], &model(&PROCESS.replace('@', &topic))).await;
    let (servers, began) = (Arc::new(Vec::from(servers)), Instant::now());
    for_each_race(&servers, |servers, number| async move {
        race(&servers, number).await;
    })
    .await;
    for_each_race(&servers, |servers, number| async move {
        publish(&servers[number % 2], number, 2).await;
    })
    .await;
    println!("{RACES} races in {:?}", began.elapsed());
    all_ends(&options, &topic);
    drop(servers); // Nobody can add anything.

    let (mut first_took, mut second_took) = (0, 0);
    let ends = ends(&options, &topic);
    assert_eq!(ends.len(), RACES);
    for (race, ends) in ends {
        let took = ends.iter().map(|(who, took)| (who.as_str(), *took));
        match took.collect::<Vec<_>>()[..] {
            [("first", 1), ("second", 2)] => first_took += 1,
            // The second one's subscription may be known before the first one's.
            [("first", 0 | 2), ("second", 1)] => second_took += 1,
            _ => panic!("{race}: {ends:?}"),
        }
    }
    let mut given_back = 0;
    let see = |fact: &Option<Fact>| matches!(fact, Some(Fact::ReservationReleased(_)));
    check(&open(&options), |event| {
        given_back += usize::from(see(&event.kind))
    });
    println!("{first_took} to the first, {second_took} to the second, {given_back} given back");
    assert!(first_took > 0 && second_took > 0 && given_back > 0);
}
