//! A running demo, as the README's reader has it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use shouwang_tests::processes::binary;

/// A running demo. Dropping it kills it; its servers end with it.
pub(crate) struct Demo {
    child: Child,
    pub(crate) programs: PathBuf,
    pub(crate) contexts: PathBuf,
    data: PathBuf,
}

/// Puts the three programs where a demo takes them as they are, instead of asking cargo whether they are new.
fn install(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for program in ["shouwang", "shouwang-hub", "shouwang-node"] {
        let place = folder.join(program);
        if !place.exists() {
            fs::copy(binary(program).unwrap(), place).unwrap();
        }
    }
}

impl Demo {
    pub(crate) fn start(data: &Path) -> Self {
        let programs = data.with_extension("programs");
        install(&programs);
        let mut child = Command::new(programs.join("shouwang"))
            .args(["demo", "--output", "json", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let contexts = ready["contexts"].as_str().unwrap_or_else(|| panic!("{line}")).into();
        Self { child, programs, contexts, data: data.to_owned() }
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join("shouwang"));
        command.arg("--context-file").arg(&self.contexts).args(words).output().unwrap()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--output", "json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn hub_pid(&self) -> String {
        let ready: Value =
            serde_json::from_slice(&fs::read(self.data.join("hub/ready.json")).unwrap()).unwrap();
        ready["pid"].to_string()
    }

    /// Ends it as Ctrl-C would; true when it said that all is well.
    pub(crate) fn end(mut self) -> bool {
        signal("-TERM", &self.child.id().to_string());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// Sends a signal; true when there was such a process.
pub(crate) fn signal(which: &str, pid: &str) -> bool {
    Command::new("kill").args([which, pid]).stderr(Stdio::null()).status().unwrap().success()
}
