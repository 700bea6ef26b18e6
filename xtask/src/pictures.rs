//! `cargo xtask pictures`: pictures of the page for the README, made anew.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::live;
use crate::progress::Progress;
use crate::repo::Repo;
use crate::run;
use crate::test::Part;
use crate::tools::{AfterFailure, Toolbox};

/// Builds what there is to see, and has it seen.
pub(crate) fn pictures(repo: &Repo) -> Result<ExitCode> {
    let mut tools = Toolbox::open(repo)?;
    let missing = tools.missing(Part::EndToEnd.needs())?;
    tools.set_up(&missing, &mut Progress::new(missing.len()), AfterFailure::Stop)?;
    run::build(repo, &mut tools)?;
    let folder = repo.pictures();
    let mut take =
        Part::in_browsers("run --package heartline-e2e --example pictures --locked --", repo, &tools)?;
    take.arg(&folder);
    live(take)?;
    println!("the pictures are in {}", folder.display());
    Ok(ExitCode::SUCCESS)
}
