//! What a session does to be let in, and to stay in, where a server asks for tokens.

use heartline_core::{
    chat::Chat,
    line::{Input, Machine},
    policy::Policy,
};
use leptos::{prelude::*, task::spawn_local};

use super::ChatSession;
use crate::token::TokenSource;

impl ChatSession {
    /// Gives the token of each dial: what stands in the field, or what the page's function gives.
    pub(super) fn tokens(self, policy: &Policy) -> TokenSource {
        let typed = move || self.token.try_get_untracked().unwrap_or_default();
        TokenSource::new(typed, policy.reconnect().token_within())
    }

    /// Fetches a token for the line that is open, before the one it has ends. Where that fails, the line ends with it, and the next
    /// dial fetches its own.
    pub(super) fn renew_token(self, chat: &Chat) {
        let generation = chat.line().generation();
        let tokens = self.tokens(&chat.line().config().policy);
        // Whoever looks at a machine must not touch it.
        spawn_local(async move {
            match tokens.fetch().await {
                Ok(token) => {
                    self.with(|driver| {
                        driver.with(|chat, now| chat.handle(now, Input::Token { generation, token }));
                    });
                }
                Err(error) => {
                    self.note
                        .try_set(["the token ends, and there is no other: ", &error.to_string()].concat());
                }
            }
        });
    }
}
