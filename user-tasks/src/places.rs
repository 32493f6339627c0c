//! The places of a page in one partition.

use std::cmp::Ordering;

use engine::State;
use node::{PartitionClient, Query};
use prost::Message;
use proto::usertask::TaskFilter;
use tonic::Status;

use crate::fault;
use crate::filter::Filter;
use crate::list::Question;
use crate::order::{First, Order, Rank};
use crate::scan::{Budget, Next, Slice, Slices};

/// Offers the places of a partition, and gives the offset that all of them include.
pub(crate) async fn find(
    slices: &Slices,
    partition: &PartitionClient,
    question: &Question,
    places: &mut First,
) -> Result<u64, Status> {
    let order = question.order;
    let mut find = FindPlaces {
        filter: question.filter.clone(),
        order,
        after: question.after.clone(),
        from: None,
        wanted: places.limit() as u64,
    };
    let mut included = None;
    loop {
        let slice = slices.ask(partition, find.clone()).await;
        let (found, offset) = slice.map_err(fault::refused)?;
        let first_offset = *included.get_or_insert(offset);
        if order.is_by_key() {
            find.wanted = find.wanted.saturating_sub(found.places.len() as u64);
        }
        for place in found.places {
            places.offer(place);
        }
        find.from = found.next;
        if find.from.is_none() {
            return Ok(first_offset);
        }
    }
}

/// Asks a slice of the partition's tasks for their places.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FindPlaces {
    /// A checked one.
    #[prost(message, required, tag = "1")]
    filter: TaskFilter,
    #[prost(message, required, tag = "2")]
    order: Order,
    /// Only places after this one.
    #[prost(message, optional, tag = "3")]
    after: Option<Rank>,
    /// [`FoundPlaces::next`] of the slice before.
    #[prost(uint64, optional, tag = "4")]
    from: Option<u64>,
    /// The first so many places are enough; sorted by creation, the first so many from here on.
    #[prost(uint64, tag = "5")]
    wanted: u64,
}

/// The first places of a slice.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FoundPlaces {
    #[prost(message, repeated, tag = "1")]
    places: Vec<Rank>,
    /// From where the next slice goes on; none: there is nothing more to look at.
    #[prost(uint64, optional, tag = "2")]
    next: Option<u64>,
}

impl Query for FindPlaces {
    type Answer = FoundPlaces;
    const NAME: &'static str = "user_tasks.FindPlaces";

    fn answer(self, state: &State) -> FoundPlaces {
        let (order, after) = (self.order, self.after.as_ref());
        let wanted = usize::try_from(self.wanted).unwrap_or(usize::MAX);
        let slice = Slice {
            filter: &Filter::of(self.filter),
            descending: order.is_by_key() && order.descending,
            after: after.and_then(|after| order.created(after)),
            from: self.from,
        };
        let (mut places, mut found) = (First::new(order, wanted), 0);
        let next = slice.visit(state, &mut Budget::slice(), |task, executable, budget| {
            let rank = order.rank(task, executable);
            if after.is_none_or(|after| order.compare(&rank, after) == Ordering::Greater) {
                budget.spend(1);
                places.offer(rank);
                found += 1;
            }
            match order.is_by_key() && found >= wanted {
                true => Next::Stop,
                false => Next::GoOn,
            }
        });
        FoundPlaces {
            places: places.into_sorted(),
            next,
        }
    }
}
