//! `shouwang completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{
    exit::Exit,
    failure::{Failure, Outcome},
    session::Session,
    words::words,
};

#[derive(Args, Debug)]
pub(super) struct CompletionsArguments {
    /// Shell to complete in （所用的 shell）
    shell: Shell,
}

pub(super) fn run(session: &Session, arguments: &CompletionsArguments) -> Outcome<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "shouwang", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Failure::failed(words!("脚本有误：{error}", "the script is broken: {error}")))?;
    session.output.raw(script.trim_end());
    Ok(Exit::Done)
}
