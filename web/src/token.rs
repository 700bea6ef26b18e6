//! Where the token of a dial comes from: what somebody typed, or a function of whoever serves the page.
//!
//! A page that is served among others can define `window.heartline = { token: async () => "…" }`. The function is called anew for
//! each dial, and once more before the token of an open line ends; it returns the token, or a promise of it. What somebody typed
//! goes before it. Nothing here is stored, logged or shown, and words about what went wrong never repeat what was given.

use std::{cell::Cell, rc::Rc};

use heartline_core::{
    time::Duration,
    wire::{BearerToken, TokenFault},
};
use js_sys::{Array, Function, Promise, Reflect};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::timer::Timer;

/// Why a dial has no token to show.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Whoever typed it is at fault; another dial would not mend it.
    #[error("what stands in the field is no token: {0}")]
    Typed(TokenFault),
    /// Whoever serves the page is at fault: the function threw, or its promise was rejected.
    #[error("window.heartline.token, which this page's owner wrote, failed: {0}")]
    Failed(String),
    /// As before: it gave something else.
    #[error("window.heartline.token, which this page's owner wrote, gave no text; it must return the token")]
    NoText,
    /// As before: it gave a text that is none.
    #[error("window.heartline.token, which this page's owner wrote, gave no token: {0}")]
    NoToken(TokenFault),
    /// As before, or the network is: it did not answer.
    #[error("window.heartline.token, which this page's owner wrote, gave nothing within {} s", .0.as_secs_f64())]
    Late(Duration),
}

impl TokenError {
    /// Whether asking again may help, without anybody doing anything.
    pub fn passes(&self) -> bool {
        !matches!(self, Self::Typed(_))
    }
}

/// Gives the token of each dial.
#[derive(Clone)]
pub struct TokenSource {
    typed: Rc<dyn Fn() -> String>,
    within: Duration,
}

impl TokenSource {
    /// Asks `typed` for what stands in the field, and gives the page's function `within` to answer.
    pub fn new(typed: impl Fn() -> String + 'static, within: Duration) -> Self {
        Self { typed: Rc::new(typed), within }
    }

    /// Whether a fresh one can be had for each dial: the page has a function for it.
    pub fn is_fresh() -> bool {
        function().is_some()
    }

    /// A token for the dial that comes, or for the line that is open; `None` where nobody gives one.
    ///
    /// # Errors
    /// [`TokenError`]: there should be one, and is none.
    pub async fn fetch(&self) -> Result<Option<BearerToken>, TokenError> {
        let typed = (self.typed)();
        if !typed.trim().is_empty() {
            return BearerToken::parse(&typed).map(Some).map_err(TokenError::Typed);
        }
        let Some((owner, token)) = function() else { return Ok(None) };
        let answer = token.call0(&owner).map_err(failed)?;
        let answer = settled(Promise::resolve(&answer), self.within).await;
        let answer = answer.ok_or(TokenError::Late(self.within))?.map_err(failed)?;
        let token = answer.as_string().ok_or(TokenError::NoText)?;
        BearerToken::parse(&token).map(Some).map_err(TokenError::NoToken)
    }
}

/// `window.heartline` and its `token`, if somebody defined them.
fn function() -> Option<(JsValue, Function)> {
    let owner = Reflect::get(web_sys::window()?.as_ref(), &"heartline".into()).ok()?;
    let token = Reflect::get(&owner, &"token".into()).ok()?.dyn_into().ok()?;
    Some((owner, token))
}

/// What a promise comes to; nothing if it takes longer.
async fn settled(promise: Promise, within: Duration) -> Option<Result<JsValue, JsValue>> {
    let rang = Rc::new(Cell::new(false));
    let mut timer = None;
    let bell = Promise::new(&mut |ring, _| {
        let rang = rang.clone();
        let wait = Timer::new(move || {
            rang.set(true);
            // Settling a promise throws nothing.
            let _ = ring.call0(&JsValue::NULL);
        });
        wait.arm(within);
        timer = Some(wait);
    });
    let first = JsFuture::from(Promise::race(&Array::of2(&promise, &bell))).await;
    drop(timer);
    (!rang.get()).then_some(first)
}

/// The words of what was thrown. A text may be anything, so only an error's own words are repeated. An error of another frame is no
/// `Error` of ours, so what has a message is one.
fn failed(thrown: JsValue) -> TokenError {
    let words = Reflect::get(&thrown, &"message".into()).ok().and_then(|message| message.as_string());
    TokenError::Failed(words.unwrap_or_else(|| "it threw something that is no Error".to_owned()))
}
