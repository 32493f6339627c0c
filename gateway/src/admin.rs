//! `weir.admin.v1.AdminService`: what operators ask. Reads only.
//!
//! Queries run on the partition's thread, so each one looks at a bounded number of entries; a call puts several
//! together, and gives what it has when its own bound is reached. Texts are cut, and a page ends at half of what a
//! message holds, so that every answer can be sent.

mod definitions;
mod document;
mod fold;
mod incidents;
mod instance;
mod instances;
mod live;
mod page;
mod run;
mod story;

use node::{Node, Queries, SubmitError};
use proto::admin::admin_service_server::AdminService;
use proto::admin::*;
use tonic::{Code, Request, Response, Status};

use crate::status::{submit_failed, with_reason};

/// The service.
pub(crate) struct Admin {
    node: Node,
    message_bytes_max: usize,
}

impl Admin {
    pub fn new(node: Node, message_bytes_max: usize) -> Admin {
        Admin {
            node,
            message_bytes_max,
        }
    }
}

/// With what the admin service asks partitions that other nodes lead.
#[must_use]
pub fn queries(queries: Queries) -> Queries {
    queries
        .with::<definitions::FindDefinition>()
        .with::<definitions::ScanDefinitions>()
        .with::<incidents::ScanIncidents>()
        .with::<instances::ScanInstances>()
        .with::<live::FindInstance>()
}

/// What is said of a definition beside its model, in bytes; all its texts are cut.
pub(crate) const DEFINITION_BYTES_MAX: usize = 64 << 10;
/// Entries that one query looks at.
const QUERY_ENTRIES_MAX: usize = 1_000;
/// Queries, or pages of the journal, that one call makes.
const QUERIES_MAX: usize = 10;

fn failed(error: SubmitError) -> Status {
    submit_failed("QUERY", error)
}

fn not_found(reason: &str, message: String) -> Status {
    with_reason(Code::NotFound, reason, message, [])
}

type Answered<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl AdminService for Admin {
    async fn list_instances(
        &self,
        request: Request<ListInstancesRequest>,
    ) -> Answered<ListInstancesResponse> {
        let listed =
            instances::list(&self.node, request.into_inner(), self.message_bytes_max).await?;
        Ok(Response::new(listed))
    }

    async fn get_instance(
        &self,
        request: Request<GetInstanceRequest>,
    ) -> Answered<GetInstanceResponse> {
        let request = request.into_inner();
        let found = instance::get(&self.node, &request, self.message_bytes_max).await?;
        Ok(Response::new(found))
    }

    async fn list_incidents(
        &self,
        request: Request<ListIncidentsRequest>,
    ) -> Answered<ListIncidentsResponse> {
        let listed =
            incidents::list(&self.node, request.into_inner(), self.message_bytes_max).await?;
        Ok(Response::new(listed))
    }

    async fn list_definitions(
        &self,
        request: Request<ListDefinitionsRequest>,
    ) -> Answered<ListDefinitionsResponse> {
        let listed =
            definitions::list(&self.node, request.into_inner(), self.message_bytes_max).await?;
        Ok(Response::new(listed))
    }

    async fn get_definition_xml(
        &self,
        request: Request<GetDefinitionXmlRequest>,
    ) -> Answered<GetDefinitionXmlResponse> {
        let found = definitions::xml(&self.node, request.into_inner()).await?;
        Ok(Response::new(found))
    }
}
