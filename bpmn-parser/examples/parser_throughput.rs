//! How fast files are read: `cargo run --release -p bpmn-parser --example parser_throughput -- FILE…`.
//!
//! Each file is read again and again for about a second; what is printed is the best of the runs.

use std::time::{Duration, Instant};

fn main() {
    let mut bytes_all = 0.0;
    let mut seconds_all = 0.0;
    for path in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("{path}: cannot be read");
            std::process::exit(1);
        };
        let best = best_of(&path, &bytes);
        let size = bytes.len() as f64;
        bytes_all += size;
        seconds_all += best.as_secs_f64();
        println!(
            "{:8.1} MB/s  {:8} B  {path}",
            size / best.as_secs_f64() / 1e6,
            bytes.len()
        );
    }
    println!("{:8.1} MB/s  all", bytes_all / seconds_all / 1e6);
}

fn best_of(path: &str, bytes: &[u8]) -> Duration {
    let started = Instant::now();
    let mut best = Duration::MAX;
    while started.elapsed() < Duration::from_millis(500) {
        let run = Instant::now();
        std::hint::black_box(bpmn_parser::parse(path, std::hint::black_box(bytes)));
        best = best.min(run.elapsed());
    }
    best
}
