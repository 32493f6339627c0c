//! Positions as callers hold them: how far the logs of some partitions go.
//!
//! The text is `1:57,3:12`, the numbers of partitions and offsets in their logs. Callers must not read it; it is plain
//! because the people who look for a fault may.

use std::fmt;

use node::PartitionId;

/// Offsets of partitions, in the order of the partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position(Vec<(PartitionId, u64)>);

impl Position {
    pub fn of(partition: PartitionId, offset: u64) -> Position {
        Position(vec![(partition, offset)])
    }

    /// Of all partitions, the first one first.
    pub fn of_all(offsets: &[u64]) -> Position {
        let partitions = PartitionId::all(u32::try_from(offsets.len()).unwrap_or(u32::MAX));
        Position(partitions.zip(offsets.iter().copied()).collect())
    }

    /// The position, or what is wrong with the text. No other text than [`Position`] writes itself is one.
    pub fn parse(text: &str, partitions: u32) -> Result<Position, String> {
        let not_one = || "this is no position, or it was altered".to_owned();
        let mut offsets: Vec<(PartitionId, u64)> = Vec::new();
        for pair in text.split(',') {
            let (number, offset) = pair.split_once(':').ok_or_else(not_one)?;
            let number: u32 = number.parse().map_err(|_| not_one())?;
            let offset = offset.parse().map_err(|_| not_one())?;
            let partition = PartitionId::new(number).ok_or_else(not_one)?;
            if number > partitions {
                return Err(format!("there is no partition {number} here"));
            }
            if offsets.last().is_some_and(|(last, _)| *last >= partition) {
                return Err(not_one());
            }
            offsets.push((partition, offset));
        }
        let position = Position(offsets);
        match position.to_string() == text {
            true => Ok(position),
            false => Err(not_one()),
        }
    }

    pub fn pairs(&self) -> &[(PartitionId, u64)] {
        &self.0
    }

    /// The offsets of all partitions; `None` when some are not named.
    pub fn all(&self, partitions: u32) -> Option<Vec<u64>> {
        let is_whole = self.0.len() == partitions as usize;
        is_whole.then(|| self.0.iter().map(|(_, offset)| *offset).collect())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (partition, offset) in &self.0 {
            write!(formatter, "{before}{partition}:{offset}")?;
            before = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_no_other_text_is_one() {
        let all = Position::of_all(&[57, 0, u64::MAX]);
        assert_eq!(all.to_string(), "1:57,2:0,3:18446744073709551615");
        assert_eq!(Position::parse(&all.to_string(), 3), Ok(all.clone()));
        assert_eq!(all.all(3), Some(vec![57, 0, u64::MAX]));
        let one = Position::parse("2:7", 3).expect("a position");
        assert_eq!(one.pairs(), [(PartitionId::new(2).expect("a number"), 7)]);
        assert_eq!(one.all(3), None);
        assert!(Position::parse("4:7", 3).is_err());
        for garbage in [
            "",
            "1",
            "57",
            "1:",
            ":1",
            "1:2,",
            ",1:2",
            "0:1",
            "1:+2",
            "1:02",
            "01:2",
            "1:-2",
            "1: 2",
            "1:2:3",
            "2:1,1:1",
            "1:1,1:1",
            "1:18446744073709551616",
            "4294967297:1",
            "é",
        ] {
            assert!(Position::parse(garbage, 3).is_err(), "{garbage}");
        }
    }
}
