//! Item definitions as types (DMN 1.5, 7.3.3).

use feel::program::{Cells, Type, TypeName};

use super::{At, Compiler};
use crate::code;
use crate::model::{InformationItem, ItemDefinition, Shape, Text, TypeRef};

/// Names of DMN 1.1 and of Camunda 7 that FEEL does not have.
const OLD_NAMES: &[(&str, TypeName)] = &[
    ("dateTime", TypeName::DateTime),
    ("dayTimeDuration", TypeName::DaysTimeDuration),
    ("double", TypeName::Number),
    ("duration", TypeName::Any),
    ("integer", TypeName::Number),
    ("long", TypeName::Number),
    ("yearMonthDuration", TypeName::YearsMonthsDuration),
];

const ANY: Type = Type::Named(TypeName::Any);

impl Compiler<'_> {
    pub(super) fn define_types(&mut self, unit: usize) {
        let model = self.units[unit].file.model;
        for (position, definition) in model.item_definitions.iter().enumerate() {
            let number = self.units[unit].types[position];
            let (type_, tests) = self.shape(unit, definition);
            self.builder.define_type(number, type_, tests);
        }
    }

    /// The type of a definition, and what its values must pass.
    fn shape(&mut self, unit: usize, definition: &ItemDefinition) -> (Type, Option<Cells>) {
        let type_ = match &definition.shape {
            Shape::Any => ANY,
            Shape::Reference(reference) => self.type_(unit, reference),
            Shape::Components(parts) => {
                let parts = parts.iter().map(|part| {
                    let (type_, tests) = self.shape(unit, part);
                    (
                        part.name.as_str().into(),
                        self.passing(&part.name, type_, tests),
                    )
                });
                Type::Context(parts.collect())
            }
            Shape::Function { parameters, output } => {
                let of = |it: &mut Self, reference: Option<&TypeRef>| {
                    reference.map_or(ANY, |reference| it.type_(unit, reference))
                };
                let parameters = parameters.iter();
                let parameters = parameters
                    .map(|it| of(self, it.type_ref.as_ref()))
                    .collect();
                let output = of(self, output.as_ref());
                Type::Function(parameters, Box::new(output))
            }
        };
        let allowed = self.tests(unit, definition, definition.allowed_values.as_ref());
        let constraint = self.tests(unit, definition, definition.type_constraint.as_ref());
        let passing = self.passing(&definition.name, type_, allowed);
        match definition.is_collection {
            true => (Type::List(Box::new(passing)), constraint),
            false => (passing, constraint),
        }
    }

    fn tests(
        &mut self,
        unit: usize,
        definition: &ItemDefinition,
        text: Option<&Text>,
    ) -> Option<Cells> {
        let scope = self.units[unit].scope.clone();
        let owner = definition.id.as_deref().unwrap_or("");
        let scope = &scope;
        self.cells(At { unit, owner, scope }, text?)
    }

    /// A type without a name whose values must pass the tests.
    pub(super) fn passing(&mut self, name: &str, type_: Type, tests: Option<Cells>) -> Type {
        let Some(tests) = tests else {
            return type_;
        };
        let number = self.builder.declare_type();
        self.builder.define_type(number, type_, Some(tests));
        Type::Declared(number, name.into())
    }

    /// The type that a reference names; `Any` where reading has already warned that there is none.
    pub(super) fn type_(&mut self, unit: usize, reference: &TypeRef) -> Type {
        let known = OLD_NAMES.iter().find(|(name, _)| *name == reference.name);
        if let Some((_, name)) = known {
            return Type::Named(*name);
        }
        let scope = &self.units[unit].scope;
        match self.builder.type_(&reference.name, scope) {
            Ok(type_) => type_,
            Err(error) if reference.name.contains('<') => {
                let scope = scope.clone();
                let at = At {
                    unit,
                    owner: "",
                    scope: &scope,
                };
                let help = "name a type of FEEL or of an itemDefinition";
                let message = format!("{:?} is not a type: {}", reference.name, error.message);
                self.report(at, code::BAD_EXPRESSION, reference.location, message, help);
                ANY
            }
            Err(_) => ANY,
        }
    }

    /// The type of a variable, where values are checked.
    pub(super) fn type_of(
        &mut self,
        unit: usize,
        variable: Option<&InformationItem>,
    ) -> Option<Type> {
        let reference = variable?.type_ref.as_ref()?;
        self.checked_type(unit, reference)
    }

    /// The type that values are converted to, where they are; `Any` converts nothing.
    pub(super) fn checked_type(&mut self, unit: usize, reference: &TypeRef) -> Option<Type> {
        if !self.units[unit].is_typed {
            return None;
        }
        Some(self.type_(unit, reference)).filter(|type_| *type_ != ANY)
    }
}
