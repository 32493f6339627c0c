//! In which order tasks are listed: a total one, so that a place in it means the same before and after changes.

use std::cmp::Ordering;

use engine::Executable;
use proto::record::UserTask;

use crate::convert;

/// What is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Created,
    Due,
    Priority,
    Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub field: Field,
    pub descending: bool,
}

/// A place in the order: a task has one, and a page ends at one. Keys make it unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rank {
    /// There is no value; such places come last in both directions.
    pub missing: bool,
    pub value: Value,
    pub key: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
}

impl Order {
    pub fn rank(self, task: &UserTask, executable: Option<&Executable>) -> Rank {
        let number = |number: i64| (false, Value::Number(number));
        let (missing, value) = match self.field {
            Field::Created => number(task.created_ms),
            Field::Due => (task.due_ms == 0, Value::Number(task.due_ms)),
            Field::Priority => number(i64::from(task.priority)),
            Field::Name => (
                false,
                Value::Text(convert::name(task, executable).to_owned()),
            ),
        };
        Rank {
            missing,
            value,
            key: task.key,
        }
    }

    /// Whether tasks of a partition in the order of their keys are in this order too: its time and its keys only grow.
    pub fn is_by_key(self) -> bool {
        self.field == Field::Created
    }

    /// The place as one in the order by creation, when this order is that one.
    pub fn created(self, rank: &Rank) -> Option<(i64, u64)> {
        match rank.value {
            Value::Number(created_ms) if self.is_by_key() => Some((created_ms, rank.key)),
            Value::Number(_) | Value::Text(_) => None,
        }
    }

    pub fn compare(self, left: &Rank, right: &Rank) -> Ordering {
        let by_value = (&left.value, left.key).cmp(&(&right.value, right.key));
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

    pub fn offer(&mut self, rank: Rank) {
        let order = self.order;
        if let Some(last) = &self.last
            && order.compare(&rank, last) == Ordering::Greater
        {
            return;
        }
        self.ranks.push(rank);
        if self.ranks.len() >= self.limit * 2 {
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

    fn rank(missing: bool, value: i64, key: u64) -> Rank {
        Rank {
            missing,
            value: Value::Number(value),
            key,
        }
    }

    #[test]
    fn the_first_of_many_are_those_of_the_whole_order() {
        for descending in [false, true] {
            let order = Order {
                field: Field::Due,
                descending,
            };
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
