//! The rows of the element table: every element that the parser knows, by namespace.
//!
//! Owns names, attributes and support status; must not interpret them. An attribute list is the
//! shared part (`PLAIN`, `NAMED`, …) and the element's own; `!` marks a required attribute; `id`
//! is always allowed. Columns: variant, tag, vocabulary, category, attributes, support, note; the
//! note of a refused element is its plural, as in "… are not executed yet".

use super::{ACTIVITY, EXPRESSION, NAMED, PLAIN};

super::elements! {
    // Foundation and root elements (BPMN 2.0 chapters 8 and 9).
    Definitions "definitions" Bpmn Foundation NAMED ["targetNamespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"] Read "";
    Import "import" Bpmn Foundation PLAIN ["!importType", "location", "!namespace"] Read "never followed";
    Extension "extension" Bpmn Foundation PLAIN ["definition", "mustUnderstand"] Read "";
    Documentation "documentation" Bpmn Foundation PLAIN ["textFormat"] Read "";
    ExtensionElements "extensionElements" Bpmn Foundation PLAIN [] Read "kept as written";
    Relationship "relationship" Bpmn Foundation PLAIN ["type", "direction"] Read "";
    Source "source" Bpmn Part PLAIN [] Read "";
    Target "target" Bpmn Part PLAIN [] Read "";
    ItemDefinition "itemDefinition" Bpmn Shared PLAIN ["structureRef", "isCollection", "itemKind"] Read "";
    Message "message" Bpmn Shared NAMED ["itemRef"] Executed "name and zeebe:subscription";
    Signal "signal" Bpmn Shared NAMED ["structureRef"] Executed "name";
    Error "error" Bpmn Shared NAMED ["errorCode", "structureRef"] Executed "error code";
    Escalation "escalation" Bpmn Shared NAMED ["escalationCode", "structureRef"] Read "escalation events are not executed yet";
    Interface "interface" Bpmn Shared NAMED ["implementationRef"] Read "";
    Operation "operation" Bpmn Shared NAMED ["implementationRef"] Read "";
    InMessageRef "inMessageRef" Bpmn Part PLAIN [] Read "";
    OutMessageRef "outMessageRef" Bpmn Part PLAIN [] Read "";
    ErrorRef "errorRef" Bpmn Part PLAIN [] Read "";
    Resource "resource" Bpmn Shared NAMED [] Read "";
    ResourceParameter "resourceParameter" Bpmn Shared NAMED ["type", "isRequired"] Read "";
    DataStore "dataStore" Bpmn Shared NAMED ["capacity", "isUnlimited", "itemSubjectRef"] Drawn "";
    DataState "dataState" Bpmn Part NAMED [] Read "";
    Category "category" Bpmn Shared NAMED [] Drawn "";
    CategoryValue "categoryValue" Bpmn Part PLAIN ["value"] Drawn "";
    CorrelationProperty "correlationProperty" Bpmn Shared NAMED ["type"] Read "";
    CorrelationPropertyRetrievalExpression "correlationPropertyRetrievalExpression" Bpmn Part PLAIN ["!messageRef"] Read "";
    MessagePath "messagePath" Bpmn Part EXPRESSION [] Read "";
    PartnerEntity "partnerEntity" Bpmn Shared NAMED [] Read "";
    PartnerRole "partnerRole" Bpmn Shared NAMED [] Read "";
    EndPoint "endPoint" Bpmn Shared PLAIN [] Read "";
    EventDefinitionRef "eventDefinitionRef" Bpmn Part PLAIN [] Executed "as the definition it names";

    // Collaboration (chapter 9).
    Collaboration "collaboration" Bpmn Collaboration NAMED ["isClosed"] Drawn "";
    GlobalConversation "globalConversation" Bpmn Collaboration NAMED ["isClosed"] Drawn "";
    Participant "participant" Bpmn Collaboration NAMED ["processRef"] Drawn "";
    ParticipantMultiplicity "participantMultiplicity" Bpmn Part PLAIN ["minimum", "maximum"] Drawn "";
    InterfaceRef "interfaceRef" Bpmn Part PLAIN [] Read "";
    EndPointRef "endPointRef" Bpmn Part PLAIN [] Read "";
    ParticipantRef "participantRef" Bpmn Part PLAIN [] Read "";
    MessageFlow "messageFlow" Bpmn Collaboration NAMED ["!sourceRef", "!targetRef", "messageRef"] Drawn "";
    MessageFlowRef "messageFlowRef" Bpmn Part PLAIN [] Read "";
    ParticipantAssociation "participantAssociation" Bpmn Collaboration PLAIN [] Read "";
    InnerParticipantRef "innerParticipantRef" Bpmn Part PLAIN [] Read "";
    OuterParticipantRef "outerParticipantRef" Bpmn Part PLAIN [] Read "";
    MessageFlowAssociation "messageFlowAssociation" Bpmn Collaboration PLAIN ["!innerMessageFlowRef", "!outerMessageFlowRef"] Read "";
    ConversationAssociation "conversationAssociation" Bpmn Collaboration PLAIN ["!innerConversationNodeRef", "!outerConversationNodeRef"] Read "";
    Conversation "conversation" Bpmn Collaboration NAMED [] Drawn "";
    SubConversation "subConversation" Bpmn Collaboration NAMED [] Drawn "";
    CallConversation "callConversation" Bpmn Collaboration NAMED ["calledCollaborationRef"] Drawn "";
    ConversationLink "conversationLink" Bpmn Collaboration NAMED ["!sourceRef", "!targetRef"] Drawn "";
    CorrelationKey "correlationKey" Bpmn Collaboration NAMED [] Read "";
    CorrelationPropertyRef "correlationPropertyRef" Bpmn Part PLAIN [] Read "";
    ChoreographyRef "choreographyRef" Bpmn Part PLAIN [] Read "";
    Choreography "choreography" Bpmn Choreography NAMED ["isClosed"] Read "kept as written";
    GlobalChoreographyTask "globalChoreographyTask" Bpmn Choreography NAMED ["isClosed", "initiatingParticipantRef"] Read "kept as written";
    ChoreographyTask "choreographyTask" Bpmn Choreography NAMED ["initiatingParticipantRef", "choreographyLoopType"] Read "kept as written";
    SubChoreography "subChoreography" Bpmn Choreography NAMED ["initiatingParticipantRef", "choreographyLoopType"] Read "kept as written";
    CallChoreography "callChoreography" Bpmn Choreography NAMED ["calledChoreographyRef", "initiatingParticipantRef", "choreographyLoopType"] Read "kept as written";

    // Process, lanes, resources (chapter 10).
    Process "process" Bpmn Process NAMED ["processType", "isClosed", "isExecutable", "definitionalCollaborationRef"] Executed "where isExecutable is true";
    Supports "supports" Bpmn Part PLAIN [] Read "";
    SupportedInterfaceRef "supportedInterfaceRef" Bpmn Part PLAIN [] Read "";
    Auditing "auditing" Bpmn Process PLAIN [] Read "kept as written";
    Monitoring "monitoring" Bpmn Process PLAIN [] Read "kept as written";
    CorrelationSubscription "correlationSubscription" Bpmn Process PLAIN ["!correlationKeyRef"] Read "";
    CorrelationPropertyBinding "correlationPropertyBinding" Bpmn Part PLAIN ["!correlationPropertyRef"] Read "";
    DataPath "dataPath" Bpmn Part EXPRESSION [] Read "";
    LaneSet "laneSet" Bpmn Process NAMED [] Drawn "";
    ChildLaneSet "childLaneSet" Bpmn Process NAMED [] Drawn "";
    Lane "lane" Bpmn Process NAMED ["partitionElementRef"] Drawn "";
    FlowNodeRef "flowNodeRef" Bpmn Part PLAIN [] Drawn "";
    PartitionElement "partitionElement" Bpmn Part PLAIN [] Read "";
    ResourceRole "resourceRole" Bpmn Process NAMED [] Read "use zeebe:assignmentDefinition";
    Performer "performer" Bpmn Process NAMED [] Read "use zeebe:assignmentDefinition";
    HumanPerformer "humanPerformer" Bpmn Process NAMED [] Read "use zeebe:assignmentDefinition";
    PotentialOwner "potentialOwner" Bpmn Process NAMED [] Read "use zeebe:assignmentDefinition";
    ResourceRef "resourceRef" Bpmn Part PLAIN [] Read "";
    ResourceAssignmentExpression "resourceAssignmentExpression" Bpmn Part PLAIN [] Read "";
    ResourceParameterBinding "resourceParameterBinding" Bpmn Part PLAIN ["parameterRef"] Read "";

    // Activities (section 10.3).
    Task "task" Bpmn Task ACTIVITY [] Executed "passed through";
    ServiceTask "serviceTask" Bpmn Task ACTIVITY ["implementation", "operationRef"] Executed "as a job (zeebe:taskDefinition)";
    UserTask "userTask" Bpmn Task ACTIVITY ["implementation"] Executed "over the user-task service";
    ScriptTask "scriptTask" Bpmn Task ACTIVITY ["scriptFormat"] Executed "FEEL (zeebe:script) or as a job (zeebe:taskDefinition)";
    BusinessRuleTask "businessRuleTask" Bpmn Task ACTIVITY ["implementation"] Executed "makes a decision (zeebe:calledDecision) at once, or is a job (zeebe:taskDefinition)";
    SendTask "sendTask" Bpmn Task ACTIVITY ["implementation", "messageRef", "operationRef"] Executed "as a job (zeebe:taskDefinition)";
    ReceiveTask "receiveTask" Bpmn Task ACTIVITY ["implementation", "messageRef", "operationRef", "instantiate"] Executed "instantiate is refused";
    ManualTask "manualTask" Bpmn Task ACTIVITY [] Executed "passed through";
    Script "script" Bpmn Part PLAIN [] Read "zeebe:script is what is executed";
    Rendering "rendering" Bpmn Part PLAIN [] Read "kept as written";
    SubProcess "subProcess" Bpmn SubProcess ACTIVITY ["triggeredByEvent"] Executed "event sub-processes (triggeredByEvent) are refused";
    Transaction "transaction" Bpmn SubProcess ACTIVITY ["triggeredByEvent", "method", "protocol"] Refused "transactions";
    AdHocSubProcess "adHocSubProcess" Bpmn SubProcess ACTIVITY ["triggeredByEvent", "ordering", "cancelRemainingInstances"] Refused "ad-hoc sub-processes";
    CompletionCondition "completionCondition" Bpmn Part EXPRESSION [] Read "";
    CallActivity "callActivity" Bpmn Activity ACTIVITY ["calledElement"] Refused "call activities";
    GlobalTask "globalTask" Bpmn Activity NAMED [] Read "";
    GlobalUserTask "globalUserTask" Bpmn Activity NAMED ["implementation"] Read "";
    GlobalManualTask "globalManualTask" Bpmn Activity NAMED [] Read "";
    GlobalScriptTask "globalScriptTask" Bpmn Activity NAMED ["scriptLanguage"] Read "";
    GlobalBusinessRuleTask "globalBusinessRuleTask" Bpmn Activity NAMED ["implementation"] Read "";
    StandardLoopCharacteristics "standardLoopCharacteristics" Bpmn Activity PLAIN ["testBefore", "loopMaximum"] Refused "standard loops";
    LoopCondition "loopCondition" Bpmn Part EXPRESSION [] Read "";
    MultiInstanceLoopCharacteristics "multiInstanceLoopCharacteristics" Bpmn Activity PLAIN ["isSequential", "behavior", "oneBehaviorEventRef", "noneBehaviorEventRef"] Refused "multi-instance activities";
    LoopCardinality "loopCardinality" Bpmn Part EXPRESSION [] Read "";
    LoopDataInputRef "loopDataInputRef" Bpmn Part PLAIN [] Read "";
    LoopDataOutputRef "loopDataOutputRef" Bpmn Part PLAIN [] Read "";
    InputDataItem "inputDataItem" Bpmn Part NAMED ["itemSubjectRef", "isCollection"] Read "";
    OutputDataItem "outputDataItem" Bpmn Part NAMED ["itemSubjectRef", "isCollection"] Read "";
    ComplexBehaviorDefinition "complexBehaviorDefinition" Bpmn Part PLAIN [] Read "";
    Condition "condition" Bpmn Part EXPRESSION [] Read "";
    ImplicitThrowEvent "event" Bpmn Part NAMED [] Read "";

    // Gateways and sequence flows (sections 8.3.13 and 10.6).
    ExclusiveGateway "exclusiveGateway" Bpmn Gateway NAMED ["gatewayDirection", "default"] Executed "";
    InclusiveGateway "inclusiveGateway" Bpmn Gateway NAMED ["gatewayDirection", "default"] Executed "";
    ParallelGateway "parallelGateway" Bpmn Gateway NAMED ["gatewayDirection"] Executed "";
    EventBasedGateway "eventBasedGateway" Bpmn Gateway NAMED ["gatewayDirection", "instantiate", "eventGatewayType"] Executed "instantiating and parallel ones are refused";
    ComplexGateway "complexGateway" Bpmn Gateway NAMED ["gatewayDirection", "default"] Refused "complex gateways";
    ActivationCondition "activationCondition" Bpmn Part EXPRESSION [] Read "";
    SequenceFlow "sequenceFlow" Bpmn Flow NAMED ["!sourceRef", "!targetRef", "isImmediate"] Executed "conditions at exclusive and inclusive gateways";
    ConditionExpression "conditionExpression" Bpmn Part EXPRESSION [] Executed "FEEL after =";
    Expression "expression" Bpmn Part EXPRESSION [] Read "";
    FormalExpression "formalExpression" Bpmn Part EXPRESSION [] Read "";
    Incoming "incoming" Bpmn Part PLAIN [] Read "sourceRef and targetRef decide";
    Outgoing "outgoing" Bpmn Part PLAIN [] Read "sourceRef and targetRef decide";
    CategoryValueRef "categoryValueRef" Bpmn Part PLAIN [] Read "";

    // Events (section 10.5); what is executed where is the table of events.
    StartEvent "startEvent" Bpmn Event NAMED ["parallelMultiple", "isInterrupting"] Executed "see the table of events";
    IntermediateCatchEvent "intermediateCatchEvent" Bpmn Event NAMED ["parallelMultiple"] Executed "see the table of events";
    IntermediateThrowEvent "intermediateThrowEvent" Bpmn Event NAMED [] Executed "see the table of events";
    BoundaryEvent "boundaryEvent" Bpmn Event NAMED ["parallelMultiple", "!attachedToRef", "cancelActivity"] Executed "see the table of events";
    EndEvent "endEvent" Bpmn Event NAMED [] Executed "see the table of events";
    MessageEventDefinition "messageEventDefinition" Bpmn EventDefinition PLAIN ["messageRef"] Executed "see the table of events";
    OperationRef "operationRef" Bpmn Part PLAIN [] Read "";
    TimerEventDefinition "timerEventDefinition" Bpmn EventDefinition PLAIN [] Executed "see the table of events";
    TimeDate "timeDate" Bpmn Part EXPRESSION [] Executed "";
    TimeDuration "timeDuration" Bpmn Part EXPRESSION [] Executed "";
    TimeCycle "timeCycle" Bpmn Part EXPRESSION [] Executed "";
    ErrorEventDefinition "errorEventDefinition" Bpmn EventDefinition PLAIN ["errorRef"] Executed "see the table of events";
    EscalationEventDefinition "escalationEventDefinition" Bpmn EventDefinition PLAIN ["escalationRef"] Refused "escalation events";
    SignalEventDefinition "signalEventDefinition" Bpmn EventDefinition PLAIN ["signalRef"] Executed "see the table of events";
    CompensateEventDefinition "compensateEventDefinition" Bpmn EventDefinition PLAIN ["activityRef", "waitForCompletion"] Refused "compensation events";
    CancelEventDefinition "cancelEventDefinition" Bpmn EventDefinition PLAIN [] Refused "cancel events";
    ConditionalEventDefinition "conditionalEventDefinition" Bpmn EventDefinition PLAIN [] Refused "conditional events";
    LinkEventDefinition "linkEventDefinition" Bpmn EventDefinition NAMED [] Refused "link events";
    TerminateEventDefinition "terminateEventDefinition" Bpmn EventDefinition PLAIN [] Executed "see the table of events";

    // Data (section 10.4).
    DataObject "dataObject" Bpmn Data NAMED ["itemSubjectRef", "isCollection"] Drawn "";
    DataObjectReference "dataObjectReference" Bpmn Data NAMED ["itemSubjectRef", "dataObjectRef"] Drawn "";
    DataStoreReference "dataStoreReference" Bpmn Data NAMED ["itemSubjectRef", "dataStoreRef"] Drawn "";
    Property "property" Bpmn Data NAMED ["itemSubjectRef"] Read "";
    IoSpecification "ioSpecification" Bpmn Data PLAIN [] Read "use zeebe:ioMapping";
    IoBinding "ioBinding" Bpmn Data PLAIN ["operationRef", "inputDataRef", "outputDataRef"] Read "kept as written";
    DataInput "dataInput" Bpmn Data NAMED ["itemSubjectRef", "isCollection"] Drawn "";
    DataOutput "dataOutput" Bpmn Data NAMED ["itemSubjectRef", "isCollection"] Drawn "";
    InputSet "inputSet" Bpmn Data NAMED [] Read "";
    OutputSet "outputSet" Bpmn Data NAMED [] Read "";
    DataInputRefs "dataInputRefs" Bpmn Part PLAIN [] Read "";
    OptionalInputRefs "optionalInputRefs" Bpmn Part PLAIN [] Read "";
    WhileExecutingInputRefs "whileExecutingInputRefs" Bpmn Part PLAIN [] Read "";
    OutputSetRefs "outputSetRefs" Bpmn Part PLAIN [] Read "";
    DataOutputRefs "dataOutputRefs" Bpmn Part PLAIN [] Read "";
    OptionalOutputRefs "optionalOutputRefs" Bpmn Part PLAIN [] Read "";
    WhileExecutingOutputRefs "whileExecutingOutputRefs" Bpmn Part PLAIN [] Read "";
    InputSetRefs "inputSetRefs" Bpmn Part PLAIN [] Read "";
    DataInputAssociation "dataInputAssociation" Bpmn Data PLAIN [] Drawn "use zeebe:ioMapping";
    DataOutputAssociation "dataOutputAssociation" Bpmn Data PLAIN [] Drawn "use zeebe:ioMapping";
    SourceRef "sourceRef" Bpmn Part PLAIN [] Read "";
    TargetRef "targetRef" Bpmn Part PLAIN [] Read "";
    Transformation "transformation" Bpmn Part EXPRESSION [] Read "";
    Assignment "assignment" Bpmn Part PLAIN [] Read "";
    From "from" Bpmn Part EXPRESSION [] Read "";
    To "to" Bpmn Part EXPRESSION [] Read "";

    // Artifacts (section 8.3.1).
    TextAnnotation "textAnnotation" Bpmn Artifact PLAIN ["textFormat"] Drawn "";
    AnnotationText "text" Bpmn Part PLAIN [] Drawn "";
    Group "group" Bpmn Artifact PLAIN ["categoryValueRef"] Drawn "";
    Association "association" Bpmn Artifact PLAIN ["!sourceRef", "!targetRef", "associationDirection"] Drawn "";

    // Diagram interchange (chapter 12).
    BpmnDiagram "BPMNDiagram" Bpmndi Diagram NAMED ["documentation", "resolution"] Drawn "";
    BpmnPlane "BPMNPlane" Bpmndi Diagram PLAIN ["bpmnElement"] Drawn "";
    BpmnShape "BPMNShape" Bpmndi Diagram PLAIN ["bpmnElement", "isHorizontal", "isExpanded", "isMarkerVisible", "isMessageVisible", "participantBandKind", "choreographyActivityShape"] Drawn "";
    BpmnEdge "BPMNEdge" Bpmndi Diagram PLAIN ["bpmnElement", "sourceElement", "targetElement", "messageVisibleKind"] Drawn "";
    BpmnLabel "BPMNLabel" Bpmndi Diagram PLAIN ["labelStyle"] Drawn "";
    BpmnLabelStyle "BPMNLabelStyle" Bpmndi Diagram PLAIN [] Drawn "";
    Bounds "Bounds" Dc Diagram PLAIN ["!x", "!y", "!width", "!height"] Drawn "";
    Font "Font" Dc Diagram NAMED ["size", "isBold", "isItalic", "isUnderline", "isStrikeThrough"] Drawn "";
    Waypoint "waypoint" Di Diagram PLAIN ["!x", "!y"] Drawn "";
    DiExtension "extension" Di Diagram PLAIN [] Read "kept as written";

    // zeebe: extension elements.
    ZeebeTaskDefinition "taskDefinition" Zeebe Extension PLAIN ["!type", "retries"] Executed "";
    ZeebeIoMapping "ioMapping" Zeebe Extension PLAIN [] Executed "";
    ZeebeInput "input" Zeebe Part PLAIN ["!source", "!target"] Executed "";
    ZeebeOutput "output" Zeebe Part PLAIN ["!source", "!target"] Executed "";
    ZeebeTaskHeaders "taskHeaders" Zeebe Extension PLAIN [] Executed "";
    ZeebeHeader "header" Zeebe Part PLAIN ["!key", "value"] Executed "";
    ZeebeSubscription "subscription" Zeebe Extension PLAIN ["!correlationKey"] Executed "";
    ZeebeCalledElement "calledElement" Zeebe Extension PLAIN ["processId", "processIdExpression", "propagateAllChildVariables", "propagateAllParentVariables", "businessId", "bindingType", "versionTag"] Refused "call activities";
    ZeebeLoopCharacteristics "loopCharacteristics" Zeebe Extension PLAIN ["!inputCollection", "inputElement", "outputCollection", "outputElement"] Refused "multi-instance activities";
    ZeebeAssignmentDefinition "assignmentDefinition" Zeebe Extension PLAIN ["assignee", "candidateGroups", "candidateUsers"] Executed "";
    ZeebeTaskSchedule "taskSchedule" Zeebe Extension PLAIN ["dueDate", "followUpDate"] Executed "";
    ZeebeFormDefinition "formDefinition" Zeebe Extension PLAIN ["formKey", "formId", "externalReference", "bindingType", "versionTag"] Executed "given to task apps";
    ZeebeUserTask "userTask" Zeebe Extension PLAIN [] Executed "";
    ZeebeUserTaskForm "userTaskForm" Zeebe Extension PLAIN [] Executed "given to task apps";
    ZeebePriorityDefinition "priorityDefinition" Zeebe Extension PLAIN ["!priority"] Executed "";
    ZeebeJobPriorityDefinition "jobPriorityDefinition" Zeebe Extension PLAIN ["!priority"] Refused "job priorities";
    ZeebeCalledDecision "calledDecision" Zeebe Extension PLAIN ["!decisionId", "!resultVariable", "bindingType", "versionTag"] Executed "of a deployed DMN file";
    ZeebeScript "script" Zeebe Extension PLAIN ["!expression", "!resultVariable"] Executed "";
    ZeebeProperties "properties" Zeebe Extension PLAIN [] Executed "those that begin with `weir:` publish to topics; others are kept";
    ZeebeProperty "property" Zeebe Part PLAIN ["!name", "value"] Executed "";
    ZeebeExecutionListeners "executionListeners" Zeebe Extension PLAIN [] Refused "execution listeners";
    ZeebeExecutionListener "executionListener" Zeebe Part PLAIN ["eventType", "retries", "type"] Refused "execution listeners";
    ZeebeTaskListeners "taskListeners" Zeebe Extension PLAIN [] Refused "task listeners";
    ZeebeTaskListener "taskListener" Zeebe Part PLAIN ["eventType", "retries", "type"] Refused "task listeners";
    ZeebeVersion "versionTag" Zeebe Extension PLAIN ["!value"] Read "";
    ZeebeLinkedResources "linkedResources" Zeebe Extension PLAIN [] Refused "linked resources";
    ZeebeLinkedResource "linkedResource" Zeebe Part PLAIN ["resourceId", "resourceType", "linkName", "bindingType", "versionTag"] Refused "linked resources";
    ZeebeAdHoc "adHoc" Zeebe Extension PLAIN ["activeElementsCollection", "outputCollection", "outputElement"] Refused "ad-hoc sub-processes";
    ZeebeConditionalFilter "conditionalFilter" Zeebe Extension PLAIN ["variableNames", "variableEvents"] Refused "conditional events";
    ZeebePublishMessage "publishMessage" Zeebe Extension PLAIN ["correlationKey", "messageId", "timeToLive"] Refused "messages published by the engine itself (zeebe:publishMessage)";
    ZeebeAgentDefinition "agentDefinition" Zeebe Extension PLAIN ["agentType"] Read "";

    // Weir's own extension elements.
    WeirExclusion "exclusion" Weir Extension PLAIN ["!users"] Executed "who may not take a user task";
}
