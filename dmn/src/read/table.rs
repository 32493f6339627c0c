//! Decision tables.
//!
//! Owns DMN 1.5 chapter 8: columns, rules, and that they fit each other.

use model_xml::{ElementIndex, Location};
use rustc_hash::FxHashSet;

use super::Reader;
use crate::code;
use crate::model::{
    Aggregation, DecisionTable, HitPolicy, InputClause, Literal, OutputClause, Rule, Text, Typed,
};
use crate::tag::Tag;

impl Reader<'_, '_> {
    pub(super) fn decision_table(&mut self, element: ElementIndex) -> DecisionTable {
        self.open(element);
        let mut table = DecisionTable {
            hit_policy: self.hit_policy(element),
            output_label: self.string(element, "outputLabel"),
            inputs: Vec::new(),
            outputs: Vec::new(),
            annotations: Vec::new(),
            rules: Vec::new(),
        };
        let mut rules = Vec::new();
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::Input => table.inputs.push(self.input(child)),
                Tag::Output => table.outputs.push(self.output(child)),
                Tag::Annotation => {
                    self.leaf(child);
                    table.annotations.push(self.name(child));
                }
                // Columns may stand behind the rules in files that people have edited.
                Tag::Rule => rules.push(child),
                _ => self.unexpected(child),
            }
        }
        self.check_outputs(element, &table);
        for rule in rules {
            let rule = self.rule(rule, &table);
            table.rules.push(rule);
        }
        table
    }

    fn hit_policy(&mut self, element: ElementIndex) -> HitPolicy {
        let aggregation = self.aggregation(element);
        let written = self.raw(element, "hitPolicy").map(str::trim);
        let policy = match written.unwrap_or_default() {
            "" | "UNIQUE" => HitPolicy::Unique,
            "FIRST" => HitPolicy::First,
            "PRIORITY" => HitPolicy::Priority,
            "ANY" => HitPolicy::Any,
            "COLLECT" => return HitPolicy::Collect(aggregation),
            "RULE ORDER" => HitPolicy::RuleOrder,
            "OUTPUT ORDER" => HitPolicy::OutputOrder,
            other => {
                let message = format!("DMN has no hit policy {:?}", model_xml::clip(other));
                let help =
                    "write UNIQUE, FIRST, PRIORITY, ANY, COLLECT, RULE ORDER or OUTPUT ORDER";
                self.error(code::UNKNOWN_HIT_POLICY, element, message, help);
                HitPolicy::Unique
            }
        };
        if aggregation.is_some() {
            let message = "aggregation has an effect with the hit policy COLLECT only".to_owned();
            let help = "remove it, or write hitPolicy=\"COLLECT\"";
            self.warning(code::BAD_VALUE, element, message, help);
        }
        policy
    }

    fn aggregation(&mut self, element: ElementIndex) -> Option<Aggregation> {
        match self.raw(element, "aggregation")?.trim() {
            "" => None,
            "SUM" => Some(Aggregation::Sum),
            "COUNT" => Some(Aggregation::Count),
            "MIN" => Some(Aggregation::Min),
            "MAX" => Some(Aggregation::Max),
            other => {
                let message = format!("aggregation={:?} is unknown", model_xml::clip(other));
                let help = "write SUM, COUNT, MIN or MAX, or remove it";
                self.error(code::BAD_VALUE, element, message, help);
                None
            }
        }
    }

    fn input(&mut self, element: ElementIndex) -> InputClause {
        self.open(element);
        let location = self.dom.element(element).location;
        let mut expression = None;
        let mut allowed_values = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::InputExpression => self.once(&mut expression, child, |reader, child| {
                    let literal = reader.literal(child);
                    reader.require_text(child, &literal.content.text);
                    literal
                }),
                Tag::InputValues => self.once(&mut allowed_values, child, Self::unary_tests),
                _ => self.unexpected(child),
            }
        }
        if expression.is_none() {
            self.missing(element, "inputExpression");
        }
        InputClause {
            id: self.id(element),
            label: self.string(element, "label"),
            expression: expression.unwrap_or_else(|| nothing(location)),
            allowed_values: allowed_values.flatten(),
            input_variable: self
                .camunda(element, "inputVariable")
                .map(|name| super::spaced(&name))
                .filter(|name| !name.is_empty()),
            location,
        }
    }

    fn output(&mut self, element: ElementIndex) -> OutputClause {
        self.open(element);
        let mut default = None;
        let mut allowed_values = None;
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::OutputValues => self.once(&mut allowed_values, child, Self::unary_tests),
                Tag::DefaultOutputEntry => self.once(&mut default, child, Self::literal),
                _ => self.unexpected(child),
            }
        }
        OutputClause {
            id: self.id(element),
            label: self.string(element, "label"),
            name: Some(self.name(element)).filter(|name| !name.is_empty()),
            type_ref: self.type_ref(element, "typeRef"),
            allowed_values: allowed_values.flatten(),
            default: default.filter(|it| !it.content.text.value.is_empty()),
            location: self.dom.element(element).location,
        }
    }

    fn check_outputs(&mut self, element: ElementIndex, table: &DecisionTable) {
        let outputs = &table.outputs;
        if outputs.is_empty() {
            self.missing(element, "output");
        }
        if outputs.len() > 1 && outputs.iter().any(|it| it.name.is_none()) {
            let message = "each of several outputs needs the attribute \"name\"".to_owned();
            self.error(code::MISSING_ATTRIBUTE, element, message, "add name=\"…\"");
        }
        let names = outputs
            .iter()
            .map(|it| (it.name.as_deref().unwrap_or(""), it.location));
        self.distinct(names, element);
        let by_values = match table.hit_policy {
            HitPolicy::Priority | HitPolicy::OutputOrder => true,
            HitPolicy::Unique
            | HitPolicy::First
            | HitPolicy::Any
            | HitPolicy::Collect(_)
            | HitPolicy::RuleOrder => false,
        };
        if by_values && !outputs.iter().any(|it| it.allowed_values.is_some()) {
            let message =
                "this hit policy goes by the order of outputValues, of which there are none";
            let help = "add <outputValues> to an output, highest priority first";
            let message = message.to_owned();
            self.error(code::MISSING_OUTPUT_VALUES, element, message, help);
        }
    }

    fn rule(&mut self, element: ElementIndex, table: &DecisionTable) -> Rule {
        self.open(element);
        let mut rule = Rule {
            id: self.id(element),
            description: self.description(element),
            input_entries: Vec::with_capacity(table.inputs.len()),
            output_entries: Vec::with_capacity(table.outputs.len()),
            annotations: Vec::new(),
            location: self.dom.element(element).location,
        };
        for child in self.dom.children(element) {
            match self.tag(child) {
                Tag::InputEntry => rule.input_entries.push(self.cell(child)),
                Tag::OutputEntry => rule.output_entries.push(self.literal(child)),
                Tag::AnnotationEntry => rule.annotations.push(self.cell(child).value),
                _ => self.unexpected(child),
            }
        }
        let inputs = rule.input_entries.len();
        self.same_length(element, "input entries", inputs, table.inputs.len());
        let outputs = rule.output_entries.len();
        self.same_length(element, "output entries", outputs, table.outputs.len());
        rule
    }

    /// Reports a row that does not fit the columns.
    pub(super) fn same_length(
        &mut self,
        row: ElementIndex,
        noun: &str,
        found: usize,
        columns: usize,
    ) {
        if found != columns {
            let name = self.dom.element(row).name;
            let message = format!("the {name} has {found} {noun} for {columns} columns");
            let help = "write one for each column";
            self.error(code::WRONG_ENTRY_COUNT, row, message, help);
        }
    }

    /// Reports the first of several names that is there twice; empty ones have been reported.
    pub(super) fn distinct<'n>(
        &mut self,
        names: impl Iterator<Item = (&'n str, Location)>,
        element: ElementIndex,
    ) {
        let mut seen = FxHashSet::default();
        for (name, location) in names {
            if !name.is_empty() && !seen.insert(name) {
                let name = model_xml::clip(name);
                let message = format!("the name {name:?} is given twice, again at {location}");
                let help = "give each a name of its own";
                self.error(code::DUPLICATE_NAME, element, message, help);
                return;
            }
        }
    }
}

/// What stands for an expression that is not there.
fn nothing(location: Location) -> Typed<Literal> {
    Typed {
        id: None,
        label: None,
        type_ref: None,
        location,
        content: Literal {
            text: Text {
                value: String::new(),
                location,
            },
            language: None,
        },
    }
}
