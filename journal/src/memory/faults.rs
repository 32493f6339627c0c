//! Which faults the memory journal injects, how often, and how often it has.

/// How often each fault strikes, in chances out of 10,000 per opportunity. All zero is a journal without faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// An append gets `Unknown` and is not in the log.
    pub append_before: u32,
    /// An append gets `Unknown` and is in the log.
    pub append_after: u32,
    /// An append gets `Unknown` and a prefix of it, at least one command short, is in the log.
    pub append_prefix: u32,
    /// An append gets `Unknown` and comes into the log later, behind others.
    pub append_late: u32,
    /// An append gets `Ok` and is in the log twice.
    pub append_duplicate: u32,
    /// An append gets `Full` and is not in the log.
    pub append_full: u32,
    /// A checkpoint gets `Failed` and is not committed.
    pub checkpoint_before: u32,
    /// A checkpoint gets `Failed` and is committed.
    pub checkpoint_after: u32,
    /// A checkpoint gets `Full` and is not committed.
    pub checkpoint_full: u32,
    /// A topic refuses a record that a checkpoint publishes.
    pub refuse: u32,
    /// A checkpoint gets `Fenced`, since somebody else has taken over just before.
    pub fence: u32,
    /// A record's offset is not that of its predecessor + 1.
    pub gap: u32,
    /// Appended records stay invisible for some reads although the append got `Ok`.
    pub delay: u32,
}

/// How often each fault has struck since the journal was made; fields as in [`Faults`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// See [`Faults::append_before`].
    pub append_before: u64,
    /// See [`Faults::append_after`].
    pub append_after: u64,
    /// See [`Faults::append_prefix`].
    pub append_prefix: u64,
    /// See [`Faults::append_late`].
    pub append_late: u64,
    /// See [`Faults::append_duplicate`].
    pub append_duplicate: u64,
    /// See [`Faults::append_full`].
    pub append_full: u64,
    /// See [`Faults::checkpoint_before`].
    pub checkpoint_before: u64,
    /// See [`Faults::checkpoint_after`].
    pub checkpoint_after: u64,
    /// See [`Faults::checkpoint_full`].
    pub checkpoint_full: u64,
    /// See [`Faults::refuse`].
    pub refuse: u64,
    /// See [`Faults::fence`].
    pub fence: u64,
    /// See [`Faults::gap`].
    pub gap: u64,
    /// See [`Faults::delay`].
    pub delay: u64,
}

/// The dice: seeded, so a run is repeated by its seed.
pub(super) struct Dice {
    random: fastrand::Rng,
    pub(super) rates: Faults,
    pub(super) counts: FaultCounts,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            rates: Faults::default(),
            counts: FaultCounts::default(),
        }
    }

    /// Whether a fault strikes. A fault that is switched off takes nothing from the random sequence, so switching
    /// one off leaves the others of a seed as they were.
    pub(super) fn strikes(&mut self, rate: u32) -> bool {
        rate > 0 && self.random.u32(0..10_000) < rate
    }

    /// A number from 1 to `max`.
    pub(super) fn up_to(&mut self, max: u64) -> u64 {
        self.random.u64(1..=max.max(1))
    }
}
