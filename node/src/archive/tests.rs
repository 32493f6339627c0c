//! A file is read as it was written, and any other file is refused with the place.

use proto::archive::Partition;

use super::*;

fn written() -> Vec<u8> {
    let header = Header {
        version: VERSION,
        partitions: 1,
        ..Header::default()
    };
    let mut writer = Writer::begin(Vec::new(), header).expect("begun");
    let partition = Partition { number: 1, term: 7 };
    writer.partition(partition).expect("a partition");
    for number in 0..3_u8 {
        let entry = Entry {
            key: Bytes::from(vec![number]),
            value: Bytes::from_static(b"value"),
        };
        writer.entry(entry).expect("an entry");
    }
    let story = Story {
        instance: 5,
        history: Bytes::from_static(b"once"),
        ..Story::default()
    };
    writer.story(story).expect("a story");
    writer.finish().expect("finished").0
}

/// How many contents it has.
fn read(bytes: &[u8]) -> Result<usize, ArchiveError> {
    let mut reader = Reader::begin(bytes)?;
    let mut contents = 0;
    while reader.next_content()?.is_some() {
        contents += 1;
    }
    Ok(contents)
}

fn place(bytes: &[u8]) -> u64 {
    match read(bytes) {
        Err(ArchiveError::Damaged { at, .. }) => at,
        other => panic!("not refused for damage: {other:?}"),
    }
}

#[test]
fn a_file_is_read_as_it_was_written() {
    assert_eq!(read(&written()).expect("good"), 3);
}

#[test]
fn a_file_that_ends_too_early_or_too_late_is_refused() {
    let whole = written();
    for length in 0..whole.len() {
        assert!(place(&whole[..length]) <= length as u64, "{length}");
    }
    let longer = [&whole[..], b"x"].concat();
    assert_eq!(place(&longer), whole.len() as u64);
}

#[test]
fn every_bit_counts() {
    let whole = written();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            // What is wrong with the number of the file is seen at its first frame.
            let latest = START_BYTES.max(at as u64);
            assert!(place(&bytes) <= latest, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn frames_that_are_missing_doubled_or_of_another_file_are_refused() {
    let whole = written();
    let mut frames = Vec::new();
    let mut at = START_BYTES as usize;
    while at < whole.len() {
        let length: [u8; 4] = whole[at..at + 4].try_into().expect("a length");
        let end = at + FRAME_HEADER_BYTES + u32::from_le_bytes(length) as usize;
        frames.push(at..end);
        at = end;
    }
    assert_eq!(frames.len(), 5);
    let other = written();
    for frame in &frames {
        let without = [&whole[..frame.start], &whole[frame.end..]].concat();
        assert_eq!(place(&without), frame.start as u64);
        let doubled = [&whole[..frame.end], &whole[frame.start..]].concat();
        assert_eq!(place(&doubled), frame.end as u64);
        let mut foreign = whole.clone();
        foreign[frame.clone()].copy_from_slice(&other[frame.clone()]);
        assert_eq!(place(&foreign), frame.start as u64);
    }
}

#[test]
fn a_newer_layout_is_refused_with_its_number() {
    let header = Header {
        version: VERSION + 1,
        partitions: 1,
        ..Header::default()
    };
    let writer = Writer::begin(Vec::new(), header).expect("begun");
    let (bytes, _) = writer.finish().expect("finished");
    assert!(matches!(
        read(&bytes),
        Err(ArchiveError::Newer { found }) if found == VERSION + 1
    ));
}
