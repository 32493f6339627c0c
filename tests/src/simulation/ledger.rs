//! What clients were told, what struck, and what did not hold.

use std::collections::BTreeMap;

use engine::Rejection;
use proto::record::{Answer, command::Kind};

use super::Check;

/// More violations of one check in a run tell nothing new.
const VIOLATIONS_MAX: usize = 3;

#[derive(Debug)]
pub struct Ledger {
    /// Of each request the first answer; `None` when it was refused.
    answers: BTreeMap<[u8; 16], Option<Answer>>,
    /// Requests that somebody knows to be done, with the answer.
    pub acknowledged: Vec<(Kind, Answer)>,
    /// Jobs that came to a stream's client: offset, stream, job.
    pub deliveries: Vec<(u64, u64, u64)>,
    pub struck: BTreeMap<&'static str, u64>,
    pub violations: Vec<(Check, String)>,
    pub story: Vec<String>,
    is_told: bool,
}

impl Ledger {
    pub fn new(is_told: bool) -> Ledger {
        Ledger {
            answers: BTreeMap::new(),
            acknowledged: Vec::new(),
            deliveries: Vec::new(),
            struck: BTreeMap::new(),
            violations: Vec::new(),
            story: Vec::new(),
            is_told,
        }
    }

    pub fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.is_told {
            self.story.push(line());
        }
    }

    pub fn strike(&mut self, fault: &'static str) {
        *self.struck.entry(fault).or_default() += 1;
        self.tell(|| format!("strikes: {fault}"));
    }

    pub fn violate(&mut self, check: Check, what: impl Into<String>) {
        let what = what.into();
        self.tell(|| format!("violated: {check:?}: {what}"));
        let known = self.violations.iter().filter(|(known, _)| *known == check);
        if known.count() < VIOLATIONS_MAX {
            self.violations.push((check, what));
        }
    }

    /// An answer given once is repeated equal. Leases are not repeated, and a refusal is not remembered.
    pub fn answered(&mut self, id: [u8; 16], kind: &Kind, result: &Result<Answer, Rejection>) {
        if matches!(kind, Kind::ActivateJobs(_)) {
            return;
        }
        match (self.answers.get(&id), result) {
            (None, Ok(answer)) => {
                self.answers.insert(id, Some(answer.clone()));
                self.acknowledged.push((kind.clone(), answer.clone()));
            }
            (None, Err(_)) => {
                self.answers.insert(id, None);
            }
            (Some(Some(first)), Ok(answer)) if first == answer => {}
            (Some(Some(first)), other) => {
                let what = format!("{kind:?}: first {first:?}, then {other:?}");
                self.violate(Check::Answers, what);
            }
            (Some(None), Ok(_)) => self.strike("accepted after a refusal"),
            (Some(None), Err(_)) => {}
        }
    }

    pub fn delivered(&mut self, offset: u64, stream_id: u64, job: u64) {
        self.deliveries.push((offset, stream_id, job));
    }
}
