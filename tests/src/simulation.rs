//! A whole partition in one thread, without a clock: the real driver over a journal that fails as journals do.
//!
//! Owns the world: leaders that crash and overtake each other, clients that repeat what they do not know, time that
//! jumps. A seed decides everything, so a seed reproduces a run. It must not sleep, nor read the machine's clock.
//! What must hold is in `verdict`; a planted [`Bug`] shows of each check that it can fail.

mod client;
mod leader;
mod ledger;
mod load;
mod reference;
mod roles;
mod tamper;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;

use engine::Limits;
use fastrand::Rng;
use journal::memory::{FaultCounts, Faults, MemoryJournal};
use node::PartitionId;
use proto::record::{Tick, command::Kind};

use crate::machine::START_MS;
use client::Client;
use leader::{Leader, Notice};
use ledger::Ledger;
use reference::Reference;
pub use tamper::Bug;
use tamper::Tampered;
pub use verdict::Check;

/// The simulated installation has one partition.
const PARTITION: PartitionId = PartitionId::FIRST;
const PARTITIONS: u32 = 1;
/// Commands in the log before the faults stop.
const COMMANDS_MIN: usize = 50;
/// Moves after which a run that should have ended is called stuck.
const MOVES_MAX: usize = 20_000;
/// Requests are remembered for a minute: between two jumps of the clock time passes for less than that.
const EPOCH_MS: i64 = 45_000;
/// After so many looks at the log everything that is in it has been seen.
const LOOKS: usize = 10;

/// One run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub seed: u64,
    pub bug: Option<Bug>,
    /// Keeps what happened, in words.
    pub is_told: bool,
}

/// How a run went.
#[derive(Debug, Default)]
pub struct Report {
    pub seed: u64,
    /// Records in the log, those of the time without faults included.
    pub commands: usize,
    /// How often each fault struck.
    pub struck: BTreeMap<&'static str, u64>,
    /// What did not hold.
    pub violations: Vec<(Check, String)>,
    /// When it was asked for.
    pub story: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.story {
            writeln!(formatter, "{line}")?;
        }
        writeln!(formatter, "seed {}: {} commands", self.seed, self.commands)?;
        for (check, what) in &self.violations {
            writeln!(formatter, "violated: {check:?}: {what}")?;
        }
        Ok(())
    }
}

/// Runs a plan to its end.
pub fn run(plan: Plan) -> Report {
    let mut world = World::new(plan);
    let ended = world.live();
    if ended.is_ok() {
        world.judge();
    }
    if let Err((check, what)) = ended {
        world.ledger.violate(check, what);
    }
    world.count_faults();
    Report {
        seed: plan.seed,
        commands: world.reference.len(),
        struck: world.ledger.struck,
        violations: world.ledger.violations,
        story: world.ledger.story,
    }
}

/// Why a run cannot go on.
type Ended<T = ()> = Result<T, (Check, String)>;

struct World {
    plan: Plan,
    random: Rng,
    memory: MemoryJournal,
    journal: Tampered,
    limits: Limits,
    leaders: Vec<Leader>,
    leaders_made: u64,
    clients: Vec<Client>,
    reference: Reference,
    ledger: Ledger,
    case: Option<crate::oracle::Case>,
    faults: Faults,
    /// Passed since the last jump.
    epoch_ms: i64,
}

impl World {
    fn new(plan: Plan) -> World {
        let mut random = Rng::with_seed(plan.seed);
        let memory = MemoryJournal::new(1, random.u64(..));
        memory.set_now(START_MS);
        let mut limits = Limits::default();
        if random.bool() {
            // So few that continuations are made all the time.
            limits.steps = random.u32(3..20);
            limits.continuations = u32::MAX;
        }
        limits.due_per_tick = random.u32(1..10);
        let (clients, case) = load::clients(&mut random);
        World {
            plan,
            journal: Tampered::new(memory.clone(), plan.bug),
            limits,
            leaders: Vec::new(),
            leaders_made: 0,
            clients,
            reference: Reference::new(&memory, limits),
            ledger: Ledger::new(plan.is_told),
            case,
            faults: faults(&mut random),
            epoch_ms: 0,
            memory,
            random,
        }
    }

    fn live(&mut self) -> Ended {
        self.memory.set_faults(self.faults);
        for _ in 0..MOVES_MAX {
            if self.reference.len() >= COMMANDS_MIN {
                return self.calm_down();
            }
            self.move_at_random()?;
            self.reference.catch_up();
        }
        Err((
            Check::Finishes,
            format!("less than {COMMANDS_MIN} commands in {MOVES_MAX} moves"),
        ))
    }

    fn move_at_random(&mut self) -> Ended {
        match self.random.u32(0..400) {
            _ if self.leaders.is_empty() => self.take_over(),
            0..=1 => self.crash(),
            2..=3 if self.leaders.len() == 1 => self.take_over(),
            4..=7 => self.jump(),
            8..=19 => {
                self.pass_time();
                Ok(())
            }
            20..=23 => {
                // Readers of this log are never behind its checkpoint, but for the overtaken.
                self.reference.catch_up();
                let _ = self.memory.delete_below_checkpoint(PARTITION.in_journal());
                Ok(())
            }
            24..=180 => {
                let client = self.random.usize(0..self.clients.len());
                self.client_acts(client, false).map(|_| ())
            }
            181..=210 => self.lead(|leader, world| leader.propose(world)),
            211..=280 => self.lead(|leader, world| leader.append(world)),
            281..=365 => self.lead(|leader, world| leader.apply(world)),
            366..=383 => self.lead(|leader, world| leader.draft(world)),
            _ => self.lead(|leader, world| leader.commit(world)),
        }
    }

    /// One of the leaders does something. Those that cannot go on are taken out.
    fn lead(&mut self, act: impl FnOnce(&mut Leader, &mut World) -> Ended<Fate>) -> Ended {
        let place = self.random.usize(0..self.leaders.len());
        self.lead_at(place, act).map(|_| ())
    }

    /// Whether anything came of it.
    fn lead_at(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Leader, &mut World) -> Ended<Fate>,
    ) -> Ended<bool> {
        let mut leader = self.leaders.remove(place);
        let fate = act(&mut leader, self)?;
        let (notices, moved) = (leader.take_notices(), fate != Fate::Idle);
        match fate {
            Fate::Idle | Fate::GoesOn => self.leaders.insert(place, leader),
            Fate::Resigns(why) => {
                self.ledger.strike(why);
                self.bury(leader);
            }
        }
        self.deliver(notices);
        Ok(moved)
    }

    fn crash(&mut self) -> Ended {
        let place = self.random.usize(0..self.leaders.len());
        let leader = self.leaders.remove(place);
        self.ledger.strike("crash");
        self.bury(leader);
        Ok(())
    }

    /// Its memory is gone; its clients see broken connections.
    fn bury(&mut self, leader: Leader) {
        self.ledger.tell(|| format!("{} is gone", leader.name()));
        self.deliver(leader.last_words());
    }

    fn take_over(&mut self) -> Ended {
        if !self.leaders.is_empty() {
            self.ledger.strike("overtaken");
        }
        self.leaders_made += 1;
        let leader = Leader::new(self, self.leaders_made)?;
        self.leaders.push(leader);
        Ok(())
    }

    fn deliver(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            let client = &mut self.clients[notice.client()];
            client.hear(notice, &mut self.ledger);
        }
    }

    /// Whether the client did anything.
    fn client_acts(&mut self, client: usize, is_calm: bool) -> Ended<bool> {
        let serving = self.leaders.iter().enumerate();
        let serving = serving.filter(|(_, leader)| leader.is_serving());
        let serving = serving.map(|(place, _)| place).collect::<Vec<_>>();
        if serving.is_empty() {
            return Ok(false);
        }
        let place = serving[self.random.usize(0..serving.len())];
        let leader = &mut self.leaders[place];
        let act = client::Act {
            is_calm,
            me: client,
        };
        Ok(self.clients[client].act(act, leader, &mut self.random, &mut self.ledger))
    }

    fn pass_time(&mut self) {
        if self.random.u32(0..10) == 0 {
            self.memory
                .set_now(self.memory.now_ms() - self.random.i64(0..3_000));
            self.ledger.strike("clock goes back");
            return;
        }
        let by_ms = self.random.i64(1..1_500).min(EPOCH_MS - self.epoch_ms);
        self.epoch_ms += by_ms;
        self.memory.advance(by_ms);
    }

    /// Minutes pass at once, so that timers and leases are late; only when no request is in doubt.
    fn jump(&mut self) -> Ended {
        let in_doubt = self.clients.iter().any(Client::is_in_doubt);
        if self.case.is_some() || in_doubt {
            return Ok(());
        }
        self.memory.set_faults(Faults::default());
        for place in (0..self.leaders.len()).rev() {
            self.lead_at(place, |leader, world| leader.append_all(world))?;
        }
        // Whatever is late comes into the log before this.
        let tick = node::driver::encode(&node::Caller::default(), 0, Kind::Tick(Tick {}));
        let _ = journal::Journal::append(&self.memory, PARTITION.in_journal(), &[tick]);
        self.memory.set_faults(self.faults);
        self.memory.advance(self.random.i64(1_000..600_000));
        self.epoch_ms = 0;
        self.clients.iter_mut().for_each(Client::let_go);
        self.ledger.strike("clock jumps");
        Ok(())
    }

    /// The faults stop: everything must finish. Time passes only when nothing else can be done.
    fn calm_down(&mut self) -> Ended {
        self.ledger.tell(|| "the faults stop".to_owned());
        self.memory.set_faults(Faults::default());
        let mut idle = 0;
        for _ in 0..MOVES_MAX {
            if self.leaders.is_empty() {
                self.take_over()?;
            }
            let mut moved = false;
            for place in (0..self.leaders.len()).rev() {
                moved |= self.lead_at(place, |leader, world| leader.do_all(world))?;
            }
            for client in 0..self.clients.len() {
                moved |= self.client_acts(client, true)?;
            }
            self.reference.catch_up();
            idle = if moved { 0 } else { idle + 1 };
            // What is late or hidden in the log comes into sight with a few looks at it.
            if idle > LOOKS && !self.goes_on()? {
                return Ok(());
            }
        }
        Err((Check::Finishes, self.why_stuck()))
    }

    /// Nothing moves: either all is done, or time must pass.
    fn goes_on(&mut self) -> Ended<bool> {
        let Some(leader) = self.leaders.last() else {
            return Ok(true);
        };
        let state = leader.state();
        let is_done = state.instance_keys().is_empty() && self.clients.iter().all(Client::is_done);
        if is_done {
            return Ok(false);
        }
        let due_ms = leader.tick_due_ms();
        if state.instance_keys().is_empty() {
            let waiting = self
                .clients
                .iter_mut()
                .filter_map(|client| client.lose_patience().then_some(()));
            return match waiting.count() {
                0 => Err((Check::Finishes, self.why_stuck())),
                _ => Ok(true),
            };
        }
        match due_ms {
            Some(due_ms) if due_ms > self.memory.now_ms() => {
                self.memory.set_now(due_ms);
                Ok(true)
            }
            Some(_) | None => Err((Check::Finishes, self.why_stuck())),
        }
    }

    fn why_stuck(&self) -> String {
        let Some(leader) = self.leaders.last() else {
            return "nobody leads".to_owned();
        };
        let state = leader.state();
        let clients = self.clients.iter().filter(|client| !client.is_done());
        let incidents = state.incident_keys().iter();
        let incidents = incidents.filter_map(|key| state.incident(*key));
        format!(
            "instances {:?}, {}, incidents {:?}, clients {:?}",
            state.instance_keys(),
            crate::oracle::stuck(state),
            incidents.collect::<Vec<_>>(),
            clients.collect::<Vec<_>>()
        )
    }

    fn count_faults(&mut self) {
        let FaultCounts {
            append_before,
            append_after,
            append_prefix,
            append_late,
            append_duplicate,
            append_full,
            checkpoint_before,
            checkpoint_after,
            checkpoint_full,
            fence,
            gap,
            delay,
            refuse,
        } = self.memory.fault_counts();
        let counts = [
            ("append fails before", append_before),
            ("append fails after", append_after),
            ("append of a prefix", append_prefix),
            ("append comes late", append_late),
            ("append comes twice", append_duplicate),
            ("append finds no space", append_full),
            ("checkpoint fails before", checkpoint_before),
            ("checkpoint fails after", checkpoint_after),
            ("checkpoint finds no space", checkpoint_full),
            ("fenced by a stranger", fence),
            ("gap in the offsets", gap),
            ("records seen late", delay),
            ("topic refuses", refuse),
        ];
        for (name, count) in counts {
            *self.ledger.struck.entry(name).or_default() += count;
        }
    }
}

/// What became of a leader that did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// There was nothing to do.
    Idle,
    GoesOn,
    Resigns(&'static str),
}

/// Each fault at a rate of its own, so that some seeds are stormy and some have one fault only.
fn faults(random: &mut Rng) -> Faults {
    let mut rate = |max: u32| match random.u32(0..3) {
        0 => 0,
        _ => random.u32(0..max),
    };
    Faults {
        append_before: rate(1_000),
        append_after: rate(1_000),
        append_prefix: rate(2_000),
        append_late: rate(1_000),
        append_duplicate: rate(1_000),
        append_full: rate(1_000),
        checkpoint_before: rate(1_500),
        checkpoint_after: rate(1_500),
        checkpoint_full: rate(2_000),
        fence: rate(800),
        gap: rate(1_000),
        delay: rate(2_000),
        refuse: rate(2_000),
    }
}
