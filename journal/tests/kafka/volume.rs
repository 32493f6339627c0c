//! What an installation has written is counted, and all of it can be removed.

use super::*;
use journal::kafka::{Mark, Volume, partitions, remove};

#[test]
fn records_are_counted_without_the_markers_of_transactions() {
    let options = options();
    let journal = open(&options);
    let mut lead = lead(&journal);
    append(&journal, &["before"]);
    lead.checkpoint(&changing(vec![change("key", "before")]))
        .expect("it leads");

    // Two checkpoints, the first of the term among them: two positions and an entry.
    since(&Mark::default(), &options, 3);
    let mark = Mark::now(&options).expect("the cluster answers");
    append(&journal, &["one", "two"]);
    for value in ["one", "two"] {
        lead.checkpoint(&changing(vec![change("key", value)]))
            .expect("it leads");
    }

    // An entry and a position for each checkpoint.
    let volumes = since(&mark, &options, 4);
    let volume = |topic: &str| volumes.iter().find(|volume| volume.topic == topic);
    let commands = volume("commands").expect("the topic");
    // Each has the headers weir.type=command and weir.schema=1.
    let headers = "weir.typecommandweir.schema1".len() as u64;
    assert_eq!(
        *commands,
        Volume {
            topic: "commands",
            records: 2,
            bytes: 2 * (3 + headers),
            is_cut: false
        }
    );
    assert_eq!(volume("instances").map(|volume| volume.records), Some(0));
}

/// A commit is confirmed a moment before readers see it; waits for so many of the state.
fn since(mark: &Mark, options: &KafkaOptions, entries: u64) -> Vec<Volume> {
    for _ in 0..PATIENCE {
        let volumes = mark.since(options).expect("the cluster answers");
        let state = volumes.iter().find(|volume| volume.topic == "state");
        if state.is_some_and(|state| state.records == entries) {
            return volumes;
        }
    }
    panic!("the checkpoints are not seen");
}

#[test]
fn an_installation_can_be_removed() {
    let options = options();
    drop(open(&options));
    assert_eq!(partitions(&options), Ok(Some(2)));
    remove(&options).expect("the topics are deleted");
    for _ in 0..PATIENCE {
        if partitions(&options) == Ok(None) {
            return;
        }
    }
    panic!("the topics are still there");
}
