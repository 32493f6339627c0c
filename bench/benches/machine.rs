//! The machine alone, change tracking and draining included. Aim: 500,000 commands/s on one core
//! for a one-task process with 500 B of variables.

use divan::counter::ItemsCount;
use weir_bench::{Partition, model, variables};

fn main() {
    divan::main();
}

/// 1,000 instances of one task: 2,000 commands.
#[divan::bench(args = [0, 500, 1_000, 10_000])]
fn one_task_commands(bencher: divan::Bencher<'_, '_>, bytes: usize) {
    let mut partition = Partition::with(&model(1));
    let variables = variables(bytes);
    bencher
        .counter(ItemsCount::new(2_000_usize))
        .bench_local(|| {
            for _ in 0..1_000 {
                partition.one_task(&variables);
            }
        });
}

/// The same with so many instances parked.
#[divan::bench(args = [1_000, 100_000, 1_000_000], sample_count = 20)]
fn one_task_commands_with_parked(bencher: divan::Bencher<'_, '_>, parked: usize) {
    let mut partition = Partition::with(&model(1));
    let variables = variables(500);
    for _ in 0..parked {
        partition.park(&variables);
    }
    bencher
        .counter(ItemsCount::new(2_000_usize))
        .bench_local(|| {
            for _ in 0..1_000 {
                partition.one_task(&variables);
            }
        });
}
