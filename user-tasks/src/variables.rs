//! What a task sees of the variables: the scopes from its element outward. Reads only.

use engine::State;
use feel::json;
use proto::record::{Instance, UserTask};

/// Levels of scopes that are walked at most; the parser bounds nesting far below.
const DEPTH_MAX: usize = 1_000;

/// The scopes' variables, inner ones first; of a task whose element is gone, the process's.
fn documents<'a>(state: &'a State, task: &UserTask) -> impl Iterator<Item = &'a [u8]> {
    let instance = state.instance(task.instance);
    let start = instance.map(|instance| match parent(instance, task.element) {
        Some(_) => task.element,
        None => instance.key,
    });
    let outward = move |scope: &u64| parent(instance?, *scope).filter(|outer| *outer != 0);
    let scopes = std::iter::successors(start, outward).take(DEPTH_MAX);
    scopes.filter_map(|scope| state.variables(scope))
}

/// The scope that an element instance runs in; 0 of the process. The elements are in order of their keys.
fn parent(instance: &Instance, element: u64) -> Option<u64> {
    let index = instance
        .elements
        .binary_search_by_key(&element, |element| element.key);
    Some(instance.elements.get(index.ok()?)?.scope)
}

/// The value of a variable, and how many bytes were looked at for it.
pub(crate) fn get<'a>(state: &'a State, task: &UserTask, name: &str) -> (Option<&'a [u8]>, usize) {
    let mut looked_at = 0;
    let found = documents(state, task).find_map(|document| {
        looked_at += document.len();
        json::get(document, name)
    });
    (found, looked_at)
}

/// All that is visible as one object, or only the names asked for; and how many bytes were looked at.
pub(crate) fn visible(state: &State, task: &UserTask, names: &[String]) -> (String, usize) {
    let mut looked_at = 0;
    let merged = documents(state, task).fold(b"{}".to_vec(), |inner, document| {
        looked_at += document.len();
        let outer = match names {
            [] => document.to_vec(),
            names => json::pick(document, names),
        };
        // Inner scopes win.
        match inner.len() {
            ..=2 => outer,
            3.. => json::merge(&outer, &inner),
        }
    });
    // Normalized variables are UTF-8.
    let text = String::from_utf8(merged)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    (text, looked_at)
}
