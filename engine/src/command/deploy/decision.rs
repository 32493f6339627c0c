//! DMN files in a deployment: checking them, and adding the versions that are new.

use dmn::{Diagnostic, File};
use proto::record::{
    Decision, DecisionAdded, DecisionRequirements, DecisionRequirementsAdded, DeployedDecision,
    DeployedRequirements, SentResources, deploy_resources::Resource, event,
};

use super::super::invalid;
use super::check::{refused, unique};
use super::{Deploying, add_resource};
use crate::rejection::Rejection;
use crate::step::Step;

/// Decisions in one resource.
const DECISIONS_MAX: usize = 1_000;
/// Ids and names in all files: they are sent to other partitions beside the files, in the same record.
const NAMES_BYTES_MAX: usize = 1 << 20;
/// The bytes of all files, each with those that it imports: what compiling may cost.
const COMPILED_BYTES_MAX: usize = 32 << 20;

/// A resource with decisions.
pub(super) struct CheckedDecisions<'a> {
    resource: &'a Resource,
    model: dmn::Definitions,
    /// Which others it imports, and those import, in the order in which they are found.
    imported: Vec<usize>,
    compiled: dmn::Decisions,
}

impl CheckedDecisions<'_> {
    pub fn decisions(&self) -> &[dmn::Decision] {
        self.compiled.decisions()
    }
}

/// A file that was read.
struct Read<'a> {
    resource: &'a Resource,
    model: dmn::Definitions,
    text: std::borrow::Cow<'a, str>,
}

pub(super) fn check<'a>(
    resources: &[&'a Resource],
) -> Result<Vec<CheckedDecisions<'a>>, Rejection> {
    let files = resources.iter().map(|resource| read(resource));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let ids = files.iter().map(|file| &*file.model.id);
    unique(ids, "DUPLICATE_REQUIREMENTS_ID", "decision requirements")?;
    let decisions = files.iter().flat_map(|file| &file.model.decisions);
    let ids = decisions.map(|decision| &*decision.id);
    unique(ids, "DUPLICATE_DECISION_ID", "decisions")?;
    check_names(&files)?;

    let models = files.iter().map(|file| Some(&file.model));
    let models = models.collect::<Vec<_>>();
    let imported = files.iter().map(|file| file.model.imported(&models));
    let imported = imported.collect::<Vec<_>>();
    check_cost(&files, &imported)?;
    let compiled = imported.iter().enumerate();
    let compiled = compiled.map(|(file, imported)| compile(&files, file, imported));
    let compiled = compiled.collect::<Result<Vec<_>, _>>()?;
    let parts = files.into_iter().zip(imported).zip(compiled);
    let checked = parts.map(|((file, imported), compiled)| CheckedDecisions {
        resource: file.resource,
        model: file.model,
        imported,
        compiled,
    });
    Ok(checked.collect())
}

fn read(resource: &Resource) -> Result<Read<'_>, Rejection> {
    let parsed = dmn::parse(&resource.name, &resource.content);
    let is_deployable = parsed.is_deployable();
    match (parsed.model, dmn::decode(&resource.content)) {
        (Some(model), Ok(text)) if is_deployable => {
            check_number(&resource.name, model.decisions.len())?;
            Ok(Read {
                resource,
                model,
                text,
            })
        }
        _ => Err(refuse(resource, parsed.diagnostics)),
    }
}

fn check_number(name: &str, decisions: usize) -> Result<(), Rejection> {
    if decisions <= DECISIONS_MAX {
        return Ok(());
    }
    let message = format!("{name} has {decisions} decisions, {DECISIONS_MAX} are allowed");
    Err(invalid("TOO_MANY_DECISIONS", message).with("resource", name))
}

fn check_names(files: &[Read<'_>]) -> Result<(), Rejection> {
    let names = files.iter().flat_map(|Read { model, .. }| {
        let decisions = model.decisions.iter();
        let decisions =
            decisions.flat_map(|it| [&it.id, &it.name].into_iter().chain(&it.version_tag));
        decisions.chain([&model.id, &model.name])
    });
    let bytes: usize = names.map(String::len).sum();
    if bytes <= NAMES_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "the ids and names of all decisions take {bytes} bytes, {NAMES_BYTES_MAX} are allowed"
    );
    Err(invalid("NAMES_TOO_LONG", message))
}

fn refuse(resource: &Resource, diagnostics: Vec<Diagnostic>) -> Rejection {
    let blocking = diagnostics.into_iter();
    let blocking = blocking.filter(Diagnostic::blocks_deployment);
    refused(&resource.name, &blocking.collect::<Vec<_>>())
}

fn check_cost(files: &[Read<'_>], imported: &[Vec<usize>]) -> Result<(), Rejection> {
    let bytes = |file: usize| files[file].resource.content.len();
    let with_imported = |(file, imported): (usize, &Vec<usize>)| {
        bytes(file) + imported.iter().map(|other| bytes(*other)).sum::<usize>()
    };
    let cost: usize = imported.iter().enumerate().map(with_imported).sum();
    if cost <= COMPILED_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "the DMN files take {cost} bytes, each counted with those that it imports; {COMPILED_BYTES_MAX} are allowed"
    );
    Err(invalid("TOO_MANY_IMPORTS", message))
}

fn compile(
    files: &[Read<'_>],
    file: usize,
    imported: &[usize],
) -> Result<dmn::Decisions, Rejection> {
    let given = |file: usize| File {
        model: &files[file].model,
        text: &files[file].text,
    };
    let others = imported.iter().map(|other| given(*other));
    let compiled = dmn::compile(given(file), &others.collect::<Vec<_>>());
    match compiled.is_deployable() {
        true => Ok(compiled.decisions),
        false => Err(refuse(files[file].resource, compiled.diagnostics)),
    }
}

/// Adds the files that differ from the latest versions; gives the keys of all.
pub(super) fn add(
    step: &mut Step<'_>,
    checked: &[CheckedDecisions<'_>],
    deploying: &mut Deploying,
) -> Vec<u64> {
    let present = checked.iter().map(|file| unchanged(step, checked, file));
    let present = present.collect::<Vec<_>>();
    // All files are there before the first is compiled, which may import any.
    let mut keys = Vec::with_capacity(checked.len());
    for (file, present) in checked.iter().zip(&present) {
        let key = present.unwrap_or_else(|| add_resource(step, file.resource, deploying));
        keys.push(key);
    }
    for ((file, present), key) in checked.iter().zip(present).zip(&keys) {
        if present.is_none() {
            let imported = file.imported.iter().map(|other| keys[*other]);
            add_version(step, file, *key, imported.collect(), &mut deploying.sent);
        }
        deploying.requirements.extend(deployed(step, file, *key));
    }
    keys
}

/// The key of the latest version when it has the same bytes, and imports the same.
fn unchanged(
    step: &Step<'_>,
    checked: &[CheckedDecisions<'_>],
    file: &CheckedDecisions<'_>,
) -> Option<u64> {
    let state = &*step.state;
    let latest = state.latest_requirements(&file.model.id)?;
    let resource = state.resource(latest.key)?;
    let content = |key: &u64| Some(&state.resource(*key)?.content);
    let imported = file.imported.iter();
    let imported = imported.map(|other| Some(&checked[*other].resource.content));
    let is_latest = |decision: &dmn::Decision| {
        let member = state.decision_of(latest.key, &decision.id);
        member.is_some() && member == state.latest_decision(&decision.id)
    };
    let is_same = resource.name == file.resource.name
        && resource.content == file.resource.content
        && latest.imported.iter().map(content).eq(imported)
        && file.decisions().iter().all(is_latest);
    is_same.then_some(latest.key)
}

fn add_version(
    step: &mut Step<'_>,
    file: &CheckedDecisions<'_>,
    key: u64,
    imported: Vec<u64>,
    sent: &mut SentResources,
) {
    let latest = step.state.latest_requirements(&file.model.id);
    let requirements = DecisionRequirements {
        key,
        requirements_id: file.model.id.clone(),
        name: file.model.name.clone(),
        version: latest.map_or(0, |latest| latest.version) + 1,
        imported,
    };
    sent.requirements.push(requirements.clone());
    emit_requirements(step, requirements);
    for found in file.decisions() {
        let latest = step.state.latest_decision(&found.id);
        let latest = latest.and_then(|key| step.state.decision(key));
        let decision = Decision {
            version: latest.map_or(0, |latest| latest.version) + 1,
            key: step.next_key(),
            decision_id: found.id.clone(),
            name: found.name.clone(),
            requirements_key: key,
            version_tag: found.version_tag.clone().unwrap_or_default(),
        };
        sent.decisions.push(decision.clone());
        emit_decision(step, decision);
    }
}

fn deployed(
    step: &Step<'_>,
    file: &CheckedDecisions<'_>,
    key: u64,
) -> Option<DeployedRequirements> {
    let state = &*step.state;
    let requirements = state.decision_requirements(key)?;
    let decisions = file.decisions().iter().filter_map(|found| {
        let decision = state.decision(state.decision_of(key, &found.id)?)?;
        Some(DeployedDecision {
            decision_id: decision.decision_id.clone(),
            name: decision.name.clone(),
            version: decision.version,
            decision_key: decision.key,
        })
    });
    Some(DeployedRequirements {
        requirements_id: requirements.requirements_id.clone(),
        name: requirements.name.clone(),
        version: requirements.version,
        requirements_key: key,
        resource_name: file.resource.name.clone(),
        decisions: decisions.collect(),
    })
}

/// What another partition has accepted.
pub(super) fn receive(step: &mut Step<'_>, sent: &SentResources) {
    for requirements in &sent.requirements {
        emit_requirements(step, requirements.clone());
    }
    for decision in &sent.decisions {
        emit_decision(step, decision.clone());
    }
}

fn emit_requirements(step: &mut Step<'_>, requirements: DecisionRequirements) {
    step.emit(event::Kind::DecisionRequirementsAdded(Box::new(
        DecisionRequirementsAdded {
            requirements: Some(requirements),
        },
    )));
}

fn emit_decision(step: &mut Step<'_>, decision: Decision) {
    step.emit(event::Kind::DecisionAdded(Box::new(DecisionAdded {
        decision: Some(decision),
    })));
}
