//! Subscriptions of other partitions' instances, and the messages that are on their way to them.

use proto::record::Reservation;

use crate::state::{Due, State};

impl State {
    pub(super) fn remote_opened(&mut self, opened: &proto::record::RemoteSubscriptionOpened) {
        if let Some(remote) = &opened.subscription {
            self.use_key(remote.key);
            self.index.add_remote(remote);
            self.remotes.insert(remote.key, remote.clone());
        }
    }

    pub(super) fn remote_closed(&mut self, closed: &proto::record::RemoteSubscriptionClosed) {
        if let Some(remote) = self.remotes.remove(closed.key) {
            self.index.remove_remote(&remote);
        }
    }

    pub(super) fn message_reserved(&mut self, reserved: &proto::record::MessageReserved) {
        let Some(message) = self.messages.get_mut(reserved.message) else {
            return;
        };
        // Until all have answered it does not expire.
        let due = (message.until_ms, Due::Message(message.key));
        self.index.due.remove(&due);
        let process_id = &reserved.process_id;
        message.correlated_processes.push(process_id.clone());
        message.reservations.push(Reservation {
            subscription: reserved.subscription,
            process_id: process_id.clone(),
        });
        self.index.messages.take(message, process_id);
        self.index
            .add_reservation(reserved.subscription, reserved.message);
    }

    pub(super) fn reservation_confirmed(
        &mut self,
        confirmed: &proto::record::ReservationConfirmed,
    ) {
        self.end_reservation(confirmed.message, confirmed.subscription);
    }

    pub(super) fn reservation_released(&mut self, released: &proto::record::ReservationReleased) {
        let ended = self.end_reservation(released.message, released.subscription);
        if let Some(process_id) = ended
            && let Some(message) = self.messages.get_mut(released.message)
        {
            let processes = &mut message.correlated_processes;
            processes.retain(|present| *present != process_id);
            self.index.messages.give_back(message, &process_id);
        }
    }

    /// Gives the process that it was for.
    fn end_reservation(&mut self, message: u64, subscription: u64) -> Option<String> {
        self.index.remove_reservation(subscription, message);
        let message = self.messages.get_mut(message)?;
        let mut reservations = message.reservations.iter();
        let place = reservations.position(|present| present.subscription == subscription)?;
        let reservation = message.reservations.remove(place);
        if message.reservations.is_empty() {
            let due = (message.until_ms, Due::Message(message.key));
            self.index.due.insert(due);
        }
        Some(reservation.process_id)
    }
}
