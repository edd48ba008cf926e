//! A hub, three members' nodes, and the command line at each of them.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use shouwang_tests::processes::{Park, binary};

/// Who is helped.
pub(crate) const HELPED: &str = "chenghu-chem";
/// Who needs help too.
pub(crate) const OTHER: &str = "qihang-auto";
/// Who has a crane.
pub(crate) const CRANE: &str = "hengrui-crane";
/// Longest wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The attempt of the one order that is repeated.
const ATTEMPT: &str = "0198aaaa-0000-7000-8000-000000000001";

/// The park and the command line.
pub(crate) struct Desk {
    pub(crate) park: Park,
    program: PathBuf,
    contexts: PathBuf,
}

impl Desk {
    /// A park with this configuration of the hub, in which one crane is offered.
    pub(crate) async fn start(hub_toml: &str) -> Self {
        let park = Park::start_with(&[HELPED, OTHER, CRANE], hub_toml).await.unwrap();
        let contexts = park.folder().join("contexts.toml");
        let desk = Self { program: binary("shouwang").unwrap(), contexts, park };
        let hub_data = desk.park.hub_data().display().to_string();
        desk.done(&["context", "add", "hub", "--hub-data", &hub_data]);
        for member in [HELPED, OTHER, CRANE] {
            let data = desk.park.node_data(member).display().to_string();
            desk.done(&["context", "add", member, "--node-data", &data]);
        }
        let crane = json!({
            "kind": "resource", "external_id": "C-1", "title": "50吨汽车起重机", "resource_kind": "vehicle",
            "resource_type": "汽车起重机", "capabilities": ["重物移除"], "quantity": 1, "unit": "1",
            "location": { "latitude": 31.30, "longitude": 120.70, "address": "一号门" }, "muster_minutes": 5,
            "duty_contacts": [{ "name": "王队", "phone": "13800000000" }],
        });
        let file = desk.park.folder().join("crane.json");
        fs::write(&file, crane.to_string()).unwrap();
        desk.done(&["--context", CRANE, "publication", "publish", file.to_str().unwrap()]);
        desk.until(|| !desk.at_hub(&["ledger", "list"])["entries"].as_array().unwrap().is_empty());
        desk
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--context-file").arg(&self.contexts).args(words).args(["--output", "json"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn done(&self, words: &[&str]) -> Output {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_slice(&self.done(words).stdout).unwrap()
    }

    /// What the hub says to a dispatcher.
    pub(crate) fn at_hub(&self, words: &[&str]) -> Value {
        self.json(&[&["--context", "hub"], words].concat())
    }

    /// What the crane's node says to its people.
    pub(crate) fn at_crane(&self, words: &[&str]) -> Value {
        self.json(&[&["--context", CRANE], words].concat())
    }

    /// The same for a word that the hub may refuse.
    pub(crate) fn try_at_crane(&self, words: &[&str]) -> Value {
        let output = self.command(&[&["--context", CRANE], words].concat()).output().unwrap();
        let said = serde_json::from_slice(&output.stdout);
        said.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Asks again until it is so.
    pub(crate) fn until(&self, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE, "it never became so");
        }
    }

    /// A P1 call for help with one crane, at the member's own node; the request's name.
    pub(crate) fn call_for_help(&self, member: &str, title: &str) -> String {
        let called = self.json(&[
            "--context",
            member,
            "inbox",
            "call",
            "--wait",
            "30",
            "--priority",
            "p1",
            "--title",
            title,
            "--hazard",
            "火灾",
            "--at",
            "31.3121,120.7523",
            "--address",
            "化工路8号",
            "--need",
            "vehicle/汽车起重机=1",
            "--contact",
            "高承泽:0512-5550-0101",
        ]);
        let request = called["result"]["request"].as_str().unwrap_or_default();
        assert!(request.starts_with("requests/"), "{called}");
        request.to_owned()
    }

    /// The name of the crane.
    pub(crate) fn crane(&self) -> String {
        let ledgers = self.at_hub(&["ledger", "list"]);
        ledgers["entries"][0]["resource"].as_str().unwrap().to_owned()
    }

    /// A dispatcher orders the crane for the first line; for one request it is always the same attempt.
    pub(crate) fn order(&self, request: &str, crane: &str) -> Command {
        let number = request.bytes().map(u64::from).sum::<u64>() % 10_000;
        let attempt = format!("{}{number:04}", &ATTEMPT[..32]);
        self.command(&[
            "--context",
            "hub",
            "assignment",
            "order",
            request,
            "1",
            crane,
            "--quantity",
            "1",
            "--eta",
            "15m",
            "--basis",
            "voluntary",
            "--request-id",
            &attempt,
        ])
    }

    /// Orders it, as a new attempt; the assignment's name.
    pub(crate) fn ordered(&self, request: &str, crane: &str) -> String {
        let ordered = self.at_hub(&[
            "assignment",
            "order",
            request,
            "1",
            crane,
            "--quantity",
            "1",
            "--eta",
            "15m",
            "--basis",
            "voluntary",
        ]);
        ordered["assignment"]["name"].as_str().unwrap().to_owned()
    }

    /// What a member was told, newest first.
    pub(crate) fn inbox_of(&self, member: &str) -> Vec<Value> {
        let page = self.json(&["--context", member, "inbox", "list"]);
        page["items"].as_array().unwrap().clone()
    }

    /// What the crane's owner was told, once it is at least so much.
    pub(crate) fn notices(&self, least: usize) -> Vec<Value> {
        self.until(|| self.inbox_of(CRANE).len() >= least);
        self.inbox_of(CRANE)
    }
}
