//! What a user's programs leave on the disk: where it lies, that nobody else may read it, and who holds it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use etcetera::{BaseStrategy as _, choose_base_strategy};

/// Where this user's data of ours lies: `$XDG_DATA_HOME/heartline`, or `~/.local/share/heartline`; `None` without a home.
pub(crate) fn data_folder() -> Option<PathBuf> {
    Some(choose_base_strategy().ok()?.data_dir().join("heartline"))
}

/// Makes a folder that nobody else may look into. One that is there stays as it is.
///
/// # Errors
/// The disk's.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options for a file that nobody else may read.
pub(crate) fn options() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file that has its name when it is whole: until then, and when that fails, what was there stays. What is no file, as a
/// pipe or a terminal, is written into as it is; a symbolic link stays one.
///
/// # Errors
/// What `write` returns, or the disk's.
pub(crate) fn write_whole<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let path = match fs::canonicalize(path) {
        Ok(there) if !there.is_file() => return write(&mut File::options().write(true).open(there)?),
        Ok(there) => there,
        Err(_) => path.to_owned(),
    };
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let mut file = options().write(true).create(true).truncate(true).open(&beside)?;
    let written =
        write(&mut file).and_then(|()| Ok(file.sync_all()?)).and_then(|()| Ok(fs::rename(&beside, &path)?));
    if written.is_err() {
        // The disk may be full, and half of it is nothing to anybody.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Makes a rename durable.
///
/// # Errors
/// The disk's.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

/// Holds what lies beside it. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(File);

/// Why something is not held.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process holds it.
    Held,
    /// There can be no lock.
    Io(io::Error),
}

impl Lock {
    /// Takes the lock at `path`, a file that is made if there is none, and never removed: whoever waited for a removed one
    /// would hold nothing.
    pub(crate) fn take(path: &Path) -> Result<Self, LockError> {
        let file = options().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(error)) => Err(LockError::Io(error)),
        }
    }

    /// The file itself; what is in it is the holder's.
    pub(crate) const fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Lock {
    /// Closing the file would do, but for a child that is just being started: until it runs its program it has the file open, too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_was_there_stays_until_the_new_is_whole_and_a_link_stays_a_link() {
        let folder = TempDir::new().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        let failed = write_whole(&link, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no more");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        write_whole(&link, |file| file.write_all(b"new")).unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap(), link.is_symlink()), ("new".to_owned(), true));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn what_is_no_file_is_written_into_and_not_replaced() {
        let folder = TempDir::new().unwrap();
        let null = folder.path().join("null");
        symlink("/dev/null", &null).unwrap();
        write_whole(&null, |file| file.write_all(b"words")).unwrap();
        assert!(!null.metadata().unwrap().is_file());
    }
}
