//! What a session does so that its messages outlive the tab.

use heartline_core::{
    chat::{Chat, Event, Identity},
    close::code,
    line::{Machine, State},
    policy::Policy,
};
use js_sys::Promise;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{ChatSession, Inner};
use crate::{
    driver::Driver,
    identity,
    keep::{self, Answer, Keeper},
    model::{address::Address, chat_notes},
};

impl ChatSession {
    /// Delivers what an earlier visit left, without waiting for somebody to join. Where nothing waits, no identity is held.
    pub async fn deliver(self, address: Address, policy: Policy, name: &str) {
        if !keep::is_waiting().await || self.know().await.is_err() {
            return;
        }
        let is_left = |inner: &Inner| inner.running.is_none() && stored(inner) > 0;
        if self.inner.try_with_value(is_left) != Some(true) {
            // Another tab does it, or somebody has joined meanwhile, which does it as well.
            return;
        }
        // Without a name it waits until somebody gives one.
        if let Ok(running) = self.drive(address, policy, name) {
            self.inner.update_value(|inner| inner.running = Some(running));
            self.with(|driver| driver.with(Chat::connect));
        }
    }

    /// Waits until it is known who this tab is. Asked once for the life of the tab.
    ///
    /// # Errors
    /// The browser has no random source a page may use.
    pub(super) async fn know(self) -> Result<(), JsValue> {
        let opening =
            self.inner.try_update_value(|inner| inner.opening.get_or_insert_with(|| self.open()).clone());
        match opening {
            Some(opening) => JsFuture::from(opening).await.map(drop),
            None => Ok(()),
        }
    }

    fn open(self) -> Promise {
        future_to_promise(async move {
            let opened = keep::open(move |answers| self.answer(&answers)).await?;
            self.inner.try_update_value(|inner| inner.opened = Some(opened));
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Why what is written here does not outlive the tab, if it does not.
    pub(super) fn warning(self) -> Option<String> {
        let trouble = self.inner.try_with_value(|inner| inner.opened.as_ref()?.trouble.clone()).flatten()?;
        Some(
            ["what you write here is lost if this tab closes before it is accepted: ", &trouble.to_string()]
                .concat(),
        )
    }

    /// Who the next machine is.
    ///
    /// # Errors
    /// As [`know`](Self::know).
    pub(super) fn identity(self) -> Result<Identity, JsValue> {
        let known = self.with(|driver| driver.read(|chat| identity::again(chat.identity())));
        let opened =
            || self.inner.with_value(|inner| inner.opened.as_ref().map(|opened| opened.identity.clone()));
        known.or_else(opened).map_or_else(identity::fresh, Ok)
    }

    /// Hands a new machine what is not settled of this identity.
    pub(super) fn take_up(self, driver: &Driver<Chat>) {
        let stored = self.inner.with_value(|inner| keeper(inner).map(Keeper::stored));
        let Some(stored) = stored else { return };
        if !stored.is_empty() {
            self.note.set(chat_notes::earlier(stored.len()));
        }
        driver.with(|chat, now| chat.keep(now, stored));
    }

    /// Has stored, or no longer, what the machine says.
    pub(super) fn keep(self, events: Vec<Event>) {
        for event in events {
            if let Event::Keep(keep) = event {
                self.inner.with_value(|inner| {
                    if let Some(keeper) = keeper(inner) {
                        keeper.ask(keep);
                    }
                });
            }
        }
    }

    /// Hangs up once all is delivered that an earlier visit left, and nobody is in a room.
    pub(super) fn rest(self, chat: &Chat) {
        let is_idle = |chat: &Chat| {
            chat.unsettled() == 0 && !matches!(chat.line().state(), State::Idle | State::Closed(_))
        };
        if is_idle(chat) {
            // Whoever looks at a machine must not touch it; by the time this runs, somebody may have joined.
            spawn_local(async move {
                if self.room.try_with_untracked(Option::is_none) == Some(true) {
                    self.with(|driver| {
                        driver.with(|chat, now| {
                            if is_idle(chat) {
                                chat.disconnect(now, code::NORMAL, "");
                            }
                        });
                    });
                }
            });
        }
    }

    fn answer(self, answers: &[Answer]) {
        self.with(|driver| {
            driver.with(|chat, now| {
                for Answer { room, id, outcome } in answers {
                    match outcome {
                        Ok(()) => chat.kept(now, room, *id),
                        Err(trouble) => chat.not_kept(now, room, *id, &trouble.to_string()),
                    }
                }
            });
        });
    }
}

fn keeper(inner: &Inner) -> Option<&Keeper> {
    inner.opened.as_ref()?.keeper.as_ref()
}

fn stored(inner: &Inner) -> usize {
    keeper(inner).map_or(0, |keeper| keeper.stored().len())
}
