//! Telling calls that wait that the server is about to stop.

use tokio::sync::watch;

/// Says once that the server closes.
#[derive(Debug)]
pub(crate) struct Closer(watch::Sender<bool>);

/// Learns that the server closes. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Closing(watch::Receiver<bool>);

pub(crate) fn channel() -> (Closer, Closing) {
    let (sender, receiver) = watch::channel(false);
    (Closer(sender), Closing(receiver))
}

impl Closer {
    pub fn close(&self) {
        self.0.send_replace(true);
    }
}

impl Closing {
    /// Returns when the server closes, at once when it does already.
    pub async fn wait(mut self) {
        // An error means that the server is gone, which is closed too.
        let _ = self.0.wait_for(|closed| *closed).await;
    }
}
