//! One frame, as named bits and bytes.

use heartline_core::inspect::{Bits, Frame, Message, Payload};
use leptos::prelude::*;

use crate::{
    model::{dump, inspection},
    session::inspect::InspectSession,
};

/// The frame that is open.
#[component]
pub fn FrameDetail(
    /// The feed that is read.
    session: InspectSession,
) -> impl IntoView {
    let open = move || session.open.get().and_then(|key| session.frame(key));
    view! {
        <section class="card" aria-labelledby="inspect-frame" aria-live="polite" data-testid="frame-detail">
            <h2 id="inspect-frame">"One frame"</h2>
            {move || match open() {
                Some(frame) => detail(&frame).into_any(),
                None => view! { <p class="faint">"Open a frame of the table: its bits and bytes stand here."</p> }.into_any(),
            }}
        </section>
    }
}

fn detail(frame: &Frame) -> impl IntoView + use<> {
    let place = format!(
        "Frame {} of the {}, from byte {} after the handshake on",
        frame.number, frame.from, frame.position
    );
    let violations = frame.violations.iter().map(|(what, section)| {
        view! { <li class="complaint">{what.clone()} " (" {section.clone()} ")"</li> }
    });
    view! {
        <p class="faint">{place}</p>
        <ul class="stack-tight">{violations.collect_view()}</ul>
        <div class="wide">
            <table class="bits">
                <thead>
                    <tr><th scope="col">"Field"</th><th scope="col">"Bits"</th><th scope="col">"Value"</th><th scope="col">"Meaning"</th></tr>
                </thead>
                <tbody>{frame.bits().into_iter().map(field).collect_view()}</tbody>
            </table>
        </div>
        {bytes("Payload, unmasked", &frame.payload)}
        {frame.message.as_ref().map(whole)}
    }
}

fn field(bits: Bits) -> impl IntoView {
    view! {
        <tr data-testid="field">
            <th scope="row">{bits.name}</th>
            <td class="length">{bits.count.to_string()}</td>
            <td class="code">{bits.value}</td>
            <td>{bits.means}</td>
        </tr>
    }
}

fn whole(message: &Message) -> impl IntoView + use<> {
    let title = format!(
        "The whole message: {} frames, {}, {} bytes",
        message.fragments,
        message.compression.replace('_', " "),
        message.length
    );
    bytes(&title, &message.content)
}

fn bytes(title: &str, payload: &Payload) -> impl IntoView + use<> {
    let bytes = inspection::bytes(payload);
    let cut = payload
        .cut
        .then(|| view! { <p class="faint">"There is more of it: a feed tells the first 4 KiB."</p> });
    let rows = dump::dump(&bytes).into_iter().map(|row| {
        view! { <span class="faint">{row.at}</span> "  " {format!("{:<47}", row.hex)} "  " {row.text} "\n" }
    });
    let rows = rows.collect_view();
    (!bytes.is_empty()).then(|| {
        view! {
            <h3>{title.to_owned()}</h3>
            <pre class="code dump" tabindex="0" data-testid="dump">{rows}</pre>
            {cut}
        }
    })
}
