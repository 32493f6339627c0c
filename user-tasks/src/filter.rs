//! Which tasks are asked for. A filter depends on the task and the model alone, never on the present time, so that only
//! a change of the task can change whether it matches; its variables are the exception, see [`Filter::sees`].

use bytes::Bytes;
use engine::{Executable, State};
use proto::record::{UserTask, user_task};
use proto::usertask::{Candidate, Period, TaskFilter, TaskState};
use rustc_hash::FxHashSet;

use crate::json_equal;
use crate::reason;
use crate::request::Check;
use crate::variables;

/// The longest value that a variable is compared with, in bytes.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// A checked filter.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    states: Vec<user_task::State>,
    assignees: FxHashSet<String>,
    unassigned: bool,
    candidate: Option<Person>,
    claimable_by: Option<Person>,
    process_ids: FxHashSet<String>,
    element_ids: FxHashSet<String>,
    instance: u64,
    due: Option<Moments>,
    follow_up: Option<Moments>,
    created: Option<Moments>,
    priority_min: Option<i32>,
    priority_max: Option<i32>,
    variables: Vec<(String, Bytes)>,
}

/// Who may be a candidate.
#[derive(Debug)]
struct Person {
    user: String,
    groups: FxHashSet<String>,
}

impl Person {
    fn of(candidate: Candidate) -> Person {
        Person {
            user: candidate.user,
            groups: candidate.groups.into_iter().collect(),
        }
    }
}

/// From inclusive, before exclusive, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Moments {
    from_ms: i64,
    before_ms: i64,
}

impl Moments {
    fn contain(self, at_ms: i64) -> bool {
        (self.from_ms..self.before_ms).contains(&at_ms)
    }
}

impl Filter {
    /// Checks a filter; what is wrong goes to `check`.
    pub fn new(given: TaskFilter, check: &mut Check) -> Filter {
        check.names("filter.assignees", &given.assignees);
        check.names("filter.process_ids", &given.process_ids);
        check.names("filter.element_ids", &given.element_ids);
        let filter = Filter {
            states: states(&given, check),
            unassigned: given.unassigned,
            candidate: candidate(given.candidate, check),
            claimable_by: claimable_by(given.claimable_by, check),
            instance: given.process_instance_key,
            due: moments("filter.due", given.due, check),
            follow_up: moments("filter.follow_up", given.follow_up, check),
            created: moments("filter.created", given.created, check),
            priority_min: given.priority_min,
            priority_max: given.priority_max,
            variables: values(&given.variables, check),
            assignees: given.assignees.into_iter().collect(),
            process_ids: given.process_ids.into_iter().collect(),
            element_ids: given.element_ids.into_iter().collect(),
        };
        check.priority("filter.priority_min", filter.priority_min);
        check.priority("filter.priority_max", filter.priority_max);
        filter
    }

    pub fn has_variables(&self) -> bool {
        !self.variables.is_empty()
    }

    /// Whether the task matches, but for its variables.
    pub fn matches(&self, task: &UserTask, executable: Option<&Executable>) -> bool {
        self.states.contains(&task.state())
            && self.assignee_matches(task)
            && self
                .candidate
                .as_ref()
                .is_none_or(|candidate| is_candidate(task, candidate))
            && self
                .claimable_by
                .as_ref()
                .is_none_or(|candidate| may_claim(task, candidate))
            && (self.instance == 0 || self.instance == task.instance)
            && self
                .due
                .is_none_or(|due| task.due_ms != 0 && due.contain(task.due_ms))
            && self
                .follow_up
                .is_none_or(|at| task.follow_up_ms != 0 && at.contain(task.follow_up_ms))
            && self
                .created
                .is_none_or(|created| created.contain(task.created_ms))
            && self.priority_min.is_none_or(|min| min <= task.priority)
            && self.priority_max.is_none_or(|max| task.priority <= max)
            && self.model_matches(task, executable)
    }

    /// How many candidates of the task [`Filter::matches`] looks at.
    pub fn candidates_looked_at(&self, task: &UserTask) -> usize {
        let asks = usize::from(self.candidate.is_some()) + usize::from(self.claimable_by.is_some());
        let excluded = match self.claimable_by {
            Some(_) => task.excluded_users.len(),
            None => 0,
        };
        asks * (task.candidate_users.len() + task.candidate_groups.len()) + excluded
    }

    /// Whether the variables that the task sees are those asked for, and how many bytes were looked at.
    pub fn sees(&self, state: &State, task: &UserTask) -> (bool, usize) {
        let mut looked_at = 0;
        let matches = self.variables.iter().all(|(name, expected)| {
            let (value, bytes) = variables::get(state, task, name);
            looked_at += bytes;
            value.is_some_and(|value| json_equal::equal(value, expected))
        });
        (matches, looked_at)
    }

    fn assignee_matches(&self, task: &UserTask) -> bool {
        match task.assignee.is_empty() {
            _ if self.assignees.is_empty() && !self.unassigned => true,
            true => self.unassigned,
            false => self.assignees.contains(&task.assignee),
        }
    }

    fn model_matches(&self, task: &UserTask, executable: Option<&Executable>) -> bool {
        if self.process_ids.is_empty() && self.element_ids.is_empty() {
            return true;
        }
        let Some(executable) = executable else {
            return false;
        };
        let is_any = |ids: &FxHashSet<String>, id: &str| ids.is_empty() || ids.contains(id);
        let node = executable.nodes.get(task.node as usize);
        is_any(&self.process_ids, &executable.process_id)
            && node.is_some_and(|node| is_any(&self.element_ids, &node.id))
    }
}

fn is_candidate(task: &UserTask, candidate: &Person) -> bool {
    let mut groups = task.candidate_groups.iter();
    task.candidate_users.contains(&candidate.user)
        || groups.any(|group| candidate.groups.contains(group))
}

/// What the machine would say to a claim: the same rules, so that an inbox shows what can be taken.
fn may_claim(task: &UserTask, candidate: &Person) -> bool {
    let anybody = task.candidate_users.is_empty() && task.candidate_groups.is_empty();
    let unknown = candidate.groups.is_empty() && !task.candidate_groups.is_empty();
    task.state() == user_task::State::Created
        && task.assignee.is_empty()
        && !task.excluded_users.contains(&candidate.user)
        && (anybody || unknown || is_candidate(task, candidate))
}

fn states(given: &TaskFilter, check: &mut Check) -> Vec<user_task::State> {
    if given.states.is_empty() {
        return vec![user_task::State::Created];
    }
    let mut states = Vec::with_capacity(3);
    for number in &given.states {
        let state = match TaskState::try_from(*number) {
            Ok(TaskState::Created) => user_task::State::Created,
            Ok(TaskState::Completed) => user_task::State::Completed,
            Ok(TaskState::Canceled) => user_task::State::Canceled,
            Ok(TaskState::Unspecified) | Err(_) => {
                let description = format!("{number} is no state of a task");
                check.wrong("filter.states", reason::FIELD_INVALID, description);
                return states;
            }
        };
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

fn candidate(given: Option<Candidate>, check: &mut Check) -> Option<Person> {
    let candidate = given?;
    check.name("filter.candidate.user", &candidate.user);
    check.names("filter.candidate.groups", &candidate.groups);
    if candidate.user.is_empty() && candidate.groups.is_empty() {
        check.wrong(
            "filter.candidate",
            reason::FIELD_INVALID,
            "neither a user nor a group is named",
        );
    }
    Some(Person::of(candidate))
}

fn claimable_by(given: Option<Candidate>, check: &mut Check) -> Option<Person> {
    let Candidate { user, groups } = given?;
    Some(Person::of(Candidate {
        user: check.user("filter.claimable_by.user", user),
        groups: check.groups("filter.claimable_by.groups", groups),
    }))
}

fn moments(field: &str, given: Option<Period>, check: &mut Check) -> Option<Moments> {
    let Period { from, before } = given?;
    if from.is_none() && before.is_none() {
        check.wrong(
            field,
            reason::FIELD_INVALID,
            "neither end of the period is given",
        );
    }
    Some(Moments {
        from_ms: from.map_or(i64::MIN, |from| check.moment(field, &from)),
        before_ms: before.map_or(i64::MAX, |before| check.moment(field, &before)),
    })
}

fn values(given: &[proto::usertask::VariableFilter], check: &mut Check) -> Vec<(String, Bytes)> {
    const FIELD: &str = "filter.variables";
    const VARIABLES_MAX: usize = 20;
    if given.len() > VARIABLES_MAX {
        check.wrong(
            FIELD,
            reason::FIELD_INVALID,
            format!("more than {VARIABLES_MAX} variables"),
        );
        return Vec::new();
    }
    let values = given.iter().map(|variable| {
        if variable.name.is_empty() {
            check.wrong(FIELD, reason::FIELD_INVALID, "a variable has no name");
        }
        check.name(FIELD, &variable.name);
        (
            variable.name.clone(),
            check.value(FIELD, &variable.value, VALUE_BYTES_MAX),
        )
    });
    values.collect()
}
