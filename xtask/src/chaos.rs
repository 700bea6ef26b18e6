//! `cargo xtask chaos`: builds the server and what torments it, and lets the one loose on the other.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process::{cargo, command, live};
use crate::repo::Repo;

/// Builds both, and passes the arguments on.
pub(crate) fn chaos(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--locked",
        "--package",
        "heartline",
        "--package",
        "heartline-chaos",
        "--bins",
    ]);
    live(build)?;
    let server = repo.heartline();
    let program = server.with_file_name(format!("heartline-chaos{}", std::env::consts::EXE_SUFFIX));
    let mut chaos = command(&program);
    chaos.arg("--binary").arg(server).args(arguments);
    let status = chaos.status().with_context(|| format!("cannot start {}", program.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
