//! What the nodes tell each other: a log like those of the partitions, without faults.

use super::reader::MemoryReader;
use super::{MemoryJournal, World};
use crate::feed::locked;
use crate::{AppendError, Bytes, ClusterLog, Error, Reader};
use std::sync::Arc;

impl ClusterLog for MemoryJournal {
    fn tell(&self, _node: &str, notice: &Bytes) -> Result<(), AppendError> {
        let mut world = locked(&self.shared.world);
        let now_ms = world.now_ms();
        let World {
            dice, partitions, ..
        } = &mut *world;
        if let Some(log) = partitions.last_mut() {
            log.push(dice, now_ms, std::slice::from_ref(notice));
        }
        self.shared.grown.notify_all();
        Ok(())
    }

    fn listen(&self) -> Result<Box<dyn Reader>, Error> {
        let mut world = locked(&self.shared.world);
        let number = world.count();
        let from = world.log(number)?.first;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(MemoryReader::new(shared, number, from)))
    }
}
