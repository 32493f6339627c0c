//! What the contract says about what nodes tell each other, where there can be several.

use super::{bytes, commands, first_seen, read_on};
use crate::Journal;

pub(super) fn nodes_hear_each_other(journal: &dyn Journal) {
    let Some(cluster) = journal.cluster() else {
        return;
    };
    let (early, late) = (commands("early", 0..3), bytes("late"));
    for notice in &early {
        cluster.tell("one", notice).expect("tell");
    }
    let mut listener = cluster.listen().expect("listen");
    assert_eq!(first_seen(&read_on(&mut *listener, &early)), early);
    cluster.tell("another", &late).expect("tell");
    read_on(&mut *listener, std::slice::from_ref(&late));
    // Who comes later hears what was told before, too.
    let mut second = cluster.listen().expect("listen");
    let all = [early, vec![late]].concat();
    assert_eq!(first_seen(&read_on(&mut *second, &all)), all);
}
