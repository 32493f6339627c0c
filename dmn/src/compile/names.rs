//! What expressions may name (DMN 1.5, 6.3.10 and 10.3.1.4): what their element requires, types, members.

use feel::program::{DefinitionNumber, Scope};

use super::{Compiler, Unit};
use crate::model::{
    Boxed, Definitions, Expression, InformationItem, ItemDefinition, Reference, Shape, Target,
};

/// The name by which an element's value is known.
pub(super) fn name_of<'m>(name: &'m str, variable: Option<&'m InformationItem>) -> &'m str {
    let variable = variable.map(|variable| &*variable.name);
    variable.filter(|name| !name.is_empty()).unwrap_or(name)
}

/// Something of a file that has a name.
struct Named<'m> {
    name: &'m str,
    id: &'m str,
    number: DefinitionNumber,
    is_function: bool,
}

impl<'m> Compiler<'m> {
    /// Makes types and members of the file, and of those that it imports, known to all its expressions.
    pub(super) fn link(&mut self, unit: usize) {
        let mut scope = Scope::new();
        for other in &self.units {
            members(other.file.model, &mut scope);
        }
        let this = &self.units[unit];
        if this.is_typed {
            scope.close();
        }
        for (import, target) in this.file.model.imports.iter().zip(&this.imports) {
            let Some(target) = target else { continue };
            let of = &self.units[*target];
            for (type_, number) in of.file.model.item_definitions.iter().zip(&of.types) {
                scope.type_(&qualified(&import.name, &type_.name), *number);
            }
        }
        for (type_, number) in this.file.model.item_definitions.iter().zip(&this.types) {
            scope.type_(&type_.name, *number);
        }
        self.units[unit].scope = scope;
    }

    /// What an element with these requirements may name.
    pub(super) fn scope<'r>(
        &self,
        unit: usize,
        requirements: impl Iterator<Item = &'r Reference>,
    ) -> Scope {
        let this = &self.units[unit];
        let mut scope = this.scope.child();
        for requirement in requirements {
            match &requirement.target {
                Target::Imported { import, id } => {
                    let name = this.file.model.imports.get(*import).map(|it| &*it.name);
                    let of = this.imports.get(*import).copied().flatten();
                    let found = of.and_then(|of| {
                        let target = self.units[of].file.model.find(id)?;
                        self.units[of].named(&target)
                    });
                    if let (Some(import), Some(named)) = (name, found) {
                        let name = qualified(import, named.name);
                        enter(&mut scope, &name, &named);
                    }
                }
                target => {
                    if let Some(named) = this.named(target) {
                        // Camunda also knows a required decision by its id.
                        if !this.is_typed && !named.id.is_empty() {
                            enter(&mut scope, named.id, &named);
                        }
                        enter(&mut scope, named.name, &named);
                    }
                }
            }
        }
        scope
    }

    /// The definition that a reference leads to, with its name there.
    pub(super) fn definition(
        &self,
        unit: usize,
        target: &Target,
    ) -> Option<(&'m str, DefinitionNumber)> {
        let this = &self.units[unit];
        let named = match target {
            Target::Imported { import, id } => {
                let of = &self.units[this.imports.get(*import).copied().flatten()?];
                of.named(&of.file.model.find(id)?)?
            }
            target => this.named(target)?,
        };
        Some((named.name, named.number))
    }
}

fn enter(scope: &mut Scope, name: &str, named: &Named<'_>) {
    match named.is_function {
        true => scope.function(name, named.number),
        false => scope.definition(name, named.number),
    }
}

fn qualified(import: &str, name: &str) -> String {
    match import {
        "" => name.to_owned(),
        import => format!("{import}.{name}"),
    }
}

impl<'m> Unit<'m> {
    /// What a target of this very file is called.
    fn named(&self, target: &Target) -> Option<Named<'m>> {
        let model = self.file.model;
        let (name, variable, id, numbers, position) = match *target {
            Target::InputData(at) => {
                let it = model.input_data.get(at)?;
                (&it.name, &it.variable, &it.id, &self.inputs, at)
            }
            Target::Decision(at) => {
                let it = model.decisions.get(at)?;
                (&it.name, &it.variable, &it.id, &self.decisions, at)
            }
            Target::KnowledgeModel(at) => {
                let it = model.knowledge_models.get(at)?;
                (&it.name, &it.variable, &it.id, &self.knowledge_models, at)
            }
            Target::Service(at) => {
                let it = model.services.get(at)?;
                (&it.name, &it.variable, &it.id, &self.services, at)
            }
            Target::KnowledgeSource(_) | Target::Imported { .. } => return None,
        };
        Some(Named {
            name: name_of(name, variable.as_ref()),
            id,
            number: *numbers.get(position)?,
            is_function: matches!(target, Target::KnowledgeModel(_) | Target::Service(_)),
        })
    }
}

/// Names that contexts of a file may have as members.
fn members(model: &Definitions, scope: &mut Scope) {
    for definition in &model.item_definitions {
        components(definition, scope);
    }
    // Outputs of services and of tables are contexts too.
    for decision in &model.decisions {
        scope.member(name_of(&decision.name, decision.variable.as_ref()));
        if let Some(logic) = &decision.logic {
            entries(logic, scope);
        }
    }
    for model in &model.knowledge_models {
        let body = model.logic.as_ref().and_then(|it| it.content.body.as_ref());
        if let Some(body) = body {
            entries(body, scope);
        }
    }
}

/// The recursion is bounded by `Limits::depth`, as that of reading is.
fn components(definition: &ItemDefinition, scope: &mut Scope) {
    if let Shape::Components(parts) = &definition.shape {
        for part in parts {
            scope.member(&part.name);
            components(part, scope);
        }
    }
}

fn entries(logic: &Boxed, scope: &mut Scope) {
    match &logic.content {
        Expression::Literal(_) => {}
        Expression::DecisionTable(table) => {
            let names = table.outputs.iter().filter_map(|it| it.name.as_deref());
            names.for_each(|name| scope.member(name));
        }
        Expression::Context(context) => {
            for entry in &context.entries {
                scope.member(&entry.variable.name);
                entries(&entry.value, scope);
            }
            if let Some(result) = &context.result {
                entries(result, scope);
            }
        }
        Expression::Invocation(invocation) => {
            let values = invocation
                .bindings
                .iter()
                .filter_map(|it| it.value.as_ref());
            values.for_each(|value| entries(value, scope));
        }
        Expression::FunctionDefinition(function) => {
            if let Some(body) = &function.body {
                entries(body, scope);
            }
        }
        Expression::Relation(relation) => {
            for column in &relation.columns {
                scope.member(&column.name);
            }
            for cell in relation.rows.iter().flatten() {
                entries(cell, scope);
            }
        }
        Expression::List(items) => items.iter().for_each(|item| entries(item, scope)),
        Expression::Conditional(it) => {
            for part in [&it.condition, &it.then, &it.otherwise] {
                entries(part, scope);
            }
        }
        Expression::Filter(it) => both(&it.list, &it.condition, scope),
        Expression::For(it) => both(&it.list, &it.result, scope),
        Expression::Quantified(it) => both(&it.list, &it.condition, scope),
    }
}

fn both(list: &Boxed, of_items: &Boxed, scope: &mut Scope) {
    entries(list, scope);
    entries(of_items, scope);
}
