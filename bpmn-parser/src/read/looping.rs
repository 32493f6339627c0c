//! Loop markers of activities (BPMN 2.0 section 10.3.8).

use model_xml::ElementIndex;

use super::Reader;
use crate::element_table::Tag;
use crate::model::{ComplexBehavior, MultiInstanceLoop, StandardLoop};

impl Reader<'_, '_> {
    pub(super) fn standard_loop(&mut self, element: ElementIndex) -> StandardLoop {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut looping = StandardLoop {
            test_before: self.boolean(element, "testBefore", false),
            loop_maximum: self.integer(element, "loopMaximum"),
            loop_condition: None,
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::LoopCondition => {
                    self.once(&mut looping.loop_condition, child, Self::expression);
                }
                _ => self.unexpected(child, &mut looping.extensions),
            }
        }
        looping
    }

    pub(super) fn multi_instance(&mut self, element: ElementIndex) -> MultiInstanceLoop {
        let dom = self.dom;
        let basics = self.basics(element);
        let mut looping = MultiInstanceLoop {
            is_sequential: self.boolean(element, "isSequential", false),
            loop_cardinality: None,
            completion_condition: None,
            loop_data_input: None,
            loop_data_output: None,
            input_data_item: None,
            output_data_item: None,
            behavior: self.string(element, "behavior"),
            none_behavior_event: self.noted_attribute(element, "noneBehaviorEventRef"),
            one_behavior_event: self.noted_attribute(element, "oneBehaviorEventRef"),
            complex_behaviors: Vec::new(),
            zeebe: self.zeebe(element).zeebe.loop_characteristics,
            extensions: basics.extensions,
            location: dom.element(element).location,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::LoopCardinality => {
                    self.once(&mut looping.loop_cardinality, child, Self::expression);
                }
                Tag::CompletionCondition => {
                    self.once(&mut looping.completion_condition, child, Self::expression);
                }
                Tag::LoopDataInputRef => looping.loop_data_input = self.noted_child(child),
                Tag::LoopDataOutputRef => looping.loop_data_output = self.noted_child(child),
                Tag::InputDataItem => {
                    self.once(&mut looping.input_data_item, child, Self::data_input);
                }
                Tag::OutputDataItem => {
                    self.once(&mut looping.output_data_item, child, Self::data_output);
                }
                Tag::ComplexBehaviorDefinition => {
                    let behavior = self.complex_behavior(child);
                    looping.complex_behaviors.push(behavior);
                }
                _ => self.unexpected(child, &mut looping.extensions),
            }
        }
        looping
    }

    fn complex_behavior(&mut self, element: ElementIndex) -> ComplexBehavior {
        let dom = self.dom;
        let mut behavior = ComplexBehavior {
            condition: None,
            event: None,
            event_name: None,
            extensions: self.basics(element).extensions,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Condition => self.once(&mut behavior.condition, child, Self::expression),
                Tag::ImplicitThrowEvent => self.implicit_event(child, &mut behavior),
                _ => self.unexpected(child, &mut behavior.extensions),
            }
        }
        behavior
    }
    /// The first definition is the event; all others and what stands beside them is kept.
    fn implicit_event(&mut self, element: ElementIndex, behavior: &mut ComplexBehavior) {
        let dom = self.dom;
        let mut kept = self.basics(element).extensions;
        behavior.event_name = self.string(element, "name");
        for child in dom.children(element) {
            if self.is_basic(child) {
                continue;
            }
            let read = match behavior.event {
                None => self.event_definition(child),
                Some(_) => None,
            };
            match read {
                Some((definition, mut source)) => {
                    behavior.event = Some(definition);
                    kept.attributes.append(&mut source.extensions.attributes);
                    kept.elements.append(&mut source.extensions.elements);
                }
                None => kept.elements.push(self.xml(child)),
            }
        }
        behavior.extensions.attributes.append(&mut kept.attributes);
        behavior.extensions.elements.append(&mut kept.elements);
    }
}
