//! Where the files are that others made: beside the checkout, never in it.
//!
//! Owns the rule that their absence fails in continuous integration and only there.

use std::path::{Path, PathBuf};

/// Every file with an extension below the corpora with its name, sorted; `None` where there are no
/// corpora.
pub fn files(extension: &str) -> Option<Vec<(String, PathBuf)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    if !root.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the corpora are missing at {}",
            root.display()
        );
        println!("no corpora at {}; nothing was checked", root.display());
        return None;
    }
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a corpus can be listed") {
            let path = entry.expect("a corpus can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                let name = path.strip_prefix(&root).expect("is inside");
                files.push((name.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    files.sort();
    Some(files)
}
