//! ListTasks: finds the places of a page in each partition, merges them, then fetches its rows.
//!
//! Sorted by creation a page costs what lies between its two ends, in each partition at most a page. Any other order
//! looks at every task once and keeps the places of one page: there is no index that would have to agree with the
//! state.

use std::cmp::Ordering;
use std::sync::Arc;

use engine::State;
use node::Partition;
use prost::Message;
use proto::usertask::{ListTasksRequest, ListTasksResponse, SortDirection, SortField, TaskFilter};
use tonic::Status;
use xxhash_rust::xxh3::xxh3_64;

use crate::fault;
use crate::filter::Filter;
use crate::order::{Field, First, Order, Rank};
use crate::page_token;
use crate::position::Position;
use crate::reason;
use crate::request::Check;
use crate::rows;
use crate::scan::{Budget, Next, Scan, Slices};

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Question {
    pub filter: Arc<Filter>,
    order: Order,
    /// Where the page before ended.
    after: Option<Rank>,
    page_size: usize,
    pub include_variables: Vec<String>,
    hash: u64,
}

pub(crate) async fn list(slices: &Slices, question: Question) -> Result<ListTasksResponse, Status> {
    let question = Arc::new(question);
    // One more than the page has tells whether there is another page.
    let mut places = First::new(question.order, question.page_size + 1);
    let mut offsets = Vec::new();
    for partition in slices.node().partitions() {
        let offset;
        (places, offset) = find(slices, partition, &question, places).await?;
        offsets.push(offset);
    }
    let mut places = places.into_sorted();
    let is_more_found = places.len() > question.page_size;
    places.truncate(question.page_size);
    let page = rows::fetch(slices, &question, places).await?;
    let last = page.last.filter(|_| is_more_found || page.is_cut);
    Ok(ListTasksResponse {
        tasks: page.rows,
        next_page_token: last
            .map(|last| page_token::encode(question.hash, &last))
            .unwrap_or_default(),
        position: Position::of_all(&offsets).to_string(),
    })
}

/// Offers the places of a partition, and gives the offset that all of them include.
async fn find(
    slices: &Slices,
    partition: &Partition,
    question: &Arc<Question>,
    places: First,
) -> Result<(First, u64), Status> {
    let mut search = Search::new(Arc::clone(question), places);
    let mut included = None;
    while !search.scan.is_done() {
        let slice = move |state: &State| {
            search.slice(state);
            search
        };
        let (sliced, offset) = slices.run(partition, slice).await.map_err(fault::refused)?;
        search = sliced;
        included.get_or_insert(offset);
    }
    Ok((search.places, included.unwrap_or_default()))
}

/// Looking for places in one partition: goes to its thread and back with each slice.
#[derive(Debug)]
struct Search {
    question: Arc<Question>,
    scan: Scan,
    places: First,
    /// How many places this partition has.
    found: usize,
}

impl Search {
    fn new(question: Arc<Question>, places: First) -> Search {
        let Question { order, after, .. } = &*question;
        let after = after.as_ref().and_then(|after| order.created(after));
        let descending = order.is_by_key() && order.descending;
        Search {
            scan: Scan::new(Arc::clone(&question.filter), descending, after),
            question,
            places,
            found: 0,
        }
    }

    fn slice(&mut self, state: &State) {
        let Question {
            order,
            after,
            page_size,
            ..
        } = &*self.question;
        let (places, found) = (&mut self.places, &mut self.found);
        let mut budget = Budget::slice();
        self.scan
            .slice(state, &mut budget, |task, executable, budget| {
                let rank = order.rank(task, executable);
                let is_after = |after| order.compare(&rank, after) == Ordering::Greater;
                if after.as_ref().is_none_or(is_after) {
                    budget.spend(1);
                    places.offer(rank);
                    *found += 1;
                }
                match order.is_by_key() && *found > *page_size {
                    true => Next::Stop,
                    false => Next::GoOn,
                }
            });
    }
}

/// Checks a request; what is wrong goes to `check`.
pub(crate) fn question(request: ListTasksRequest, check: &mut Check) -> Question {
    check.names("include_variables", &request.include_variables);
    let order = order(&request, check);
    let given = resolved(request.filter.unwrap_or_default(), check);
    let hash = hash(&given, order);
    let filter = Filter::new(given, check);
    let after = match request.page_token.as_str() {
        "" => None,
        token => page_token::decode(hash, token)
            .map_err(|wrong| check.wrong("page_token", reason::PAGE_TOKEN_INVALID, wrong))
            .ok(),
    };
    let page_size = usize::try_from(request.page_size).unwrap_or(PAGE_SIZE_MAX);
    Question {
        filter: Arc::new(filter),
        order,
        after,
        page_size: match page_size {
            0 => PAGE_SIZE_DEFAULT,
            size => size.min(PAGE_SIZE_MAX),
        },
        include_variables: request.include_variables,
        hash,
    }
}

/// With the user that the metadata stands in for, since a page token is for this very filter.
fn resolved(mut filter: TaskFilter, check: &mut Check) -> TaskFilter {
    if let Some(claimable_by) = &mut filter.claimable_by {
        check.fill(&mut claimable_by.user, &mut claimable_by.groups);
    }
    filter
}

fn order(request: &ListTasksRequest, check: &mut Check) -> Order {
    let field = match SortField::try_from(request.sort_by) {
        Ok(SortField::Unspecified | SortField::Created) => Field::Created,
        Ok(SortField::Due) => Field::Due,
        Ok(SortField::Priority) => Field::Priority,
        Ok(SortField::Name) => Field::Name,
        Err(_) => {
            let description = format!("{} is no field to sort by", request.sort_by);
            check.wrong("sort_by", reason::FIELD_INVALID, description);
            Field::Created
        }
    };
    let descending = match SortDirection::try_from(request.direction) {
        Ok(SortDirection::Unspecified | SortDirection::Ascending) => false,
        Ok(SortDirection::Descending) => true,
        Err(_) => {
            let description = format!("{} is no direction", request.direction);
            check.wrong("direction", reason::FIELD_INVALID, description);
            false
        }
    };
    Order { field, descending }
}

fn hash(filter: &TaskFilter, order: Order) -> u64 {
    let mut bytes = filter.encode_to_vec();
    bytes.extend([order.field as u8, u8::from(order.descending)]);
    xxh3_64(&bytes)
}
