//! Random blocks.

use fastrand::Rng;

use super::{Arm, Awaited, Block, Boundary, BoundaryKind, Case, Ending, Plan, Wait};
use super::{expect, xml};

struct Generator {
    random: Rng,
    next: u32,
}

/// The process of a seed; `size` is about the number of its blocks.
pub fn generate(seed: u64, size: u32) -> Case {
    let mut generator = Generator {
        random: Rng::with_seed(seed),
        next: 0,
    };
    let block = generator.sequence(size, 3);
    let mut plan = Plan::default();
    expect::plan(&block, &mut plan);
    Case {
        xml: xml::process(&block),
        variables: xml::variables(&block),
        expected: expect::counts(&block),
        plan,
    }
}

impl Generator {
    fn id(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{what}{}", self.next)
    }

    fn sequence(&mut self, size: u32, depth: u32) -> Block {
        let length = self.random.u32(1..=size.clamp(1, 4));
        let each = size / length;
        let blocks = (0..length).map(|_| self.block(each, depth));
        Block::Sequence(blocks.collect())
    }

    fn block(&mut self, size: u32, depth: u32) -> Block {
        if size <= 1 || depth == 0 {
            return self.leaf();
        }
        match self.random.u32(0..8) {
            0 => self.exclusive(size, depth - 1),
            1 => self.parallel(size, depth - 1),
            2 => self.inclusive(size, depth - 1),
            3 => self.event_based(size, depth - 1),
            4..=6 => self.sub_process(size, depth - 1),
            _ => self.leaf(),
        }
    }

    fn leaf(&mut self) -> Block {
        if self.random.u32(0..4) == 0 {
            let tag = *self.pick(&["task", "manualTask", "intermediateThrowEvent", "scriptTask"]);
            return Block::Pass {
                id: self.id("pass"),
                tag,
            };
        }
        let kind = *self.pick(&[
            Wait::Service,
            Wait::Send,
            Wait::BusinessRule,
            Wait::MessageThrow,
            Wait::FailingService,
            Wait::User,
            Wait::Receive,
            Wait::MessageCatch,
            Wait::SignalCatch,
            Wait::TimerCatch,
        ]);
        let id = self.id("wait");
        let boundary = match kind {
            Wait::FailingService => vec![self.boundary(BoundaryKind::Error, 1, 0)],
            Wait::Service | Wait::Send | Wait::BusinessRule | Wait::User | Wait::Receive => {
                self.side_events(true, 1)
            }
            Wait::MessageThrow | Wait::MessageCatch | Wait::SignalCatch | Wait::TimerCatch => {
                Vec::new()
            }
        };
        Block::Wait { id, kind, boundary }
    }

    fn branches(&mut self, size: u32, depth: u32) -> Vec<Block> {
        let number = self.random.u32(2..=3);
        (0..number)
            .map(|_| self.sequence(size / number, depth))
            .collect()
    }

    fn exclusive(&mut self, size: u32, depth: u32) -> Block {
        let branches = self.branches(size, depth);
        Block::Exclusive {
            id: self.id("exclusive"),
            chosen: self.random.usize(0..branches.len()),
            branches,
        }
    }

    fn parallel(&mut self, size: u32, depth: u32) -> Block {
        Block::Parallel {
            id: self.id("parallel"),
            branches: self.branches(size, depth),
        }
    }

    fn inclusive(&mut self, size: u32, depth: u32) -> Block {
        let branches = self.branches(size, depth);
        let taken = branches.iter().map(|_| self.random.bool()).collect();
        Block::Inclusive {
            id: self.id("inclusive"),
            branches,
            taken,
        }
    }

    fn event_based(&mut self, size: u32, depth: u32) -> Block {
        let bodies = self.branches(size, depth);
        let arms = bodies.into_iter().map(|body| {
            let arm = Arm {
                id: self.id("arm"),
                awaited: *self.pick(&[Awaited::Timer, Awaited::Message, Awaited::Signal]),
            };
            (arm, body)
        });
        let arms = arms.collect::<Vec<_>>();
        Block::EventBased {
            id: self.id("events"),
            chosen: self.random.usize(0..arms.len()),
            arms,
        }
    }

    fn sub_process(&mut self, size: u32, depth: u32) -> Block {
        let body = self.sequence(size - 1, depth);
        let ending = self
            .pick(&[
                Ending::Normal,
                Ending::Error,
                Ending::Thrown,
                Ending::Terminate,
                Ending::Parked,
            ])
            .clone();
        let minutes = expect::minutes(&body) + 2;
        let waits = expect::waits(&body) || matches!(ending, Ending::Thrown | Ending::Parked);
        let mut boundary = self.side_events(waits, minutes);
        match ending {
            Ending::Error | Ending::Thrown => {
                boundary.push(self.boundary(BoundaryKind::Error, 1, 0));
            }
            Ending::Parked => {
                if self.random.bool() {
                    let event = self.boundary(BoundaryKind::NonInterruptingTimer, 1, 1);
                    boundary.push(event);
                }
                let kind = *self.pick(&[
                    BoundaryKind::Timer,
                    BoundaryKind::Message,
                    BoundaryKind::Signal,
                ]);
                boundary.push(self.boundary(kind, 1, minutes));
            }
            Ending::Normal | Ending::Terminate => {}
        }
        Block::SubProcess {
            id: self.id("sub"),
            body: Box::new(body),
            ending,
            boundary,
        }
    }

    /// Boundary events that do not decide how the host ends.
    fn side_events(&mut self, waits: bool, minutes: u32) -> Vec<Boundary> {
        let mut events = Vec::new();
        if self.random.u32(0..3) == 0 {
            let fires = if waits { self.random.u32(0..3) } else { 0 };
            let kind = *self.pick(&[
                BoundaryKind::NonInterruptingMessage,
                BoundaryKind::NonInterruptingSignal,
            ]);
            events.push(self.boundary(kind, fires, 0));
        }
        if self.random.u32(0..3) == 0 {
            // Never fires: whatever the host does is over before.
            let kind = *self.pick(&[BoundaryKind::Timer, BoundaryKind::NonInterruptingTimer]);
            events.push(self.boundary(kind, 0, minutes + 100_000));
        }
        if self.random.u32(0..4) == 0 {
            let kind = *self.pick(&[BoundaryKind::Message, BoundaryKind::Signal]);
            events.push(self.boundary(kind, 0, 0));
        }
        events
    }

    fn boundary(&mut self, kind: BoundaryKind, fires: u32, minutes: u32) -> Boundary {
        Boundary {
            id: self.id("boundary"),
            kind,
            fires,
            handler: Block::Pass {
                id: self.id("handler"),
                tag: "task",
            },
            minutes,
        }
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.random.usize(0..from.len())]
    }
}
