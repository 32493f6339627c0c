//! Which tasks are asked for. A filter depends on the task and the model alone, never on the present time, so that only
//! a change of the task can change whether it matches; its variables are the exception, see [`Filter::sees`].

use engine::{Executable, State};
use proto::record::{UserTask, user_task};
use proto::usertask::{Candidate, Period, TaskFilter, TaskState, VariableFilter};
use rustc_hash::FxHashSet;

use crate::convert;
use crate::json_equal;
use crate::reason;
use crate::request::Check;
use crate::variables;

/// The longest value that a variable is compared with, in bytes.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// A checked filter.
#[derive(Debug)]
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
    variables: Vec<VariableFilter>,
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
    fn of(period: Period) -> Moments {
        let Period { from, before } = period;
        Moments {
            from_ms: from.as_ref().map_or(i64::MIN, convert::milliseconds),
            before_ms: before.as_ref().map_or(i64::MAX, convert::milliseconds),
        }
    }

    fn contain(self, at_ms: i64) -> bool {
        (self.from_ms..self.before_ms).contains(&at_ms)
    }
}

impl Filter {
    /// A filter that was [`checked`].
    pub fn of(checked: TaskFilter) -> Filter {
        Filter {
            states: states(&checked.states),
            assignees: checked.assignees.into_iter().collect(),
            unassigned: checked.unassigned,
            candidate: checked.candidate.map(Person::of),
            claimable_by: checked.claimable_by.map(Person::of),
            process_ids: checked.process_ids.into_iter().collect(),
            element_ids: checked.element_ids.into_iter().collect(),
            instance: checked.process_instance_key,
            due: checked.due.map(Moments::of),
            follow_up: checked.follow_up.map(Moments::of),
            created: checked.created.map(Moments::of),
            priority_min: checked.priority_min,
            priority_max: checked.priority_max,
            variables: checked.variables,
        }
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
        let matches = self.variables.iter().all(|variable| {
            let (value, bytes) = variables::get(state, task, &variable.name);
            looked_at += bytes;
            value.is_some_and(|value| json_equal::equal(value, variable.value.as_bytes()))
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

/// Of numbers that are no states, none.
fn states(given: &[i32]) -> Vec<user_task::State> {
    if given.is_empty() {
        return vec![user_task::State::Created];
    }
    let mut states = Vec::with_capacity(3);
    for state in given.iter().copied().filter_map(state) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

fn state(number: i32) -> Option<user_task::State> {
    match TaskState::try_from(number) {
        Ok(TaskState::Created) => Some(user_task::State::Created),
        Ok(TaskState::Completed) => Some(user_task::State::Completed),
        Ok(TaskState::Canceled) => Some(user_task::State::Canceled),
        Ok(TaskState::Unspecified) | Err(_) => None,
    }
}

/// Checks a filter; what is wrong goes to `check`. It names the user that the metadata stands in for, and its values
/// are normalized, so that it means the same wherever it is asked.
pub(crate) fn checked(given: TaskFilter, check: &mut Check) -> TaskFilter {
    check.names("filter.assignees", &given.assignees);
    check.names("filter.process_ids", &given.process_ids);
    check.names("filter.element_ids", &given.element_ids);
    if let Some(number) = given.states.iter().find(|number| state(**number).is_none()) {
        let description = format!("{number} is no state of a task");
        check.wrong("filter.states", reason::FIELD_INVALID, description);
    }
    if let Some(candidate) = &given.candidate {
        check_candidate(candidate, check);
    }
    let claimable_by = given.claimable_by.map(|given| claimable_by(given, check));
    check_period("filter.due", given.due.as_ref(), check);
    check_period("filter.follow_up", given.follow_up.as_ref(), check);
    check_period("filter.created", given.created.as_ref(), check);
    let variables = variables_of(given.variables, check);
    check.priority("filter.priority_min", given.priority_min);
    check.priority("filter.priority_max", given.priority_max);
    TaskFilter {
        claimable_by,
        variables,
        ..given
    }
}

fn check_candidate(candidate: &Candidate, check: &mut Check) {
    check.name("filter.candidate.user", &candidate.user);
    check.names("filter.candidate.groups", &candidate.groups);
    if candidate.user.is_empty() && candidate.groups.is_empty() {
        check.wrong(
            "filter.candidate",
            reason::FIELD_INVALID,
            "neither a user nor a group is named",
        );
    }
}

fn claimable_by(given: Candidate, check: &mut Check) -> Candidate {
    Candidate {
        user: check.user("filter.claimable_by.user", given.user),
        groups: check.groups("filter.claimable_by.groups", given.groups),
    }
}

fn check_period(field: &str, given: Option<&Period>, check: &mut Check) {
    let Some(Period { from, before }) = given else {
        return;
    };
    if from.is_none() && before.is_none() {
        check.wrong(
            field,
            reason::FIELD_INVALID,
            "neither end of the period is given",
        );
    }
    for end in from.iter().chain(before) {
        check.moment(field, end);
    }
}

fn variables_of(given: Vec<VariableFilter>, check: &mut Check) -> Vec<VariableFilter> {
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
    let checked = given.into_iter().map(|VariableFilter { name, value }| {
        if name.is_empty() {
            check.wrong(FIELD, reason::FIELD_INVALID, "a variable has no name");
        }
        check.name(FIELD, &name);
        let value = check.value(FIELD, &value, VALUE_BYTES_MAX);
        VariableFilter { name, value }
    });
    checked.collect()
}
