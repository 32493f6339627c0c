//! Moments at which a test makes the process die as `kill -9` does, or hang as SIGSTOP does.
//!
//! With the feature `fail-points` only; without it a moment passes as if nothing stood there. Which one it is, the
//! environment says: `WEIR_FAIL_POINT=before-commit:37` dies when that moment comes for the 37th time,
//! `before-commit:37:stop` hangs until somebody continues the process. Other variables switch fencing off, and give a
//! follower another command than the log has.

/// A moment in the life of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailPoint {
    /// Commands are to be appended.
    BeforeAppend,
    /// They are durable, and nobody knows.
    AfterAppend,
    /// The leader has read a command.
    BeforeApply,
    /// It has changed the state in memory.
    AfterApply,
    /// A checkpoint is to be written; the broker knows nothing of it.
    BeforeProduce,
    /// Its records are on their way.
    AfterProduce,
    /// The brokers have all of them, uncommitted.
    BeforeCommit,
    /// They are committed, and nobody knows.
    AfterCommit,
    /// An answer is to be given.
    BeforeAnswer,
    /// It was given, and may not have left the process.
    AfterAnswer,
    /// The previous leader of a partition is fenced, nothing more.
    AfterFence,
    /// The last position is known, and that there is a new leader is to be written.
    BeforeFirstCheckpoint,
    /// A part of the state was read.
    AmidRestore,
    /// A partition is to be handed over.
    BeforeHandOver,
    /// All of it is written, and the next leader has not been told.
    AfterHandOver,
}

/// Nothing, in this build.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn pass(_: FailPoint) {}

#[cfg(feature = "fail-points")]
pub use chosen::{FAIL_POINT, MISREAD, UNFENCED, misread, pass, unfenced};

#[cfg(feature = "fail-points")]
mod chosen {
    use super::FailPoint;
    use crate::Bytes;
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// The variable that says what happens when.
    pub const FAIL_POINT: &str = "WEIR_FAIL_POINT";
    /// The variable that switches fencing off.
    pub const UNFENCED: &str = "WEIR_UNFENCED";
    /// The variable with the text that a follower does not see.
    pub const MISREAD: &str = "WEIR_MISREAD";

    static CHOSEN: LazyLock<Option<Chosen>> = LazyLock::new(|| {
        let text = std::env::var(FAIL_POINT).ok()?;
        let chosen = Chosen::parse(&text);
        if chosen.is_none() {
            tracing::error!(text, "{FAIL_POINT} names no moment");
        }
        chosen
    });

    struct Chosen {
        point: FailPoint,
        pass: u64,
        passes: AtomicU64,
        signal: Signal,
    }

    impl Chosen {
        fn parse(text: &str) -> Option<Self> {
            let mut words = text.split(':');
            let name = words.next()?;
            let point = FailPoint::ALL.into_iter().find(|it| it.name() == name)?;
            let pass = words.next()?.parse().ok()?;
            let signal = match (words.next(), words.next()) {
                (None, None) => Signal::KILL,
                (Some("stop"), None) => Signal::STOP,
                (Some(_), _) | (None, Some(_)) => return None,
            };
            Some(Self {
                point,
                pass,
                passes: AtomicU64::new(0),
                signal,
            })
        }
    }

    /// Does to the process what was chosen for this pass of this moment.
    pub fn pass(point: FailPoint) {
        let Some(chosen) = CHOSEN.as_ref().filter(|chosen| chosen.point == point) else {
            return;
        };
        let passes = chosen.passes.fetch_add(1, Ordering::SeqCst) + 1;
        if passes != chosen.pass {
            return;
        }
        // Before the call returns the signal has arrived: nothing is flushed, and nothing is dropped.
        if let Err(error) = kill_process(getpid(), chosen.signal) {
            tracing::error!(%error, ?point, "the process cannot send itself a signal");
        }
    }

    /// A transactional id, or, when fencing is switched off, one that no other process has and so none can fence.
    pub fn unfenced(id: &str) -> String {
        match std::env::var_os(UNFENCED) {
            Some(_) => format!("{id}-{}", std::process::id()),
            None => id.to_owned(),
        }
    }

    /// A command as a follower with faulty memory has it: in the first one that has the text that the environment names
    /// there is something else. Only once: who begins anew reads what is there.
    pub fn misread(command: Bytes) -> Bytes {
        static UNSEEN: LazyLock<Option<String>> =
            LazyLock::new(|| std::env::var(MISREAD).ok().filter(|text| !text.is_empty()));
        static IS_DONE: AtomicBool = AtomicBool::new(false);
        let Some(text) = UNSEEN.as_ref().map(String::as_bytes) else {
            return command;
        };
        let found = command.windows(text.len()).position(|part| part == text);
        let Some(at) = found.filter(|_| !IS_DONE.swap(true, Ordering::SeqCst)) else {
            return command;
        };
        let mut other = command.to_vec();
        other[at..at + text.len()].fill(b'x');
        other.into()
    }

    impl FailPoint {
        pub const ALL: [FailPoint; 15] = [
            FailPoint::BeforeAppend,
            FailPoint::AfterAppend,
            FailPoint::BeforeApply,
            FailPoint::AfterApply,
            FailPoint::BeforeProduce,
            FailPoint::AfterProduce,
            FailPoint::BeforeCommit,
            FailPoint::AfterCommit,
            FailPoint::BeforeAnswer,
            FailPoint::AfterAnswer,
            FailPoint::AfterFence,
            FailPoint::BeforeFirstCheckpoint,
            FailPoint::AmidRestore,
            FailPoint::BeforeHandOver,
            FailPoint::AfterHandOver,
        ];

        /// As the environment names it.
        pub fn name(self) -> &'static str {
            match self {
                FailPoint::BeforeAppend => "before-append",
                FailPoint::AfterAppend => "after-append",
                FailPoint::BeforeApply => "before-apply",
                FailPoint::AfterApply => "after-apply",
                FailPoint::BeforeProduce => "before-produce",
                FailPoint::AfterProduce => "after-produce",
                FailPoint::BeforeCommit => "before-commit",
                FailPoint::AfterCommit => "after-commit",
                FailPoint::BeforeAnswer => "before-answer",
                FailPoint::AfterAnswer => "after-answer",
                FailPoint::AfterFence => "after-fence",
                FailPoint::BeforeFirstCheckpoint => "before-first-checkpoint",
                FailPoint::AmidRestore => "amid-restore",
                FailPoint::BeforeHandOver => "before-hand-over",
                FailPoint::AfterHandOver => "after-hand-over",
            }
        }
    }
}
