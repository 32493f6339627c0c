//! The `zeebe:` and `weir:` extension elements of one element, typed.
//!
//! Owns their attributes and defaults; what is written stays in `Extensions` as well.

use model_xml::ElementIndex;

use super::Reader;
use crate::code;
use crate::element_table::{Tag, Vocabulary};
use crate::extension::Extensions;
use crate::model::{
    Assignment, Binding, CalledDecision, CalledElement, ConditionalFilter, FormDefinition,
    LinkedResource, Listener, Mapping, PublishMessage, TaskDefinition, TaskSchedule, Text,
    WeirExtensions, ZeebeAdHoc, ZeebeExtensions, ZeebeLoop, ZeebeScript,
};
use crate::namespace;

/// What the extension elements of one element say.
#[derive(Default)]
pub(super) struct TypedExtensions {
    pub zeebe: ZeebeExtensions,
    pub weir: WeirExtensions,
    /// `zeebe:userTaskForm`s of a process: id, body.
    pub user_task_forms: Vec<(String, Text)>,
    /// `zeebe:versionTag` of a process.
    pub version_tag: Option<String>,
}

impl Reader<'_, '_> {
    pub(super) fn zeebe(&mut self, element: ElementIndex) -> TypedExtensions {
        let dom = self.dom;
        let mut typed = TypedExtensions::default();
        let mut seen: Vec<Tag> = Vec::new();
        for container in dom.children(element) {
            if self.tag(container) != Tag::ExtensionElements {
                continue;
            }
            for extension in dom.children(container) {
                let namespace = namespace::vocabulary(dom.element(extension).namespace);
                if namespace == Some(Vocabulary::Zeebe) || namespace == Some(Vocabulary::Weir) {
                    self.check_attributes(extension, &mut Extensions::default());
                    let tag = self.tag(extension);
                    if seen.contains(&tag) && !adds_up(tag) {
                        self.repeated(extension);
                        continue;
                    }
                    if !seen.contains(&tag) {
                        seen.push(tag);
                    }
                    self.work_extension(extension, &mut typed);
                }
            }
        }
        typed
    }

    /// What makes work: jobs, mappings, scripts, listeners.
    fn work_extension(&mut self, element: ElementIndex, typed: &mut TypedExtensions) {
        let zeebe = &mut typed.zeebe;
        match self.tag(element) {
            Tag::ZeebeTaskDefinition => {
                zeebe.task_definition =
                    self.text_attribute(element, "type")
                        .map(|job_type| TaskDefinition {
                            job_type,
                            retries: self.text_attribute(element, "retries"),
                            location: self.dom.element(element).location,
                        });
            }
            Tag::ZeebeIoMapping => self.io_mapping(element, zeebe),
            Tag::ZeebeTaskHeaders => {
                let headers = self.pairs(element, Tag::ZeebeHeader, "key");
                zeebe.headers.extend(headers);
            }
            Tag::ZeebeScript => {
                let expression = self.text_attribute(element, "expression");
                zeebe.script = expression.map(|expression| ZeebeScript {
                    expression,
                    result_variable: self.string(element, "resultVariable").unwrap_or_default(),
                });
            }
            Tag::ZeebeCalledDecision => {
                let decision_id = self.text_attribute(element, "decisionId");
                let binding = self.binding(element);
                zeebe.called_decision = decision_id.map(|decision_id| {
                    Box::new(CalledDecision {
                        decision_id,
                        result_variable: self.string(element, "resultVariable").unwrap_or_default(),
                        binding,
                    })
                });
            }
            Tag::ZeebeCalledElement => {
                zeebe.called_element = Some(Box::new(self.called_element(element)))
            }
            Tag::ZeebeExecutionListeners => {
                let listeners = self.listeners(element, Tag::ZeebeExecutionListener);
                zeebe.execution_listeners.extend(listeners);
            }
            Tag::ZeebeTaskListeners => {
                let listeners = self.listeners(element, Tag::ZeebeTaskListener);
                zeebe.task_listeners.extend(listeners);
            }
            Tag::ZeebeLinkedResources => {
                let resources = self.linked_resources(element);
                zeebe.linked_resources.extend(resources);
            }
            Tag::ZeebeJobPriorityDefinition => {
                zeebe.job_priority = self.text_attribute(element, "priority");
            }
            Tag::ZeebeAgentDefinition => zeebe.agent_type = self.string(element, "agentType"),
            _ => self.people_extension(element, typed),
        }
    }

    /// What user tasks and processes carry.
    fn people_extension(&mut self, element: ElementIndex, typed: &mut TypedExtensions) {
        let zeebe = &mut typed.zeebe;
        match self.tag(element) {
            Tag::ZeebeAssignmentDefinition => {
                zeebe.assignment = Some(Assignment {
                    assignee: self.text_attribute(element, "assignee"),
                    candidate_groups: self.text_attribute(element, "candidateGroups"),
                    candidate_users: self.text_attribute(element, "candidateUsers"),
                });
            }
            Tag::ZeebeTaskSchedule => {
                zeebe.schedule = Some(TaskSchedule {
                    due_date: self.text_attribute(element, "dueDate"),
                    follow_up_date: self.text_attribute(element, "followUpDate"),
                });
            }
            Tag::ZeebeFormDefinition => {
                zeebe.form = Some(Box::new(FormDefinition {
                    form_key: self.text_attribute(element, "formKey"),
                    form_id: self.text_attribute(element, "formId"),
                    external_reference: self.text_attribute(element, "externalReference"),
                    binding: self.binding(element),
                }));
            }
            Tag::ZeebeUserTask => zeebe.user_task = true,
            Tag::ZeebeUserTaskForm => {
                let body = self.text(element).unwrap_or_default();
                typed.user_task_forms.push((self.id(element), body));
            }
            Tag::ZeebePriorityDefinition => {
                zeebe.priority = self.text_attribute(element, "priority");
            }
            Tag::ZeebeProperties => {
                let properties = self.pairs(element, Tag::ZeebeProperty, "name");
                zeebe.properties.extend(properties);
                self.weir_properties(element, &mut typed.weir);
            }
            Tag::ZeebeVersion => typed.version_tag = self.string(element, "value"),
            Tag::WeirExclusion => {
                typed.weir.excluded_users = self.text_attribute(element, "users");
            }
            _ => self.event_extension(element, zeebe),
        }
    }

    /// What messages, events, loops and ad-hoc sub-processes carry.
    fn event_extension(&mut self, element: ElementIndex, zeebe: &mut ZeebeExtensions) {
        match self.tag(element) {
            Tag::ZeebeSubscription => {
                zeebe.subscription = self.text_attribute(element, "correlationKey");
            }
            Tag::ZeebeLoopCharacteristics => {
                let collection = self.text_attribute(element, "inputCollection");
                zeebe.loop_characteristics = collection.map(|input_collection| {
                    Box::new(ZeebeLoop {
                        input_collection,
                        input_element: self.string(element, "inputElement"),
                        output_collection: self.string(element, "outputCollection"),
                        output_element: self.text_attribute(element, "outputElement"),
                    })
                });
            }
            Tag::ZeebeAdHoc => {
                zeebe.ad_hoc = Some(Box::new(ZeebeAdHoc {
                    active_elements_collection: self
                        .text_attribute(element, "activeElementsCollection"),
                    output_collection: self.string(element, "outputCollection"),
                    output_element: self.text_attribute(element, "outputElement"),
                }));
            }
            Tag::ZeebeConditionalFilter => {
                zeebe.conditional_filter = Some(Box::new(ConditionalFilter {
                    variable_names: self.string(element, "variableNames"),
                    variable_events: self.string(element, "variableEvents"),
                }));
            }
            Tag::ZeebePublishMessage => {
                zeebe.publish_message = Some(Box::new(PublishMessage {
                    correlation_key: self.text_attribute(element, "correlationKey"),
                    message_id: self.text_attribute(element, "messageId"),
                    time_to_live: self.text_attribute(element, "timeToLive"),
                }));
            }
            _ => {
                let unknown = self.dom.element(element);
                let message = format!(
                    "{}:{} is not an extension element that Weir knows",
                    unknown.prefix, unknown.name
                );
                let help = "it is kept but not used; check its spelling";
                self.warning(code::UNKNOWN_ELEMENT, element, message, help);
            }
        }
    }

    fn io_mapping(&mut self, element: ElementIndex, zeebe: &mut ZeebeExtensions) {
        let dom = self.dom;
        for child in dom.children(element) {
            let list = match self.tag(child) {
                Tag::ZeebeInput => &mut zeebe.inputs,
                Tag::ZeebeOutput => &mut zeebe.outputs,
                _ => continue,
            };
            self.check_attributes(child, &mut Extensions::default());
            let source = self.text_attribute(child, "source");
            let target = self.text_attribute(child, "target");
            if let (Some(source), Some(target)) = (source, target) {
                list.push(Mapping { source, target });
            }
        }
    }

    /// The children of one tag as pairs of `key` and `value`.
    fn pairs(&mut self, element: ElementIndex, tag: Tag, key: &str) -> Vec<(String, String)> {
        let dom = self.dom;
        let mut pairs = Vec::new();
        for child in dom.children(element).filter(|child| dom.tag(*child) == tag) {
            self.check_attributes(child, &mut Extensions::default());
            if let Some(key) = self.string(child, key) {
                pairs.push((key, self.string(child, "value").unwrap_or_default()));
            }
        }
        pairs
    }

    fn listeners(&mut self, element: ElementIndex, tag: Tag) -> Vec<Listener> {
        let dom = self.dom;
        let mut listeners = Vec::new();
        for child in dom.children(element).filter(|child| dom.tag(*child) == tag) {
            self.check_attributes(child, &mut Extensions::default());
            let headers = dom
                .children(child)
                .find(|headers| dom.tag(*headers) == Tag::ZeebeTaskHeaders);
            let headers = headers.map(|it| self.pairs(it, Tag::ZeebeHeader, "key"));
            listeners.push(Listener {
                event_type: self.string(child, "eventType").unwrap_or_default(),
                job_type: self.text_attribute(child, "type").unwrap_or_default(),
                retries: self.text_attribute(child, "retries"),
                headers: headers.unwrap_or_default(),
                location: dom.element(child).location,
            });
        }
        listeners
    }

    fn linked_resources(&mut self, element: ElementIndex) -> Vec<LinkedResource> {
        let dom = self.dom;
        let mut resources = Vec::new();
        for child in dom.children(element) {
            if self.tag(child) != Tag::ZeebeLinkedResource {
                continue;
            }
            self.check_attributes(child, &mut Extensions::default());
            resources.push(LinkedResource {
                resource_id: self.string(child, "resourceId").unwrap_or_default(),
                resource_type: self.string(child, "resourceType").unwrap_or_default(),
                link_name: self.string(child, "linkName").unwrap_or_default(),
                binding: self.binding(child),
            });
        }
        resources
    }

    fn called_element(&mut self, element: ElementIndex) -> CalledElement {
        // Older files hold the expression without its `=` in an attribute of its own.
        let expression = self.text_attribute(element, "processIdExpression");
        let expression = expression.map(|text| Text {
            value: format!("={}", text.value),
            location: text.location,
        });
        CalledElement {
            process_id: self.text_attribute(element, "processId").or(expression),
            propagate_all_child_variables: self.boolean(
                element,
                "propagateAllChildVariables",
                true,
            ),
            propagate_all_parent_variables: self.boolean(
                element,
                "propagateAllParentVariables",
                true,
            ),
            business_id: self.text_attribute(element, "businessId"),
            binding: self.binding(element),
        }
    }

    fn binding(&mut self, element: ElementIndex) -> Binding {
        match self.raw(element, "bindingType") {
            None | Some("latest" | "") => Binding::Latest,
            Some("deployment") => Binding::Deployment,
            Some("versionTag") => {
                Binding::VersionTag(self.string(element, "versionTag").unwrap_or_default())
            }
            Some(other) => {
                let message = format!("bindingType={other:?} is unknown");
                let help = "write latest, deployment or versionTag";
                self.error(code::BAD_BINDING, element, message, help);
                Binding::Latest
            }
        }
    }
}

/// Whether several of these at one element mean all that is in them.
fn adds_up(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::ZeebeIoMapping
            | Tag::ZeebeTaskHeaders
            | Tag::ZeebeExecutionListeners
            | Tag::ZeebeTaskListeners
            | Tag::ZeebeLinkedResources
            | Tag::ZeebeProperties
            | Tag::ZeebeUserTaskForm
            | Tag::Unknown
    )
}
