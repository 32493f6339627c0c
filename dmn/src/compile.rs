//! Model → program: names become definitions, boxed expressions parts of one tree.
//!
//! Owns the order in which files are compiled: all that has a name is declared first, so that it can be named before
//! it is defined. `names.rs` has what is in scope, `types.rs` item definitions, `logic.rs` and `table.rs` expressions.
//! Every finding is reported and null takes the place of what is wrong; nothing here stops at an error.

mod findings;
mod functions;
mod logic;
mod names;
mod table;
mod types;

use feel::program::{Boxed, Builder, DefinitionNumber, Dialect, Scope, TooDeep, TypeNumber};
use model_xml::{Diagnostic, Limits, Location, Severity, Sink, Subject};

use crate::code::{self, Code};
use crate::decisions::{Decision, Decisions, Function, Kind, Place, TableShape};
use crate::model::{self, Definitions, Expression, ImportKind, Text};

/// A file that was read, with its text for the places of what is wrong.
#[derive(Debug, Clone, Copy)]
pub struct File<'m> {
    pub model: &'m Definitions,
    /// What [`crate::decode`] gives of it.
    pub text: &'m str,
}

/// What compiling gave.
#[derive(Debug)]
pub struct Compiled {
    /// With null in the place of what is wrong.
    pub decisions: Decisions,
    /// What is wrong in the file or in those that it imports, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether nothing keeps the decisions from being deployed.
    pub fn is_deployable(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::blocks_deployment)
    }
}

/// Compiles a file; `others` are those that it may import, by their namespaces.
pub fn compile(file: File<'_>, others: &[File<'_>]) -> Compiled {
    run(Compiler::default(), file, others)
}

/// As [`compile`], and warns of rules of decision tables that overlap, never count or are missing. That takes longer: it
/// is for people who write tables.
pub fn inspect(file: File<'_>, others: &[File<'_>]) -> Compiled {
    let compiler = Compiler {
        inspects: true,
        ..Compiler::default()
    };
    run(compiler, file, others)
}

fn run<'m>(mut compiler: Compiler<'m>, file: File<'m>, others: &[File<'m>]) -> Compiled {
    compiler.collect(file, others);
    compiler.builder.dialect(match compiler.units[0].is_typed {
        true => Dialect::Dmn,
        false => Dialect::Camunda,
    });
    for unit in 0..compiler.units.len() {
        compiler.declare(unit);
    }
    for unit in 0..compiler.units.len() {
        compiler.link(unit);
    }
    for unit in 0..compiler.units.len() {
        compiler.define(unit);
    }
    compiler.finish()
}

#[derive(Default)]
struct Compiler<'m> {
    builder: Builder,
    units: Vec<Unit<'m>>,
    texts: Vec<Place>,
    decisions: Vec<Decision>,
    functions: Vec<Function>,
    inputs: Vec<(Box<str>, DefinitionNumber)>,
    /// Whether decision tables are looked at as a whole.
    inspects: bool,
}

/// One file, and the numbers of what it defines by the positions in its lists.
struct Unit<'m> {
    file: File<'m>,
    sink: Sink,
    /// The units that its imports lead to.
    imports: Vec<Option<usize>>,
    inputs: Vec<DefinitionNumber>,
    decisions: Vec<DefinitionNumber>,
    knowledge_models: Vec<DefinitionNumber>,
    services: Vec<DefinitionNumber>,
    types: Vec<TypeNumber>,
    /// What every expression of the file may name: types, and members of contexts.
    scope: Scope,
    /// Whether values must be of the types that the model says. Camunda 8 takes them for documentation.
    is_typed: bool,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
struct At<'a> {
    unit: usize,
    /// The id of the decision, business knowledge model or type around it.
    owner: &'a str,
    /// What may be named.
    scope: &'a Scope,
}

impl<'m> Compiler<'m> {
    /// Finds the files that are needed, each once.
    fn collect(&mut self, file: File<'m>, others: &[File<'m>]) {
        self.units.push(Unit::new(file));
        let mut at = 0;
        while at < self.units.len() {
            let model = self.units[at].file.model;
            for import in &model.imports {
                let target = self.imported(at, import, others);
                self.units[at].imports.push(target);
            }
            at += 1;
        }
    }

    fn imported(
        &mut self,
        from: usize,
        import: &'m model::Import,
        others: &[File<'m>],
    ) -> Option<usize> {
        if import.kind != ImportKind::Dmn {
            return None;
        }
        let is_it = |file: &File<'_>| file.model.namespace == import.namespace;
        if let Some(known) = self.units.iter().position(|unit| is_it(&unit.file)) {
            return Some(known);
        }
        let Some(found) = others.iter().find(|file| is_it(file)) else {
            let message = format!(
                "there is no file with the namespace {:?}",
                model_xml::clip(&import.namespace)
            );
            let help = "give the imported file together with this one";
            let subject = Subject {
                location: import.location,
                element: Some("import"),
                ..Subject::default()
            };
            let sink = &mut self.units[from].sink;
            sink.report(
                Severity::Error,
                code::MISSING_IMPORT,
                subject,
                message,
                help,
            );
            return None;
        };
        self.units.push(Unit::new(*found));
        Some(self.units.len() - 1)
    }

    fn declare(&mut self, unit: usize) {
        let model = self.units[unit].file.model;
        let builder = &mut self.builder;
        let mut declare = |count: usize| (0..count).map(|_| builder.declare()).collect();
        let inputs = declare(model.input_data.len());
        let decisions = declare(model.decisions.len());
        let knowledge_models = declare(model.knowledge_models.len());
        let services = declare(model.services.len());
        let types = model.item_definitions.iter();
        let types = types.map(|_| self.builder.declare_type()).collect();
        let unit = &mut self.units[unit];
        unit.inputs = inputs;
        unit.decisions = decisions;
        unit.knowledge_models = knowledge_models;
        unit.services = services;
        unit.types = types;
    }

    fn define(&mut self, unit: usize) {
        let model = self.units[unit].file.model;
        self.define_types(unit);
        for (position, input) in model.input_data.iter().enumerate() {
            let number = self.units[unit].inputs[position];
            let type_ = self.type_of(unit, input.variable.as_ref());
            let name = names::name_of(&input.name, input.variable.as_ref());
            self.builder.input(number, name, type_);
            self.inputs.push((name.into(), number));
        }
        for position in 0..model.decisions.len() {
            self.define_decision(unit, position);
        }
        for position in 0..model.knowledge_models.len() {
            self.define_knowledge_model(unit, position);
        }
        for position in 0..model.services.len() {
            self.define_service(unit, position);
        }
    }

    fn define_decision(&mut self, unit: usize, position: usize) {
        let model = self.units[unit].file.model;
        let decision = &model.decisions[position];
        let number = self.units[unit].decisions[position];
        let requirements = decision
            .information_requirements
            .iter()
            .chain(&decision.knowledge_requirements);
        let scope = self.scope(unit, requirements);
        let at = At {
            unit,
            owner: &decision.id,
            scope: &scope,
        };
        let logic = self.optional(at, decision.logic.as_ref());
        let type_ = self.type_of(unit, decision.variable.as_ref());
        let defined = self.builder.decision(number, logic, type_);
        self.bounded(at, decision.location, defined.map(|()| Boxed::null()));
        self.decisions.push(Decision {
            id: decision.id.clone(),
            name: decision.name.clone(),
            kind: Kind::of(decision.logic.as_ref()),
            version_tag: decision.version_tag.clone(),
            table: TableShape::of(decision.logic.as_ref()),
            number,
        });
    }

    /// A FEEL text as a part of the program; null where it is not FEEL, which is reported.
    fn text(&mut self, at: At<'_>, text: &Text) -> Boxed {
        let parsed = self.builder.expression(&text.value, at.scope);
        let part = self.keep(at, text, parsed).unwrap_or_else(Boxed::null);
        let source = self.units[at.unit].file.text;
        let found: Vec<_> = self.builder.impossible(&part).collect();
        for (position, why) in found {
            let location = text.place(source, position.offset as usize);
            let help = "compare and add values of one type";
            self.report(at, code::IMPOSSIBLE, location, why, help);
        }
        part
    }

    fn cells(&mut self, at: At<'_>, text: &Text) -> Option<feel::program::Cells> {
        let parsed = self.builder.cells(&text.value, at.scope);
        self.keep(at, text, parsed)
    }

    /// Keeps the place of a text that the builder has been given, and reports what is wrong in it.
    fn keep<T>(
        &mut self,
        at: At<'_>,
        text: &Text,
        parsed: Result<(T, u32), feel::SyntaxError>,
    ) -> Option<T> {
        self.texts.push(Place {
            owner: at.owner.into(),
            location: text.location,
        });
        match parsed {
            Ok((part, _)) => Some(part),
            Err(error) => {
                self.bad_expression(at, text, &error);
                None
            }
        }
    }

    fn bad_expression(&mut self, at: At<'_>, text: &Text, error: &feel::SyntaxError) {
        let source = self.units[at.unit].file.text;
        let location = text.place(source, error.offset);
        let help = "write FEEL that uses only what the element requires";
        self.report(
            at,
            code::BAD_EXPRESSION,
            location,
            error.message.clone(),
            help,
        );
    }

    /// The part, or null where it is too deep, which is reported.
    fn bounded(&mut self, at: At<'_>, location: Location, part: Result<Boxed, TooDeep>) -> Boxed {
        part.unwrap_or_else(|error| {
            let help = "move a part of it into a decision or function of its own";
            self.report(at, code::TOO_DEEP, location, error.to_string(), help);
            Boxed::null()
        })
    }

    fn report(&mut self, at: At<'_>, code: Code, location: Location, message: String, help: &str) {
        let subject = Subject {
            location,
            element_id: Some(at.owner).filter(|id| !id.is_empty()),
            ..Subject::default()
        };
        let sink = &mut self.units[at.unit].sink;
        sink.report(Severity::Error, code, subject, message, help);
    }

    fn finish(self) -> Compiled {
        let own = self.units[0].file.model.decisions.len();
        let diagnostics = self.units.into_iter().flat_map(|unit| unit.sink.finish());
        Compiled {
            diagnostics: diagnostics.collect(),
            decisions: Decisions {
                program: self.builder.finish(),
                decisions: self.decisions,
                own,
                functions: self.functions,
                inputs: self.inputs,
                texts: self.texts,
            },
        }
    }
}

impl<'m> Unit<'m> {
    fn new(file: File<'m>) -> Unit<'m> {
        Unit {
            file,
            sink: Sink::new(&file.model.source_name, Limits::default().diagnostics),
            imports: Vec::new(),
            inputs: Vec::new(),
            decisions: Vec::new(),
            knowledge_models: Vec::new(),
            services: Vec::new(),
            types: Vec::new(),
            scope: Scope::new(),
            is_typed: file.model.execution_platform.is_none(),
        }
    }
}

impl Kind {
    fn of(logic: Option<&model::Boxed>) -> Kind {
        let Some(logic) = logic else {
            return Kind::None;
        };
        match &logic.content {
            Expression::Literal(_) => Kind::LiteralExpression,
            Expression::DecisionTable(_) => Kind::DecisionTable,
            Expression::Context(_) => Kind::Context,
            Expression::Invocation(_) => Kind::Invocation,
            Expression::FunctionDefinition(_) => Kind::FunctionDefinition,
            Expression::Relation(_) => Kind::Relation,
            Expression::List(_) => Kind::List,
            Expression::Conditional(_) => Kind::Conditional,
            Expression::Filter(_) => Kind::Filter,
            Expression::For(_) => Kind::For,
            Expression::Quantified(_) => Kind::Quantified,
        }
    }
}

impl TableShape {
    fn of(logic: Option<&model::Boxed>) -> Option<TableShape> {
        let Expression::DecisionTable(table) = &logic?.content else {
            return None;
        };
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        let inputs = table.inputs.iter().map(|input| {
            let label = input.label.clone();
            let name = label.unwrap_or_else(|| input.expression.content.text.value.clone());
            (id(&input.id), name)
        });
        let outputs = table.outputs.iter().map(|output| {
            let name = output.name.clone().or_else(|| output.label.clone());
            (id(&output.id), name.unwrap_or_default())
        });
        Some(TableShape {
            inputs: inputs.collect(),
            outputs: outputs.collect(),
            rules: table.rules.iter().map(|rule| id(&rule.id)).collect(),
        })
    }
}
