//! `docs/bpmn-support.md` is what the tables say.

use std::path::Path;

#[test]
fn the_support_page_is_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bpmn-support.md");
    let page = bpmn_parser::support_page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/bpmn-support.md is old; write it anew with UPDATE=1 cargo test -p bpmn-parser"
    );
}
