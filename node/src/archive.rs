//! The file of an export: one installation, to be kept or moved. `docs/archive.md` is its documentation.
//!
//! A magic number, then frames: length, checksum, content. The checksum covers where the frame stands and a number that
//! every file has of its own, so that a frame that is altered, moved, doubled or of another file is noticed; the last
//! frame says what there must have been, so that a file that was cut off is, too. Nothing is larger in memory than a
//! frame.

use std::io::{self, Read, Write};

use bytes::Bytes;
use prost::Message;
use proto::archive::{End, Entries, Entry, Frame, Header, Stories, Story, frame::Content};

/// The layout that this build writes, and the newest that it reads.
pub const VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"WEIRARC1";
/// Magic, and the number that the file has of its own.
const START_BYTES: u64 = 16;
/// Length and checksum.
const FRAME_HEADER_BYTES: usize = 8;
/// Entries and stories are gathered up to this; one that is larger has a frame of its own.
const FRAME_BYTES: usize = 256 << 10;
/// No frame is longer, so a damaged length asks for no more memory than this.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// A file that is not as it was written, or not for this build.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{0}")]
    Io(#[from] io::Error),
    /// So many bytes from its start.
    #[error("damaged at byte {at}: {reason}")]
    Damaged { at: u64, reason: String },
    #[error("its layout is version {found}, this build knows up to {VERSION}")]
    Newer { found: u32 },
    /// An entry or a piece of history is too long for a frame.
    #[error("a record of {0} bytes is too long for an export")]
    TooLong(usize),
}

/// Writes a file from its start to its end.
pub struct Writer<W> {
    out: W,
    salt: u64,
    /// Bytes written.
    at: u64,
    entries: Gathered<Entry>,
    stories: Gathered<Story>,
}

/// What the next frame of a kind will have.
struct Gathered<T> {
    items: Vec<T>,
    bytes: usize,
    /// In all frames.
    count: u64,
}

impl<T: Message> Gathered<T> {
    fn new() -> Gathered<T> {
        Gathered {
            items: Vec::new(),
            bytes: 0,
            count: 0,
        }
    }

    /// Whether a frame is full.
    fn add(&mut self, item: T) -> bool {
        self.bytes += item.encoded_len();
        self.items.push(item);
        self.count += 1;
        self.bytes >= FRAME_BYTES
    }

    fn take(&mut self) -> Vec<T> {
        self.bytes = 0;
        std::mem::take(&mut self.items)
    }
}

impl<W: Write> Writer<W> {
    /// # Errors
    /// It cannot be written.
    pub fn begin(mut out: W, header: Header) -> Result<Writer<W>, ArchiveError> {
        let salt = fastrand::u64(..);
        out.write_all(MAGIC)?;
        out.write_all(&salt.to_le_bytes())?;
        let mut writer = Writer {
            out,
            salt,
            at: START_BYTES,
            entries: Gathered::new(),
            stories: Gathered::new(),
        };
        writer.write(Content::Header(header))?;
        Ok(writer)
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.at
    }

    /// # Errors
    /// It cannot be written.
    pub fn partition(&mut self, partition: proto::archive::Partition) -> Result<(), ArchiveError> {
        self.flush()?;
        self.write(Content::Partition(partition))
    }

    /// # Errors
    /// It cannot be written.
    pub fn entry(&mut self, entry: Entry) -> Result<(), ArchiveError> {
        match self.entries.add(entry) {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// # Errors
    /// It cannot be written.
    pub fn story(&mut self, story: Story) -> Result<(), ArchiveError> {
        match self.stories.add(story) {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Closes the file; gives what it was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(W, End), ArchiveError> {
        self.flush()?;
        let end = End {
            entries: self.entries.count,
            stories: self.stories.count,
        };
        self.write(Content::End(end))?;
        self.out.flush()?;
        Ok((self.out, end))
    }

    /// Entries stand before stories.
    fn flush(&mut self) -> Result<(), ArchiveError> {
        let entries = self.entries.take();
        if !entries.is_empty() {
            self.write(Content::Entries(Entries { entries }))?;
        }
        let stories = self.stories.take();
        if !stories.is_empty() {
            self.write(Content::Stories(Stories { stories }))?;
        }
        Ok(())
    }

    fn write(&mut self, content: Content) -> Result<(), ArchiveError> {
        let frame = Frame {
            content: Some(content),
        };
        let bytes = frame.encode_to_vec();
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(ArchiveError::TooLong(bytes.len()));
        }
        let length = (bytes.len() as u32).to_le_bytes();
        let checksum = checksum(self.salt, self.at, length, &bytes).to_le_bytes();
        self.out.write_all(&length)?;
        self.out.write_all(&checksum)?;
        self.out.write_all(&bytes)?;
        self.at += (FRAME_HEADER_BYTES + bytes.len()) as u64;
        Ok(())
    }
}

/// Reads a file from its start to its end, and checks all of it on the way.
pub struct Reader<R> {
    input: R,
    salt: u64,
    /// Where the next frame begins.
    at: u64,
    header: Header,
    /// What has been read of it.
    read: End,
    has_ended: bool,
}

impl<R: Read> Reader<R> {
    /// # Errors
    /// It is no such file, or not for this build.
    pub fn begin(mut input: R) -> Result<Reader<R>, ArchiveError> {
        let mut start = [0; START_BYTES as usize];
        let length = fill(&mut input, &mut start)?;
        let (magic, salt) = start.split_at(MAGIC.len());
        if length < start.len() || magic != MAGIC {
            return Err(damaged(0, "this is not the beginning of an export"));
        }
        let salt = salt.try_into().map_or(0, u64::from_le_bytes);
        let mut reader = Reader {
            input,
            salt,
            at: START_BYTES,
            header: Header::default(),
            read: End::default(),
            has_ended: false,
        };
        match reader.frame()? {
            Some(Content::Header(header)) if header.version > VERSION => Err(ArchiveError::Newer {
                found: header.version,
            }),
            Some(Content::Header(header)) if header.partitions > 0 => {
                reader.header = header;
                Ok(reader)
            }
            Some(_) | None => Err(damaged(START_BYTES, "the header is missing")),
        }
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where the next frame begins, in bytes from the start.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next content behind the header, without the end; `None` there.
    ///
    /// # Errors
    /// The file is not as it was written.
    pub fn next_content(&mut self) -> Result<Option<Content>, ArchiveError> {
        if self.has_ended {
            return Ok(None);
        }
        let at = self.at;
        let content = self
            .frame()?
            .ok_or_else(|| damaged(at, "the file ends here, but not the export"))?;
        match &content {
            Content::Header(_) => return Err(damaged(at, "a second header")),
            Content::Partition(_) => {}
            Content::Entries(entries) => self.read.entries += entries.entries.len() as u64,
            Content::Stories(stories) => self.read.stories += stories.stories.len() as u64,
            Content::End(end) => return self.end(at, *end),
        }
        Ok(Some(content))
    }

    fn end(&mut self, at: u64, end: End) -> Result<Option<Content>, ArchiveError> {
        if end != self.read {
            return Err(damaged(at, "something before this is missing"));
        }
        if fill(&mut self.input, &mut [0])? > 0 {
            return Err(damaged(self.at, "something stands behind the end"));
        }
        self.has_ended = true;
        Ok(None)
    }

    /// `None` where the file ends.
    fn frame(&mut self) -> Result<Option<Content>, ArchiveError> {
        let at = self.at;
        let mut header = [0; FRAME_HEADER_BYTES];
        match fill(&mut self.input, &mut header)? {
            0 => return Ok(None),
            FRAME_HEADER_BYTES => {}
            _ => return Err(damaged(at, "the file ends within this frame")),
        }
        let [l0, l1, l2, l3, c0, c1, c2, c3] = header;
        let length = [l0, l1, l2, l3];
        let size = u32::from_le_bytes(length) as usize;
        if size > FRAME_BYTES_MAX {
            return Err(damaged(at, "no frame is so long"));
        }
        let mut bytes = vec![0; size];
        if fill(&mut self.input, &mut bytes)? < size {
            return Err(damaged(at, "the file ends within this frame"));
        }
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(self.salt, at, length, &bytes) {
            return Err(damaged(at, "this frame is not what was written"));
        }
        self.at += (FRAME_HEADER_BYTES + size) as u64;
        let frame = Frame::decode(Bytes::from(bytes));
        let content = frame.ok().and_then(|frame| frame.content);
        let unknown = || damaged(at, "this frame is of a kind that this build does not know");
        content.map(Some).ok_or_else(unknown)
    }
}

fn damaged(at: u64, reason: &str) -> ArchiveError {
    let reason = reason.to_owned();
    ArchiveError::Damaged { at, reason }
}

fn checksum(salt: u64, at: u64, length: [u8; 4], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(&at.to_le_bytes());
    hasher.update(&length);
    hasher.update(bytes);
    hasher.finalize()
}

/// Reads until the buffer is full or the input ends; how much it was.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
