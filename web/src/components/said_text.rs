//! What somebody said, with its links.

use leptos::prelude::*;

use crate::model::links::{Piece, pieces};

/// Words as text, whatever they are, and addresses as links that tell nobody where they were clicked.
#[component]
pub fn SaidText(
    /// What was said.
    text: String,
) -> impl IntoView {
    let shown = |piece| match piece {
        Piece::Words(words) => words.to_owned().into_any(),
        Piece::Link(url) => {
            let (href, url) = (url.to_owned(), url.to_owned());
            view! { <a href=href target="_blank" rel="noopener noreferrer nofollow ugc">{url}</a> }.into_any()
        }
    };
    pieces(&text).into_iter().map(shown).collect_view()
}
