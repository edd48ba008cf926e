//! Contexts: which hub and which node a verb talks to, and with which files.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    failure::{Failure, Outcome},
    words::words,
};

/// Environment variable that names the file of contexts.
pub(crate) const FILE_VARIABLE: &str = "SHOUWANG_CONTEXTS";

/// One server as a context knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// `host:port`.
    pub(crate) address: String,
    /// File with the root certificate to trust, PEM. A relative path begins at the folder of the contexts' file.
    pub(crate) root: PathBuf,
    /// File with the token, one line, mode 0600. Relative as `root`.
    pub(crate) token_file: PathBuf,
}

/// A hub, a node, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// The hub's port for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hub: Option<Server>,
    /// The own node's publishing port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<Server>,
}

/// What the file of contexts holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contexts {
    /// The context used when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// All contexts by name.
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
}

/// The file of contexts and what is in it.
#[derive(Clone, Debug)]
pub(crate) struct ContextFile {
    /// Where it is, or would be.
    pub(crate) path: PathBuf,
    /// Its content; empty while there is no file.
    pub(crate) contexts: Contexts,
}

impl Contexts {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What TOML or our rules say is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// The context named, else the current one, else the only one.
    pub(crate) fn choose(&self, named: Option<&str>) -> Outcome<(String, Context)> {
        let only = || self.contexts.keys().next().filter(|_| self.contexts.len() == 1).map(String::as_str);
        let name = named.or(self.current.as_deref()).or_else(only).ok_or_else(|| {
            Failure::usage(words!("没有选定上下文", "no context is chosen")).hint(words!(
                "加 --context NAME，或运行 shouwang context use NAME",
                "add --context NAME, or run `shouwang context use NAME`"
            ))
        })?;
        match self.contexts.get(name) {
            Some(context) => Ok((name.to_owned(), context.clone())),
            None => {
                let known = self.contexts.keys().cloned().collect::<Vec<_>>().join(", ");
                Err(Failure::usage(words!("没有名为 {name} 的上下文", "there is no context {name}"))
                    .hint(words!("已有：{known}", "known: {known}")))
            }
        }
    }
}

impl ContextFile {
    /// Where the file is: as said, else as the environment says, else in the user's folder.
    pub(crate) fn place(said: Option<PathBuf>) -> Outcome<PathBuf> {
        let folder = env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| env::home_dir().map(|home| home.join(".config")));
        said.or_else(|| folder.map(|folder| folder.join("shouwang").join("contexts.toml"))).ok_or_else(|| {
            Failure::usage(words!(
                "不知道上下文文件在哪里：请设置 {FILE_VARIABLE} 或 --context-file",
                "no place for contexts: set {FILE_VARIABLE} or --context-file"
            ))
        })
    }

    /// Reads the file; a missing one is empty.
    pub(crate) fn load(said: Option<PathBuf>) -> Outcome<Self> {
        let path = Self::place(said)?;
        match fs::read_to_string(&path) {
            Ok(text) => match Contexts::parse(&text) {
                Ok(contexts) => Ok(Self { path, contexts }),
                Err(error) => Err(Failure::file(&path, &error)),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { path, contexts: Contexts::default() })
            }
            Err(error) => Err(Failure::file(&path, &error)),
        }
    }

    /// Writes the file at once or not at all.
    pub(crate) fn save(&self) -> Outcome<()> {
        let text =
            toml::to_string_pretty(&self.contexts).map_err(|error| Failure::file(&self.path, &error))?;
        write_whole(&self.path, text.as_bytes(), 0o644)
    }

    /// The context for a verb, its paths made absolute.
    pub(crate) fn choose(&self, named: Option<&str>) -> Outcome<(String, Context)> {
        if self.contexts.contexts.is_empty() {
            return Err(self.nothing_here());
        }
        let (name, mut context) = self.contexts.choose(named)?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        for server in [&mut context.hub, &mut context.node].into_iter().flatten() {
            server.root = folder.join(&server.root);
            server.token_file = folder.join(&server.token_file);
        }
        Ok((name, context))
    }

    fn nothing_here(&self) -> Failure {
        let path = self.path.display();
        Failure::usage(words!(
            "还没有上下文（{path}）：不知道要连接哪个中心或节点",
            "no context yet ({path}): neither hub nor node is known"
        ))
        .hint(words!(
            "试用：shouwang demo --data demo-data，然后加 --context-file demo-data/contexts.toml",
            "to try it out: shouwang demo --data demo-data, then add --context-file demo-data/contexts.toml"
        ))
        .hint(words!(
            "正式使用：shouwang context add NAME --node-data 节点数据目录 --hub HOST:PORT --hub-root root.pem --hub-token-file FILE",
            "for real: shouwang context add NAME --node-data NODE-DATA --hub HOST:PORT --hub-root root.pem --hub-token-file FILE"
        ))
    }
}

/// The part of a server's `ready.json` that says where it listens for people.
#[derive(Deserialize)]
pub(crate) struct Ready {
    /// A hub's port for people.
    pub(crate) people: Option<String>,
    /// A node's publishing port.
    pub(crate) publishing: Option<String>,
    /// Process id.
    pub(crate) pid: Option<u32>,
}

impl Ready {
    /// Reads a data folder's `ready.json`.
    pub(crate) fn read(data: &Path) -> Outcome<Self> {
        let path = data.join("ready.json");
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::file(&path, &error)
                .hint(words!("服务在运行吗？", "does the server run? it writes this file when it listens"))
        })?;
        serde_json::from_str(&text).map_err(|error| Failure::file(&path, &error))
    }
}

/// A hub's files under its data folder.
pub(crate) fn hub_of(data: &Path, address: String) -> Server {
    Server { address, root: data.join("root.pem"), token_file: data.join("operator.token") }
}

/// A node's files under its data folder.
pub(crate) fn node_of(data: &Path, address: String) -> Server {
    Server { address, root: data.join("local-root.pem"), token_file: data.join("publisher.token") }
}

/// Writes a file beside its place and moves it there, so that nobody ever reads half of it.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Outcome<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let beside = folder.join(name);
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
        current = "north"
        [contexts.north.hub]
        address = "127.0.0.1:8440"
        root = "hub/root.pem"
        token_file = "/etc/token"
        [contexts.south.node]
        address = "127.0.0.1:8450"
        root = "node/local-root.pem"
        token_file = "node/publisher.token"
    "#;

    #[test]
    fn the_context_is_the_named_or_the_current_or_the_only_one() {
        let mut contexts = Contexts::parse(TWO).unwrap();
        assert_eq!(contexts.choose(None).unwrap().0, "north");
        assert_eq!(contexts.choose(Some("south")).unwrap().0, "south");
        assert!(
            contexts.choose(Some("west")).unwrap_err().text(crate::words::Lang::En).contains("north, south")
        );
        contexts.current = None;
        assert_eq!(contexts.choose(None).unwrap_err().exit, crate::exit::Exit::Usage);
        contexts.contexts.remove("north");
        assert_eq!(contexts.choose(None).unwrap().0, "south");
    }

    #[test]
    fn a_file_survives_saving_and_its_paths_begin_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("contexts.toml");
        let mut file = ContextFile::load(Some(path.clone())).unwrap();
        assert!(file.choose(None).unwrap_err().text(crate::words::Lang::En).contains("shouwang demo"));
        file.contexts = Contexts::parse(TWO).unwrap();
        file.save().unwrap();
        let back = ContextFile::load(Some(path.clone())).unwrap();
        assert_eq!(back.contexts, file.contexts);
        let hub = back.choose(None).unwrap().1.hub.unwrap();
        assert_eq!(hub.root, path.parent().unwrap().join("hub/root.pem"));
        assert_eq!(hub.token_file, Path::new("/etc/token"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(Contexts::parse("curent = 'x'").unwrap_err().to_string().contains("curent"));
    }
}
