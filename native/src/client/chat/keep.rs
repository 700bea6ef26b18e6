//! `--persist`: who this is, and what was not accepted, outlive the program.
//!
//! A thread of its own stores, so that a slow disk holds up no line. What is asked of it while it waits for the disk shares
//! the next write and its `fsync`.

mod log;
mod place;
mod record;

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use heartline_core::chat::{Identity, Keep, Kept};
use tokio::sync::{mpsc, oneshot};

use self::log::{Log, LogError};
use super::identity;
use crate::{
    client::dial::{Endpoint, io_words},
    private::{self, Lock, LockError},
};

pub(crate) use self::place::check_name;

/// Wishes that may wait for the disk: more than an outbox's worth. Beyond it a message goes out unstored, and says so.
const WAITING: usize = 4096;
/// Wishes that share one write.
const BATCH: usize = 256;

/// What a run begins with.
pub(super) struct Opened {
    /// Who this is.
    pub(super) identity: Identity,
    /// What an earlier run could not deliver.
    pub(super) stored: Vec<Kept>,
    /// Stores for the next run; without one this run leaves nothing behind.
    pub(super) keeper: Option<Keeper>,
    /// What the user should know about it.
    pub(super) warning: Option<String>,
}

/// Why there is nothing to begin with.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("nobody says where your data goes: set HOME or XDG_DATA_HOME, or leave --persist out")]
    NoHome,
    #[error("{}: {}; mend that, or leave --persist out", path.display(), io_words(error))]
    Io { path: PathBuf, error: io::Error },
    #[error("{} was written by a newer heartline; update this one, or take another identity with --persist=NAME", path.display())]
    Newer { path: PathBuf },
    #[error("{0}")]
    Identity(String),
}

/// Opens the outbox of the identity called `name` at that server, or a new one.
///
/// # Errors
/// [`OpenError`]; nothing was changed then.
pub(super) fn open(endpoint: &Endpoint, name: &str) -> Result<Opened, OpenError> {
    let folder = place::folder(endpoint, name).ok_or(OpenError::NoHome)?;
    private::make(&folder).map_err(|error| wrong(&folder, error))?;
    let lock = match Lock::take(&folder.join("lock")) {
        Ok(lock) => lock,
        Err(LockError::Held) => {
            let identity = identity::fresh().map_err(OpenError::Identity)?;
            let warning = format!(
                "another heartline holds this identity ({}): this run has a fresh one, and what it cannot deliver is lost when it ends",
                folder.display()
            );
            return Ok(Opened { identity, stored: Vec::new(), keeper: None, warning: Some(warning) });
        }
        Err(LockError::Io(error)) => return Err(wrong(&folder, error)),
    };
    let path = folder.join("outbox.jsonl");
    let server = endpoint.to_string();
    let mut warning = None;
    let log = match Log::open(&path) {
        Ok(Some(log)) => log,
        Ok(None) => fresh(&path, &server)?,
        Err(LogError::Newer) => return Err(OpenError::Newer { path }),
        Err(LogError::Io(error)) => return Err(wrong(&path, error)),
        Err(LogError::Damaged(what)) => {
            let aside = place::set_aside(&path).map_err(|error| wrong(&path, error))?;
            warning = Some(format!(
                "the stored outbox is damaged ({what}): it now lies in {}, and this run begins anew; what could not be delivered stands in there",
                aside.display()
            ));
            fresh(&path, &server)?
        }
    };
    let identity = identity::of(log.secret().clone(), log.used()).map_err(OpenError::Identity)?;
    let now = wall_ms();
    let stored = log.messages().map(|say| say.kept(now)).collect();
    Ok(Opened { identity, stored, keeper: Some(Keeper::start(log, lock)), warning })
}

fn fresh(path: &Path, server: &str) -> Result<Log, OpenError> {
    let identity = identity::fresh().map_err(OpenError::Identity)?;
    Log::create(path, identity.secret().clone(), server).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, error: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), error }
}

/// How the storing of a message went.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) room: String,
    pub(super) id: u64,
    /// Why it is not stored, in words.
    pub(super) outcome: Result<(), String>,
}

/// The near end of the thread that stores. It holds the identity until it ends.
pub(super) struct Keeper {
    wishes: SyncSender<Keep>,
    answers: mpsc::Receiver<Answer>,
    ended: oneshot::Receiver<()>,
}

impl Keeper {
    fn start(log: Log, lock: Lock) -> Self {
        let (wishes, asked) = sync_channel(WAITING);
        let (answer, answers) = mpsc::channel(WAITING);
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || {
            work(log, &asked, &answer);
            drop(lock);
            let _ = end.send(());
        });
        Self { wishes, answers, ended }
    }

    /// Asks for something to be stored. A message that cannot even wait comes back with words.
    pub(super) fn ask(&self, keep: Keep) -> Option<Answer> {
        let Err(refused) = self.wishes.try_send(keep) else { return None };
        let (std::sync::mpsc::TrySendError::Full(keep) | std::sync::mpsc::TrySendError::Disconnected(keep)) =
            refused;
        match keep {
            Keep::Message(Kept { room, id, .. }) => {
                Some(Answer { room, id, outcome: Err("the disk is too slow".to_owned()) })
            }
            // A message too many on the disk costs a repeat, which the server recognises.
            Keep::Forget { .. } | Keep::Used { .. } => None,
        }
    }

    /// The next answer. Cancel-safe.
    pub(super) async fn answered(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// Ends when all is stored that was asked for, or after `limit`.
    pub(super) async fn close(self, limit: Duration) {
        let Self { wishes, answers, ended } = self;
        drop((wishes, answers));
        let _ = tokio::time::timeout(limit, ended).await;
    }
}

fn work(mut log: Log, asked: &Receiver<Keep>, answer: &mpsc::Sender<Answer>) {
    while let Ok(first) = asked.recv() {
        let mut batch = vec![first];
        batch.extend(asked.try_iter().take(BATCH - 1));
        let together = log.store(&batch, wall_ms());
        let alone = together.is_err() && batch.len() > 1;
        for keep in &batch {
            // One that is too long for what is left of the disk must not take the others with it.
            let outcome =
                if alone { log.store(std::slice::from_ref(keep), wall_ms()) } else { clone(&together) };
            if let Keep::Message(kept) = keep {
                let outcome = outcome.map_err(|error| io_words(&error));
                // Whoever does not wait any more, knows already that it may not be stored.
                let _ = answer.blocking_send(Answer { room: kept.room.clone(), id: kept.id, outcome });
            }
        }
    }
}

fn clone(outcome: &io::Result<()>) -> io::Result<()> {
    outcome.as_ref().copied().map_err(|error| io::Error::new(error.kind(), error.to_string()))
}

/// The wall clock in milliseconds since 1970; before that, 0.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
