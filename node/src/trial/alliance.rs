//! A hub and a node that has joined it.

use std::{path::PathBuf, sync::Arc};

use shouwang_proto::clock::World;
use shouwang_serving::dial::TcpDialer;
use tempfile::TempDir;

use super::{Caller, TrialHub, caller, start_node};
use crate::{NodeHandle, join::join};

pub(crate) struct Alliance {
    pub(crate) hub: TrialHub,
    pub(crate) root: TempDir,
    pub(crate) data: PathBuf,
}

impl Alliance {
    pub(crate) async fn new() -> Self {
        let hub = TrialHub::start();
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("node");
        shouwang_serving::durable::make_folder(&data).unwrap();
        join(&data, &hub.invite(), &World::system(), Arc::new(TcpDialer)).await.unwrap();
        Self { hub, root, data }
    }

    pub(crate) async fn node(&self) -> (NodeHandle, Caller) {
        let node = start_node(&self.data).await;
        let caller = caller(&node, &self.data);
        (node, caller)
    }
}
