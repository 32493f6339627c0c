//! Lists that come in pages.

use crate::failure::Failure;
use crate::output::Paint;

/// The most entries that are asked for at once.
pub const PAGE_SIZE: u32 = 500;

/// The size of the pages when at most `limit` entries are wanted.
pub fn page_size(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX).clamp(1, PAGE_SIZE)
}

/// Up to `limit` entries, and whether there are more. `page` is given the token of the page it is to fetch, empty for
/// the first, and gives its entries and the token of the next one.
pub async fn fetch<T>(
    limit: usize,
    page: impl AsyncFn(String) -> Result<(Vec<T>, String), Failure>,
) -> Result<(Vec<T>, bool), Failure> {
    let mut found = Vec::new();
    let mut token = String::new();
    let mut more = false;
    // Ends: a server gives the empty token after its last page.
    while found.len() < limit {
        let (entries, next) = page(token).await?;
        found.extend(entries);
        more = !next.is_empty();
        if !more {
            break;
        }
        token = next;
    }
    more |= found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// What stands below a table that does not show all.
pub fn more_text(paint: Paint, more: bool) -> String {
    match more {
        true => paint.faint("There are more: raise --limit.\n"),
        false => String::new(),
    }
}
