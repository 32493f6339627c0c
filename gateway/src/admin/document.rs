//! Documents in answers, which hold only so much.

use feel::json;
use proto::admin::Document;

/// Larger ones in a story, and results of elements, are given by their size only.
pub(super) const STORY_BYTES_MAX: usize = 16 << 10;

/// The document, or only its size when it is larger than `max` bytes.
pub(super) fn within(document: &[u8], max: usize) -> Document {
    if document.len() > max {
        return Document {
            json: String::new(),
            omitted_bytes: document.len() as u64,
        };
    }
    Document {
        json: String::from_utf8_lossy(document).into_owned(),
        omitted_bytes: 0,
    }
}

/// Puts more fields into a document that is shown.
pub(super) fn add(shown: &mut Option<Document>, more: &[u8]) {
    let Some(present) = shown else {
        *shown = Some(within(more, STORY_BYTES_MAX));
        return;
    };
    let size = present.json.len() as u64 + present.omitted_bytes + more.len() as u64;
    if present.omitted_bytes > 0 || size > STORY_BYTES_MAX as u64 {
        *present = Document {
            json: String::new(),
            omitted_bytes: size,
        };
        return;
    }
    let merged = json::merge(present.json.as_bytes(), more);
    *present = within(&merged, STORY_BYTES_MAX);
}

/// Long texts are cut, by characters.
pub(super) fn cut(text: &str) -> String {
    const CHARACTERS_MAX: usize = 1_000;
    match text.char_indices().nth(CHARACTERS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
