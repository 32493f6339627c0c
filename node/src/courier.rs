//! The thread that brings sends into the logs of other partitions.
//!
//! Anybody may append to any log, so no other node is asked. What is appended twice is refused there. Once the
//! commands are durable in the target's log the own log is told, which takes them out of the outbox.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};
use journal::Journal;

use crate::core::Core;
use crate::driver::Sending;

/// Starts it. The channel holds one window for each partition at most: the driver gives no second one before it has
/// heard of the first.
pub(crate) fn start(
    core: Arc<Core>,
    journal: Arc<dyn Journal>,
) -> io::Result<(Sender<Sending>, JoinHandle<()>)> {
    let (sender, sendings) = unbounded();
    let thread = std::thread::Builder::new().name("weir-send".to_owned());
    let thread = thread.spawn(move || send_all(&core, &*journal, &sendings))?;
    Ok((sender, thread))
}

fn send_all(core: &Core, journal: &dyn Journal, sendings: &Receiver<Sending>) {
    for sending in sendings {
        match journal.append(sending.target.in_journal(), &sending.commands) {
            Ok(()) => core.queue.propose(vec![sending.delivered()]),
            Err(error) => {
                let (partition, target) = (core.partition, sending.target);
                tracing::warn!(%partition, %target, %error, "what one partition sends to another waits");
                core.orders.sends_lost.store(true, Ordering::Release);
                core.orders.ring();
            }
        }
    }
}
