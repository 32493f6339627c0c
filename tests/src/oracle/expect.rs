//! What must happen in a block, and what outside does for it.

use super::{Awaited, Block, Boundary, BoundaryKind, Counts, Ending, Plan, Wait};

/// Error code that everything throws and catches.
pub(super) const CODE: &str = "TROUBLE";

pub(super) fn counts(block: &Block) -> Counts {
    let mut counts = Counts::default();
    counts.complete("start");
    counts.block(block);
    counts.complete("end");
    counts
}

impl Counts {
    fn complete(&mut self, id: &str) {
        *self.completed.entry(id.to_owned()).or_default() += 1;
    }

    fn terminate(&mut self, id: &str) {
        *self.terminated.entry(id.to_owned()).or_default() += 1;
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Pass { id, .. } => self.complete(id),
            Block::Wait { id, kind, boundary } => {
                match kind {
                    Wait::FailingService => self.terminate(id),
                    Wait::Service
                    | Wait::Send
                    | Wait::BusinessRule
                    | Wait::MessageThrow
                    | Wait::User
                    | Wait::Receive
                    | Wait::MessageCatch
                    | Wait::SignalCatch
                    | Wait::TimerCatch => self.complete(id),
                }
                self.boundary(id, boundary);
            }
            Block::Sequence(blocks) => blocks.iter().for_each(|block| self.block(block)),
            Block::Exclusive {
                id,
                branches,
                chosen,
            } => self.forked(id, branches, |i| i == *chosen),
            Block::Parallel { id, branches } => self.forked(id, branches, |_| true),
            Block::Inclusive {
                id,
                branches,
                taken,
            } => {
                // The last branch is the default.
                let none = !taken[..taken.len() - 1].iter().any(|taken| *taken);
                let last = branches.len() - 1;
                self.forked(id, branches, |i| if i == last { none } else { taken[i] });
            }
            Block::EventBased { id, arms, chosen } => {
                self.complete(id);
                let (arm, body) = &arms[*chosen];
                self.complete(&arm.id);
                self.block(body);
                self.complete(&format!("{id}_join"));
            }
            Block::SubProcess {
                id,
                body,
                ending,
                boundary,
            } => {
                self.complete(&format!("{id}_start"));
                self.block(body);
                self.ending(id, ending);
                self.boundary(id, boundary);
            }
        }
    }

    fn forked(&mut self, id: &str, branches: &[Block], taken: impl Fn(usize) -> bool) {
        self.complete(id);
        for (index, branch) in branches.iter().enumerate() {
            if taken(index) {
                self.block(branch);
            }
        }
        self.complete(&format!("{id}_join"));
    }

    fn ending(&mut self, id: &str, ending: &Ending) {
        match ending {
            Ending::Normal => {
                self.complete(&format!("{id}_end"));
                self.complete(id);
            }
            Ending::Error => {
                self.terminate(&format!("{id}_error"));
                self.terminate(id);
            }
            Ending::Thrown => {
                self.terminate(&format!("{id}_thrower"));
                self.terminate(id);
            }
            Ending::Terminate => {
                self.complete(&format!("{id}_fork"));
                self.terminate(&format!("{id}_parked"));
                self.complete(&format!("{id}_terminate"));
                self.complete(id);
            }
            Ending::Parked => {
                self.complete(&format!("{id}_fork"));
                self.complete(&format!("{id}_quiet"));
                self.terminate(&format!("{id}_parked"));
                self.terminate(id);
            }
        }
    }

    fn boundary(&mut self, host: &str, boundary: &[Boundary]) {
        for event in boundary {
            for _ in 0..event.fires {
                self.complete(&event.id);
                self.block(&event.handler);
                if !event.kind.is_interrupting() {
                    self.complete(&format!("{}_end", event.id));
                }
            }
        }
        if boundary.iter().any(|event| event.kind.is_interrupting()) {
            self.complete(&format!("{host}_merge"));
        }
    }
}

/// Whether a token surely waits in the block for something other than itself.
pub(super) fn waits(block: &Block) -> bool {
    match block {
        Block::Pass { .. } => false,
        Block::Wait { .. } | Block::EventBased { .. } => true,
        Block::Sequence(blocks) => blocks.iter().any(waits),
        Block::Exclusive {
            branches, chosen, ..
        } => waits(&branches[*chosen]),
        Block::Parallel { branches, .. } => branches.iter().any(waits),
        Block::Inclusive { branches, .. } => branches.iter().all(waits),
        Block::SubProcess { body, ending, .. } => match ending {
            Ending::Normal | Ending::Error | Ending::Terminate => waits(body),
            Ending::Thrown | Ending::Parked => true,
        },
    }
}

/// Minutes that the block takes at most when outside lets time pass only as the last resort.
pub(super) fn minutes(block: &Block) -> u32 {
    let events = |boundary: &[Boundary]| {
        let fired = boundary.iter().filter(|event| event.fires > 0);
        fired.map(|event| event.minutes).sum::<u32>()
    };
    match block {
        Block::Pass { .. } => 0,
        Block::Wait { boundary, .. } => 1 + events(boundary),
        Block::Sequence(blocks) => blocks.iter().map(minutes).sum(),
        Block::Exclusive { branches, .. }
        | Block::Parallel { branches, .. }
        | Block::Inclusive { branches, .. } => branches.iter().map(minutes).sum(),
        Block::EventBased { arms, .. } => {
            1 + arms.iter().map(|(_, body)| minutes(body)).sum::<u32>()
        }
        Block::SubProcess { body, boundary, .. } => minutes(body) + events(boundary),
    }
}

/// Fills the plan of what outside does.
pub(super) fn plan(block: &Block, plan: &mut Plan) {
    match block {
        Block::Pass { .. } => {}
        Block::Wait { id, kind, boundary } => {
            if *kind == Wait::FailingService {
                plan.throwing.insert(id.clone(), CODE.to_owned());
            }
            if matches!(kind, Wait::Receive | Wait::MessageCatch | Wait::SignalCatch) {
                plan.messages.insert(id.clone(), 1);
            }
            if *kind == Wait::SignalCatch {
                plan.signals.insert(id.clone());
            }
            plan_boundary(id, boundary, plan);
        }
        Block::Sequence(blocks) => blocks.iter().for_each(|block| self::plan(block, plan)),
        Block::Exclusive { branches, .. }
        | Block::Parallel { branches, .. }
        | Block::Inclusive { branches, .. } => {
            branches.iter().for_each(|branch| self::plan(branch, plan));
        }
        Block::EventBased { arms, chosen, .. } => {
            let (arm, _) = &arms[*chosen];
            if arm.awaited != Awaited::Timer {
                plan.messages.insert(arm.id.clone(), 1);
            }
            if arm.awaited == Awaited::Signal {
                plan.signals.insert(arm.id.clone());
            }
            arms.iter().for_each(|(_, body)| self::plan(body, plan));
        }
        Block::SubProcess {
            id,
            body,
            ending,
            boundary,
        } => {
            self::plan(body, plan);
            match ending {
                Ending::Thrown => {
                    plan.throwing
                        .insert(format!("{id}_thrower"), CODE.to_owned());
                }
                Ending::Terminate | Ending::Parked => {
                    plan.parked.insert(format!("{id}_parked"), id.clone());
                }
                Ending::Normal | Ending::Error => {}
            }
            plan_boundary(id, boundary, plan);
        }
    }
}

fn plan_boundary(host: &str, boundary: &[Boundary], plan: &mut Plan) {
    for event in boundary.iter().filter(|event| event.fires > 0) {
        match event.kind {
            BoundaryKind::NonInterruptingMessage | BoundaryKind::NonInterruptingSignal => {
                plan.messages.insert(event.id.clone(), event.fires);
            }
            BoundaryKind::Message | BoundaryKind::Signal => {
                plan.interrupting.insert(event.id.clone(), host.to_owned());
            }
            BoundaryKind::NonInterruptingTimer => {
                plan.timers.insert(event.id.clone(), host.to_owned());
            }
            BoundaryKind::Timer | BoundaryKind::Error => {}
        }
        let signals = [BoundaryKind::Signal, BoundaryKind::NonInterruptingSignal];
        if signals.contains(&event.kind) {
            plan.signals.insert(event.id.clone());
        }
    }
}
