//! One line of the log, whole.

use heartline_core::line::Message;
use leptos::prelude::*;

use crate::{
    model::{dump, json, log::What, words},
    session::echo::EchoSession,
};

/// How much of a message is drawn, in bytes: more than anybody reads, and no more than a browser draws at once.
const SHOWN: usize = 64 << 10;

/// The line that is open: JSON in lines, bytes as a dump.
#[component]
pub fn LogDetail(
    /// The line it is of.
    session: EchoSession,
    /// Gives what is open to be written again.
    write: Callback<Message>,
) -> impl IntoView {
    let open = move || session.open.get().and_then(|key| session.logged_at(key));
    move || {
        open().map(|what| {
            let message = match &what {
                What::Message(message) => Some(message.clone()),
                What::Words(_) => None,
            };
            let again = message.map(|message| {
                view! {
                    <button type="button" class="small" data-testid="log-again" on:click=move |_| write.run(message.clone())>"Write again"</button>
                }
            });
            view! {
                <section class="detail" aria-label="One line of the log" data-testid="log-detail">
                    <pre class="code dump" tabindex="0">{shown(&what)}</pre>
                    <div class="row-end">
                        {again}
                        <button type="button" class="small" data-testid="log-close" on:click=move |_| session.open.set(None)>"Close"</button>
                    </div>
                </section>
            }
        })
    }
}

fn shown(what: &What) -> String {
    let (mut text, length) = match what {
        What::Words(words) => (words.clone(), words.len()),
        What::Message(Message::Text(text)) if text.len() <= SHOWN => (json::pretty(text), text.len()),
        What::Message(Message::Text(text)) => (text.chars().take(SHOWN).collect(), text.len()),
        What::Message(Message::Binary(bytes)) => {
            let rows = dump::dump(&bytes[..bytes.len().min(SHOWN)]);
            let line = |row: dump::Row| format!("{}  {:<47}  {}\n", row.at, row.hex, row.text);
            (rows.into_iter().map(line).collect(), bytes.len())
        }
    };
    if length > SHOWN {
        text.push_str(&["\n… the first ", &words::size(SHOWN), " of ", &words::size(length)].concat());
    }
    text
}
