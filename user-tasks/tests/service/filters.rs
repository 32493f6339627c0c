//! Each filter, and what it finds.

use proto::usertask::{
    Candidate, Period, TaskFilter, TaskState, UnclaimTaskRequest, VariableFilter,
};

use crate::support::{World, claim, moment, names, on_one_and_on_three};

on_one_and_on_three! {
    each_filter_finds_its_tasks,
    what_is_claimable_can_be_claimed_and_nothing_else,
}

const DAY_MS: i64 = 86_400_000;

fn candidate(user: &str, groups: &[&str]) -> Option<Candidate> {
    Some(Candidate {
        user: user.to_owned(),
        groups: names(groups),
    })
}

fn period(from_ms: Option<i64>, before_ms: Option<i64>) -> Option<Period> {
    Some(Period {
        from: from_ms.map(moment),
        before: before_ms.map(moment),
    })
}

fn variables(filters: &[(&str, &str)]) -> TaskFilter {
    let filters = filters.iter().map(|&(name, value)| VariableFilter {
        name: name.to_owned(),
        value: value.to_owned(),
    });
    TaskFilter {
        variables: filters.collect(),
        ..TaskFilter::default()
    }
}

/// Tasks by the letters that the table below calls them; the clock goes on by a second for each.
async fn prepare(world: &World) -> Vec<(char, u64)> {
    let reviews = [
        ('a', r#"{"region":"EU","order":{"amount":10.50}}"#),
        (
            'b',
            r#"{"assignee":"ann","region":"US","flags":[1,{"x":null}]}"#,
        ),
        (
            'c',
            r#"{"groups":["clerks"],"users":["ben"],"priority":10}"#,
        ),
        (
            'd',
            r#"{"groups":["leads"],"due":"1970-01-02T00:00:00Z","priority":90}"#,
        ),
        (
            'e',
            r#"{"excluded":["ben"],"due":"1970-01-03T00:00:00Z","followUp":"1970-01-02T12:00:00Z"}"#,
        ),
    ];
    let mut tasks = Vec::new();
    for (letter, variables) in reviews {
        world.journal.advance(1_000);
        tasks.push((letter, world.review(variables).await));
    }
    world.journal.advance(1_000);
    let linked = world.create("linked", "{}").await;
    tasks.push(('l', world.open_task(linked).await.key));
    // Completed, and followed by the payout.
    world.journal.advance(1_000);
    let instance = world.create("claim", r#"{"groups":["clerks"]}"#).await;
    let review = world.open_task(instance).await.key;
    tasks.push(('r', review));
    world.claim(review, "dan").await.expect("claimed");
    world.complete(review, "dan").await.expect("completed");
    tasks.push(('p', world.open_task(instance).await.key));
    // Canceled, and followed by the filing.
    world.journal.advance(1_000);
    let instance = world.create("claim", r#"{"claimId":"c1"}"#).await;
    tasks.push(('w', world.open_task(instance).await.key));
    world.withdraw("c1").await;
    tasks.push(('f', world.open_task(instance).await.key));
    tasks
}

fn cases(p_instance: u64) -> Vec<(TaskFilter, &'static str)> {
    let none = TaskFilter::default;
    let states = |states: &[TaskState]| TaskFilter {
        states: states.iter().map(|&state| state.into()).collect(),
        ..TaskFilter::default()
    };
    vec![
        (none(), "abcdelpf"),
        (states(&[TaskState::Created]), "abcdelpf"),
        (states(&[TaskState::Completed]), "r"),
        (states(&[TaskState::Canceled]), "w"),
        (
            states(&[
                TaskState::Canceled,
                TaskState::Completed,
                TaskState::Canceled,
            ]),
            "rw",
        ),
        (
            TaskFilter {
                assignees: names(&["ann"]),
                ..none()
            },
            "b",
        ),
        (
            TaskFilter {
                assignees: names(&["ann", "ben"]),
                ..none()
            },
            "b",
        ),
        (
            TaskFilter {
                assignees: names(&["ben"]),
                ..none()
            },
            "",
        ),
        (
            TaskFilter {
                assignees: names(&["ann"]),
                unassigned: true,
                ..none()
            },
            "abcdelpf",
        ),
        (
            TaskFilter {
                unassigned: true,
                ..none()
            },
            "acdelpf",
        ),
        (
            TaskFilter {
                candidate: candidate("ben", &[]),
                ..none()
            },
            "c",
        ),
        (
            TaskFilter {
                candidate: candidate("ben", &["leads"]),
                ..none()
            },
            "cd",
        ),
        (
            TaskFilter {
                candidate: candidate("", &["clerks", "leads"]),
                ..none()
            },
            "cd",
        ),
        (
            TaskFilter {
                candidate: candidate("ann", &["drivers"]),
                ..none()
            },
            "",
        ),
        (
            TaskFilter {
                claimable_by: candidate("ben", &["drivers"]),
                ..none()
            },
            "aclpf",
        ),
        (
            TaskFilter {
                claimable_by: candidate("ann", &["clerks"]),
                ..none()
            },
            "acelpf",
        ),
        (
            TaskFilter {
                claimable_by: candidate("ann", &[]),
                ..none()
            },
            "acdelpf",
        ),
        (
            TaskFilter {
                process_ids: names(&["linked"]),
                ..none()
            },
            "l",
        ),
        (
            TaskFilter {
                process_ids: names(&["linked", "claim"]),
                ..none()
            },
            "abcdelpf",
        ),
        (
            TaskFilter {
                element_ids: names(&["pay", "ask"]),
                ..none()
            },
            "lp",
        ),
        (
            TaskFilter {
                process_ids: names(&["claim"]),
                element_ids: names(&["ask"]),
                ..none()
            },
            "",
        ),
        (
            TaskFilter {
                process_instance_key: p_instance,
                ..none()
            },
            "p",
        ),
        (
            TaskFilter {
                due: period(Some(DAY_MS), Some(2 * DAY_MS)),
                ..none()
            },
            "d",
        ),
        (
            TaskFilter {
                due: period(Some(DAY_MS + 1), None),
                ..none()
            },
            "e",
        ),
        (
            TaskFilter {
                due: period(None, Some(2 * DAY_MS + 1)),
                ..none()
            },
            "de",
        ),
        (
            TaskFilter {
                follow_up: period(None, Some(2 * DAY_MS)),
                ..none()
            },
            "e",
        ),
        (
            TaskFilter {
                created: period(Some(1_002_000), Some(1_004_000)),
                ..none()
            },
            "bc",
        ),
        (
            TaskFilter {
                priority_min: Some(50),
                ..none()
            },
            "abdelpf",
        ),
        (
            TaskFilter {
                priority_max: Some(50),
                ..none()
            },
            "abcelpf",
        ),
        (
            TaskFilter {
                priority_min: Some(10),
                priority_max: Some(49),
                ..none()
            },
            "c",
        ),
        (variables(&[("region", r#""EU""#)]), "a"),
        (variables(&[("amount", "10.5")]), "a"),
        (variables(&[("order", r#"{ "amount" : 1.05e1 }"#)]), "a"),
        (variables(&[("order", r#"{"amount":11}"#)]), ""),
        (variables(&[("flags", r#"[1.0,{"x":null}]"#)]), "b"),
        (variables(&[("region", r#""EU""#), ("amount", "10.5")]), "a"),
        (variables(&[("region", r#""EU""#), ("amount", "11")]), ""),
        (variables(&[("missing", "null")]), ""),
    ]
}

async fn each_filter_finds_its_tasks(partitions: u32) {
    let world = World::new(partitions).await;
    let tasks = prepare(&world).await;
    let letter = |key: u64| tasks.iter().find(|task| task.1 == key).expect("known").0;
    let pay = tasks.iter().find(|task| task.0 == 'p').expect("known").1;
    let instance = world.task(pay).await.process_instance_key;
    for (filter, expected) in cases(instance) {
        let found = world.list(filter.clone()).await;
        let found = found
            .iter()
            .map(|task| letter(task.key))
            .collect::<String>();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn what_is_claimable_can_be_claimed_and_nothing_else(partitions: u32) {
    let world = World::new(partitions).await;
    let mut client = world.client.clone();
    let tasks = prepare(&world).await;
    for user in ["ann", "ben", "dan"] {
        for groups in [&[][..], &["clerks"], &["leads", "drivers"], &["drivers"]] {
            let filter = TaskFilter {
                claimable_by: candidate(user, groups),
                ..Default::default()
            };
            let listed = world
                .list(filter)
                .await
                .iter()
                .map(|task| task.key)
                .collect::<Vec<_>>();
            for &(letter, key) in &tasks {
                let claimed = client.claim_task(claim(key, user, groups)).await;
                assert_eq!(
                    claimed.is_ok(),
                    listed.contains(&key),
                    "{letter} {user} {groups:?}"
                );
                if claimed.is_ok() {
                    let give_back = UnclaimTaskRequest {
                        task_key: key,
                        user: user.to_owned(),
                        ..Default::default()
                    };
                    client.unclaim_task(give_back).await.expect("unclaimed");
                }
            }
        }
    }
}
