//! Ten thousand races of messages, time-outs, cancellations and crashes: nothing is lost, nothing comes twice.
//!
//! `WEIR_SEED=7 cargo test --test partitions races` runs one seed.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Kind as Entry, partition_for, partition_of};
use harness::network::Network;
use proto::record::command::Kind;
use proto::record::event::Kind as Fact;
use proto::record::{CompleteJob, Instance};

use crate::support::*;

const SEEDS: u64 = 50;
const RACES: usize = 200;
/// Races that run at the same time.
const AT_ONCE: usize = 5;
const PROCESSES: [&str; 3] = ["one", "other", "many"];

#[derive(Clone, Copy)]
enum Action {
    Create(&'static str),
    Publish { ttl_ms: i64 },
    Cancel,
    Complete,
}

struct Races {
    random: fastrand::Rng,
    network: Network,
    /// Correlation key → instances of it.
    instances: BTreeMap<String, Vec<u64>>,
    /// Key, when it is forgotten, correlation key.
    messages: Vec<(u64, i64, String)>,
}

impl Races {
    fn run(seed: u64) -> Races {
        let mut races = Races {
            random: fastrand::Rng::with_seed(seed),
            network: deployed(),
            instances: BTreeMap::new(),
            messages: Vec::new(),
        };
        let mut at = 0;
        while at < RACES {
            races.some(at);
            at += AT_ONCE;
        }
        races
    }

    /// The actions of some races, mixed; between them sends are carried, time passes, partitions crash.
    fn some(&mut self, first: usize) {
        let mut actions = Vec::new();
        for race in first..first + AT_ONCE {
            let of_race = self.actions().into_iter();
            actions.extend(of_race.map(|action| (format!("r{race}"), action)));
        }
        self.random.shuffle(&mut actions);
        for (id, action) in actions {
            self.act(&id, action);
            for _ in 0..self.random.usize(0..4) {
                self.carry();
            }
            if self.random.u8(0..8) == 0 {
                self.wait();
            }
            if self.random.u8(0..30) == 0 {
                let partition = self.random.u32(1..=3);
                self.network.machine(partition).restart();
            }
        }
    }

    fn actions(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        for _ in 0..self.random.usize(2..5) {
            let process = self.random.choice(PROCESSES).expect("there are some");
            actions.push(Action::Create(process));
        }
        for _ in 0..self.random.usize(1..4) {
            let ttl_ms = self.random.choice([0, 0, 4_000, DAY_MS]);
            let ttl_ms = ttl_ms.expect("there are some");
            actions.push(Action::Publish { ttl_ms });
        }
        for _ in 0..self.random.usize(0..3) {
            let ends = [Action::Cancel, Action::Complete];
            actions.push(self.random.choice(ends).expect("there are some"));
        }
        actions
    }

    fn act(&mut self, id: &str, action: Action) {
        match action {
            Action::Create(process) => {
                let partition = self.random.u32(1..=3);
                let instance = create(&mut self.network, partition, process, id);
                let instances = self.instances.entry(id.to_owned()).or_default();
                instances.push(instance);
            }
            Action::Publish { ttl_ms } => {
                let message = publish(&mut self.network, id, ttl_ms);
                let until_ms = self.network.now_ms() + ttl_ms;
                self.messages.push((message, until_ms, id.to_owned()));
            }
            Action::Cancel => {
                if let Some(instance) = self.any(id) {
                    cancel(&mut self.network, instance);
                }
            }
            Action::Complete => {
                if let Some(instance) = self.any(id) {
                    self.complete(instance);
                }
            }
        }
    }

    /// An instance that runs.
    fn any(&mut self, id: &str) -> Option<u64> {
        let instances = self.instances.get(id).cloned().unwrap_or_default();
        let running = instances.into_iter();
        let running = running.filter(|instance| is_running(&mut self.network, *instance));
        let running = running.collect::<Vec<_>>();
        self.random.choice(running)
    }

    fn complete(&mut self, instance: u64) {
        let partition = partition_of(instance);
        let state = &self.network.machine(partition).state;
        let elements = state.instance(instance).map(|found| found.elements.clone());
        let mut elements = elements.unwrap_or_default().into_iter();
        let Some(job_key) = elements.find_map(|element| (element.job != 0).then_some(element.job))
        else {
            return;
        };
        let complete = Kind::CompleteJob(CompleteJob {
            job_key,
            ..CompleteJob::default()
        });
        self.network
            .apply(partition, complete)
            .expect("it is there");
    }

    /// Some sends arrive; who sent them learns it, or not yet.
    fn carry(&mut self) {
        let (source, target) = (self.random.u32(1..=3), self.random.u32(1..=3));
        let through = self.network.carry(source, target, self.random.usize(1..4));
        if self.random.u8(0..3) != 0 {
            self.network.tell(source, target, through);
        }
    }

    fn wait(&mut self) {
        let by_ms = self.random.i64(0..4_000);
        for partition in self.network.partitions() {
            self.network.machine(partition).now_ms += by_ms;
            // Timers may be late.
            if self.random.bool() {
                self.network.settle(partition);
            }
        }
    }

    /// One message reaches a process once; a subscription that takes one takes one; one that takes many takes them
    /// in order.
    fn check_doubled(&self) {
        let (mut reached, mut taken) = (BTreeSet::new(), BTreeMap::<u64, Vec<u64>>::new());
        for (message, process, instance) in correlated(&self.network) {
            assert!(
                reached.insert((message, process.clone())),
                "{message} reached {process} twice"
            );
            let of_instance = taken.entry(instance).or_default();
            of_instance.push(message);
            let is_alone = of_instance.len() == 1;
            assert!(is_alone || process == "many", "{instance} took two");
            assert!(of_instance.is_sorted(), "{instance} took {of_instance:?}");
        }
    }

    /// No instance waits for a message that its process has not taken.
    fn check_lost(&mut self) {
        let reached = correlated(&self.network).into_iter();
        let reached = reached.map(|(message, process, _)| (message, process));
        let reached = reached.collect::<BTreeSet<_>>();
        let now_ms = self.network.now_ms();
        for (message, until_ms, id) in self.messages.clone() {
            if until_ms <= now_ms {
                continue;
            }
            let home = partition_for(id.as_bytes(), 3);
            let mut waiting = self.instances.get(&id).cloned().unwrap_or_default();
            let starts = &self.network.machine(home).state;
            waiting.extend(starts.instance_keys().iter().filter(|key| {
                let instance = starts.instance(**key);
                instance.is_some_and(|instance| start_key(instance) == id)
            }));
            let is_begun = reached.contains(&(message, "begun".to_owned()));
            let mut blocked = false;
            for instance in waiting {
                let state = &self.network.machine(partition_of(instance)).state;
                let Some(found) = state.instance(instance) else {
                    continue;
                };
                blocked |= !start_key(found).is_empty();
                let process = state.executable(found.definition_key).expect("it is known");
                let process = process.process_id.to_string();
                assert!(
                    process == "begun" || reached.contains(&(message, process.clone())),
                    "{message} never reached {process} of {id}"
                );
            }
            assert!(is_begun || blocked, "{message} never started an instance");
        }
    }

    /// What is kept for other partitions is what they wait for, and nothing when nobody waits.
    fn check_kept(&mut self) {
        let (mut expected, mut kept) = (0, 0);
        for partition in self.network.partitions() {
            let machine = self.network.machine(partition);
            kept += machine.count(Entry::RemoteSubscription);
            let state = &machine.state;
            let live = state.instance_keys().iter();
            let live = live.filter_map(|key| state.instance(*key));
            let open = live.flat_map(|instance| &instance.elements);
            let open = open.filter_map(|element| element.owned.as_ref());
            let open = open.flat_map(|owned| &owned.subscriptions);
            let keys = open.filter_map(|key| state.subscription(*key));
            let homes = keys.map(|found| partition_for(found.correlation_key.as_bytes(), 3));
            expected += homes.filter(|home| *home != partition).count();
            for (message, ..) in &self.messages {
                let reserved = state
                    .message(*message)
                    .map(|found| found.reservations.len());
                assert_eq!(reserved.unwrap_or(0), 0, "{message} is on its way for ever");
            }
        }
        assert_eq!(kept, expected);
    }

    /// How many messages were given back.
    fn released(&self) -> usize {
        let outcomes = self.network.outcomes.iter();
        let events = outcomes.flat_map(|(_, outcome)| &outcome.events);
        let released =
            events.filter(|event| matches!(event.kind, Some(Fact::ReservationReleased(_))));
        released.count()
    }
}

fn race(seed: u64) -> usize {
    let mut races = Races::run(seed);
    races.network.check();
    races.check_doubled();
    races.network.quiet();
    races.check_doubled();
    races.check_lost();
    races.check_kept();
    races.network.advance(60_000);
    races.network.quiet();
    races.check_doubled();
    for partition in races.network.partitions() {
        let machine = races.network.machine(partition);
        assert_eq!(machine.count(Entry::RemoteSubscription), 0);
    }
    races.network.advance(2 * DAY_MS);
    for partition in races.network.partitions() {
        let machine = races.network.machine(partition);
        assert_eq!(machine.count(Entry::Message), 0);
        assert_eq!(machine.count(Entry::Outbox), 0);
    }
    races.network.check();
    races.released()
}

#[test]
fn ten_thousand_races_lose_nothing_and_double_nothing() {
    if let Some(seed) = std::env::var("WEIR_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        println!("{} were given back", race(seed));
        return;
    }
    let run = |seed| {
        let raced = std::panic::catch_unwind(|| race(seed));
        raced.unwrap_or_else(|_| panic!("WEIR_SEED={seed} fails"))
    };
    let (even, odd) = std::thread::scope(|scope| {
        let half = |first| (first..SEEDS).step_by(2).map(run).sum::<usize>();
        let even = scope.spawn(move || half(0));
        let odd = scope.spawn(move || half(1));
        (even.join(), odd.join())
    });
    let given_back = even.expect("no panic") + odd.expect("no panic");
    assert!(given_back > 100, "only {given_back} were given back");
}

fn start_key(instance: &Instance) -> &str {
    let origin = instance.origin.as_ref();
    origin.map_or("", |origin| &origin.correlation_key)
}
