//! The namespaces that the reader knows.
//!
//! Owns their names and which of them are DMN; must not know elements.

use model_xml::NamespaceId;

/// How many of the names, from the first on, are the model's.
const MODELS: usize = 9;
/// How many, from the first on, are DMN's: the model's, and those of diagrams.
const SPECIFIED: usize = MODELS + 8;

/// The names: models, diagrams, and the extensions that are understood or known to do no harm.
pub(crate) const NAMES: &[&str] = &[
    "http://www.omg.org/spec/DMN/20130901",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    // What Camunda 7 wrote before it took over the name of the specification.
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
    "https://www.omg.org/spec/DMN/20240513/MODEL/",
    // Tools that write one protocol for all versions.
    "http://www.omg.org/spec/DMN/20191111/MODEL/",
    "http://www.omg.org/spec/DMN/20180521/DMNDI/",
    "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "https://www.omg.org/spec/DMN/20211108/DMNDI/",
    "https://www.omg.org/spec/DMN/20230324/DMNDI/",
    "https://www.omg.org/spec/DMN/20240513/DMNDI/",
    "http://www.omg.org/spec/DMN/20180521/DC/",
    "http://www.omg.org/spec/DMN/20180521/DI/",
    "http://www.omg.org/spec/DMN/20191111/DMNDI/",
    "http://camunda.org/schema/zeebe/1.0",
    "http://camunda.org/schema/1.0/dmn",
    "http://camunda.org/schema/modeler/1.0",
    "http://bpmn.io/schema/dmn/biodi/1.0",
    "http://bpmn.io/schema/dmn/biodi/2.0",
];

pub(crate) const ZEEBE: NamespaceId = NamespaceId::known(SPECIFIED as u32);
pub(crate) const CAMUNDA: NamespaceId = NamespaceId::known(SPECIFIED as u32 + 1);
pub(crate) const MODELER: NamespaceId = NamespaceId::known(SPECIFIED as u32 + 2);

/// Whether elements of a namespace are the model's.
pub(crate) fn is_model(namespace: NamespaceId) -> bool {
    namespace.position().is_some_and(|at| at < MODELS)
}

/// Whether elements of a namespace are DMN's own rather than somebody's extension.
pub(crate) fn is_specified(namespace: NamespaceId) -> bool {
    namespace.position().is_some_and(|at| at < SPECIFIED)
}

/// Whether a namespace only says how a tool shows a model.
pub(crate) fn is_tool(namespace: NamespaceId) -> bool {
    let tools = SPECIFIED + 2..NAMES.len();
    namespace.position().is_some_and(|at| tools.contains(&at))
}

/// Whether a name is that of FEEL, in any version: as the language of expressions or of types.
pub(crate) fn is_feel(name: &str) -> bool {
    (name.contains("omg.org/spec/") && name.contains("/FEEL")) || name.eq_ignore_ascii_case("feel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_where_the_names_are() {
        let name = |id: NamespaceId| NAMES[id.position().expect("is no namespace of XML")];
        assert!(name(ZEEBE).ends_with("zeebe/1.0"));
        assert!(name(CAMUNDA).ends_with("1.0/dmn"));
        for (at, name) in (0..).zip(NAMES) {
            let id = NamespaceId::known(at);
            let of_omg = name.contains("omg.org");
            assert_eq!(is_specified(id), of_omg, "{name}");
            let is_diagram = name.contains("DI/") || name.contains("DC/");
            assert_eq!(is_model(id), of_omg && !is_diagram, "{name}");
        }
        assert!(!is_tool(CAMUNDA) && is_tool(NamespaceId::known(19)));
        assert!(!is_tool(NamespaceId::known(22)) && !is_tool(NamespaceId::XSI));
    }
}
