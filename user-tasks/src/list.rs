//! ListTasks: finds the places of a page in each partition, merges them, then fetches its rows.
//!
//! Sorted by creation a page costs what lies between its two ends, in each partition at most a page. Any other order
//! looks at every task once and keeps the places of one page: there is no index that would have to agree with the
//! state.

use prost::Message;
use proto::usertask::{ListTasksRequest, ListTasksResponse, SortDirection, SortField, TaskFilter};
use tonic::Status;
use xxhash_rust::xxh3::xxh3_64;

use crate::filter;
use crate::order::{Field, First, Order, Rank};
use crate::page_token;
use crate::places;
use crate::position::Position;
use crate::reason;
use crate::request::Check;
use crate::rows;
use crate::scan::Slices;

const PAGE_SIZE_DEFAULT: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Question {
    pub filter: TaskFilter,
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Rank>,
    page_size: usize,
    pub include_variables: Vec<String>,
    hash: u64,
}

pub(crate) async fn list(slices: &Slices, question: Question) -> Result<ListTasksResponse, Status> {
    // One more than the page has tells whether there is another page.
    let mut places = First::new(question.order, question.page_size + 1);
    let mut offsets = Vec::new();
    for partition in slices.node().partitions() {
        offsets.push(places::find(slices, partition, &question, &mut places).await?);
    }
    let mut places = places.into_sorted();
    let is_more_found = places.len() > question.page_size;
    places.truncate(question.page_size);
    let page = rows::fetch(slices, &question, places).await?;
    let last = page.last.filter(|_| is_more_found || page.is_cut);
    Ok(ListTasksResponse {
        tasks: page.rows,
        next_page_token: last
            .map(|last| page_token::encode(question.hash, last))
            .unwrap_or_default(),
        position: Position::of_all(&offsets).to_string(),
    })
}

/// Checks a request; what is wrong goes to `check`.
pub(crate) fn question(request: ListTasksRequest, check: &mut Check) -> Question {
    check.names("include_variables", &request.include_variables);
    let order = order(&request, check);
    let filter = filter::checked(request.filter.unwrap_or_default(), check);
    let hash = hash(&filter, order);
    let after = match request.page_token.as_str() {
        "" => None,
        token => page_token::decode(hash, token)
            .map_err(|wrong| check.wrong("page_token", reason::PAGE_TOKEN_INVALID, wrong))
            .ok(),
    };
    let page_size = usize::try_from(request.page_size).unwrap_or(PAGE_SIZE_MAX);
    Question {
        filter,
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
    Order::new(field, descending)
}

fn hash(filter: &TaskFilter, order: Order) -> u64 {
    let mut bytes = filter.encode_to_vec();
    bytes.extend([order.field() as u8, u8::from(order.descending)]);
    xxh3_64(&bytes)
}
