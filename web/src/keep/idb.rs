//! The database, as little of IndexedDB as an outbox needs.
//!
//! No library for it: those there are ask for no durability, which here is the point, and what is left for them to do is to make
//! a promise of two events.
//!
//! | store | key | value |
//! | --- | --- | --- |
//! | `own` | `"chat"` | `{secret, used}`: who this is |
//! | `outbox` | `[room, id]` | `{room, id, text, at, lane?, colour?}`: a message that is not settled |

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, Event, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbTransaction};

use super::{
    record::{Own, Stored},
    trouble::Trouble,
};
use crate::listener::Listener;

const NAME: &str = "heartline";
/// Another one is another schema; [`open`] then has to bring over what is there.
const VERSION: u32 = 1;
const OWN: &str = "own";
const OWN_KEY: &str = "chat";
const OUTBOX: &str = "outbox";

/// How long a page waits for its storage before it goes on without, in milliseconds. It only delays who joins.
pub(super) const WAIT: i32 = 5_000;

/// An open connection to the database. It makes way for a newer version of the page.
pub(super) struct Database {
    db: IdbDatabase,
    gone: Rc<Cell<bool>>,
    _listeners: [Listener; 2],
}

/// All there is.
pub(super) struct Contents {
    /// Who this is; undefined if nobody was here.
    pub(super) own: JsValue,
    /// What is not settled.
    pub(super) messages: Array,
}

/// Opens the database, made if there is none.
pub(super) async fn open() -> Result<Database, Trouble> {
    let window = web_sys::window().ok_or(Trouble::Forbidden)?;
    let factory = window.indexed_db().ok().flatten().ok_or(Trouble::Forbidden)?;
    let request = factory.open_with_u32(NAME, VERSION).map_err(|error| Trouble::of(&error))?;
    let make = Closure::<dyn FnMut(Event)>::new(|event: Event| {
        let request = event.target().map(JsCast::unchecked_into::<IdbOpenDbRequest>);
        let Some(Ok(db)) = request.map(|request| request.result()) else { return };
        let db: IdbDatabase = db.unchecked_into();
        // If one cannot be made, reading fails, and says so.
        let _ = (db.create_object_store(OWN), db.create_object_store(OUTBOX));
    });
    request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
    let opened = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
        request.set_onblocked(Some(&reject));
    });
    match JsFuture::from(in_time(&opened)).await {
        Ok(_) => {}
        Err(event) if is(&event, "blocked") => return Err(Trouble::Blocked),
        Err(event) if is(&event, "error") => return Err(trouble(request.error().ok().flatten())),
        Err(_) => return Err(Trouble::Slow),
    }
    let db: IdbDatabase = request.result().map_err(|error| Trouble::of(&error))?.unchecked_into();
    let gone = Rc::new(Cell::new(false));
    let listen = |event| {
        let (db, gone) = (db.clone(), gone.clone());
        Listener::new(&db.clone(), event, move |_| {
            gone.set(true);
            db.close();
        })
    };
    let _listeners = [listen("versionchange"), listen("close")];
    Ok(Database { db, gone, _listeners })
}

impl Drop for Database {
    fn drop(&mut self) {
        self.db.close();
    }
}

impl Database {
    /// Reads all there is.
    pub(super) async fn read(&self) -> Result<Contents, Trouble> {
        let transaction = self.begin("readonly")?;
        let done = end_of(&transaction);
        let asked = || {
            let own = transaction.object_store(OWN)?.get(&OWN_KEY.into())?;
            let messages = transaction.object_store(OUTBOX)?.get_all()?;
            Ok((own, messages))
        };
        let (own, messages) = asked().map_err(|error: JsValue| Trouble::of(&error))?;
        match JsFuture::from(in_time(&done)).await {
            Ok(_) => {}
            Err(event) if is(&event, "abort") => return Err(trouble(transaction.error())),
            Err(_) => return Err(Trouble::Slow),
        }
        let read = || Ok(Contents { own: own.result()?, messages: messages.result()?.unchecked_into() });
        read().map_err(|error: JsValue| Trouble::of(&error))
    }

    /// Makes what `fill` asks for durable, all of it or nothing.
    pub(super) async fn write(
        &self,
        fill: impl FnOnce(&Stores) -> Result<(), JsValue>,
    ) -> Result<(), Trouble> {
        let transaction = self.begin("readwrite")?;
        let done = end_of(&transaction);
        let stores = || {
            let (own, outbox) = (transaction.object_store(OWN)?, transaction.object_store(OUTBOX)?);
            Ok(Stores { own, outbox })
        };
        let filled = stores().and_then(|stores| fill(&stores));
        // Should it have ended already, that is told below. It would commit by itself, but later, and a tab may be closing.
        #[expect(deprecated, reason = "web-sys follows a draft of the standard that left it out for a while")]
        let _ = if filled.is_ok() { transaction.commit() } else { transaction.abort() };
        match (JsFuture::from(done).await, filled) {
            (Ok(_), Ok(())) => Ok(()),
            (_, Err(error)) => Err(Trouble::of(&error)),
            (Err(_), Ok(())) => Err(trouble(transaction.error())),
        }
    }

    fn begin(&self, mode: &str) -> Result<IdbTransaction, Trouble> {
        if self.gone.get() {
            return Err(Trouble::Gone);
        }
        let options = Object::new();
        let both = Array::of2(&OWN.into(), &OUTBOX.into());
        Reflect::set(&options, &"durability".into(), &"strict".into())
            .and_then(|_| self.db.unchecked_ref::<Durable>().transaction(&both, mode, &options))
            .map_err(|error| Trouble::of(&error))
    }
}

/// What a transaction writes to.
pub(super) struct Stores {
    own: IdbObjectStore,
    outbox: IdbObjectStore,
}

impl Stores {
    pub(super) fn put_own(&self, own: &Own) -> Result<(), JsValue> {
        self.own.put_with_key(&own.write(), &OWN_KEY.into()).map(drop)
    }

    pub(super) fn put(&self, message: &Stored) -> Result<(), JsValue> {
        self.outbox.put_with_key(&message.write(), &key(&message.room, message.id)).map(drop)
    }

    pub(super) fn delete(&self, room: &str, id: u64) -> Result<(), JsValue> {
        self.outbox.delete(&key(room, id)).map(drop)
    }
}

/// The same promise, rejected without a reason if it takes longer than [`WAIT`].
pub(super) fn in_time(promise: &Promise) -> Promise {
    let late = Promise::new(&mut |_, reject| {
        if let Some(window) = web_sys::window() {
            // Without a timer it is merely waited for longer.
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&reject, WAIT);
        }
    });
    Promise::race(&Array::of2(promise, &late))
}

fn end_of(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    })
}

fn key(room: &str, id: u64) -> JsValue {
    Array::of2(&room.into(), &(id as f64).into()).into()
}

fn is(event: &JsValue, kind: &str) -> bool {
    event.dyn_ref::<Event>().is_some_and(|event| event.type_() == kind)
}

fn trouble(error: Option<DomException>) -> Trouble {
    Trouble::of(&error.into())
}

// What web-sys still counts as unstable.
#[wasm_bindgen]
extern "C" {
    type Durable;
    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &Durable,
        stores: &Array,
        mode: &str,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;
}
