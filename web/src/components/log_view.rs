//! What went over an echo line. However long it is, only what is in sight is in the document.

use leptos::{html::Div, prelude::*};

use super::follow::follow_end;
use crate::{
    model::log::{Kind, Row},
    session::echo::{EchoSession, ROWS},
};

/// How high a row is, in pixels; the style sheet says the same.
const ROW: usize = 30;

/// Rows above those in sight, so that a quick hand finds no hole.
const ABOVE: usize = 12;

/// The log, newest at the bottom and in view.
#[component]
pub fn LogView(
    /// The line it is of.
    session: EchoSession,
) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let count = session.logged;
    let end = follow_end(list, move || session.rows.with(|rows| rows.last().map(|row| row.key)));
    let look = move || {
        let first = match list.get_untracked() {
            Some(list) if !end.is_near() => list.scroll_top().unsigned_abs() as usize / ROW,
            _ => count.get_untracked().saturating_sub(ROWS - ABOVE),
        };
        session.look(first.saturating_sub(ABOVE));
    };
    Effect::new(move || {
        count.track();
        look();
    });
    // Where the first row that is drawn stands. Without rows there is nothing to place.
    let placed = move || session.rows.with(|rows| (!rows.is_empty()).then(|| session.first_row()));
    view! {
        <div
            class="scroll log"
            node_ref=list
            on:scroll=move |_| {
                end.on_scroll();
                look();
            }
            tabindex="0"
            role="log"
            aria-label="Log"
            data-testid="echo-log"
        >
            <Show when=move || count.get() == 0>
                <p class="empty">"What you send and what comes back stands here."</p>
            </Show>
            <ol
                style:block-size=move || placed().map(|_| format!("{}px", count.get() * ROW))
                style:padding-block-start=move || placed().map(|first| format!("{}px", first * ROW))
            >
                <For each=move || session.rows.get() key=|row| row.key let:row>
                    <Line session row />
                </For>
            </ol>
        </div>
    }
}

#[component]
fn Line(session: EchoSession, row: Row) -> impl IntoView {
    let (arrow, label) = match row.kind {
        Kind::In => ("←", "received"),
        Kind::Out => ("→", "sent"),
        Kind::Note => ("·", "note"),
    };
    let (key, word) = (row.key, row.kind.word());
    view! {
        <li
            class=["log-line ", word].concat()
            class:open=move || session.open.get() == Some(key)
            data-testid="log-line"
            data-kind=word
        >
            <span class="time">{row.time}</span>
            <span class="arrow" role="img" aria-label=label>{arrow}</span>
            <button type="button" class="log-text code" data-testid="log-open" on:click=move |_| session.open.set(Some(key))>
                {row.text}
            </button>
            <span class="aside">{row.aside}</span>
        </li>
    }
}
