//! In which order tasks are listed: a total one, so that a place in it means the same before and after changes.

use std::cmp::Ordering;

use engine::Executable;
use prost::{Enumeration, Message};
use proto::record::UserTask;

use crate::convert;

/// What is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
pub(crate) enum Field {
    Created = 0,
    Due = 1,
    Priority = 2,
    Name = 3,
}

/// An order, as it goes between nodes too.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Order {
    #[prost(enumeration = "Field", tag = "1")]
    field: i32,
    #[prost(bool, tag = "2")]
    pub descending: bool,
}

/// A place in the order: a task has one, and a page ends at one. Keys make it unique. It goes between nodes and into
/// page tokens.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Rank {
    /// There is no value; such places come last in both directions.
    #[prost(bool, tag = "1")]
    pub missing: bool,
    /// The value of a field that has numbers.
    #[prost(sint64, tag = "2")]
    pub number: i64,
    /// The value of a field that has texts.
    #[prost(string, tag = "3")]
    pub text: String,
    #[prost(uint64, tag = "4")]
    pub key: u64,
}

impl Order {
    pub fn new(field: Field, descending: bool) -> Order {
        Order {
            field: field.into(),
            descending,
        }
    }

    pub fn rank(self, task: &UserTask, executable: Option<&Executable>) -> Rank {
        let (number, text) = match self.field() {
            Field::Created => (task.created_ms, String::new()),
            Field::Due => (task.due_ms, String::new()),
            Field::Priority => (i64::from(task.priority), String::new()),
            Field::Name => (0, convert::name(task, executable).to_owned()),
        };
        Rank {
            missing: self.field() == Field::Due && task.due_ms == 0,
            number,
            text,
            key: task.key,
        }
    }

    /// Whether tasks of a partition in the order of their keys are in this order too: its time and its keys only grow.
    pub fn is_by_key(self) -> bool {
        self.field() == Field::Created
    }

    /// The place as one in the order by creation, when this order is that one.
    pub fn created(self, rank: &Rank) -> Option<(i64, u64)> {
        self.is_by_key().then_some((rank.number, rank.key))
    }

    pub fn compare(self, left: &Rank, right: &Rank) -> Ordering {
        let by_value = (left.number, &left.text, left.key);
        let by_value = by_value.cmp(&(right.number, &right.text, right.key));
        let by_value = match self.descending {
            false => by_value,
            true => by_value.reverse(),
        };
        left.missing.cmp(&right.missing).then(by_value)
    }
}

/// The first places of those that are offered, in any order and number; holds twice as many at most.
#[derive(Debug)]
pub(crate) struct First {
    order: Order,
    limit: usize,
    ranks: Vec<Rank>,
    /// Once there are enough: the last place that is one of them.
    last: Option<Rank>,
}

impl First {
    /// `limit` is positive.
    pub fn new(order: Order, limit: usize) -> First {
        First {
            order,
            limit: limit.max(1),
            ranks: Vec::new(),
            last: None,
        }
    }

    /// How many are kept in the end.
    pub fn limit(&self) -> usize {
        self.limit
    }

    pub fn offer(&mut self, rank: Rank) {
        let order = self.order;
        if let Some(last) = &self.last
            && order.compare(&rank, last) == Ordering::Greater
        {
            return;
        }
        self.ranks.push(rank);
        if self.ranks.len() >= self.limit.saturating_mul(2) {
            let at = self.limit - 1;
            self.ranks
                .select_nth_unstable_by(at, |left, right| order.compare(left, right));
            self.ranks.truncate(self.limit);
            self.last = self.ranks.last().cloned();
        }
    }

    /// The first places, in order.
    pub fn into_sorted(mut self) -> Vec<Rank> {
        let order = self.order;
        self.ranks
            .sort_unstable_by(|left, right| order.compare(left, right));
        self.ranks.truncate(self.limit);
        self.ranks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(missing: bool, number: i64, key: u64) -> Rank {
        Rank {
            missing,
            number,
            text: String::new(),
            key,
        }
    }

    #[test]
    fn the_first_of_many_are_those_of_the_whole_order() {
        for descending in [false, true] {
            let order = Order::new(Field::Due, descending);
            let mut all = (0..500_u64)
                .map(|key| rank(key % 7 == 0, (key as i64 * 7_919) % 31, key))
                .collect::<Vec<_>>();
            let mut first = First::new(order, 11);
            all.iter().cloned().for_each(|rank| first.offer(rank));
            assert!(first.ranks.len() < 22);
            all.sort_by(|left, right| order.compare(left, right));
            assert_eq!(first.into_sorted(), all[..11]);
            assert!(all.last().is_some_and(|last| last.missing));
        }
    }
}
