//! What the contract says about leading, checkpoints, observing and history.

use super::{
    State, WAIT, append, bytes, change, checkpoint, commands, end, first_seen, follow, history,
    lead, read_all, restore, state, whole_history,
};
use crate::{Checkpoint, CheckpointError, Ended, HistoryPart, HistoryRecord, Journal, Observed};
use std::time::Duration;

pub(super) fn a_new_partition_is_empty(journal: &dyn Journal) {
    assert_eq!(restore(journal, 0), (State::new(), 0, 0));
    assert_eq!(whole_history(journal, 0, 1), Ok(Vec::new()));
    assert_eq!(journal.ended(0, None, 10), Ok(Vec::new()));
    let lead = lead(journal, 0);
    assert_eq!((lead.term(), lead.next_offset()), (1, 0));
    assert_eq!(restore(journal, 0), (State::new(), 0, 1));
    assert_eq!(
        restore(journal, 1),
        (State::new(), 0, 0),
        "the other partition"
    );
}

pub(super) fn state_is_restored(journal: &dyn Journal) {
    let all = commands("c", 0..10);
    append(journal, 0, &all);
    let to = end(&read_all(journal, 0, 0, &all));
    let mut leader = lead(journal, 0);
    let first = vec![
        change("kept", Some("1")),
        change("changed", Some("1")),
        change("removed", Some("1")),
        change("empty", Some("")),
        change("twice", Some("wrong")),
        change("twice", Some("right")),
        change("never was", None),
    ];
    leader
        .checkpoint(&checkpoint(to - 1, first))
        .expect("first");
    assert_eq!(leader.next_offset(), to - 1);
    let second = vec![
        change("changed", Some("2")),
        change("removed", None),
        change("new", Some("2")),
    ];
    leader.checkpoint(&checkpoint(to, second)).expect("second");
    // A checkpoint may stand still and may be empty.
    leader
        .checkpoint(&checkpoint(to, Vec::new()))
        .expect("third");
    let wanted = state(&[
        ("kept", "1"),
        ("changed", "2"),
        ("empty", ""),
        ("twice", "right"),
        ("new", "2"),
    ]);
    assert_eq!(restore(journal, 0), (wanted.clone(), to, 1));
    drop(leader);
    let leader = lead(journal, 0);
    assert_eq!((leader.term(), leader.next_offset()), (2, to));
    assert_eq!(restore(journal, 0), (wanted, to, 2));
}

pub(super) fn much_state_is_restored(journal: &dyn Journal) {
    let mut leader = lead(journal, 0);
    let mut wanted = State::new();
    for round in 0..4 {
        let changes: Vec<_> = (0..1000)
            .map(|number| {
                change(
                    &format!("key {}", number * (round + 1)),
                    Some(&format!("{round}")),
                )
            })
            .collect();
        for change in &changes {
            let value = change.value.clone().expect("all have values");
            wanted.insert(change.key.clone(), value);
        }
        leader
            .checkpoint(&checkpoint(0, changes))
            .expect("checkpoint");
    }
    assert_eq!(restore(journal, 0), (wanted, 0, 1));
}

pub(super) fn changes_are_seen_live(journal: &dyn Journal) {
    let mut observers = [journal.observe(0), journal.observe(0)].map(|o| o.expect("observe"));
    let mut states = [State::new(), State::new()];
    for (observer, state) in observers.iter_mut().zip(&mut states) {
        assert_eq!(follow(&mut **observer, state), (0, 0));
        assert_eq!(observer.next(Duration::ZERO), Ok(Observed::Idle));
    }
    let all = commands("c", 0..3);
    append(journal, 0, &all);
    let to = end(&read_all(journal, 0, 0, &all));
    let mut leader = lead(journal, 0);
    leader
        .checkpoint(&checkpoint(
            1,
            vec![change("a", Some("1")), change("b", Some("1"))],
        ))
        .expect("first");
    leader
        .checkpoint(&checkpoint(
            to,
            vec![change("a", None), change("b", Some("2"))],
        ))
        .expect("second");
    for (observer, seen) in observers.iter_mut().zip(&mut states) {
        assert_eq!(follow(&mut **observer, seen), (0, 1), "the new term");
        assert_eq!(follow(&mut **observer, seen), (1, 1));
        assert_eq!(
            *seen,
            state(&[("a", "1"), ("b", "1")]),
            "no half checkpoint"
        );
        assert_eq!(follow(&mut **observer, seen), (to, 1));
        assert_eq!(*seen, state(&[("b", "2")]));
    }
    std::thread::scope(|scope| {
        let [observer, _] = &mut observers;
        let waiting = scope.spawn(move || follow(&mut **observer, &mut State::new()));
        leader
            .checkpoint(&checkpoint(to, Vec::new()))
            .expect("third");
        assert_eq!(waiting.join().expect("the observer's thread"), (to, 1));
    });
}

pub(super) fn a_leader_fences_the_one_before(journal: &dyn Journal) {
    let all = commands("c", 0..3);
    append(journal, 0, &all);
    let to = end(&read_all(journal, 0, 0, &all));
    let mut old = lead(journal, 0);
    let mut elsewhere = lead(journal, 1);
    old.checkpoint(&checkpoint(1, vec![change("by", Some("old"))]))
        .expect("the old one leads");
    let mut new = lead(journal, 0);
    assert_eq!((new.term(), new.next_offset()), (old.term() + 1, 1));
    let zombie = Checkpoint {
        next_offset: to,
        changes: vec![change("by", Some("zombie"))],
        history: vec![history(1, "zombie")],
        ..Checkpoint::default()
    };
    for _ in 0..2 {
        assert_eq!(old.checkpoint(&zombie), Err(CheckpointError::Fenced));
    }
    assert_eq!(restore(journal, 0), (state(&[("by", "old")]), 1, 2));
    assert_eq!(whole_history(journal, 0, 1), Ok(Vec::new()));
    new.checkpoint(&checkpoint(to, vec![change("by", Some("new"))]))
        .expect("the new one leads");
    assert_eq!(old.checkpoint(&zombie), Err(CheckpointError::Fenced));
    assert_eq!(restore(journal, 0), (state(&[("by", "new")]), to, 2));
    elsewhere
        .checkpoint(&checkpoint(0, vec![change("by", Some("other"))]))
        .expect("other partitions have other leaders");
}

pub(super) fn observing_fences_nobody(journal: &dyn Journal) {
    let mut leader = lead(journal, 0);
    for round in 0..5 {
        let mut observer = journal.observe(0).expect("observe");
        let value = round.to_string();
        let changes = vec![change("round", Some(&value))];
        leader
            .checkpoint(&checkpoint(0, changes))
            .expect("still leading");
        let mut seen = State::new();
        // The observer began before the checkpoint; it sees it now or next.
        for _ in 0..2 {
            assert_eq!(follow(&mut *observer, &mut seen), (0, 1));
            if seen == state(&[("round", &value)]) {
                break;
            }
        }
        assert_eq!(seen, state(&[("round", &value)]));
    }
}

pub(super) fn the_log_is_kept_from_the_checkpoint_on(journal: &dyn Journal) {
    let (before, after) = (commands("before", 0..300), commands("after", 0..300));
    append(journal, 0, &before);
    let to = end(&read_all(journal, 0, 0, &before));
    append(journal, 0, &after);
    lead(journal, 0)
        .checkpoint(&checkpoint(to, Vec::new()))
        .expect("checkpoint");
    let leader = lead(journal, 0);
    assert_eq!(leader.next_offset(), to);
    let seen = first_seen(&read_all(journal, 0, leader.next_offset(), &after));
    let news: Vec<_> = seen.into_iter().filter(|c| !before.contains(c)).collect();
    assert_eq!(news, after, "restoring needs these");
}

pub(super) fn a_wrong_checkpoint_changes_nothing(journal: &dyn Journal) {
    let all = commands("c", 0..5);
    append(journal, 0, &all);
    let to = end(&read_all(journal, 0, 0, &all));
    let good = checkpoint(to, vec![change("a", Some("good"))]);
    lead(journal, 0).checkpoint(&good).expect("checkpoint");
    let long = "k".repeat(crate::KEY_BYTES_MAX + 1);
    let wrong = [
        checkpoint(to - 1, vec![change("a", Some("goes back"))]),
        checkpoint(to + 1_000_000, vec![change("a", Some("ahead of the log"))]),
        checkpoint(
            to,
            vec![change(&long, Some("long")), change("a", Some("long"))],
        ),
    ];
    for wrong in wrong {
        let result = lead(journal, 0).checkpoint(&wrong);
        assert!(
            matches!(result, Err(CheckpointError::Failed(_))),
            "{result:?}"
        );
        let (seen, next_offset, _) = restore(journal, 0);
        assert_eq!((seen, next_offset), (state(&[("a", "good")]), to));
    }
}

pub(super) fn history_is_told_in_order(journal: &dyn Journal) {
    let mut leader = lead(journal, 0);
    for round in 0..3 {
        let history = vec![
            history(7, &format!("{round} a")),
            history(8, &format!("{round} other")),
            history(7, &format!("{round} b")),
            history(7, ""),
        ];
        let checkpoint = Checkpoint {
            history,
            ..Checkpoint::default()
        };
        leader.checkpoint(&checkpoint).expect("checkpoint");
    }
    let wanted: Vec<_> = (0..3)
        .flat_map(|round| [format!("{round} a"), format!("{round} b"), String::new()])
        .map(bytes)
        .collect();
    assert_eq!(whole_history(journal, 0, 7), Ok(wanted));
    assert_eq!(whole_history(journal, 0, 8).expect("history").len(), 3);
    assert_eq!(whole_history(journal, 0, 9), Ok(Vec::new()));
    assert_eq!(whole_history(journal, 1, 7), Ok(Vec::new()));
}

pub(super) fn a_long_history_is_cut_at_its_beginning(journal: &dyn Journal) {
    let mut leader = lead(journal, 0);
    for round in 0..3 {
        let checkpoint = Checkpoint {
            history: vec![
                history(7, &format!("{round} a")),
                history(7, &format!("{round} b")),
            ],
            ..Checkpoint::default()
        };
        leader.checkpoint(&checkpoint).expect("checkpoint");
    }
    let all = ["0 a", "0 b", "1 a", "1 b", "2 a", "2 b"];
    // Each payload has three bytes; the last one comes however long it is.
    for (bytes_max, kept) in [
        (usize::MAX, 6),
        (18, 6),
        (17, 5),
        (9, 3),
        (6, 2),
        (3, 1),
        (0, 1),
    ] {
        let part = journal.history(0, 7, bytes_max).expect("history");
        let wanted: Vec<_> = all[6 - kept..].iter().map(|text| bytes(*text)).collect();
        assert_eq!(part.payloads, wanted, "{bytes_max} bytes");
        assert_eq!(part.is_cut, kept < 6, "{bytes_max} bytes");
    }
    assert_eq!(journal.history(0, 8, 0), Ok(HistoryPart::default()));
}

pub(super) fn ended_instances_are_paged(journal: &dyn Journal) {
    let mut leader = lead(journal, 0);
    // Now, so that no retention strikes: the clock is the log's, as far as a caller can see.
    append(journal, 0, &[bytes("tick")]);
    let mut reader = journal.read(0, 0).expect("read");
    let now = (0..super::PATIENCE)
        .find_map(|_| {
            reader
                .next(WAIT)
                .expect("next")
                .first()
                .map(|r| r.timestamp_ms)
        })
        .expect("the record comes");
    let ended: Vec<(u64, i64)> = (0..25).map(|n| (n, now + (n as i64) / 3)).collect();
    for part in ended.chunks(10) {
        let record = |&(instance, at_ms): &(u64, i64)| HistoryRecord {
            instance,
            payload: bytes("end"),
            ended: Some((at_ms, bytes(format!("summary {instance}")))),
        };
        let checkpoint = Checkpoint {
            history: part.iter().map(record).collect(),
            ..Checkpoint::default()
        };
        leader.checkpoint(&checkpoint).expect("checkpoint");
    }
    let mut seen = Vec::new();
    let mut before = None;
    for _ in 0..10 {
        let page = journal.ended(0, before, 4).expect("ended");
        assert!(page.len() <= 4);
        before = page.last().map(|ended| (ended.at_ms, ended.instance));
        seen.extend(page);
        if before.is_none() {
            break;
        }
    }
    let wanted: Vec<Ended> = ended
        .iter()
        .rev()
        .map(|&(instance, at_ms)| Ended {
            instance,
            at_ms,
            summary: bytes(format!("summary {instance}")),
        })
        .collect();
    assert_eq!(seen, wanted, "newest first, none twice, none left out");
    assert_eq!(whole_history(journal, 0, 3), Ok(vec![bytes("end")]));
    assert_eq!(journal.ended(0, None, usize::MAX).expect("ended").len(), 25);
}
