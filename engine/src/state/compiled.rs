//! Definitions from the resource that has them: each resource is parsed once for all its processes.

use std::sync::Arc;

use proto::record::{Definition, Resource};
use rustc_hash::FxHashMap;

use crate::executable::{Executable, compile};

/// The process of a deployed definition, for whoever does not have the state.
pub fn executable_of(resource: &Resource, definition: &Definition) -> Option<Executable> {
    Compiled::default().take(resource, definition)
}

/// What the last resource gave and no definition has taken yet; nothing, once all are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Compiled {
    resource: u64,
    processes: FxHashMap<String, Arc<Executable>>,
}

impl Compiled {
    /// The process of a definition. Deploying has proven that it compiles; the same bytes compile again.
    pub fn take(&mut self, resource: &Resource, definition: &Definition) -> Option<Executable> {
        let present = match self.resource == resource.key {
            true => self.remove(&definition.process_id),
            false => None,
        };
        let mut executable = match present {
            Some(executable) => executable,
            None => {
                self.fill(resource);
                self.remove(&definition.process_id)?
            }
        };
        executable.key = definition.key;
        executable.version = definition.version;
        Some(executable)
    }

    /// `None` too where a copy of the state shares it.
    fn remove(&mut self, process_id: &str) -> Option<Executable> {
        Arc::into_inner(self.processes.remove(process_id)?)
    }

    fn fill(&mut self, resource: &Resource) {
        self.resource = resource.key;
        self.processes.clear();
        let Some(model) = bpmn_parser::parse(&resource.name, &resource.content).model else {
            return;
        };
        for process in model.processes.iter().filter(|found| found.is_executable) {
            if let Ok(executable) = compile(&model, process) {
                self.processes
                    .insert(process.id.clone(), Arc::new(executable));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(process_id: &str) -> Definition {
        Definition {
            process_id: process_id.to_owned(),
            ..Definition::default()
        }
    }

    #[test]
    fn a_resource_is_parsed_once_for_all_its_processes() {
        let process = |id: &str| format!(r#"<process id="{id}" isExecutable="true"/>"#);
        let content = format!(
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t">{}{}</definitions>"#,
            process("a"),
            process("b")
        );
        let mut resource = Resource {
            key: 1,
            content: content.into(),
            ..Resource::default()
        };
        let mut compiled = Compiled::default();
        assert!(compiled.take(&resource, &definition("a")).is_some());
        // What cannot be parsed any more is not.
        resource.content.clear();
        assert!(compiled.take(&resource, &definition("b")).is_some());
        assert!(compiled.take(&resource, &definition("a")).is_none());
    }
}
