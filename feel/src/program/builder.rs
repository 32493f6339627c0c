//! Makes a program: texts in, definitions out.

use std::sync::Arc;

use super::boxed::{Boxed, TooDeep};
use super::{DeclaredType, Definition, DefinitionNumber, Dialect, Global, Program, Service, Texts};
use crate::syntax::{Names, Piece, Tests, Type};
use crate::{SyntaxError, syntax};

/// The number of a type that a program declares.
pub type TypeNumber = u32;

/// The tests of an input entry, of allowed values, or of output values (DMN 1.5, 7.3.3).
#[derive(Clone, Debug)]
pub struct Cells(pub(super) Tests);

impl Cells {
    /// Anything passes.
    pub fn any() -> Cells {
        Cells(Tests::ANY)
    }
}

/// The names in scope at an expression of a program.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: Arc<Names>,
}

impl Scope {
    /// Nothing but variables of one word.
    pub fn new() -> Scope {
        Scope::default()
    }

    /// What is inside of this scope: it has all its names, and those that are added to it. Costs the same whatever
    /// the scope holds.
    pub fn child(&self) -> Scope {
        let names = Names::inside(self.names.clone());
        Scope {
            names: Arc::new(names),
        }
    }

    fn names(&mut self) -> &mut Names {
        Arc::make_mut(&mut self.names)
    }

    /// A definition of the program.
    pub fn definition(&mut self, name: &str, number: DefinitionNumber) {
        self.names().global(name, number, false);
    }

    /// A definition of the program that is a function. It hides a built-in one of the same name.
    pub fn function(&mut self, name: &str, number: DefinitionNumber) {
        self.names().global(name, number, true);
    }

    /// What surrounds the expression: a parameter, an entry of a context, the variable of an iteration. It hides
    /// definitions of the same name.
    pub fn local(&mut self, name: &str) {
        self.names().local(name);
    }

    /// A name that contexts may have as a member; it may have spaces and operators in it.
    pub fn member(&mut self, name: &str) {
        self.names().member(name);
    }

    /// Another name for the value that cells test, `?`.
    pub fn tested(&mut self, name: &str) {
        self.names().tested(name);
    }

    /// The expression is the condition of a boxed filter: members of the items may be named.
    pub fn enter_filter(&mut self) {
        self.names().enter_filter();
    }

    /// There are no variables but those in scope, so that a built-in function may be named without being called.
    pub fn close(&mut self) {
        self.names().close();
    }

    /// A type.
    pub fn type_(&mut self, name: &str, number: TypeNumber) {
        self.names().type_named(name, number);
    }
}

/// A program that is being made.
#[derive(Debug, Default)]
pub struct Builder {
    globals: Vec<Global>,
    types: Vec<DeclaredType>,
    dialect: Dialect,
    texts: Texts,
}

impl Builder {
    /// A program without definitions, in Camunda's dialect.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Sets the dialect of the whole program.
    pub fn dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// Declares a definition, so that others can name it before it is defined; until then it is null.
    pub fn declare(&mut self) -> DefinitionNumber {
        self.globals.push(Global {
            definition: Definition::Declared,
            type_: None,
        });
        self.globals.len() as u32 - 1
    }

    /// Defines an input: a variable, converted to the type if there is one.
    pub fn input(&mut self, number: DefinitionNumber, variable: &str, type_: Option<Type>) {
        let name = variable.into();
        let definition = Definition::Input {
            name,
            type_: type_.clone(),
        };
        self.define(number, definition, type_);
    }

    /// Defines a value whose making is not audited: a business knowledge model's function.
    pub fn value(&mut self, number: DefinitionNumber, value: Boxed) {
        self.define(number, Definition::Value(value.into_node()), None);
    }

    /// Defines a decision. A value that is given from outside instead is converted to the type, as its own is.
    ///
    /// # Errors
    /// [`TooDeep`]
    pub fn decision(
        &mut self,
        number: DefinitionNumber,
        logic: Boxed,
        type_: Option<Type>,
    ) -> Result<(), TooDeep> {
        let logic = match &type_ {
            Some(type_) => logic.typed(type_.clone())?,
            None => logic,
        };
        self.define(number, Definition::Decision(logic.into_node()), type_);
        Ok(())
    }

    /// Defines a decision service: a function whose arguments stand for the definitions of its parameters while its
    /// outputs are evaluated. What it gives is converted to the type.
    pub fn service(
        &mut self,
        number: DefinitionNumber,
        name: &str,
        parameters: Vec<(Box<str>, DefinitionNumber)>,
        outputs: Vec<(Box<str>, DefinitionNumber)>,
        type_: Option<Type>,
    ) {
        let service = Service {
            name: name.into(),
            parameters,
            outputs,
            type_,
        };
        self.define(number, Definition::Service(service), None);
    }

    fn define(&mut self, number: DefinitionNumber, definition: Definition, type_: Option<Type>) {
        if let Some(global) = self.globals.get_mut(number as usize) {
            *global = Global { definition, type_ };
        }
    }

    /// Declares a type, so that others can name it before it is defined; until then it is `Any`.
    pub fn declare_type(&mut self) -> TypeNumber {
        self.types.push(DeclaredType {
            type_: Type::Named(syntax::TypeName::Any),
            allowed: None,
        });
        self.types.len() as u32 - 1
    }

    /// Defines a type, and the tests that its values must pass.
    pub fn define_type(&mut self, number: TypeNumber, type_: Type, allowed: Option<Cells>) {
        if let Some(declared) = self.types.get_mut(number as usize) {
            let allowed = allowed.map(|cells| cells.0);
            *declared = DeclaredType { type_, allowed };
        }
    }

    /// Parses an expression. With the number of its text, which evaluation errors tell.
    ///
    /// # Errors
    /// See [`SyntaxError`]; positions are within the text.
    pub fn expression(&mut self, text: &str, scope: &Scope) -> Result<(Boxed, u32), SyntaxError> {
        let (number, from) = self.texts.add(text);
        let piece = Piece {
            text: &self.texts.all,
            from,
        };
        let parsed = piece.expression(&scope.names)?;
        Ok((Boxed::of(parsed.root), number))
    }

    /// Parses the tests of an input entry, of allowed values or of output values. With the number of its text.
    ///
    /// # Errors
    /// See [`SyntaxError`]; positions are within the text.
    pub fn cells(&mut self, text: &str, scope: &Scope) -> Result<(Cells, u32), SyntaxError> {
        let (number, from) = self.texts.add(text);
        let piece = Piece {
            text: &self.texts.all,
            from,
        };
        let parsed = piece.unary_tests(&scope.names)?;
        Ok((Cells(parsed.root), number))
    }

    /// Parses a type, such as `list<number>` or the name of a declared one.
    ///
    /// # Errors
    /// See [`SyntaxError`]; positions are within the text.
    pub fn type_(&self, text: &str, scope: &Scope) -> Result<Type, SyntaxError> {
        let piece = Piece { text, from: 0 };
        piece.type_(&scope.names)
    }

    /// The program.
    pub fn finish(self) -> Program {
        Program {
            globals: self.globals,
            types: self.types,
            dialect: self.dialect,
            texts: self.texts,
        }
    }
}
