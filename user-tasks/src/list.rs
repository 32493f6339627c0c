//! ListTasks: finds the places of a page, then its rows.
//!
//! Sorted by creation a page costs what lies between its two ends. Any other order looks at every task once and keeps
//! the places of one page: there is no index that would have to agree with the state.

use std::cmp::Ordering;
use std::sync::Arc;

use engine::{Executable, State};
use prost::Message;
use proto::record::UserTask;
use proto::usertask::{
    ListTasksRequest, ListTasksResponse, ListedTask, SortDirection, SortField, TaskFilter,
};
use tonic::Status;
use tonic::metadata::MetadataMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::convert;
use crate::fault;
use crate::filter::Filter;
use crate::order::{Field, First, Order, Rank};
use crate::page_token;
use crate::reason;
use crate::request::Check;
use crate::scan::{Budget, Next, ROW_UNITS, Scan, Slices};
use crate::variables;

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;
/// A page ends early when its rows reach this; clients take 4 MiB by default. One row alone may be longer.
const PAGE_BYTES: usize = 2 << 20;

/// What is asked for.
#[derive(Debug)]
struct Question {
    filter: Arc<Filter>,
    order: Order,
    /// Where the page before ended.
    after: Option<Rank>,
    page_size: usize,
    include_variables: Vec<String>,
    hash: u64,
}

pub(crate) async fn list(
    slices: &Slices,
    metadata: &MetadataMap,
    request: ListTasksRequest,
) -> Result<ListTasksResponse, Status> {
    let question = question(metadata, request)?;
    let mut listing = Listing::new(question);
    let mut position = None;
    while !listing.is_done {
        let slice = move |state: &State| {
            listing.slice(state);
            listing
        };
        let (sliced, offset) = slices.run(slice).await.map_err(fault::refused)?;
        listing = sliced;
        position.get_or_insert(offset);
    }
    Ok(listing.into_response(position.unwrap_or_default()))
}

fn question(metadata: &MetadataMap, request: ListTasksRequest) -> Result<Question, Status> {
    let mut check = Check::new(metadata);
    check.names("include_variables", &request.include_variables);
    let order = order(&request, &mut check);
    let given = resolved(request.filter.unwrap_or_default(), &mut check);
    let hash = hash(&given, order);
    let filter = Filter::new(given, &mut check);
    let after = match request.page_token.as_str() {
        "" => None,
        token => page_token::decode(hash, token)
            .map_err(|wrong| check.wrong("page_token", reason::PAGE_TOKEN_INVALID, wrong))
            .ok(),
    };
    check.done()?;
    let page_size = usize::try_from(request.page_size).unwrap_or(PAGE_SIZE_MAX);
    Ok(Question {
        filter: Arc::new(filter),
        order,
        after,
        page_size: match page_size {
            0 => PAGE_SIZE_DEFAULT,
            size => size.min(PAGE_SIZE_MAX),
        },
        include_variables: request.include_variables,
        hash,
    })
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

/// A list under way: goes to the partition's thread and back with each slice.
#[derive(Debug)]
struct Listing {
    question: Question,
    scan: Scan,
    places: First,
    /// Once the scan is done: what is left to fetch, the last first.
    to_fetch: Option<Vec<Rank>>,
    rows: Vec<ListedTask>,
    bytes: usize,
    last: Option<Rank>,
    has_more: bool,
    is_done: bool,
}

impl Listing {
    fn new(question: Question) -> Listing {
        let Question {
            filter,
            order,
            after,
            page_size,
            ..
        } = &question;
        let by_key = order.is_by_key();
        let start = after.as_ref().filter(|_| by_key).map(|after| after.key);
        Listing {
            scan: Scan::new(Arc::clone(filter), by_key && order.descending, start),
            // One more than the page has tells whether there is another page.
            places: First::new(*order, page_size + 1),
            question,
            to_fetch: None,
            rows: Vec::new(),
            bytes: 0,
            last: None,
            has_more: false,
            is_done: false,
        }
    }

    fn slice(&mut self, state: &State) {
        let mut budget = Budget::slice();
        if !self.scan.is_done() {
            self.find(state, &mut budget);
        }
        if self.scan.is_done() {
            self.fetch(state, &mut budget);
        }
    }

    fn find(&mut self, state: &State, budget: &mut Budget) {
        let Question {
            order,
            after,
            page_size,
            ..
        } = &self.question;
        let (places, enough) = (&mut self.places, page_size + 1);
        self.scan.slice(state, budget, |task, executable, budget| {
            let rank = order.rank(task, executable);
            let is_after = |after| order.compare(&rank, after) == Ordering::Greater;
            if after.as_ref().is_none_or(is_after) {
                budget.spend(1);
                places.offer(rank);
            }
            match order.is_by_key() && places.len() >= enough {
                true => Next::Stop,
                false => Next::GoOn,
            }
        });
    }

    fn fetch(&mut self, state: &State, budget: &mut Budget) {
        let mut to_fetch = self.to_fetch.take().unwrap_or_else(|| self.page());
        while !budget.is_spent() && self.bytes < PAGE_BYTES {
            let Some(rank) = to_fetch.pop() else {
                break;
            };
            self.add(state, rank.key, budget);
            self.last = Some(rank);
        }
        self.is_done = to_fetch.is_empty() || self.bytes >= PAGE_BYTES;
        self.has_more |= self.is_done && !to_fetch.is_empty();
        self.to_fetch = Some(to_fetch);
    }

    /// The places of this page, the last first.
    fn page(&mut self) -> Vec<Rank> {
        let order = self.question.order;
        let places = std::mem::replace(&mut self.places, First::new(order, 1));
        let mut places = places.into_sorted();
        self.has_more = places.len() > self.question.page_size;
        places.truncate(self.question.page_size);
        places.reverse();
        places
    }

    /// A task that does not match any more is left out.
    fn add(&mut self, state: &State, key: u64, budget: &mut Budget) {
        budget.spend(ROW_UNITS);
        let Some(task) = state.task(key) else {
            return;
        };
        let executable = state
            .executable(task.definition_key)
            .map(|executable| &**executable);
        if !self.question.filter.matches(task, executable) {
            return;
        }
        let (matches, looked_at) = self.question.filter.sees(state, task);
        budget.spend_bytes(looked_at);
        if matches {
            let row = self.row(state, task, executable, budget);
            self.bytes += row.encoded_len();
            self.rows.push(row);
        }
    }

    fn row(
        &self,
        state: &State,
        task: &UserTask,
        executable: Option<&Executable>,
        budget: &mut Budget,
    ) -> ListedTask {
        let variables = match self.question.include_variables.as_slice() {
            [] => String::new(),
            names => {
                let (json, looked_at) = variables::visible(state, task, names);
                budget.spend_bytes(looked_at);
                json
            }
        };
        ListedTask {
            task: Some(convert::task(task, executable)),
            variables,
        }
    }

    fn into_response(self, position: u64) -> ListTasksResponse {
        let last = self.last.filter(|_| self.has_more);
        ListTasksResponse {
            tasks: self.rows,
            next_page_token: last
                .map(|last| page_token::encode(self.question.hash, &last))
                .unwrap_or_default(),
            position,
        }
    }
}
