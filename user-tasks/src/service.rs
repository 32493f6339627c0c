//! The service itself: takes requests, hands them on, answers.

use std::sync::Arc;

use node::Node;
use proto::record::{UserTask, answer};
use proto::usertask::user_task_service_server::{UserTaskService, UserTaskServiceServer};
use proto::usertask::{
    AddCommentRequest, AddCommentResponse, AssignTaskRequest, AssignTaskResponse, ClaimTaskRequest,
    ClaimTaskResponse, CompleteTaskRequest, CompleteTaskResponse, GetTaskHistoryRequest,
    GetTaskHistoryResponse, GetTaskRequest, GetTaskResponse, ListTasksRequest, ListTasksResponse,
    Task, UnclaimTaskRequest, UnclaimTaskResponse, UpdateTaskRequest, UpdateTaskResponse,
    WatchTasksRequest, WatchTasksResponse,
};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::change::{self, Change};
use crate::config::Config;
use crate::convert;
use crate::fault;
use crate::filter;
use crate::get;
use crate::history;
use crate::list;
use crate::position::Position;
use crate::reach;
use crate::reason;
use crate::request::Check;
use crate::scan::Slices;
use crate::watch::Watch;

/// Messages that wait for a slow client of a watch.
const WATCH_BUFFER: usize = 64;

/// Tasks for people. Clones share everything.
#[derive(Clone)]
pub struct UserTasks {
    node: Node,
    slices: Slices,
    lists: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    watches: Arc<Semaphore>,
    variables_bytes_max: usize,
}

/// The service, to be added to a tonic server. Its watches end when the node stops.
pub fn service(node: Node, config: &Config) -> UserTaskServiceServer<UserTasks> {
    let tasks = UserTasks {
        slices: Slices::new(node.clone()),
        lists: Arc::new(Semaphore::new(config.lists_max)),
        waits: Arc::new(Semaphore::new(config.waits_max)),
        watches: Arc::new(Semaphore::new(config.watches_max)),
        variables_bytes_max: config.variables_bytes_max,
        node,
    };
    UserTaskServiceServer::new(tasks).max_decoding_message_size(config.request_bytes_max)
}

impl UserTasks {
    /// Submits a change; the task as it is after it, and the change's position.
    async fn submit(&self, change: Change) -> Result<(Option<Task>, String), Status> {
        let Change {
            caller,
            task_key,
            command,
        } = change;
        let applied = self
            .node
            .submit(&caller, command)
            .await
            .map_err(fault::refused)?;
        let Some(answer::Kind::Task(answer)) = applied.answer.kind else {
            return Err(fault::unexpected_answer(&caller));
        };
        let task = match answer.task {
            Some(task) if task.key != task_key => return Err(fault::unexpected_answer(&caller)),
            Some(task) => Some(self.shown(&task).await),
            None => None,
        };
        let position = Position::of(self.node.home(task_key).id(), applied.offset);
        Ok((task, position.to_string()))
    }

    fn min_position(&self, text: &str, check: &mut Check) -> Option<Position> {
        check.position("min_position", text, self.node.partition_count())
    }

    /// The offsets of all partitions.
    fn resume_from(&self, text: &str, check: &mut Check) -> Option<Vec<u64>> {
        const FIELD: &str = "from_position";
        let partitions = self.node.partition_count();
        let all = check.position(FIELD, text, partitions)?.all(partitions);
        if all.is_none() {
            let help = "this position is not one of a watch: it does not name every partition";
            check.wrong(FIELD, reason::POSITION_INVALID, help);
        }
        all
    }

    /// Waits until the position that a read names is here, if it names one.
    async fn reach(
        &self,
        metadata: &MetadataMap,
        position: Option<Position>,
    ) -> Result<(), Status> {
        reach::reached(&self.node, &self.waits, metadata, position.as_ref()).await
    }

    /// Without the model's names when they cannot be looked up now: the change is done, and the caller must learn it.
    async fn shown(&self, task: &UserTask) -> Task {
        let executable = self.node.executable(task.definition_key).await;
        convert::task(task, executable.unwrap_or_default().as_deref())
    }
}

#[tonic::async_trait]
impl UserTaskService for UserTasks {
    async fn list_tasks(
        &self,
        request: Request<ListTasksRequest>,
    ) -> Result<Response<ListTasksResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let mut check = Check::new(&metadata);
        let min_position = self.min_position(&request.min_position, &mut check);
        let question = list::question(request, &mut check);
        check.done()?;
        self.reach(&metadata, min_position).await?;
        let _one = self.lists.try_acquire().map_err(|_| fault::overloaded())?;
        let listed = list::list(&self.slices, question).await?;
        Ok(Response::new(listed))
    }

    async fn get_task(
        &self,
        request: Request<GetTaskRequest>,
    ) -> Result<Response<GetTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let mut check = Check::new(&metadata);
        check.names("include_variables", &request.include_variables);
        let min_position = self.min_position(&request.min_position, &mut check);
        check.done()?;
        self.reach(&metadata, min_position).await?;
        Ok(Response::new(get::get(&self.node, request).await?))
    }

    async fn claim_task(
        &self,
        request: Request<ClaimTaskRequest>,
    ) -> Result<Response<ClaimTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (task, position) = self.submit(change::claim(&metadata, request)?).await?;
        Ok(Response::new(ClaimTaskResponse { task, position }))
    }

    async fn unclaim_task(
        &self,
        request: Request<UnclaimTaskRequest>,
    ) -> Result<Response<UnclaimTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (task, position) = self.submit(change::unclaim(&metadata, request)?).await?;
        Ok(Response::new(UnclaimTaskResponse { task, position }))
    }

    async fn assign_task(
        &self,
        request: Request<AssignTaskRequest>,
    ) -> Result<Response<AssignTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (task, position) = self.submit(change::assign(&metadata, request)?).await?;
        Ok(Response::new(AssignTaskResponse { task, position }))
    }

    async fn update_task(
        &self,
        request: Request<UpdateTaskRequest>,
    ) -> Result<Response<UpdateTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (task, position) = self.submit(change::update(&metadata, request)?).await?;
        Ok(Response::new(UpdateTaskResponse { task, position }))
    }

    async fn complete_task(
        &self,
        request: Request<CompleteTaskRequest>,
    ) -> Result<Response<CompleteTaskResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let complete = change::complete(&metadata, request, self.variables_bytes_max)?;
        let (task, position) = self.submit(complete).await?;
        Ok(Response::new(CompleteTaskResponse { task, position }))
    }

    async fn add_comment(
        &self,
        request: Request<AddCommentRequest>,
    ) -> Result<Response<AddCommentResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (task, position) = self.submit(change::comment(&metadata, request)?).await?;
        Ok(Response::new(AddCommentResponse { task, position }))
    }

    async fn get_task_history(
        &self,
        request: Request<GetTaskHistoryRequest>,
    ) -> Result<Response<GetTaskHistoryResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let mut check = Check::new(&metadata);
        let min_position = self.min_position(&request.min_position, &mut check);
        check.done()?;
        self.reach(&metadata, min_position).await?;
        let entries = history::history(&self.node, request).await?;
        Ok(Response::new(GetTaskHistoryResponse { entries }))
    }

    type WatchTasksStream = ReceiverStream<Result<WatchTasksResponse, Status>>;

    async fn watch_tasks(
        &self,
        request: Request<WatchTasksRequest>,
    ) -> Result<Response<Self::WatchTasksStream>, Status> {
        let permit = Arc::clone(&self.watches).try_acquire_owned().map_err(|_| {
            let message = "too many watches on this node";
            fault::status(
                tonic::Code::ResourceExhausted,
                reason::WATCHES_FULL,
                message,
            )
        })?;
        let (metadata, _, request) = request.into_parts();
        let mut check = Check::new(&metadata);
        let filter = filter::checked(request.filter.unwrap_or_default(), &mut check);
        if !filter.variables.is_empty() {
            let help = "a watch does not follow variables: list, or filter what you are told";
            check.wrong("filter.variables", reason::FIELD_INVALID, help);
        }
        let from = self.resume_from(&request.from_position, &mut check);
        check.done()?;
        let (out, responses) = mpsc::channel(WATCH_BUFFER);
        let watch = Watch::new(self.slices.clone(), filter, out, permit);
        tokio::spawn(watch.run(from));
        Ok(Response::new(ReceiverStream::new(responses)))
    }
}
