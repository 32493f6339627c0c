//! Lines about user tasks.

use proto::record::command::Kind;
use proto::record::{
    AssignTask, ClaimTask, CommentTask, CompleteTask, Names, UnclaimTask, UpdateTask,
};

use super::Player;
use super::line::Line;

impl Player<'_> {
    /// `None` when the line is about something else.
    pub(super) fn tasks(&self, line: &Line) -> Option<Kind> {
        let task_key = || self.task(line.word(1));
        Some(match line.words[0].as_str() {
            "claim" => Kind::ClaimTask(ClaimTask {
                task_key: task_key(),
                user: line.word(2).to_owned(),
                groups: line.list("groups"),
            }),
            "unclaim" => Kind::UnclaimTask(UnclaimTask {
                task_key: task_key(),
                user: line.word(2).to_owned(),
            }),
            "assign" => Kind::AssignTask(AssignTask {
                task_key: task_key(),
                assignee: line.words.get(2).cloned().unwrap_or_default(),
                by: line.option("by").unwrap_or("lead").to_owned(),
                expected_assignee: line.option("expected").map(str::to_owned),
            }),
            "update-task" => Kind::UpdateTask(UpdateTask {
                task_key: task_key(),
                by: line.option("by").unwrap_or("lead").to_owned(),
                due_ms: line
                    .option("due")
                    .map(|text| self.machine.now_ms + super::line::millis(text)),
                follow_up_ms: None,
                priority: line
                    .option("priority")
                    .map(|text| text.parse().expect("a number")),
                candidate_users: line.option("users").map(|_| names(line.list("users"))),
                candidate_groups: line.option("groups").map(|_| names(line.list("groups"))),
            }),
            "complete-task" => Kind::CompleteTask(CompleteTask {
                task_key: task_key(),
                user: line.word(2).to_owned(),
                variables: line.json.clone(),
                action: line.option("action").unwrap_or_default().to_owned(),
            }),
            "comment" => Kind::CommentTask(CommentTask {
                task_key: task_key(),
                user: line.word(2).to_owned(),
                text: line.word(3).trim_matches('"').to_owned(),
            }),
            _ => return None,
        })
    }

    /// The newest task of this element, open or ended.
    fn task(&self, name: &str) -> u64 {
        let state = &self.machine.state;
        let tasks = state
            .task_keys()
            .iter()
            .rev()
            .filter_map(|key| state.task(*key));
        let mut named = tasks.filter(|task| {
            let executable = state.executable(task.definition_key);
            let node = executable.and_then(|found| found.nodes.get(task.node as usize));
            node.is_some_and(|node| *node.id == *name)
        });
        named.next().map_or(0, |task| task.key)
    }
}

fn names(names: Vec<String>) -> Names {
    Names { names }
}
