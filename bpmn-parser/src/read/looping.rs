//! Loop markers of activities (BPMN 2.0 section 10.3.8).

use super::Reader;
use crate::dom::ElementIndex;
use crate::element_table::{Category, Tag};
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
                Tag::LoopCondition => looping.loop_condition = Some(self.expression(child)),
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
                Tag::LoopCardinality => looping.loop_cardinality = Some(self.expression(child)),
                Tag::CompletionCondition => {
                    looping.completion_condition = Some(self.expression(child));
                }
                Tag::LoopDataInputRef => looping.loop_data_input = self.noted_child(child),
                Tag::LoopDataOutputRef => looping.loop_data_output = self.noted_child(child),
                Tag::InputDataItem => looping.input_data_item = Some(self.data_input(child)),
                Tag::OutputDataItem => looping.output_data_item = Some(self.data_output(child)),
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
            extensions: self.basics(element).extensions,
        };
        for child in dom.children(element) {
            match self.tag(child) {
                Tag::Condition => behavior.condition = Some(self.expression(child)),
                Tag::ImplicitThrowEvent => {
                    let definition = dom
                        .children(child)
                        .find(|it| dom.tag(*it).category() == Category::EventDefinition);
                    let mut event = self.basics(child);
                    behavior
                        .extensions
                        .elements
                        .append(&mut event.extensions.elements);
                    let read = definition.and_then(|definition| self.event_definition(definition));
                    if let Some((definition, mut source)) = read {
                        behavior.event = Some(definition);
                        let kept = &mut source.extensions.elements;
                        behavior.extensions.elements.append(kept);
                    }
                }
                _ => self.unexpected(child, &mut behavior.extensions),
            }
        }
        behavior
    }
}
