//! `shouwang status`.

use shouwang_proto::wire::{GetHubStatusRequest, GetNodeStatusRequest};

use crate::{
    connection::{Hub, Node},
    context::Server,
    exit::Exit,
    failure::Outcome,
    render::status::{HubView, NodeView, StatusView},
    session::Session,
};

pub(super) async fn run(session: &Session) -> Outcome<Exit> {
    let (name, context) = session.context()?;
    let mut view = StatusView { context: name, hub: None, node: None, problems: Vec::new() };
    let mut exit = Exit::Done;
    let lang = session.output.lang();
    if let Some(server) = &context.hub {
        match hub_status(server).await {
            Ok(hub) => view.hub = Some(hub),
            Err(failure) => {
                view.note(&failure, lang);
                exit = failure.exit;
            }
        }
    }
    if let Some(server) = &context.node {
        match node_status(server).await {
            Ok(node) => view.node = Some(node),
            Err(failure) => {
                view.note(&failure, lang);
                exit = failure.exit;
            }
        }
    }
    session.output.answer(&view);
    Ok(exit)
}

/// Asks a hub.
pub(crate) async fn hub_status(server: &Server) -> Outcome<HubView> {
    let hub = Hub::connect(server).await?;
    let status = hub.council().get_hub_status(GetHubStatusRequest {}).await;
    Ok(HubView::new(&server.address, status.map_err(|status| hub.failure(&status))?.into_inner()))
}

/// Asks a node.
pub(crate) async fn node_status(server: &Server) -> Outcome<NodeView> {
    let node = Node::connect(server).await?;
    let status = node.publishing().get_node_status(GetNodeStatusRequest {}).await;
    Ok(NodeView::new(&server.address, status.map_err(|status| node.failure(&status))?.into_inner()))
}
