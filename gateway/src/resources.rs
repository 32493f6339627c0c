//! Deployments in the two forms that the protocol has for them.

use proto::gateway::{
    DeployProcessRequest, DeployProcessResponse, DeployResourceRequest, DeployResourceResponse,
    Deployment, deployment,
};
use proto::record::{DeployResources, Deployed, command, deploy_resources::Resource};

use crate::call::TENANT;
use crate::{decisions, encode};

pub(crate) fn of_resources(request: DeployResourceRequest) -> command::Kind {
    let resources = request.resources.into_iter();
    deploy(resources.map(|resource| (resource.name, resource.content)))
}

pub(crate) fn of_processes(request: DeployProcessRequest) -> command::Kind {
    let processes = request.processes.into_iter();
    deploy(processes.map(|process| (process.name, process.definition)))
}

fn deploy(resources: impl Iterator<Item = (String, Vec<u8>)>) -> command::Kind {
    let resources = resources.map(|(name, content)| Resource {
        name,
        content: content.into(),
    });
    command::Kind::DeployResources(DeployResources {
        resources: resources.collect(),
    })
}

pub(crate) fn deployments(deployed: Deployed) -> DeployResourceResponse {
    let processes = deployed.processes.into_iter();
    let processes = processes.map(|it| deployment::Metadata::Process(encode::process(it)));
    let requirements = &deployed.requirements;
    let decisions = requirements.iter().flat_map(decisions::metadata);
    let requirements = requirements.iter().map(decisions::requirements_metadata);
    // In Zeebe's order.
    let metadata = processes.chain(decisions).chain(requirements);
    let deployments = metadata.map(|metadata| Deployment {
        metadata: Some(metadata),
    });
    DeployResourceResponse {
        key: encode::key(deployed.key),
        deployments: deployments.collect(),
        tenant_id: TENANT.to_owned(),
    }
}

pub(crate) fn processes(deployed: Deployed) -> DeployProcessResponse {
    let processes = deployed.processes.into_iter();
    DeployProcessResponse {
        key: encode::key(deployed.key),
        processes: processes.map(encode::process).collect(),
    }
}
