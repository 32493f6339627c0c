//! The rows of a page, each fetched from the partition of its task.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::{Executable, State};
use node::Partition;
use prost::Message;
use proto::record::UserTask;
use proto::usertask::ListedTask;
use tonic::Status;

use crate::convert;
use crate::fault;
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
    question: &Arc<Question>,
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
        partition: &Partition,
        question: &Arc<Question>,
    ) -> Result<(), Status> {
        let (question, mut keys) = (Arc::clone(question), std::mem::take(&mut self.keys));
        let bytes_max = self.bytes_max;
        let slice = move |state: &State| {
            let (mut rows, mut bytes) = (VecDeque::new(), 0);
            let mut budget = Budget::slice();
            while !budget.is_spent() && bytes < bytes_max {
                let Some(key) = keys.pop_front() else {
                    break;
                };
                let row = question.row(state, key, &mut budget);
                bytes += row.as_ref().map_or(0, Message::encoded_len);
                rows.push_back(row);
            }
            (keys, rows)
        };
        let ((keys, rows), _) = slices.run(partition, slice).await.map_err(fault::refused)?;
        (self.keys, self.rows) = (keys, rows);
        Ok(())
    }
}

impl Question {
    fn row(&self, state: &State, key: u64, budget: &mut Budget) -> Option<ListedTask> {
        budget.spend(ROW_UNITS);
        let task = state.task(key)?;
        let executable = state
            .executable(task.definition_key)
            .map(|executable| &**executable);
        if !self.filter.matches(task, executable) {
            return None;
        }
        let (matches, looked_at) = self.filter.sees(state, task);
        budget.spend_bytes(looked_at);
        matches.then(|| self.shown(state, task, executable, budget))
    }

    fn shown(
        &self,
        state: &State,
        task: &UserTask,
        executable: Option<&Executable>,
        budget: &mut Budget,
    ) -> ListedTask {
        let variables = match self.include_variables.as_slice() {
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
}
