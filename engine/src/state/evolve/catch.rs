//! User tasks, timers, messages and subscriptions: what an instance waits for.

use proto::record::{Subscription, TaskEnded, Timer, TimerFired, UserTask, user_task};

use crate::state::instance::Elements;
use crate::state::{Due, State};

/// Ended tasks of an instance that are kept; a loop would pile them up without end.
const ENDED_TASKS_MAX: usize = 1_000;

impl State {
    pub(super) fn task_created(&mut self, created: &proto::record::TaskCreated) {
        if let Some(task) = &created.task {
            self.add_task(task);
        }
    }

    pub(super) fn task_changed(&mut self, changed: &proto::record::TaskChanged) {
        if let Some(task) = &changed.task
            && let Some(present) = self.tasks.get_mut(task.key)
        {
            let records = std::mem::take(&mut present.records);
            present.clone_from(task);
            present.records = records;
            present.records.extend(changed.record.clone());
        }
    }

    pub(super) fn task_ended(&mut self, ended: &TaskEnded) {
        self.end_task(ended);
    }

    pub(super) fn timer_created(&mut self, created: &proto::record::TimerCreated) {
        if let Some(timer) = &created.timer {
            self.add_timer(timer);
        }
    }

    pub(super) fn timer_fired(&mut self, fired: &proto::record::TimerFired) {
        self.fire_timer(fired);
    }

    pub(super) fn timer_canceled(&mut self, canceled: &proto::record::TimerCanceled) {
        self.remove_timer(canceled.timer);
    }

    pub(super) fn message_published(&mut self, published: &proto::record::MessagePublished) {
        if let Some(message) = &published.message {
            self.use_key(message.key);
            self.index.messages.add(message);
            let due = (message.until_ms, Due::Message(message.key));
            self.index.due.insert(due);
            self.messages.insert(message.key, message.clone());
        }
    }

    pub(super) fn message_correlated(&mut self, correlated: &proto::record::MessageCorrelated) {
        self.use_key(correlated.message);
        if let Some(message) = self.messages.get_mut(correlated.message) {
            let processes = &mut message.correlated_processes;
            processes.push(correlated.process_id.clone());
            self.index.messages.take(message, &correlated.process_id);
        }
    }

    pub(super) fn message_expired(&mut self, expired: &proto::record::MessageExpired) {
        if let Some(message) = self.messages.remove(expired.message) {
            self.index.messages.remove(&message);
            let due = (message.until_ms, Due::Message(message.key));
            self.index.due.remove(&due);
        }
    }

    pub(super) fn subscription_opened(&mut self, opened: &proto::record::SubscriptionOpened) {
        if let Some(subscription) = &opened.subscription {
            self.add_subscription(subscription);
        }
    }

    pub(super) fn subscription_closed(&mut self, closed: &proto::record::SubscriptionClosed) {
        self.remove_subscription(closed.subscription);
    }

    fn add_task(&mut self, task: &UserTask) {
        self.use_key(task.key);
        self.index.add_task(task);
        if let Some(instance) = self.instances.get_mut(task.instance)
            && let Some(element) = instance.element_mut(task.element)
        {
            element.task = task.key;
        }
        self.tasks.insert(task.key, task.clone());
    }

    fn end_task(&mut self, ended: &TaskEnded) {
        let now_ms = self.meta.now_ms;
        let Some(task) = self.tasks.get_mut(ended.task) else {
            return;
        };
        task.set_state(ended.state());
        task.ended_ms = now_ms;
        task.action.clone_from(&ended.action);
        if let Some(record) = &ended.record {
            if ended.state() == user_task::State::Completed {
                task.completed_by.clone_from(&record.by);
            }
            task.records.push(record.clone());
        }
        let element = task.element;
        if let Some(instance) = self.instances.get_mut(ended.instance)
            && let Some(element) = instance.element_mut(element)
        {
            element.task = 0;
        }
        self.forget_ended_task(ended.instance);
    }

    /// The oldest one, when an instance has too many; its history keeps it.
    fn forget_ended_task(&mut self, instance: u64) {
        let Some(tasks) = self.index.tasks_of.get_mut(&instance) else {
            return;
        };
        if tasks.len() <= ENDED_TASKS_MAX {
            return;
        }
        let is_ended = |key: &u64| {
            let task = self.tasks.get(*key);
            task.is_some_and(|task| task.state() != user_task::State::Created)
        };
        if let Some(oldest) = tasks.iter().position(is_ended) {
            let key = tasks.remove(oldest);
            self.index.tasks.remove(&key);
            self.tasks.remove(key);
        }
    }

    fn add_timer(&mut self, timer: &Timer) {
        self.use_key(timer.key);
        self.index.add_timer(timer);
        if let Some(instance) = self.instances.get_mut(timer.instance) {
            instance.change_owned(timer.element, |owned| owned.timers.push(timer.key));
        }
        self.timers.insert(timer.key, timer.clone());
    }

    fn fire_timer(&mut self, fired: &TimerFired) {
        if fired.next_due_ms == 0 {
            self.remove_timer(fired.timer);
            return;
        }
        if let Some(timer) = self.timers.get_mut(fired.timer) {
            self.index.remove_timer(timer);
            timer.due_ms = fired.next_due_ms;
            if timer.repetitions > 0 {
                timer.repetitions -= 1;
            }
            self.index.add_timer(timer);
        }
    }

    fn remove_timer(&mut self, key: u64) {
        let Some(timer) = self.timers.remove(key) else {
            return;
        };
        self.index.remove_timer(&timer);
        if let Some(instance) = self.instances.get_mut(timer.instance) {
            instance.change_owned(timer.element, |owned| {
                owned.timers.retain(|present| *present != key)
            });
        }
    }

    fn add_subscription(&mut self, subscription: &Subscription) {
        self.use_key(subscription.key);
        if self.elsewhere(subscription).is_none() {
            self.index.add_subscription(subscription);
        }
        if let Some(instance) = self.instances.get_mut(subscription.instance) {
            instance.change_owned(subscription.element, |owned| {
                owned.subscriptions.push(subscription.key)
            });
        }
        self.subscriptions
            .insert(subscription.key, subscription.clone());
    }

    fn remove_subscription(&mut self, key: u64) {
        let Some(subscription) = self.subscriptions.remove(key) else {
            return;
        };
        self.index.remove_subscription(&subscription);
        if let Some(instance) = self.instances.get_mut(subscription.instance) {
            instance.change_owned(subscription.element, |owned| {
                owned.subscriptions.retain(|present| *present != key)
            });
        }
    }
}
