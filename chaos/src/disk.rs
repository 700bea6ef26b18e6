//! A disk of its own for a history, so that it can be full without anybody else noticing.

use std::fs::{File, create_dir, remove_file};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// How large it is, as `mount` reads it: far more than a life writes, and soon filled.
const SIZE: &str = "size=64m,mode=0700";

/// A small tmpfs. It is gone when dropped, with all that is on it.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Makes one in a new folder.
    ///
    /// # Errors
    /// It may not be mounted: only root may, and not in every container.
    pub(crate) fn mount(folder: PathBuf) -> Result<Self> {
        create_dir(&folder).context("no folder for a disk")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&folder).stdin(Stdio::null());
        let done = mount.output().context("mount cannot be started")?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast()).context("no ballast for the disk")?;
        let much = vec![0; 1 << 20];
        loop {
            match ballast.write(&much) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error).context("the disk cannot be filled"),
            }
        }
    }

    /// Gives it back.
    pub(crate) fn make_room(&self) -> Result<()> {
        match remove_file(self.ballast()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("the ballast stays"),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ballast().exists()
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that was not waited for may still have its files open.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).stdin(Stdio::null()).output();
    }
}
