//! GetTask: one task with its form and what it sees of the variables.

use engine::State;
use node::{Node, Query};
use prost::Message;
use proto::usertask::{Form, GetTaskRequest, GetTaskResponse, Task};
use tonic::Status;

use crate::convert;
use crate::fault;
use crate::position::Position;
use crate::variables;

pub(crate) async fn get(node: &Node, request: GetTaskRequest) -> Result<GetTaskResponse, Status> {
    let key = request.task_key;
    let home = node.home(key);
    let get = GetTask {
        key,
        include_variables: request.include_variables,
    };
    let (found, offset) = home.ask(get).await.map_err(fault::refused)?;
    let task = found.task.ok_or_else(|| fault::task_not_found(key))?;
    Ok(GetTaskResponse {
        task: Some(task),
        form: found.form,
        variables: found.variables,
        position: Position::of(home.id(), offset).to_string(),
    })
}

/// Asks for a task with everything that is shown of it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetTask {
    #[prost(uint64, tag = "1")]
    key: u64,
    /// None: all.
    #[prost(string, repeated, tag = "2")]
    include_variables: Vec<String>,
}

/// Empty when there is no such task.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FoundTask {
    #[prost(message, optional, tag = "1")]
    task: Option<Task>,
    #[prost(message, optional, tag = "2")]
    form: Option<Form>,
    #[prost(string, tag = "3")]
    variables: String,
}

impl Query for GetTask {
    type Answer = FoundTask;
    const NAME: &'static str = "user_tasks.GetTask";

    fn answer(self, state: &State) -> FoundTask {
        let Some(task) = state.task(self.key) else {
            return FoundTask::default();
        };
        let executable = state
            .executable(task.definition_key)
            .map(|executable| &**executable);
        let (variables, _) = variables::visible(state, task, &self.include_variables);
        FoundTask {
            task: Some(convert::task(task, executable)),
            form: convert::form(task, executable),
            variables,
        }
    }
}
