//! Damaged files: whatever is done to a file, reading it ends and does not panic.
//!
//! Seeded, so that a failure repeats; the fuzz target under `fuzz/` goes further.

use std::path::Path;

use bpmn_parser::{decode, parse, render};

const MUTATIONS: u64 = 10_000;

/// Pieces that mean something to readers of XML and BPMN.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "\"",
    "'",
    "=",
    "&",
    ";",
    "&#x0;",
    "&amp;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml",
    "?>",
    "<!DOCTYPE a>",
    "\u{feff}",
    "\0",
    "é",
    "😀",
    "id=\"a\"",
    "sourceRef=\"a\"",
    "xmlns=\"\"",
    "xmlns:a=\"b\"",
    "<subProcess id=\"a\">",
    "</subProcess>",
    "<laneSet>",
    "default=\"a\"",
    "attachedToRef=\"a\"",
    "<eventDefinitionRef>a</eventDefinitionRef>",
    "isExecutable=\"true\"",
];

/// The project's own models, and those of others where they are at hand.
fn originals() -> Vec<Vec<u8>> {
    let mut files = vec![include_bytes!("models/everything.bpmn").to_vec()];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in ["models/elements", "../shared/corpora/zeebe-bpmn-model"] {
        let Ok(folder) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let models = paths
            .iter()
            .filter(|path| path.extension().is_some_and(|it| it == "bpmn"));
        files.extend(models.map(|path| std::fs::read(path).expect("a file can be read")));
    }
    files
}

fn mutate(random: &mut fastrand::Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.usize(1..6) {
        let at = random.usize(0..=bytes.len());
        let end = at + random.usize(0..=(bytes.len() - at).min(200));
        match random.u8(0..6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].to_vec();
                let to = random.usize(0..=bytes.len());
                bytes.splice(to..to, part);
            }
            3 if at < bytes.len() => bytes[at] = random.u8(..),
            _ => {
                let piece = PIECES[random.usize(..PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}

#[test]
fn no_damage_makes_the_parser_panic() {
    let originals = originals();
    let mut models = 0;
    let mut broken = 0;
    for seed in 0..MUTATIONS {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut bytes = originals[random.usize(..originals.len())].clone();
        mutate(&mut random, &mut bytes);
        let outcome = std::panic::catch_unwind(|| {
            let parsed = parse("mutated.bpmn", &bytes);
            // Every tenth is shown too: excerpts must find character boundaries.
            if let (Ok(source), 0) = (decode(&bytes), seed % 10) {
                render(&parsed.diagnostics, &source, true);
            }
            parsed.model.is_some()
        });
        match outcome {
            Ok(true) => models += 1,
            Ok(false) => broken += 1,
            Err(_) => panic!("seed {seed} makes the parser panic"),
        }
    }
    println!("{models} mutated files became models, {broken} were refused");
    assert!(
        models > MUTATIONS / 20 && broken > MUTATIONS / 20,
        "the damage is one-sided"
    );
}
