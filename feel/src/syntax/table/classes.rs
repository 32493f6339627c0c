//! The classes of an indexed column for those who look at the table as a whole, and not at one value.

use super::index::Classes;

impl Classes {
    /// The class of values that no index knows.
    pub(crate) const OTHER: usize = 3;
    pub(super) const FIRST_NUMBER: usize = 4;

    pub(super) fn first_text(&self) -> usize {
        Classes::FIRST_NUMBER + 2 * self.numbers.len() + 1
    }

    /// The classes of the types that the cells speak of.
    pub(crate) fn of_known_types(&self) -> impl Iterator<Item = usize> {
        let booleans = match self.has_booleans {
            true => 1..3,
            false => 0..0,
        };
        let numbers = match self.numbers.is_empty() {
            true => 0..0,
            false => Classes::FIRST_NUMBER..self.first_text(),
        };
        let texts = match self.texts.is_empty() {
            true => 0..0,
            false => self.first_text()..self.first_text() + self.texts.len() + 1,
        };
        booleans.chain(numbers).chain(texts)
    }

    pub(crate) fn is_number(&self, class: usize) -> bool {
        (Classes::FIRST_NUMBER..self.first_text()).contains(&class)
    }

    /// The rules that match the values of a class, as far as the index knows.
    pub(crate) fn row(&self, class: usize) -> &[u64] {
        let words = self.bits.len() / (self.first_text() + self.texts.len() + 1);
        &self.bits[class * words..][..words]
    }

    /// The values from one class to another as a cell would say them.
    pub(crate) fn describe(&self, first: usize, last: usize) -> String {
        if !self.is_number(first) {
            return self.describe_one(first);
        }
        let (first, last) = (first - Classes::FIRST_NUMBER, last - Classes::FIRST_NUMBER);
        // Odd ones are numbers, even ones lie between two.
        let low = (first + 1).checked_sub(2).map(|low| self.numbers[low / 2]);
        let high = self.numbers.get(last / 2);
        let (low_included, high_included) = (first % 2 == 1, last % 2 == 1);
        match (low, high) {
            (None, None) => "any number".to_owned(),
            (None, Some(high)) => format!("{} {high}", if high_included { "<=" } else { "<" }),
            (Some(low), None) => format!("{} {low}", if low_included { ">=" } else { ">" }),
            (Some(low), Some(high)) if low == *high => low.to_string(),
            (Some(low), Some(high)) => {
                let open = if low_included { '[' } else { '(' };
                let close = if high_included { ']' } else { ')' };
                format!("{open}{low}..{high}{close}")
            }
        }
    }

    fn describe_one(&self, class: usize) -> String {
        match class {
            0 => "null".to_owned(),
            1 => "false".to_owned(),
            2 => "true".to_owned(),
            _ => match self.texts.get(class.wrapping_sub(self.first_text())) {
                Some(text) => format!("{text:?}"),
                None => "any other text".to_owned(),
            },
        }
    }
}
