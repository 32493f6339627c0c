//! Decisions as the gateway protocol spells them: what was deployed, and what an evaluation gave.

use proto::gateway::{
    DecisionMetadata, DecisionRequirementsMetadata, EvaluateDecisionResponse, EvaluatedDecision,
    EvaluatedDecisionInput, EvaluatedDecisionOutput, MatchedDecisionRule, deployment::Metadata,
};
use proto::record::{DecisionAnswer, DeployedRequirements, MadeDecision, MatchedRule};

use crate::call::TENANT;
use crate::encode::{key, text};

/// The decisions of a file that was deployed.
pub(crate) fn metadata(deployed: &DeployedRequirements) -> impl Iterator<Item = Metadata> {
    deployed.decisions.iter().map(|decision| {
        Metadata::Decision(DecisionMetadata {
            dmn_decision_id: decision.decision_id.clone(),
            dmn_decision_name: decision.name.clone(),
            version: decision.version,
            decision_key: key(decision.decision_key),
            dmn_decision_requirements_id: deployed.requirements_id.clone(),
            decision_requirements_key: key(deployed.requirements_key),
            tenant_id: TENANT.to_owned(),
        })
    })
}

pub(crate) fn requirements_metadata(deployed: &DeployedRequirements) -> Metadata {
    Metadata::DecisionRequirements(DecisionRequirementsMetadata {
        dmn_decision_requirements_id: deployed.requirements_id.clone(),
        dmn_decision_requirements_name: deployed.name.clone(),
        version: deployed.version,
        decision_requirements_key: key(deployed.requirements_key),
        resource_name: deployed.resource_name.clone(),
        tenant_id: TENANT.to_owned(),
    })
}

pub(crate) fn evaluated(answer: DecisionAnswer) -> EvaluateDecisionResponse {
    let evaluation = answer.evaluation.unwrap_or_default();
    EvaluateDecisionResponse {
        decision_key: key(evaluation.decision_key),
        decision_id: evaluation.decision_id,
        decision_name: evaluation.name,
        decision_version: evaluation.version,
        decision_requirements_id: evaluation.requirements_id,
        decision_requirements_key: key(evaluation.requirements_key),
        decision_output: text(answer.output),
        evaluated_decisions: evaluation.made.into_iter().map(made).collect(),
        failed_decision_id: evaluation.failed_decision_id,
        failure_message: evaluation.failure,
        tenant_id: TENANT.to_owned(),
        decision_instance_key: key(evaluation.key),
    }
}

fn made(made: MadeDecision) -> EvaluatedDecision {
    let inputs = made.inputs.into_iter();
    let inputs = inputs.map(|input| EvaluatedDecisionInput {
        input_id: input.id,
        input_name: input.name,
        input_value: text(input.value),
    });
    EvaluatedDecision {
        decision_key: key(made.decision_key),
        decision_id: made.decision_id,
        decision_name: made.name,
        decision_version: made.version,
        decision_type: made.kind,
        decision_output: text(made.output),
        matched_rules: made.rules.into_iter().map(rule).collect(),
        evaluated_inputs: inputs.collect(),
        tenant_id: TENANT.to_owned(),
    }
}

fn rule(rule: MatchedRule) -> MatchedDecisionRule {
    let outputs = rule.outputs.into_iter();
    let outputs = outputs.map(|output| EvaluatedDecisionOutput {
        output_id: output.id,
        output_name: output.name,
        output_value: text(output.value),
    });
    MatchedDecisionRule {
        rule_id: rule.id,
        rule_index: rule.index.cast_signed(),
        evaluated_outputs: outputs.collect(),
    }
}
