//! A client: one request at a time, repeated with the same id until its outcome is known.
//!
//! Owns how a client deals with doubt. What it wants is its role's.

use std::collections::BTreeMap;

use fastrand::Rng;
use proto::record::command::Kind;

use super::leader::{Leader, Notice};
use super::ledger::Ledger;
use super::roles::{Role, Wish};

/// One turn of a client.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// There are no faults any more: everybody does their duty.
    pub is_calm: bool,
    pub me: usize,
}

#[derive(Debug)]
pub struct Client {
    pub role: Role,
    pending: Option<Pending>,
    /// The last one that was answered: it may be asked again.
    answered: Option<Pending>,
    /// Of every request, for answers to those that were repeated.
    requests: BTreeMap<u64, ([u8; 16], Kind)>,
    last_serial: u64,
    /// What it was told, it wants to see.
    seen_offset: u64,
}

#[derive(Debug, Clone)]
struct Pending {
    serial: u64,
    request_id: [u8; 16],
    kind: Kind,
    in_flight: bool,
    /// Only this leader can be asked: the request is about a stream of it.
    pinned: Option<u64>,
    /// The role knows the answer already.
    is_repeated: bool,
}

impl Client {
    pub fn new(role: Role) -> Client {
        Client {
            role,
            pending: None,
            answered: None,
            requests: BTreeMap::new(),
            last_serial: 0,
            seen_offset: 0,
        }
    }

    pub fn is_in_doubt(&self) -> bool {
        self.pending.is_some()
    }

    /// So much time has passed that its requests are forgotten.
    pub fn let_go(&mut self) {
        self.answered = None;
    }

    /// Nobody has answered for long: asks again at the next turn. False when it does not wait.
    pub fn lose_patience(&mut self) -> bool {
        let waits = self.pending.as_mut().filter(|pending| pending.in_flight);
        waits.is_some_and(|pending| std::mem::replace(&mut pending.in_flight, false))
    }

    pub fn is_done(&self) -> bool {
        self.pending.is_none() && self.role.is_done()
    }

    /// Asks the leader for something; false when there is nothing to ask for, or only to wait.
    pub fn act(
        &mut self,
        act: Act,
        leader: &mut Leader,
        random: &mut Rng,
        ledger: &mut Ledger,
    ) -> bool {
        if self.pending.is_none() {
            let again = self.answered.take().filter(|_| random.u32(0..6) == 0);
            if let Some(again) = again {
                self.pending = Some(Pending {
                    in_flight: false,
                    is_repeated: true,
                    ..again
                });
            } else {
                if leader.next_offset() < self.seen_offset {
                    return false;
                }
                let Some(wish) = self.role.next(act, leader, random, ledger) else {
                    return false;
                };
                self.begin(wish, leader, random);
            }
        } else if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.in_flight)
        {
            // It has waited long enough.
            if act.is_calm || random.u32(0..8) > 0 {
                return false;
            }
        }
        let Some(pending) = &mut self.pending else {
            return false;
        };
        if pending
            .pinned
            .is_some_and(|number| number != leader.number())
        {
            return false;
        }
        if self.requests.contains_key(&pending.serial) {
            ledger.strike("request comes twice");
        }
        pending.in_flight = true;
        let (serial, id, kind) = (pending.serial, pending.request_id, pending.kind.clone());
        self.requests.insert(serial, (id, kind.clone()));
        ledger.tell(|| format!("client {} asks {}: {kind:?}", act.me, leader.name()));
        leader.submit((act.me, serial), id, kind);
        true
    }

    fn begin(&mut self, wish: Wish, leader: &Leader, random: &mut Rng) {
        self.last_serial += 1;
        self.pending = Some(Pending {
            serial: self.last_serial,
            request_id: random.u128(..).to_be_bytes(),
            kind: wish.kind,
            in_flight: false,
            pinned: wish.is_pinned.then_some(leader.number()),
            is_repeated: false,
        });
    }

    pub fn hear(&mut self, notice: Notice, ledger: &mut Ledger) {
        match notice {
            Notice::Answered {
                serial,
                offset,
                result,
                ..
            } => {
                self.seen_offset = self.seen_offset.max(offset + 1);
                if let Some((id, kind)) = self.requests.get(&serial) {
                    ledger.answered(*id, kind, &result);
                }
                if self.is_pending(serial)
                    && let Some(pending) = self.pending.take()
                {
                    if !pending.is_repeated {
                        self.role.told(&pending.kind, &result);
                    }
                    let is_sure = result.is_ok() && pending.pinned.is_none();
                    self.answered = is_sure.then_some(pending);
                }
            }
            Notice::Unknown { serial, .. } | Notice::Refused { serial, .. } => {
                if self.is_pending(serial)
                    && let Some(pending) = &mut self.pending
                {
                    pending.in_flight = false;
                    if self.role.gives_up(&pending.kind) {
                        self.pending = None;
                    }
                }
            }
            Notice::Pushed {
                stream_id,
                offset,
                job,
                ..
            } => {
                ledger.delivered(offset, stream_id, job.key);
                self.role.pushed(stream_id, *job);
            }
            Notice::StreamLost { stream_id, .. } => {
                ledger.strike("stream lost");
                self.role.lose_stream(stream_id);
                self.pending.take_if(|pending| pending.pinned.is_some());
            }
        }
    }

    fn is_pending(&self, serial: u64) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| pending.serial == serial)
    }
}
