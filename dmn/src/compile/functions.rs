//! Business knowledge models and decision services as functions (DMN 1.5, 6.3.9, 6.3.11 and 10.4).

use feel::program::{Boxed, Scope, Type};

use super::names::name_of;
use super::{At, Compiler};
use crate::decisions::Function;
use crate::model::{FunctionDefinition, FunctionKind, Reference, Shape, TypeRef};

impl Compiler<'_> {
    pub(super) fn define_knowledge_model(&mut self, unit: usize, position: usize) {
        let model = &self.units[unit].file.model.knowledge_models[position];
        let number = self.units[unit].knowledge_models[position];
        let mut scope = self.scope(unit, model.knowledge_requirements.iter());
        let name = name_of(&model.name, model.variable.as_ref());
        // A function may call itself.
        scope.function(name, number);
        let at = At {
            unit,
            owner: &model.id,
            scope: &scope,
        };
        let mut parameters = Vec::new();
        if let Some(logic) = &model.logic {
            let variable = model.variable.as_ref().and_then(|it| it.type_ref.as_ref());
            let output = self.output_type(unit, logic.type_ref.as_ref().or(variable));
            let function = self.function(at, &logic.content, output);
            self.builder.value(number, function);
            let names = logic.content.parameters.iter();
            parameters.extend(names.map(|parameter| parameter.name.clone()));
        }
        if unit == 0 {
            self.functions.push(Function {
                id: model.id.clone(),
                name: model.name.clone(),
                parameters,
                number,
            });
        }
    }

    /// What a function gives, where it is said: by its own type, or by that of what it gives.
    pub(super) fn output_type(&mut self, unit: usize, said: Option<&TypeRef>) -> Option<Type> {
        let reference = said?;
        let definitions = &self.units[unit].file.model.item_definitions;
        let definition = definitions.iter().find(|it| it.name == reference.name);
        if let Some(Shape::Function { output, .. }) = definition.map(|it| &it.shape) {
            return self.checked_type(unit, output.as_ref()?);
        }
        match self.checked_type(unit, reference)? {
            Type::Function(_, output) => Some(*output),
            type_ => Some(type_),
        }
    }

    /// A function whose value is converted to a type.
    pub(super) fn function(
        &mut self,
        at: At<'_>,
        function: &FunctionDefinition,
        output: Option<Type>,
    ) -> Boxed {
        let mut scope: Scope = at.scope.child();
        let mut parameters = Vec::with_capacity(function.parameters.len());
        for parameter in &function.parameters {
            scope.local(&parameter.name);
            let type_ = self.type_of(at.unit, Some(parameter));
            parameters.push((parameter.name.as_str().into(), type_));
        }
        let inside = At {
            scope: &scope,
            ..at
        };
        let body = match function.kind {
            FunctionKind::Feel => self.optional(inside, function.body.as_deref()),
            // Refused when it was read.
            FunctionKind::Java | FunctionKind::Pmml => Boxed::null(),
        };
        let location = function.body.as_ref().map(|body| body.location);
        let location = location.unwrap_or_default();
        let body = match output {
            Some(type_) => self.bounded(at, location, body.typed(type_)),
            None => body,
        };
        self.bounded(at, location, Boxed::function(parameters, body))
    }

    pub(super) fn define_service(&mut self, unit: usize, position: usize) {
        let service = &self.units[unit].file.model.services[position];
        let number = self.units[unit].services[position];
        let parameters = service.input_data.iter().chain(&service.input_decisions);
        let parameters = self.referred(unit, parameters);
        let outputs = self.referred(unit, service.output_decisions.iter());
        if unit == 0 {
            let names = parameters.iter().map(|(name, _)| name.to_string());
            self.functions.push(Function {
                id: service.id.clone(),
                name: service.name.clone(),
                parameters: names.collect(),
                number,
            });
        }
        let name = name_of(&service.name, service.variable.as_ref());
        let said = service
            .variable
            .as_ref()
            .and_then(|it| it.type_ref.as_ref());
        let type_ = self.output_type(unit, said);
        self.builder
            .service(number, name, parameters, outputs, type_);
    }

    fn referred<'r>(
        &self,
        unit: usize,
        references: impl Iterator<Item = &'r Reference>,
    ) -> Vec<(Box<str>, u32)> {
        let named = references.filter_map(|it| self.definition(unit, &it.target));
        named.map(|(name, number)| (name.into(), number)).collect()
    }
}
