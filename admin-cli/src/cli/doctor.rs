//! `shouwang doctor`: looks at everything that can be looked at, and says what to do.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use shouwang_proto::clock::World;
use shouwang_serving::tls::CertificateFacts;
use tokio::time::Instant;

use super::status::{hub_status, node_status};
use crate::{
    context::{Context, Server},
    exit::Exit,
    failure::{Failure, Outcome},
    render::{
        doctor::{DoctorView, Finding},
        status::{HubView, NodeView},
        time,
    },
    session::Session,
    words::{Words, words},
};

/// Clocks further apart than this are worth a look; certificates and times shown to people depend on them.
const CLOCK_WARNING: SignedDuration = SignedDuration::from_secs(5);
/// Clocks further apart than this make certificates fail.
const CLOCK_WRONG: SignedDuration = SignedDuration::from_mins(5);
/// A certificate that ends within this time should have been renewed (30 days, renewed with a third left).
const CERTIFICATE_WARNING: SignedDuration = SignedDuration::from_hours(5 * 24);
/// The index commits several times a second; more than this many changes behind, something holds it up.
const INDEX_LAG_WARNING: u64 = 5_000;
/// Free space below which a server should not run on.
const DISK_WRONG: u64 = 512 * 1024 * 1024;
/// Free space below which somebody should make room.
const DISK_WARNING: u64 = 5 * 1024 * 1024 * 1024;

pub(super) async fn run(session: &Session) -> Outcome<Exit> {
    let mut findings = Vec::new();
    match session.context() {
        Err(failure) => findings.push(of_failure("context", &failure)),
        Ok((name, context)) => {
            findings.push(Finding::ok("context", words!("使用 {name}", "using {name}")));
            look(session, &context, &mut findings).await;
        }
    }
    let view = DoctorView::new(&findings, session.output.lang());
    session.output.answer(&view);
    Ok(view.exit())
}

async fn look(session: &Session, context: &Context, findings: &mut Vec<Finding>) {
    if let Some(server) = &context.hub {
        files("hub.files", server, session.world.now(), findings);
        let asked = (session.world.now(), Instant::now());
        match hub_status(server).await {
            Err(failure) => findings.push(of_failure("hub.reach", &failure)),
            Ok(hub) => {
                findings.push(reached("hub.reach", server, asked.1.elapsed()));
                hub_findings(&hub, &session.world, asked.0, findings);
            }
        }
    } else {
        findings.push(Finding::ok("hub", words!("上下文中没有中心", "the context has no hub")));
    }
    if let Some(server) = &context.node {
        files("node.files", server, session.world.now(), findings);
        let asked = Instant::now();
        match node_status(server).await {
            Err(failure) => findings.push(of_failure("node.reach", &failure)),
            Ok(node) => {
                findings.push(reached("node.reach", server, asked.elapsed()));
                node_findings(&node, session.world.now(), findings);
            }
        }
    } else {
        findings.push(Finding::ok("node", words!("上下文中没有节点", "the context has no node")));
    }
    for (check, server) in [("hub.disk", &context.hub), ("node.disk", &context.node)] {
        findings.extend(server.as_ref().and_then(|server| disk(check, server)));
    }
}

fn of_failure(check: &'static str, failure: &Failure) -> Finding {
    let join =
        |pick: fn(&Words) -> &String| failure.hints.iter().map(pick).cloned().collect::<Vec<_>>().join("; ");
    let advice = if failure.hints.is_empty() {
        words!("修正后再次运行 shouwang doctor", "put this right, then run `shouwang doctor` again")
    } else {
        Words { zh: join(|hint| &hint.zh), en: join(|hint| &hint.en) }
    };
    Finding::wrong(check, failure.words.clone(), advice)
}

fn reached(check: &'static str, server: &Server, took: Duration) -> Finding {
    let (address, ms) = (&server.address, took.as_millis());
    Finding::ok(check, words!("{address}，{ms} 毫秒", "{address} in {ms} ms"))
}

/// The context's files: the root's dates, the token's permissions.
fn files(check: &'static str, server: &Server, now: Timestamp, findings: &mut Vec<Finding>) {
    let path = server.root.display();
    match fs::read_to_string(&server.root).ok().and_then(|pem| CertificateFacts::from_pem(&pem).ok()) {
        None => findings.push(Finding::wrong(
            check,
            words!("根证书 {path} 读不出来", "the root certificate {path} cannot be read"),
            words!("从服务的数据目录重新复制", "copy it again from the server's data folder"),
        )),
        Some(facts) => {
            findings.push(certificate(check, Timestamp::from_millisecond(facts.not_after_ms).ok(), now))
        }
    }
    findings.push(token(check, &server.token_file));
}

fn token(check: &'static str, path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Err(error) => Finding::wrong(
            check,
            words!("令牌文件 {shown}：{error}", "token file {shown}: {error}"),
            words!("请运营者签发：shouwang token issue", "ask the operator for one: shouwang token issue"),
        ),
        Ok(facts) if facts.permissions().mode() & 0o077 != 0 => Finding::warning(
            check,
            words!("令牌文件 {shown} 可被他人读取", "the token file {shown} can be read by others"),
            words!("运行 chmod 600 {shown}", "run: chmod 600 {shown}"),
        ),
        Ok(_) => Finding::ok(check, words!("令牌文件权限正确", "the token file is private")),
    }
}

fn certificate(check: &'static str, ends: Option<Timestamp>, now: Timestamp) -> Finding {
    let Some(ends) = ends else {
        return Finding::ok(check, words!("没有证书期限", "no certificate date is known"));
    };
    let shown = time::show(Some(ends));
    let left = ends.duration_since(now);
    let advice = words!(
        "检查双方时钟；节点和中心会自动续期，看它们的日志",
        "check both clocks; node and hub renew by themselves, their logs say why not"
    );
    if left <= SignedDuration::ZERO {
        Finding::wrong(check, words!("证书已于 {shown} 到期", "the certificate ended {shown}"), advice)
    } else if left < CERTIFICATE_WARNING {
        Finding::warning(check, words!("证书将于 {shown} 到期", "the certificate ends {shown}"), advice)
    } else {
        Finding::ok(check, words!("证书有效期至 {shown}", "the certificate is good until {shown}"))
    }
}

fn hub_findings(hub: &HubView, world: &World, asked: Timestamp, findings: &mut Vec<Finding>) {
    let now = world.now();
    // The hub read its clock between asking and answer; half of that time is the best guess.
    let middle = asked + now.duration_since(asked) / 2;
    findings.push(clock(hub.hub_time, middle));
    findings.push(certificate("hub.certificate", hub.certificate_expire_time, now));
    let engine = &hub.database_engine;
    findings.push(Finding::ok("hub.database", words!("{engine}", "{engine}")));
    findings.push(index(hub));
    let HubView { members_connected: connected, members_active: active, .. } = hub;
    let members =
        words!("{active} 个成员入网，{connected} 个在线", "{connected} of {active} members connected");
    findings.push(if connected < active {
        Finding::warning(
            "hub.members",
            members,
            words!("shouwang member list 查看谁离线", "`shouwang member list` shows who is away"),
        )
    } else {
        Finding::ok("hub.members", members)
    });
    findings.push(none(
        "hub.divergence",
        hub.diverged,
        words!("个成员的副本不一致", "members whose copy differs"),
        words!(
            "shouwang member list 查看是谁；请该节点重启以重新核对",
            "`shouwang member list` shows who; restart that node to compare again"
        ),
    ));
    findings.push(none(
        "hub.quarantine",
        hub.quarantined,
        words!("条记录被隔离", "entries in quarantine"),
        words!("shouwang quarantine list 查看原因", "`shouwang quarantine list` says why"),
    ));
}

fn clock(hub_time: Option<Timestamp>, here: Timestamp) -> Finding {
    let Some(hub_time) = hub_time else {
        return Finding::ok("hub.clock", words!("中心未告知时间", "the hub does not say its time"));
    };
    let apart = hub_time.duration_since(here);
    let seconds = apart.as_secs_f64();
    let found = words!("与中心相差 {seconds:+.1} 秒", "the hub's clock is {seconds:+.1} s apart");
    let advice = words!("用 NTP 校准两台机器的时钟", "set both clocks, best by NTP");
    if apart.abs() > CLOCK_WRONG {
        Finding::wrong("hub.clock", found, advice)
    } else if apart.abs() > CLOCK_WARNING {
        Finding::warning("hub.clock", found, advice)
    } else {
        Finding::ok("hub.clock", found)
    }
}

fn index(hub: &HubView) -> Finding {
    let lag = hub.hub_log_head.saturating_sub(hub.index_position);
    let found = words!("索引落后 {lag} 条", "the index is {lag} changes behind");
    if lag > INDEX_LAG_WARNING {
        let advice = words!(
            "稍候再看；若不减少，查看中心日志。删除索引目录总是安全的，会自动重建",
            "look again; if it does not shrink, see the hub's log. Deleting the index folder is always safe, it is rebuilt"
        );
        Finding::warning("hub.index", found, advice)
    } else {
        Finding::ok("hub.index", found)
    }
}

/// Something of which there should be none.
fn none(check: &'static str, count: u64, what: Words, advice: Words) -> Finding {
    let (zh, en) = (what.zh, what.en);
    let found = words!("{count} {zh}", "{count} {en}");
    if count == 0 { Finding::ok(check, found) } else { Finding::warning(check, found, advice) }
}

fn node_findings(node: &NodeView, now: Timestamp, findings: &mut Vec<Finding>) {
    let problem = &node.link_problem;
    findings.push(match (node.control, node.sync) {
        ("connected", "connected") => {
            Finding::ok("node.link", words!("两条链路都已连接", "both links are open"))
        }
        ("not_joined", _) => Finding::wrong(
            "node.link",
            words!("尚未入网", "not joined"),
            words!(
                "请运营者邀请，然后 shouwang-node join --data 目录 '<邀请>'",
                "ask the operator for an invite, then: shouwang-node join --data DIR '<invite>'"
            ),
        ),
        ("refused", _) | (_, "refused") => Finding::wrong(
            "node.link",
            words!("中心拒绝：{problem}", "the hub refuses: {problem}"),
            words!("联系运营者：可能已被停用", "ask the operator: the member may be suspended"),
        ),
        _ => Finding::warning(
            "node.link",
            words!("未连接：{problem}", "not connected: {problem}"),
            words!(
                "节点会一直重试，仍可发布；检查中心地址和网络",
                "the node goes on trying and you can publish; check the hub's address and the network"
            ),
        ),
    });
    let waiting = node.head.saturating_sub(node.durable);
    findings.push(Finding::ok(
        "node.delivery",
        words!("{waiting} 条待送达", "{waiting} entries wait for the hub"),
    ));
    findings.push(certificate("node.certificate", node.certificate_expire_time, now));
    if node.publishing_held {
        findings.push(Finding::wrong(
            "node.log",
            words!("日志分叉，发布暂停", "the log has forked and publishing is held"),
            words!(
                "联系运营者：同一身份可能有两份副本在运行",
                "ask the operator: two copies of this node may be running"
            ),
        ));
    }
    if node.diverged {
        findings.push(Finding::warning(
            "node.digest",
            words!("中心的副本与本节点不一致", "the hub's copy differs"),
            words!(
                "重启节点以重新核对；仍不一致请联系运营者",
                "restart the node to compare again; if it stays, ask the operator"
            ),
        ));
    }
    findings.push(none(
        "node.quarantine",
        node.quarantined,
        words!("条记录被中心隔离", "own entries in the hub's quarantine"),
        words!(
            "shouwang publication list 查看，修订后重新发布",
            "`shouwang publication list` shows them; revise and publish again"
        ),
    ));
}

/// Room on the disk where a server of this machine keeps its files: the folder that holds its token.
fn disk(check: &'static str, server: &Server) -> Option<Finding> {
    let folder = server.token_file.parent()?;
    if !folder.join("ready.json").exists() {
        return None;
    }
    let facts = rustix::fs::statvfs(folder).ok()?;
    let free = facts.f_bavail.saturating_mul(facts.f_frsize);
    let (shown, mib) = (folder.display(), free / (1024 * 1024));
    let found = words!("{shown} 剩余 {mib} MiB", "{mib} MiB free at {shown}");
    let advice = words!("清理或扩容磁盘", "make room or add disk");
    Some(if free < DISK_WRONG {
        Finding::wrong(check, found, advice)
    } else if free < DISK_WARNING {
        Finding::warning(check, found, advice)
    } else {
        Finding::ok(check, found)
    })
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
