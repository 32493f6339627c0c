//! Out of a file into an empty journal.
//!
//! The file is read twice: first all of it is checked, and of each partition the state restored as a server would, so
//! that nothing is begun that cannot be finished; then it is written.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use engine::{EntryKey, Limits};
use journal::HistoryRecord;
use journal::moving::{Part, Past, Target};
use prost::Message;
use proto::archive::{Entries, Entry, Header, Partition, Story, frame::Content};
use proto::record::History;

use super::{MoveError, Progress, Step};
use crate::archive::{ArchiveError, Reader};
use crate::driver::Driver;
use crate::partition_id::PartitionId;
use crate::views::{self, Definitions};

/// A file that is good, and what is needed to write its content.
pub struct Checked {
    header: Header,
    /// Of each partition.
    terms: Vec<u64>,
    definitions: Vec<Arc<Definitions>>,
    progress: Progress,
}

impl Checked {
    pub fn partitions(&self) -> u32 {
        self.header.partitions
    }

    pub fn entries(&self) -> u64 {
        self.progress.entries
    }

    pub fn stories(&self) -> u64 {
        self.progress.stories
    }
}

/// Reads a file from its beginning to its end.
///
/// # Errors
/// It is damaged, or not for this build.
pub fn check<R: Read>(input: R, tell: &mut dyn FnMut(&Progress)) -> Result<Checked, MoveError> {
    let reader = Reader::begin(input)?;
    let header = reader.header().clone();
    let mut contents = Contents::new(reader, Step::Check, tell);
    let mut checked = Checked {
        terms: Vec::new(),
        definitions: Vec::new(),
        progress: contents.progress,
        header,
    };
    for id in PartitionId::all(checked.header.partitions) {
        let (term, definitions) = contents.restore(id)?;
        checked.terms.push(term);
        checked.definitions.push(definitions);
    }
    if contents.next()?.is_some() {
        return Err(contents.damaged("more partitions than the header says"));
    }
    checked.progress = contents.progress;
    Ok(checked)
}

/// Fills an empty journal with a file that was checked.
///
/// # Errors
/// See [`MoveError`]; nothing is in the journal then.
pub fn import<R: Read>(
    input: R,
    checked: &Checked,
    mut target: Box<dyn Target>,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(), MoveError> {
    let reader = Reader::begin(input)?;
    let is_other = *reader.header() != checked.header;
    let mut contents = Contents::new(reader, Step::Import, tell);
    if is_other {
        return Err(contents.damaged("the file was changed since it was checked"));
    }
    let mut place = 0;
    while let Some(content) = contents.next()? {
        let part = match content {
            Content::Partition(partition) => {
                place = partition.number.saturating_sub(1);
                continue;
            }
            Content::Entries(entries) => {
                let definitions = checked.definitions.get(place as usize);
                of_entries(entries, definitions.map(|known| &**known))
            }
            Content::Stories(stories) => {
                let history = stories.stories.into_iter().map(past);
                let history = history.collect::<Result<_, _>>();
                Part {
                    history: history.map_err(|reason| contents.damaged(&reason))?,
                    ..Part::default()
                }
            }
            Content::Header(_) | Content::End(_) => continue,
        };
        target.put(place, &part)?;
    }
    Ok(target.finish(&checked.terms)?)
}

fn of_entries(entries: Entries, definitions: Option<&Definitions>) -> Part {
    let known = entries.entries.iter().filter_map(|entry| {
        Some(engine::Change {
            // Refused records have keys of another kind, and no view.
            key: EntryKey::decode(&entry.key)?,
            value: Some(entry.value.clone()),
        })
    });
    let known: Vec<_> = known.collect();
    let views = definitions.map(|definitions| views::of(&known, definitions, 0));
    let entries = entries.entries.into_iter().map(|entry| journal::Change {
        key: entry.key,
        value: Some(entry.value),
    });
    Part {
        entries: entries.collect(),
        views: views.unwrap_or_default(),
        history: Vec::new(),
    }
}

/// A piece of history without the offsets of the log that it comes from: in the new one they would be of the future.
fn past(story: Story) -> Result<Past, String> {
    let history = History::decode(story.history);
    let mut history = history.map_err(|error| format!("a story cannot be read: {error}"))?;
    for batch in &mut history.batches {
        batch.offset = 0;
    }
    Ok(Past {
        record: HistoryRecord {
            instance: story.instance,
            payload: Bytes::from(history.encode_to_vec()),
            ended: story.ended.map(|ended| (ended.at_ms, ended.summary)),
        },
        written_ms: (story.written_ms != 0).then_some(story.written_ms),
    })
}

/// The contents of a file, with one of them given back.
struct Contents<'t, R> {
    reader: Reader<R>,
    back: Option<Content>,
    progress: Progress,
    tell: &'t mut dyn FnMut(&Progress),
}

impl<'t, R: Read> Contents<'t, R> {
    fn new(reader: Reader<R>, step: Step, tell: &'t mut dyn FnMut(&Progress)) -> Contents<'t, R> {
        let progress = Progress {
            step,
            partition: 0,
            partitions: reader.header().partitions,
            entries: 0,
            stories: 0,
            bytes: reader.at(),
        };
        Contents {
            reader,
            back: None,
            progress,
            tell,
        }
    }

    fn next(&mut self) -> Result<Option<Content>, ArchiveError> {
        if let Some(back) = self.back.take() {
            return Ok(Some(back));
        }
        let content = self.reader.next_content()?;
        match &content {
            Some(Content::Partition(partition)) => self.progress.partition = partition.number,
            Some(Content::Entries(entries)) => {
                self.progress.entries += entries.entries.len() as u64;
            }
            Some(Content::Stories(stories)) => {
                self.progress.stories += stories.stories.len() as u64;
            }
            Some(Content::Header(_) | Content::End(_)) | None => {}
        }
        self.progress.bytes = self.reader.at();
        (self.tell)(&self.progress);
        Ok(content)
    }

    fn damaged(&self, reason: &str) -> MoveError {
        let (at, reason) = (self.reader.at(), reason.to_owned());
        ArchiveError::Damaged { at, reason }.into()
    }

    /// Restores the partition that comes next. Gives its term, and what its views take names from.
    fn restore(&mut self, id: PartitionId) -> Result<(u64, Arc<Definitions>), MoveError> {
        let term = match self.next()? {
            Some(Content::Partition(Partition { number, term })) if number == id.number() => term,
            Some(_) | None => {
                let missing = format!("partition {id} is missing");
                return Err(self.damaged(&missing));
            }
        };
        let partitions = self.progress.partitions;
        let mut entries = EntriesOf {
            contents: self,
            frame: Vec::new().into_iter(),
            error: None,
        };
        let (limits, skipped) = (Limits::default(), BTreeSet::new());
        let restored = Driver::restore(id, partitions, &mut entries, 0, limits, skipped);
        if let Some(error) = entries.error {
            return Err(error.into());
        }
        let mut driver = restored.map_err(|error| MoveError::State {
            partition: id.number(),
            reason: error.to_string(),
        })?;
        self.stories()?;
        driver.publish_views();
        Ok((term, driver.definitions().unwrap_or_default()))
    }

    fn stories(&mut self) -> Result<(), MoveError> {
        while let Some(content) = self.next()? {
            let Content::Stories(stories) = content else {
                self.back = Some(content);
                return Ok(());
            };
            for story in stories.stories {
                past(story).map_err(|reason| self.damaged(&reason))?;
            }
        }
        Ok(())
    }
}

/// The entries of a partition, frame by frame; ends before what is something else, or with an error.
struct EntriesOf<'c, 't, R> {
    contents: &'c mut Contents<'t, R>,
    frame: std::vec::IntoIter<Entry>,
    error: Option<ArchiveError>,
}

impl<R: Read> Iterator for EntriesOf<'_, '_, R> {
    type Item = (Bytes, Bytes);

    fn next(&mut self) -> Option<(Bytes, Bytes)> {
        loop {
            if let Some(entry) = self.frame.next() {
                return Some((entry.key, entry.value));
            }
            match self.contents.next() {
                Ok(Some(Content::Entries(entries))) => self.frame = entries.entries.into_iter(),
                Ok(other) => {
                    self.contents.back = other;
                    return None;
                }
                Err(error) => {
                    self.error = Some(error);
                    return None;
                }
            }
        }
    }
}
