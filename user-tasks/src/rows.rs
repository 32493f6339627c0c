//! The rows of a page, each fetched from the partition of its task.

use std::collections::VecDeque;

use engine::{Executable, State};
use node::{PartitionClient, Query};
use prost::Message;
use proto::record::UserTask;
use proto::usertask::{ListedTask, TaskFilter};
use tonic::Status;

use crate::convert;
use crate::fault;
use crate::filter::Filter;
use crate::list::Question;
use crate::order::Rank;
use crate::scan::{Budget, ROW_UNITS, Slices};
use crate::variables;

/// A page ends early when its rows reach this; clients take 4 MiB by default. One row alone may be longer.
const PAGE_BYTES: usize = 2 << 20;

pub(crate) struct Page {
    pub rows: Vec<ListedTask>,
    /// Where it ends.
    pub last: Option<Rank>,
    /// It ends before the places do.
    pub is_cut: bool,
}

/// Fetches the rows of these places, in their order.
pub(crate) async fn fetch(
    slices: &Slices,
    question: &Question,
    places: Vec<Rank>,
) -> Result<Page, Status> {
    let mut homes = homes(slices, &places);
    let (mut rows, mut last, mut bytes) = (Vec::new(), None, 0);
    for place in places {
        if bytes >= PAGE_BYTES {
            return Ok(Page {
                rows,
                last,
                is_cut: true,
            });
        }
        let partition = slices.node().home(place.key);
        let home = &mut homes[partition.id().in_journal() as usize];
        if home.rows.is_empty() {
            home.fetch_some(slices, partition, question).await?;
        }
        if let Some(row) = home.rows.pop_front().flatten() {
            bytes += row.encoded_len();
            rows.push(row);
        }
        last = Some(place);
    }
    Ok(Page {
        rows,
        last,
        is_cut: false,
    })
}

/// What a page has of one partition.
#[derive(Default)]
struct Home {
    /// Not fetched yet, in the order of the page.
    keys: VecDeque<u64>,
    /// Fetched; `None` for a task that does not match any more.
    rows: VecDeque<Option<ListedTask>>,
    /// It fetches more when it comes to these; together they hold about a page.
    bytes_max: usize,
}

/// One for each partition.
fn homes(slices: &Slices, places: &[Rank]) -> Vec<Home> {
    let partitions = slices.node().partitions();
    let home = || Home {
        bytes_max: PAGE_BYTES / partitions.len(),
        ..Home::default()
    };
    let mut homes: Vec<Home> = partitions.iter().map(|_| home()).collect();
    for place in places {
        let home = slices.node().home(place.key).id();
        homes[home.in_journal() as usize].keys.push_back(place.key);
    }
    homes
}

impl Home {
    /// At least one, while there are any.
    async fn fetch_some(
        &mut self,
        slices: &Slices,
        partition: &PartitionClient,
        question: &Question,
    ) -> Result<(), Status> {
        let fetch = FetchRows {
            filter: question.filter.clone(),
            include_variables: question.include_variables.clone(),
            keys: self.keys.iter().copied().collect(),
            bytes_max: self.bytes_max as u64,
        };
        let (fetched, _) = slices.ask(partition, fetch).await.map_err(fault::refused)?;
        let count = fetched.rows.len().min(self.keys.len());
        self.keys.drain(..count);
        self.rows = fetched.rows.into_iter().map(|row| row.task).collect();
        Ok(())
    }
}

/// Asks for the rows of tasks, in their order.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FetchRows {
    /// A checked one.
    #[prost(message, required, tag = "1")]
    filter: TaskFilter,
    #[prost(string, repeated, tag = "2")]
    include_variables: Vec<String>,
    #[prost(uint64, repeated, tag = "3")]
    keys: Vec<u64>,
    /// No further row when the rows reach this.
    #[prost(uint64, tag = "4")]
    bytes_max: u64,
}

/// The rows of the first keys: as many as a slice gives.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FetchedRows {
    #[prost(message, repeated, tag = "1")]
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Message)]
struct Row {
    /// None when it does not match any more.
    #[prost(message, optional, tag = "1")]
    task: Option<ListedTask>,
}

impl Query for FetchRows {
    type Answer = FetchedRows;
    const NAME: &'static str = "user_tasks.FetchRows";

    fn answer(self, state: &State) -> FetchedRows {
        let view = View {
            state,
            filter: &Filter::of(self.filter),
            include_variables: &self.include_variables,
        };
        let bytes_max = usize::try_from(self.bytes_max).unwrap_or(usize::MAX);
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let mut budget = Budget::slice();
        for key in self.keys {
            if budget.is_spent() || bytes >= bytes_max.min(PAGE_BYTES) {
                break;
            }
            let task = view.row(key, &mut budget);
            bytes += task.as_ref().map_or(0, Message::encoded_len);
            rows.push(Row { task });
        }
        FetchedRows { rows }
    }
}

/// The tasks as the rows show them.
struct View<'a> {
    state: &'a State,
    filter: &'a Filter,
    include_variables: &'a [String],
}

impl View<'_> {
    fn row(&self, key: u64, budget: &mut Budget) -> Option<ListedTask> {
        budget.spend(ROW_UNITS);
        let task = self.state.task(key)?;
        let executable = self
            .state
            .executable(task.definition_key)
            .map(|executable| &**executable);
        if !self.filter.matches(task, executable) {
            return None;
        }
        let (matches, looked_at) = self.filter.sees(self.state, task);
        budget.spend_bytes(looked_at);
        matches.then(|| self.shown(task, executable, budget))
    }

    fn shown(
        &self,
        task: &UserTask,
        executable: Option<&Executable>,
        budget: &mut Budget,
    ) -> ListedTask {
        let variables = match self.include_variables {
            [] => String::new(),
            names => {
                let (json, looked_at) = variables::visible(self.state, task, names);
                budget.spend_bytes(looked_at);
                json
            }
        };
        ListedTask {
            task: Some(convert::task(task, executable)),
            variables,
        }
    }
}
