//! Reading models. Aim: 50 MB/s of typical ones on one core.

use divan::counter::BytesCount;

fn main() {
    divan::main();
}

const CLAIM: &[u8] = include_bytes!("../../models/examples/insurance-claim.bpmn");

#[divan::bench]
fn insurance_claim(bencher: divan::Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::of_slice(CLAIM))
        .bench(|| bpmn_parser::parse("claim.bpmn", divan::black_box(CLAIM)));
}
