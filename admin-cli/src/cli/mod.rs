//! What can be typed: one file for each noun, with its verbs.

pub(crate) mod account;
pub(crate) mod aid;
mod completions;
mod context;
mod demo;
mod doctor;
mod document;
mod download;
mod fork;
mod member;
mod publication;
mod publish;
mod quarantine;
mod search;
mod status;
pub(crate) mod thesaurus;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use shouwang_proto::clock::World;

use crate::{
    context::FILE_VARIABLE,
    exit::{EXIT_CODES, Exit},
    failure::{Failure, Outcome},
    output::{Format, Output},
    session::Session,
    words::{Lang, words},
};

/// Shouwang 守望: search and share the safety practices, courses and mutual-aid resources of an alliance
/// （安全生产联盟：经验互鉴、菜单服务、应急互援）
#[derive(Debug, Parser)]
#[command(name = "shouwang", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Args, Debug)]
struct Shared {
    /// Context to use instead of the current one （使用的上下文）
    #[arg(long, global = true, env = "SHOUWANG_CONTEXT", value_name = "NAME")]
    context: Option<String>,
    /// File of contexts （上下文文件）
    #[arg(long, global = true, env = FILE_VARIABLE, value_name = "FILE")]
    context_file: Option<PathBuf>,
    /// Form of answers （输出格式）
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    output: Format,
    /// Language of messages: zh is Chinese with the English behind it （提示语言）
    #[arg(long, global = true, env = "SHOUWANG_LANG", value_enum, default_value_t)]
    lang: Lang,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start a whole alliance to try out: a hub and six members' nodes （试用：启动中心和六个成员节点）
    Demo(demo::DemoArguments),
    /// Import, publish, list, read and withdraw own publications （本单位发布物）
    #[command(subcommand)]
    Publication(publication::PublicationVerb),
    /// Search what members published （检索）
    Search(search::SearchArguments),
    /// Complete what is being typed: Chinese, pinyin or initials （输入联想）
    Suggest(search::SuggestArguments),
    #[command(flatten)]
    Aid(aid::AidVerb),
    /// Invite, list, suspend and group members （成员管理）
    #[command(subcommand)]
    Member(member::MemberVerb),
    /// Invite, list and disable the people who sign in at the hub's pages （人员账号）
    #[command(subcommand)]
    Account(account::AccountVerb),
    /// Issue and revoke access tokens （访问令牌）
    #[command(subcommand)]
    Token(token::TokenVerb),
    /// List and edit groups of synonyms （同义词表）
    #[command(subcommand)]
    Thesaurus(thesaurus::ThesaurusVerb),
    /// Entries that the hub stored and does not show （隔离区）
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineVerb),
    /// How the hub and the node of the context are （状态）
    Status,
    /// Check everything that can be checked and say what to do （体检）
    Doctor,
    /// Add, list, choose and show contexts （上下文）
    #[command(subcommand)]
    Context(context::ContextVerb),
    /// Print a completion script for a shell （命令补全脚本）
    Completions(completions::CompletionsArguments),
}

/// Runs the verb and prints what came of it.
pub(crate) fn run(arguments: Arguments) -> Exit {
    let Arguments { shared: Shared { context, context_file, output: format, lang }, verb } = arguments;
    let output = Output::new(format, lang);
    let session = Session { output, world: World::system(), context_name: context, context_file };
    let ended = form_fits(format, &verb).and_then(|()| started(&output)).and_then(|runtime| {
        let ended = runtime.block_on(Box::pin(dispatch(&session, verb)));
        // A thread that still reads standard input must not keep the program from ending.
        runtime.shutdown_background();
        ended
    });
    ended.unwrap_or_else(|failure| {
        output.failure(&failure);
        failure.exit
    })
}

/// A page to print is made of one thing only.
fn form_fits(format: Format, verb: &Verb) -> Outcome<()> {
    match (format, verb) {
        (Format::Html, Verb::Aid(aid)) if aid.prints_a_page() => Ok(()),
        (Format::Html, _) => Err(Failure::usage(words!(
            "--output html 只用于 shouwang assignment order-sheet",
            "--output html is for `shouwang assignment order-sheet` only"
        ))),
        (Format::Table | Format::Json, _) => Ok(()),
    }
}

/// The name of an own publication, from a name or an external id.
async fn own_publication_name(node: &crate::connection::Node, written: String) -> Outcome<String> {
    publication::own_name(node, written).await
}

fn started(_output: &Output) -> Outcome<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Failure::failed(words!("无法启动：{error}", "cannot start: {error}")))
}

async fn dispatch(session: &Session, verb: Verb) -> Outcome<Exit> {
    match verb {
        Verb::Demo(arguments) => demo::run(session, arguments).await,
        Verb::Publication(verb) => publication::run(session, verb).await,
        Verb::Search(arguments) => search::search(session, arguments).await,
        Verb::Suggest(arguments) => search::suggest(session, arguments).await,
        Verb::Aid(verb) => aid::run(session, verb).await,
        Verb::Member(verb) => member::run(session, verb).await,
        Verb::Account(verb) => account::run(session, verb).await,
        Verb::Token(verb) => token::run(session, verb).await,
        Verb::Thesaurus(verb) => thesaurus::run(session, verb).await,
        Verb::Quarantine(verb) => quarantine::run(session, verb).await,
        Verb::Status => status::run(session).await,
        Verb::Doctor => doctor::run(session).await,
        Verb::Context(verb) => context::run(session, verb),
        Verb::Completions(arguments) => completions::run(session, &arguments),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_contracts_verbs_are_understood() {
        for line in [
            "demo --data demo-data --output json",
            "publication import FILE.jsonl",
            "publication import -",
            "publication publish members/a/publications/x",
            "publication publish --title T --body-file B.md --kind practice",
            "publication list",
            "publication get X",
            "publication withdraw X --reason old",
            "search 有限空间 --kind practice --limit 3 --output json",
            "search 有限空间 通风 --limit 3 检测",
            "search",
            "search -- -x",
            "suggest yxkj",
            "member invite new-one --name 新单位 --group council",
            "member list",
            "member show a1",
            "member suspend a1 --reason left",
            "member reinstate a1",
            "member set-groups a1 council sector-hot-work",
            "account invite --name 王敏 --post safety-manager --member a1",
            "account invite --name 调度 --post dispatcher",
            "account list",
            "account disable wang.min",
            "account reset accounts/x",
            "token issue --label me --role operator",
            "token revoke T",
            "thesaurus list",
            "thesaurus put a b",
            "thesaurus delete X",
            "thesaurus import t.jsonl",
            "quarantine list",
            "quarantine retry",
            "status --lang en",
            "doctor --context x",
            "context add a --hub-data D --node-data E",
            "context use a",
            "context list",
            "context show",
            "completions bash",
        ] {
            let words = std::iter::once("shouwang").chain(line.split(' '));
            Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}
