//! The thread that reads the log ahead of the applier, by a bounded number of batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use journal::{Reader, Record};

use crate::error::StartError;

/// Batches of records that wait for the applier.
const BATCHES_MAX: usize = 2;
/// How long the thread takes to notice that nobody reads on.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) type Batch = Result<Vec<Record>, journal::Error>;

/// What comes from the log; dropped, the thread ends.
pub(crate) struct Reading {
    pub records: Receiver<Batch>,
    is_over: Arc<AtomicBool>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl Reading {
    /// # Errors
    /// The thread could not be started.
    pub fn start(reader: Box<dyn Reader>) -> Result<(Reading, JoinHandle<()>), StartError> {
        let (to_apply, records) = bounded(BATCHES_MAX);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::Builder::new().name("weir-read".to_owned());
        let thread = thread.spawn(move || read_all(reader, &to_apply, &over));
        let thread = thread.map_err(|error| StartError::Thread(error.to_string()))?;
        Ok((Reading { records, is_over }, thread))
    }
}

fn read_all(mut reader: Box<dyn Reader>, to_apply: &Sender<Batch>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        let batch = reader.next(LOOK);
        let has_failed = batch.is_err();
        let is_empty = batch.as_ref().is_ok_and(Vec::is_empty);
        if !is_empty && (to_apply.send(batch).is_err() || has_failed) {
            return;
        }
    }
}
