//! Finds the servers' programs beside this one, and builds them when this one came from a source tree.

use std::{
    env,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::{
    failure::{Failure, Outcome},
    output::Output,
    words::words,
};

/// The programs of the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Programs {
    /// `shouwang-hub`.
    pub(crate) hub: PathBuf,
    /// `shouwang-node`.
    pub(crate) node: PathBuf,
}

/// Where cargo built this program.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Built {
    /// The source tree.
    workspace: PathBuf,
    /// The target folder.
    target: PathBuf,
    /// The profile as `--profile` wants it.
    profile: String,
}

/// Finds the programs; in a source tree cargo first makes sure that they are as new as their sources.
pub(crate) async fn find(output: &Output) -> Outcome<Programs> {
    let own = env::current_exe().map_err(|error| Failure::file(Path::new("shouwang"), &error))?;
    let folder = own.parent().unwrap_or(Path::new(".")).to_owned();
    if let Some(built) = built(&folder, Path::new(env!("CARGO_MANIFEST_DIR"))) {
        build(output, &built).await?;
    }
    let programs = Programs { hub: folder.join("shouwang-hub"), node: folder.join("shouwang-node") };
    for program in [&programs.hub, &programs.node] {
        if !program.is_file() {
            let folder = folder.display();
            return Err(Failure::file(program, &"没有这个程序 （there is no such program）").hint(words!(
                "把 shouwang-hub 和 shouwang-node 放到 {folder}，或在源码目录里运行 cargo run",
                "put shouwang-hub and shouwang-node into {folder}, or use cargo run in the source tree"
            )));
        }
    }
    Ok(programs)
}

/// Recognises cargo's folders: `TARGET/PROFILE/shouwang` with the source tree still where it was.
fn built(folder: &Path, manifest: &Path) -> Option<Built> {
    let workspace = manifest.parent()?;
    let target = folder.parent()?;
    let in_source_tree = manifest.join("Cargo.toml").is_file() && workspace.join("Cargo.toml").is_file();
    if !in_source_tree || !target.join("CACHEDIR.TAG").is_file() {
        return None;
    }
    let profile = match folder.file_name()?.to_str()? {
        "debug" => "dev",
        other => other,
    };
    Some(Built { workspace: workspace.to_owned(), target: target.to_owned(), profile: profile.to_owned() })
}

async fn build(output: &Output, built: &Built) -> Outcome<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    output.talk(&words!(
        "正在准备 shouwang-hub 与 shouwang-node（首次编译需几分钟）",
        "making sure that shouwang-hub and shouwang-node are built (the first time takes minutes)"
    ));
    let mut command = Command::new(cargo);
    command
        // No package is named: cargo then takes the default members, as it did for `cargo run`, and so chooses the same
        // features of shared libraries.
        .args(["build", "--bin", "shouwang-hub", "--bin", "shouwang-node", "--profile"])
        .arg(&built.profile)
        .arg("--target-dir")
        .arg(&built.target)
        .current_dir(&built.workspace)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    for (name, _) in env::vars_os().filter(|(name, _)| says_which_package_runs(name)) {
        command.env_remove(name);
    }
    match command.status().await {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::failed(words!("编译失败，见上面的信息", "building failed; see above"))),
        // A copied target folder on a machine without cargo: what is there will do.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::failed(words!("无法运行 cargo：{error}", "cannot run cargo: {error}"))),
    }
}

/// Whether `cargo run` uses this variable to say which package it runs.
///
/// Build scripts that watch such a variable (that of ring does) would take it for a change: their library, and all that
/// depends on it, would be built again here, and once more by the next `cargo run`.
fn says_which_package_runs(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_cargo_folder_beside_its_sources_is_built() {
        let place = tempfile::tempdir().unwrap();
        let (tree, target) = (place.path().join("tree"), place.path().join("target"));
        let manifest = tree.join("admin-cli");
        let folder = target.join("debug");
        fs::create_dir_all(&manifest).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(tree.join("Cargo.toml"), "").unwrap();
        fs::write(manifest.join("Cargo.toml"), "").unwrap();
        assert_eq!(built(&folder, &manifest), None, "no cargo folder");
        fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
        let found = built(&folder, &manifest).unwrap();
        assert_eq!(
            (found.workspace, found.target, found.profile.as_str()),
            (tree.clone(), target.clone(), "dev")
        );
        assert_eq!(built(&target.join("release"), &manifest).unwrap().profile, "release");
        fs::remove_file(tree.join("Cargo.toml")).unwrap();
        assert_eq!(built(&folder, &manifest), None, "the sources are gone");
    }

    #[test]
    fn a_second_cargo_is_not_told_which_package_runs() {
        for told in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION_PRE", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"] {
            assert!(says_which_package_runs(OsStr::new(told)), "{told}");
        }
        for chosen in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_PROFILE_DEV_DEBUG", "RUSTFLAGS"] {
            assert!(!says_which_package_runs(OsStr::new(chosen)), "{chosen} is the person's own");
        }
    }
}
