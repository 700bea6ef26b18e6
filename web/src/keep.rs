//! Who this page is, and what was not accepted, outlive it: in the browser's database, held by one tab.
//!
//! Whatever goes wrong, the page stays whole: it has a fresh identity then, sends all the same, and says in a sentence what is
//! not kept and why.

mod idb;
mod lock;
mod record;
mod trouble;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use heartline_core::chat::{Identity, Keep, Kept};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

pub use self::trouble::Trouble;
use self::{
    idb::Database,
    lock::Lock,
    record::{Own, Stored},
};
use crate::{clock, identity};

/// Wishes that may wait for the storage: more than an outbox's worth. Beyond it a message goes out unstored, and says so.
const WAITING: usize = 4096;

/// What a page begins with.
pub struct Opened {
    /// Who this is.
    pub identity: Identity,
    /// Stores for the next visit, and has what an earlier one could not deliver; without one this tab leaves nothing behind.
    pub keeper: Option<Keeper>,
    /// Why there is none.
    pub trouble: Option<Trouble>,
}

/// How the storing of a message went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its room.
    pub room: String,
    /// Its number in that room.
    pub id: u64,
    /// Why it is not stored.
    pub outcome: Result<(), Trouble>,
}

/// Takes this browser's identity at the server of this page, or a fresh one; what comes of storing is told to `answered`.
///
/// # Errors
/// The browser has no random source a page may use.
pub async fn open(answered: impl Fn(Vec<Answer>) + 'static) -> Result<Opened, JsValue> {
    match hold().await {
        Ok((lock, database, own, messages)) => {
            let secret = own.secret.clone();
            let used = messages.keys().map(|(_, id)| *id).max().unwrap_or_default().max(own.used);
            let work = Work {
                database,
                _lock: lock,
                answered: Box::new(answered),
                waiting: RefCell::default(),
                busy: Cell::new(false),
                own: RefCell::new(Own { used, ..own }),
                messages: RefCell::new(messages),
            };
            let identity = identity::of(secret, used);
            Ok(Opened { identity, keeper: Some(Keeper(Rc::new(work))), trouble: None })
        }
        Err(trouble) => Ok(Opened { identity: identity::fresh()?, keeper: None, trouble: Some(trouble) }),
    }
}

/// Whether an earlier visit left something to deliver. Nothing is held for the question, and trouble is no answer: whoever
/// joins hears of it.
pub async fn is_waiting() -> bool {
    let count = async { idb::open().await?.read().await };
    count.await.is_ok_and(|contents| contents.messages.length() > 0)
}

type Messages = BTreeMap<(String, u64), Stored>;

async fn hold() -> Result<(Lock, Database, Own, Messages), Trouble> {
    let lock = lock::take().await?;
    let database = idb::open().await?;
    let contents = database.read().await?;
    let messages = contents.messages.iter().map(|value| Stored::read(&value));
    let messages = messages.collect::<Option<Vec<_>>>().ok_or(Trouble::Damaged)?;
    let messages: Messages = messages.into_iter().map(|it| ((it.room.clone(), it.id), it)).collect();
    let own = if contents.own.is_undefined() && messages.is_empty() {
        let fresh = identity::fresh().map_err(|error| Trouble::of(&error))?;
        let own = Own { secret: fresh.secret().clone(), used: 0 };
        database.write(|stores| stores.put_own(&own)).await?;
        own
    } else {
        Own::read(&contents.own).ok_or(Trouble::Damaged)?
    };
    Ok((lock, database, own, messages))
}

/// Stores what a chat wants kept. It holds the identity until it is dropped and its last wish is granted.
pub struct Keeper(Rc<Work>);

impl Keeper {
    /// What is not settled, for the next machine of this identity.
    pub fn stored(&self) -> Vec<Kept> {
        let now = clock::wall_ms() as u64;
        self.0.messages.borrow().values().map(|stored| stored.kept(now)).collect()
    }

    /// Has something stored, after all that was asked for before. What is asked for while a transaction runs shares the next.
    pub fn ask(&self, keep: Keep) {
        let work = &self.0;
        work.note(&keep);
        let is_full = work.waiting.borrow().len() >= WAITING;
        match keep {
            Keep::Message(kept) if is_full => {
                let answer = Answer { room: kept.room, id: kept.id, outcome: Err(Trouble::Slow) };
                let work = work.clone();
                // Not at once: whoever asks is in the middle of a step.
                spawn_local(async move { (work.answered)(vec![answer]) });
            }
            // A message too many in storage costs a repeat, which the server recognises.
            Keep::Forget { .. } | Keep::Used { .. } if is_full => {}
            Keep::Message(_) | Keep::Forget { .. } | Keep::Used { .. } => {
                work.waiting.borrow_mut().push(keep);
            }
        }
        if !work.busy.replace(true) {
            let work = work.clone();
            spawn_local(async move { work.grant().await });
        }
    }
}

struct Work {
    database: Database,
    _lock: Lock,
    answered: Box<dyn Fn(Vec<Answer>)>,
    waiting: RefCell<Vec<Keep>>,
    /// Whether somebody grants what waits.
    busy: Cell<bool>,
    own: RefCell<Own>,
    messages: RefCell<Messages>,
}

impl Work {
    /// What a later machine of this tab begins with, stored or not.
    fn note(&self, keep: &Keep) {
        let mut own = self.own.borrow_mut();
        match keep {
            Keep::Message(kept) => {
                own.used = own.used.max(kept.id);
                let stored = Stored::of(kept, clock::wall_ms() as u64);
                self.messages.borrow_mut().insert((kept.room.clone(), kept.id), stored);
            }
            Keep::Forget { room, id } => {
                self.messages.borrow_mut().remove(&(room.clone(), *id));
            }
            Keep::Used { number } => own.used = own.used.max(*number),
        }
    }

    async fn grant(&self) {
        loop {
            let batch = self.waiting.take();
            if batch.is_empty() {
                self.busy.set(false);
                return;
            }
            let together = self.store(&batch).await;
            let alone = together.is_err() && batch.len() > 1;
            let mut answers = Vec::new();
            for keep in &batch {
                // One that is too long for what is left of the storage must not take the others with it.
                let outcome =
                    if alone { self.store(std::slice::from_ref(keep)).await } else { together.clone() };
                if let Keep::Message(Kept { room, id, .. }) = keep {
                    answers.push(Answer { room: room.clone(), id: *id, outcome });
                }
            }
            (self.answered)(answers);
        }
    }

    /// Makes all of it durable, or nothing.
    async fn store(&self, batch: &[Keep]) -> Result<(), Trouble> {
        self.database
            .write(|stores| {
                for keep in batch {
                    match keep {
                        Keep::Message(kept) => stores.put(&Stored::of(kept, clock::wall_ms() as u64))?,
                        Keep::Forget { room, id } => stores.delete(room, *id)?,
                        Keep::Used { .. } => {}
                    }
                }
                stores.put_own(&self.own.borrow())
            })
            .await
    }
}
