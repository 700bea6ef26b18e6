use std::{cell::RefCell, rc::Rc};

use heartline_core::{
    chat::{Keep, Kept},
    time::Duration,
    wire::{Lane, Style},
};
use heartline_web::keep::{self, Answer, Keeper, Opened, Trouble};
use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Happening, Patch, run};

#[wasm_bindgen_test]
async fn what_is_not_settled_is_there_on_the_next_visit_and_so_is_who_wrote_it() {
    clear().await;
    assert!(!keep::is_waiting().await);
    let first = Tab::open().await;
    let (secret, used) = (first.opened.identity.secret().clone(), first.opened.identity.dial() + 1_000_000);
    let style = Style { colour: "#10a0ff".parse().ok(), lane: Lane::Top };
    first.keeper().ask(Keep::Message(Kept { style: Some(style), ..message(1, "settled") }));
    first.keeper().ask(Keep::Message(Kept { style: Some(style), ..message(2, "not settled, 弹幕") }));
    first.keeper().ask(Keep::Forget { room: "lobby".to_owned(), id: 1 });
    first.keeper().ask(Keep::Used { number: used });
    first.stores(3, "the last").await;
    first.close().await;

    assert!(keep::is_waiting().await);
    let second = Tab::open().await;
    assert_eq!(second.opened.identity.secret(), &secret);
    assert_eq!(second.opened.identity.dial(), used, "numbers rise though the clock did not get there");
    let stored = second.keeper().stored();
    let texts: Vec<_> = stored.iter().map(|kept| (kept.id, &*kept.text, kept.style)).collect();
    assert_eq!(texts, [(2, "not settled, 弹幕", Some(style)), (3, "the last", None)]);
    assert!(stored.iter().all(|kept| kept.age < Duration::from_secs(60)));
    second.close().await;
}

#[wasm_bindgen_test]
async fn one_tab_holds_an_identity() {
    clear().await;
    let first = Tab::open().await;
    let second = Tab::open().await;
    assert_eq!(second.opened.trouble, Some(Trouble::Held));
    assert!(second.opened.keeper.is_none());
    assert_ne!(second.opened.identity.secret(), first.opened.identity.secret());
    first.close().await;
    let third = Tab::open().await;
    assert_eq!(third.opened.trouble, None);
    third.close().await;
}

#[wasm_bindgen_test]
async fn what_does_not_fit_takes_nothing_with_it() {
    clear().await;
    let tab = Tab::open().await;
    let full = Patch::new(
        "const { put } = IDBObjectStore.prototype; window.heldBack = put; IDBObjectStore.prototype.put = function (value, key) { \
         if (value.text === 'too long') throw new DOMException('no room', 'QuotaExceededError'); return put.call(this, value, key); }",
        "IDBObjectStore.prototype.put = heldBack; delete window.heldBack",
    );
    for (id, text) in [(1, "fits"), (2, "too long"), (3, "fits, too")] {
        tab.keeper().ask(Keep::Message(message(id, text)));
    }
    let answers = tab.answers.take(3).await;
    assert_eq!(
        answers.iter().map(|answer| (answer.id, answer.outcome.clone())).collect::<Vec<_>>(),
        [(1, Ok(())), (2, Err(Trouble::Full)), (3, Ok(()))]
    );
    drop(full);
    tab.close().await;
    let again = Tab::open().await;
    assert_eq!(again.keeper().stored().iter().map(|kept| kept.id).collect::<Vec<_>>(), [1, 3]);
    again.close().await;
}

#[wasm_bindgen_test]
async fn more_wishes_than_may_wait_are_answered_at_once() {
    clear().await;
    let tab = Tab::open().await;
    for id in 1..=4097 {
        tab.keeper().ask(Keep::Message(message(id, "x")));
    }
    let first = tab.answers.take(1).await;
    assert_eq!((first[0].id, &first[0].outcome), (4097, &Err(Trouble::Slow)));
    assert!(tab.answers.take(4096).await.iter().all(|answer| answer.outcome.is_ok()));
    tab.close().await;
}

#[wasm_bindgen_test]
async fn what_this_page_did_not_write_is_left_as_it_is() {
    for damage in [
        "outbox.put('a word', ['lobby', 1])",
        "outbox.put({ room: 'lobby', id: -1, text: 'x', at: 1 }, ['lobby', 1])",
        "own.put({ secret: 'short', used: 1 }, 'chat')",
        "own.put({ secret: 'a secret of good length', used: 'never' }, 'chat')",
        // Without who wrote it, nobody may send it.
        "own.delete('chat'); outbox.put({ room: 'lobby', id: 1, text: 'x', at: 1 }, ['lobby', 1])",
    ] {
        clear().await;
        Tab::open().await.close().await;
        with_database(damage).await;
        let tab = Tab::open().await;
        assert_eq!(tab.opened.trouble, Some(Trouble::Damaged), "{damage}");
        tab.close().await;
        let tab = Tab::open().await;
        assert_eq!(tab.opened.trouble, Some(Trouble::Damaged), "{damage}, still");
        tab.close().await;
    }
    clear().await;
}

#[wasm_bindgen_test]
async fn a_newer_page_is_let_by_and_the_older_one_says_so() {
    clear().await;
    let tab = Tab::open().await;
    js("return new Promise((done, failed) => { const asked = indexedDB.open('heartline', 2); \
        asked.onsuccess = () => { asked.result.close(); done(); }; asked.onerror = asked.onblocked = failed; })")
    .await;
    tab.keeper().ask(Keep::Message(message(1, "too late")));
    assert_eq!(tab.answers.take(1).await[0].outcome, Err(Trouble::Gone));
    tab.close().await;
    let tab = Tab::open().await;
    assert_eq!(tab.opened.trouble, Some(Trouble::Newer));
    tab.close().await;
    clear().await;
}

#[wasm_bindgen_test]
async fn where_a_browser_gives_nothing_the_page_has_a_fresh_identity_and_knows_why() {
    for (patch, undo, trouble) in [
        (
            "window.heldBack = Object.getOwnPropertyDescriptor(window, 'indexedDB'); \
             Object.defineProperty(window, 'indexedDB', { configurable: true, get() { throw new DOMException('no', 'SecurityError'); } })",
            "Object.defineProperty(window, 'indexedDB', heldBack); delete window.heldBack",
            Trouble::Forbidden,
        ),
        (
            "IDBFactory.prototype.heldBack = IDBFactory.prototype.open; \
             IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }",
            "IDBFactory.prototype.open = IDBFactory.prototype.heldBack; delete IDBFactory.prototype.heldBack",
            Trouble::Forbidden,
        ),
        (
            "Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined })",
            "delete navigator.locks",
            Trouble::Insecure,
        ),
        (
            "navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'))",
            "delete navigator.locks.request",
            Trouble::Forbidden,
        ),
    ] {
        let patch = Patch::new(patch, undo);
        let tab = Tab::open().await;
        assert_eq!(tab.opened.trouble, Some(trouble));
        assert!(tab.opened.keeper.is_none());
        drop(patch);
        tab.close().await;
    }
}

/// A tab of this browser, as far as keeping goes.
struct Tab {
    opened: Opened,
    answers: Answers,
}

impl Tab {
    async fn open() -> Self {
        let answers = Answers::default();
        let opened = keep::open({
            let answers = answers.clone();
            move |new| answers.add(new)
        });
        Self { opened: opened.await.unwrap(), answers }
    }

    fn keeper(&self) -> &Keeper {
        self.opened.keeper.as_ref().expect("it holds the identity")
    }

    async fn stores(&self, id: u64, text: &str) {
        self.keeper().ask(Keep::Message(message(id, text)));
        while self.answers.take(1).await[0].id != id {}
    }

    /// Until others may have the identity.
    async fn close(self) {
        drop(self);
        js("return navigator.locks.request('heartline.chat', () => undefined)").await;
    }
}

#[derive(Clone, Default)]
struct Answers {
    heard: Rc<RefCell<Vec<Answer>>>,
    waiting: Rc<RefCell<Option<Happening>>>,
}

impl Answers {
    fn add(&self, new: Vec<Answer>) {
        self.heard.borrow_mut().extend(new);
        if let Some(waiting) = self.waiting.take() {
            waiting.now();
        }
    }

    /// The next so many.
    async fn take(&self, count: usize) -> Vec<Answer> {
        while self.heard.borrow().len() < count {
            let more = Happening::new();
            self.waiting.replace(Some(more.clone()));
            more.wait().await;
        }
        self.heard.borrow_mut().drain(..count).collect()
    }
}

fn message(id: u64, text: &str) -> Kept {
    Kept { room: "lobby".to_owned(), id, text: text.to_owned(), style: None, age: Duration::ZERO }
}

async fn clear() {
    js("return new Promise((done, failed) => { const asked = indexedDB.deleteDatabase('heartline'); \
        asked.onsuccess = done; asked.onerror = asked.onblocked = failed; })")
    .await;
}

/// Runs JavaScript on the stores `own` and `outbox`.
async fn with_database(code: &str) {
    js(&format!(
        "return new Promise((done, failed) => {{ const asked = indexedDB.open('heartline', 1); asked.onerror = failed; \
         asked.onsuccess = () => {{ const writing = asked.result.transaction(['own', 'outbox'], 'readwrite'); \
         const [own, outbox] = ['own', 'outbox'].map(name => writing.objectStore(name)); {code}; \
         writing.oncomplete = () => {{ asked.result.close(); done(); }}; writing.onabort = failed; }}; }})"
    ))
    .await;
}

async fn js(code: &str) {
    JsFuture::from(run(code).unchecked_into::<Promise>()).await.unwrap();
}
