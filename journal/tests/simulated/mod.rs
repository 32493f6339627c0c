//! A disk in memory that forgets what was not synced, can be cut off at any operation, and can be full.
//!
//! Harder than most real ones: every 512-byte sector of every unsynced write is kept or lost on its own, in any
//! order; so are unsynced changes of a file's length, and unsynced creations and removals of names.

#![allow(dead_code, reason = "each test uses its own part of the disk")]

use journal::embedded::{Disk, DiskFile, Space};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

const SECTOR: usize = 512;
const BLOCK: u64 = 4096;

#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<World>>);

struct World {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending_names: Vec<(String, Option<usize>)>,
    files: Vec<Content>,
    /// So many operations are still done; the one after is not, nor is any later.
    fuse: Option<u64>,
    /// The next sync fails, and what it should have synced is lost although reads show it: fsyncgate.
    fail_sync: bool,
    capacity: u64,
    pub operations: u64,
    /// What the operation was that the power went at.
    cut_at: Option<&'static str>,
    writes: u64,
}

#[derive(Default)]
struct Content {
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
    blocks: BTreeSet<u64>,
}

enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(at, data) => put(bytes, *at as usize, data),
            Change::Length(length) => bytes.resize(*length as usize, 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    if bytes.len() < at + data.len() {
        bytes.resize(at + data.len(), 0);
    }
    bytes[at..at + data.len()].copy_from_slice(data);
}

impl SimulatedDisk {
    pub fn new() -> Self {
        Self::holding(BTreeMap::new(), Vec::new())
    }

    fn holding(names: BTreeMap<String, usize>, contents: Vec<Vec<u8>>) -> Self {
        let content = |bytes: Vec<u8>| Content {
            blocks: (0..(bytes.len() as u64).div_ceil(BLOCK)).collect(),
            durable: bytes.clone(),
            current: bytes,
            pending: Vec::new(),
        };
        Self(Arc::new(Mutex::new(World {
            durable_names: names.clone(),
            names,
            pending_names: Vec::new(),
            files: contents.into_iter().map(content).collect(),
            fuse: None,
            fail_sync: false,
            capacity: u64::MAX,
            operations: 0,
            cut_at: None,
            writes: 0,
        })))
    }

    /// The power goes after so many operations more.
    pub fn burn_after(&self, operations: u64) {
        self.0.lock().unwrap().fuse = Some(operations);
    }

    /// The process has died and another one starts.
    pub fn restart(&self) {
        let mut world = self.0.lock().unwrap();
        world.fuse = None;
        world.cut_at = None;
    }

    pub fn fail_next_sync(&self) {
        self.0.lock().unwrap().fail_sync = true;
    }

    pub fn set_capacity(&self, bytes: u64) {
        self.0.lock().unwrap().capacity = bytes;
    }

    pub fn used(&self) -> u64 {
        self.0.lock().unwrap().used()
    }

    pub fn bytes_written(&self) -> u64 {
        self.0.lock().unwrap().writes
    }

    pub fn cut_at(&self) -> Option<&'static str> {
        self.0.lock().unwrap().cut_at
    }

    /// All files with their contents, as a process sees them.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let world = self.0.lock().unwrap();
        let file = |(name, &id): (&String, &usize)| (name.clone(), world.files[id].current.clone());
        world.names.iter().map(file).collect()
    }

    /// A disk with these files, all durable.
    pub fn with_files(files: BTreeMap<String, Vec<u8>>) -> Self {
        let names = files.keys().cloned().zip(0..).collect();
        Self::holding(names, files.into_values().collect())
    }

    /// What is on the disk after the power went: all that was synced, and by chance some of what was not.
    pub fn after_power_cut(&self, random: &mut fastrand::Rng) -> Self {
        let world = self.0.lock().unwrap();
        let chance = [0, 20, 50, 80, 100][random.usize(0..5)];
        let mut names = world.durable_names.clone();
        for (name, id) in &world.pending_names {
            if random.u32(0..100) < chance {
                match id {
                    Some(id) => names.insert(name.clone(), *id),
                    None => names.remove(name),
                };
            }
        }
        let contents = world.files.iter().map(|file| {
            let mut bytes = file.durable.clone();
            for change in &file.pending {
                match change {
                    Change::Length(_) if random.u32(0..100) < chance => change.apply(&mut bytes),
                    Change::Length(_) => {}
                    Change::Write(at, data) => {
                        torn_write(&mut bytes, *at as usize, data, chance, random)
                    }
                }
            }
            bytes
        });
        let contents = contents.collect();
        Self::holding(names, contents)
    }
}

fn torn_write(
    bytes: &mut Vec<u8>,
    at: usize,
    data: &[u8],
    chance: u32,
    random: &mut fastrand::Rng,
) {
    let mut from = 0;
    while from < data.len() {
        let sector_end = ((at + from) / SECTOR + 1) * SECTOR - at;
        let to = sector_end.min(data.len());
        if random.u32(0..100) < chance {
            put(bytes, at + from, &data[from..to]);
        }
        from = to;
    }
}

impl World {
    fn operation(&mut self, what: &'static str) -> io::Result<()> {
        self.operations += 1;
        match &mut self.fuse {
            Some(0) => {
                self.cut_at.get_or_insert(what);
                Err(io::Error::other("the power is gone"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn used(&self) -> u64 {
        let linked = self
            .names
            .values()
            .map(|&id| self.files[id].blocks.len() as u64);
        linked.sum::<u64>() * BLOCK
    }
}

impl Disk for SimulatedDisk {
    fn open(&self, name: &str, create: bool) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.0.lock().unwrap();
        world.operation("open")?;
        let id = match world.names.get(name) {
            Some(&id) => id,
            None if create => {
                world.files.push(Content::default());
                let id = world.files.len() - 1;
                world.names.insert(name.to_owned(), id);
                world.pending_names.push((name.to_owned(), Some(id)));
                id
            }
            None => return Err(ErrorKind::NotFound.into()),
        };
        Ok(Arc::new(SimulatedFile(self.clone(), id)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut world = self.0.lock().unwrap();
        world.operation("list")?;
        Ok(world.names.keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.0.lock().unwrap();
        world.operation("remove")?;
        world.names.remove(name).ok_or(ErrorKind::NotFound)?;
        world.pending_names.push((name.to_owned(), None));
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut world = self.0.lock().unwrap();
        world.operation("sync directory")?;
        world.durable_names = world.names.clone();
        world.pending_names.clear();
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let world = self.0.lock().unwrap();
        Ok(Space {
            free: world.capacity.saturating_sub(world.used()),
            total: world.capacity,
        })
    }

    fn path(&self, name: &str) -> String {
        format!("simulated/{name}")
    }
}

struct SimulatedFile(SimulatedDisk, usize);

impl std::fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "file {}", self.1)
    }
}

impl DiskFile for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        let mut world = self.0.0.lock().unwrap();
        world.operation("len")?;
        Ok(world.files[self.1].current.len() as u64)
    }

    fn read_at(&self, position: u64, out: &mut [u8]) -> io::Result<()> {
        let mut world = self.0.0.lock().unwrap();
        world.operation("read")?;
        let start = position as usize;
        let bytes = world.files[self.1].current.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, position: u64, data: &[u8]) -> io::Result<()> {
        let mut world = self.0.0.lock().unwrap();
        world.operation("write")?;
        let free = world.capacity.saturating_sub(world.used()) / BLOCK;
        let file = &mut world.files[self.1];
        let mut fits = data.len();
        let mut taken = 0;
        for block in position / BLOCK..(position + data.len() as u64).div_ceil(BLOCK) {
            if !file.blocks.contains(&block) {
                if taken == free {
                    fits = (block * BLOCK).saturating_sub(position) as usize;
                    break;
                }
                taken += 1;
                file.blocks.insert(block);
            }
        }
        let written = &data[..fits];
        if fits > 0 {
            put(&mut file.current, position as usize, written);
            file.pending.push(Change::Write(position, written.to_vec()));
        }
        world.writes += fits as u64;
        if fits < data.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut world = self.0.0.lock().unwrap();
        world.operation("set length")?;
        let file = &mut world.files[self.1];
        file.current.resize(length as usize, 0);
        file.blocks.split_off(&length.div_ceil(BLOCK));
        file.pending.push(Change::Length(length));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.0.0.lock().unwrap();
        world.operation("sync")?;
        let failing = std::mem::take(&mut world.fail_sync);
        let file = &mut world.files[self.1];
        let pending = std::mem::take(&mut file.pending);
        if failing {
            return Err(io::Error::other("the disk reports an error"));
        }
        for change in pending {
            change.apply(&mut file.durable);
        }
        Ok(())
    }
}
