use heartline_web::model::links::{Piece, pieces};
use wasm_bindgen_test::wasm_bindgen_test;

/// The links of a text; that all of it is there is checked on the way.
fn links(text: &str) -> Vec<&str> {
    let pieces = pieces(text);
    let whole: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Words(it) | Piece::Link(it) => *it,
        })
        .collect();
    assert_eq!(whole, text);
    pieces
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Link(it) => Some(it),
            Piece::Words(_) => None,
        })
        .collect()
}

#[wasm_bindgen_test]
fn links_end_where_the_sentence_goes_on() {
    for (text, wanted) in [
        ("see https://example.org/a?b=c#d.", "https://example.org/a?b=c#d"),
        ("(http://example.org)", "http://example.org"),
        ("https://en.wikipedia.org/wiki/Ada_(name)", "https://en.wikipedia.org/wiki/Ada_(name)"),
        ("“https://example.org/x”, he said", "https://example.org/x"),
        ("看https://例子.测试/路径。", "https://例子.测试/路径"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("<https://example.org>", "https://example.org"),
        ("https://example.org\u{202e}gro.elpmaxe", "https://example.org"),
    ] {
        assert_eq!(links(text), [wanted], "{text}");
    }
}

#[wasm_bindgen_test]
fn what_is_no_page_is_no_link() {
    for text in [
        "javascript:alert(1)",
        "data:text/html,<script>",
        "https://",
        "https:///etc",
        "http://.",
        "xhttps://example.org",
        "example.org",
        "HTTPS",
        "",
    ] {
        assert!(links(text).is_empty(), "{text}");
    }
}

#[wasm_bindgen_test]
fn several_links_and_long_texts_are_taken_apart() {
    assert_eq!(links("http://a.b and https://c.d/ and"), ["http://a.b", "https://c.d/"]);
    let long = "https://x ".repeat(5000);
    assert_eq!(links(&long).len(), 5000);
    assert!(links(&"https://".repeat(5000)).len() <= 5000);
}
