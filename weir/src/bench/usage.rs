//! What the kernel counts of processes. Only Linux tells it; elsewhere nothing is known.

use std::fs;
use std::path::{Path, PathBuf};

/// Ticks per second in /proc: the same on every Linux that Rust's standard library runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process, or several together, have used so far; `None` where the system does not tell.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    /// The most that was resident at a time.
    pub peak_bytes: Option<u64>,
    pub written_bytes: Option<u64>,
}

impl Usage {
    pub fn of_this_process() -> Self {
        Self::read(Path::new("/proc/self"))
    }

    pub fn of(pid: u32) -> Self {
        Self::read(&PathBuf::from(format!("/proc/{pid}")))
    }

    /// Of several processes together.
    pub fn of_all(pids: impl IntoIterator<Item = u32>) -> Self {
        let usages = pids.into_iter().map(Self::of);
        usages.reduce(|all, one| all.plus(&one)).unwrap_or_default()
    }

    fn plus(&self, other: &Self) -> Self {
        fn sum<T: std::ops::Add<Output = T>>(one: Option<T>, other: Option<T>) -> Option<T> {
            one.zip(other).map(|(one, other)| one + other)
        }
        Self {
            cpu_seconds: sum(self.cpu_seconds, other.cpu_seconds),
            resident_bytes: sum(self.resident_bytes, other.resident_bytes),
            peak_bytes: sum(self.peak_bytes, other.peak_bytes),
            written_bytes: sum(self.written_bytes, other.written_bytes),
        }
    }

    /// CPU time since an earlier look.
    pub fn cpu_seconds_since(&self, before: &Self) -> Option<f64> {
        let both = before.cpu_seconds.zip(self.cpu_seconds);
        both.map(|(before, after)| after - before)
    }

    /// Bytes that went to disks since an earlier look.
    pub fn written_bytes_since(&self, before: &Self) -> Option<u64> {
        let both = before.written_bytes.zip(self.written_bytes);
        both.map(|(before, after)| after.saturating_sub(before))
    }

    fn read(folder: &Path) -> Self {
        let field = |file: &str, name: &str| {
            let text = fs::read_to_string(folder.join(file)).ok()?;
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        let kibibytes = |name: &str| field("status", name).map(|kibibytes| kibibytes * 1024);
        Self {
            cpu_seconds: cpu_seconds(folder),
            resident_bytes: kibibytes("VmRSS:"),
            peak_bytes: kibibytes("VmHWM:"),
            written_bytes: field("io", "write_bytes:"),
        }
    }
}

fn cpu_seconds(folder: &Path) -> Option<f64> {
    let text = fs::read_to_string(folder.join("stat")).ok()?;
    // The program's name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
    let (_, after_name) = text.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}
