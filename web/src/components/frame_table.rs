//! Frames as a table.

use heartline_core::inspect::Party;
use leptos::{html::Div, prelude::*};

use super::{field::Field, follow::follow_end};
use crate::{
    model::inspection::{Row, What},
    page::save,
    session::inspect::InspectSession,
};

/// What passed, newest at the bottom and in view.
#[component]
pub fn FrameTable(
    /// The feed that is read.
    session: InspectSession,
) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let end = follow_end(list, move || session.rows.with(|rows| rows.last().map(|row| row.key)));
    let filter = session.filter;
    view! {
        <section class="card" aria-labelledby="inspect-frames">
            <div class="card-head">
                <h2 id="inspect-frames">"Frames"</h2>
                <button type="button" class="small" data-testid="inspect-save" on:click=move |_| save("heartline.jsonl", &session.as_lines())>
                    "Download"
                </button>
            </div>
            <Field id="inspect-filter" label="Only what contains">
                <input id="inspect-filter" autocomplete="off" data-testid="inspect-filter" bind:value=filter />
            </Field>
            <div class="scroll frames" node_ref=list on:scroll=move |_| end.on_scroll() tabindex="0" role="region" aria-labelledby="inspect-frames">
                <table data-testid="frames">
                    <thead>
                        <tr>
                            <th scope="col">"Time, s"</th>
                            <th scope="col">"Line"</th>
                            <th scope="col">"From"</th>
                            <th scope="col">"What"</th>
                            <th scope="col">"Length"</th>
                            <th scope="col">"Payload"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || session.rows.get() key=|row| row.key let:row>
                            <TableRow row session />
                        </For>
                    </tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn TableRow(row: Row, session: InspectSession) -> impl IntoView {
    let key = row.key;
    let is_open = move || session.open.get() == Some(key);
    let from = match row.from {
        Some(Party::Client) => "client →",
        Some(Party::Server) => "← server",
        None => "",
    };
    let name = match row.what {
        What::Frame(_) => view! {
            <button
                type="button"
                class="small"
                data-testid="frame-open"
                aria-pressed=move || if is_open() { "true" } else { "false" }
                on:click=move |_| session.open.set(Some(key))
            >
                {row.name}
            </button>
        }
        .into_any(),
        What::Note => view! { <span class="faint">{row.name}</span> }.into_any(),
    };
    view! {
        <tr data-testid="frame" class:open=is_open>
            <td class="time">{row.time}</td>
            <td>{row.connection.map(|number| ["#", &number.to_string()].concat())}</td>
            <td class="from">{from}</td>
            <td>{name}</td>
            <td class="length">{row.length}</td>
            <td class="code payload">{row.text}</td>
        </tr>
    }
}
