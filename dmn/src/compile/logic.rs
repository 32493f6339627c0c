//! Boxed expressions as parts of the program (DMN 1.5, 10.2.2).
//!
//! The recursion is bounded by `Limits::depth`, as that of reading is.

use feel::program::{Boxed, Scope};

use super::{At, Compiler};
use crate::model::{
    self, Context, Expression, Invocation, Iteration, Literal, Quantified, Quantifier, Relation,
};
use crate::namespace;

impl Compiler<'_> {
    /// An expression, or null where there is none.
    pub(super) fn optional(&mut self, at: At<'_>, logic: Option<&model::Boxed>) -> Boxed {
        match logic {
            Some(logic) => self.logic(at, logic),
            None => Boxed::null(),
        }
    }

    pub(super) fn logic(&mut self, at: At<'_>, logic: &model::Boxed) -> Boxed {
        let location = logic.location;
        let part = match &logic.content {
            Expression::Literal(literal) => Ok(self.literal(at, literal)),
            Expression::DecisionTable(table) => {
                return self.decision_table(at, logic, table);
            }
            Expression::Context(context) => Ok(self.context(at, logic, context)),
            Expression::Invocation(it) => Ok(self.invocation(at, logic, it)),
            Expression::FunctionDefinition(function) => {
                let output = self.output_type(at.unit, logic.type_ref.as_ref());
                Ok(self.function(at, function, output))
            }
            Expression::Relation(relation) => Ok(self.relation(at, logic, relation)),
            Expression::List(items) => {
                let items = items.iter().map(|item| self.logic(at, item)).collect();
                Boxed::list(items)
            }
            Expression::Conditional(it) => {
                let parts = [&it.condition, &it.then, &it.otherwise];
                let [condition, then, otherwise] = parts.map(|part| self.logic(at, part));
                Boxed::conditional(condition, then, otherwise)
            }
            Expression::Filter(it) => {
                let list = self.logic(at, &it.list);
                let mut scope = at.scope.child();
                scope.local("item");
                scope.enter_filter();
                let condition = self.logic(inside(at, &scope), &it.condition);
                Boxed::filter(list, condition)
            }
            Expression::For(it) => Ok(self.iteration(at, it)),
            Expression::Quantified(it) => Ok(self.quantified(at, it)),
        };
        let part = self.bounded(at, location, part);
        self.converted(at, logic, part)
    }

    /// Null where reading has already said that there is no text, or that it is not FEEL.
    pub(super) fn literal(&mut self, at: At<'_>, literal: &Literal) -> Boxed {
        let language = literal.language.as_deref();
        match literal.text.value.is_empty() || !language.is_none_or(namespace::is_feel) {
            true => Boxed::null(),
            false => self.text(at, &literal.text),
        }
    }

    /// What an expression gives, converted to the type that it says itself.
    pub(super) fn converted(&mut self, at: At<'_>, logic: &model::Boxed, part: Boxed) -> Boxed {
        let is_function = matches!(logic.content, Expression::FunctionDefinition(_));
        let type_ = logic.type_ref.as_ref();
        match type_.and_then(|it| self.checked_type(at.unit, it)) {
            Some(type_) if !is_function => self.bounded(at, logic.location, part.typed(type_)),
            Some(_) | None => part,
        }
    }

    fn context(&mut self, at: At<'_>, logic: &model::Boxed, context: &Context) -> Boxed {
        let mut scope = at.scope.child();
        let mut entries = Vec::with_capacity(context.entries.len());
        for entry in &context.entries {
            let value = self.logic(inside(at, &scope), &entry.value);
            let type_ = self.type_of(at.unit, Some(&entry.variable));
            let is_function = matches!(entry.value.content, Expression::FunctionDefinition(_));
            let value = match type_ {
                // The type of an entry that is a function is often that of what it gives.
                Some(type_) if !is_function => {
                    self.bounded(at, entry.value.location, value.typed(type_))
                }
                Some(_) | None => value,
            };
            scope.local(&entry.variable.name);
            entries.push((entry.variable.name.as_str().into(), value));
        }
        let part = match &context.result {
            Some(result) => {
                let result = self.logic(inside(at, &scope), result);
                Boxed::result(entries, result)
            }
            None => Boxed::context(entries),
        };
        self.bounded(at, logic.location, part)
    }

    fn invocation(&mut self, at: At<'_>, logic: &model::Boxed, invocation: &Invocation) -> Boxed {
        let function = self.logic(at, &invocation.function);
        let bindings = invocation.bindings.iter().map(|binding| {
            let value = self.optional(at, binding.value.as_ref());
            (binding.parameter.name.as_str().into(), value)
        });
        let bindings = bindings.collect();
        self.bounded(at, logic.location, Boxed::invocation(function, bindings))
    }

    fn relation(&mut self, at: At<'_>, logic: &model::Boxed, relation: &Relation) -> Boxed {
        let rows = relation.rows.iter().map(|row| {
            let cells = relation.columns.iter().zip(row);
            let cells = cells.map(|(column, cell)| {
                let value = self.logic(at, cell);
                (column.name.as_str().into(), value)
            });
            let cells = cells.collect();
            self.bounded(at, logic.location, Boxed::context(cells))
        });
        let rows = rows.collect();
        self.bounded(at, logic.location, Boxed::list(rows))
    }

    fn iteration(&mut self, at: At<'_>, iteration: &Iteration) -> Boxed {
        let list = self.logic(at, &iteration.list);
        let mut scope = at.scope.child();
        scope.local(&iteration.variable);
        scope.local("partial");
        let body = self.logic(inside(at, &scope), &iteration.result);
        let part = Boxed::for_(&iteration.variable, list, body);
        self.bounded(at, iteration.result.location, part)
    }

    fn quantified(&mut self, at: At<'_>, quantified: &Quantified) -> Boxed {
        let list = self.logic(at, &quantified.list);
        let mut scope = at.scope.child();
        scope.local(&quantified.variable);
        let condition = self.logic(inside(at, &scope), &quantified.condition);
        let part = match quantified.quantifier {
            Quantifier::Some => Boxed::some(&quantified.variable, list, condition),
            Quantifier::Every => Boxed::every(&quantified.variable, list, condition),
        };
        self.bounded(at, quantified.condition.location, part)
    }
}

fn inside<'a>(at: At<'a>, scope: &'a Scope) -> At<'a> {
    At { scope, ..at }
}
