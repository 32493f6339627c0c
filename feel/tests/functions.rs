//! What is told of the built-in functions.

/// The names in the README's list.
fn listed() -> Vec<&'static str> {
    let readme = include_str!("../README.md");
    let list = readme
        .split("```")
        .find_map(|block| block.strip_prefix("text\nabs,"));
    let names = list.expect("a list of functions").split(',');
    std::iter::once("abs").chain(names.map(str::trim)).collect()
}

#[test]
fn the_readme_lists_every_function() {
    let names: Vec<_> = feel::functions().iter().map(|it| it.name).collect();
    assert_eq!(names, listed());
}

#[test]
fn every_form_can_be_called_by_its_names() {
    for function in feel::functions() {
        for form in &function.forms {
            let parameters = form.split(", ").filter(|name| !name.is_empty());
            let named = parameters
                .filter(|name| !name.ends_with('?') && !name.ends_with("..."))
                .map(|name| format!("{name}: null"))
                .collect::<Vec<_>>();
            if form.contains("...") {
                continue;
            }
            let call = format!("{}({})", function.name, named.join(", "));
            assert!(feel::parse(&call).is_ok(), "{call}");
        }
    }
}

#[test]
fn forms_are_shown_as_they_are_written() {
    let functions = feel::functions();
    let substring = functions.iter().find(|it| it.name == "substring");
    let forms = substring.map(|it| it.forms.clone()).unwrap_or_default();
    assert_eq!(forms, ["string, start position, length?"]);
}
