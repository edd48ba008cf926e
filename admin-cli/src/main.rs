//! `shouwang`: the operator's, searcher's and publisher's hand.

mod cli;
mod connection;
mod context;
mod demo;
mod exit;
mod failure;
mod import;
mod output;
mod render;
mod session;
mod words;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    shouwang_serving::telemetry::init(shouwang_serving::telemetry::LogFormat::Text, "warn");
    cli::run(arguments).into()
}
