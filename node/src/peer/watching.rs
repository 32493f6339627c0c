//! Changes of user tasks from the node that leads their partition.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::client::Peer;
use crate::watch::TaskEvent;

/// Changes that came and wait for the watcher.
const WATCHED_MAX: usize = 256;

/// Takes the changes after an offset, and rings for whoever watches. The channel ends when some were missed.
pub(crate) fn watch_there(
    peer: Peer,
    from: Option<u64>,
    grown: Arc<watch::Sender<()>>,
) -> mpsc::Receiver<Arc<TaskEvent>> {
    let (sender, events) = mpsc::channel(WATCHED_MAX);
    tokio::spawn(async move {
        tokio::select! {
            () = take(peer, from, &sender, &grown) => {}
            () = sender.closed() => {}
        }
        // The receiver sees that nothing follows.
        drop(sender);
        grown.send_replace(());
    });
    events
}

async fn take(
    peer: Peer,
    from: Option<u64>,
    sender: &mpsc::Sender<Arc<TaskEvent>>,
    grown: &watch::Sender<()>,
) {
    let Ok(mut changes) = peer.watch_tasks(from).await else {
        return;
    };
    while let Ok(Some(message)) = changes.message().await {
        if message.has_lagged {
            return;
        }
        let Some(change) = message.change else {
            continue;
        };
        if sender.send(Arc::new(change.into())).await.is_err() {
            return;
        }
        grown.send_replace(());
    }
}
