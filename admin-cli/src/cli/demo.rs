//! `shouwang demo`.

use std::path::PathBuf;

use clap::Args;

use crate::{demo, exit::Exit, failure::Outcome, session::Session};

#[derive(Args, Debug)]
pub(super) struct DemoArguments {
    /// Folder for everything; the same folder goes on where it was （数据目录）
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
}

pub(super) async fn run(session: &Session, arguments: DemoArguments) -> Outcome<Exit> {
    demo::run(session, &arguments.data).await
}
