use heartline_web::model::address::{AddressError, Origin, check};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn what_can_be_dialled_is_dialled_as_written() {
    for url in [
        "ws://example.org",
        "wss://example.org/socket?room=1",
        "ws://[::1]:9000/x",
        "WS://user:secret@example.org:80/",
    ] {
        assert_eq!(check(url, &plain()).unwrap().url, url);
    }
    assert_eq!(check("  ws://example.org/ ", &plain()).unwrap().url, "ws://example.org/");
}

#[wasm_bindgen_test]
fn a_forgotten_or_a_page_s_scheme_gets_a_suggestion() {
    for (written, better) in [
        ("example.org/socket", "ws://example.org/socket"),
        ("localhost:9000", "ws://localhost:9000"),
        ("http://example.org/x", "ws://example.org/x"),
        ("https://example.org/x", "wss://example.org/x"),
        ("ws://example.org/#top", "ws://example.org/"),
    ] {
        let error = check(written, &plain()).unwrap_err();
        assert_eq!(error.suggestion(), Some(better), "{written}: {error}");
        assert!(check(better, &plain()).is_ok(), "{better} would do");
    }
    assert_eq!(check("example.org", &secure()).unwrap_err().suggestion(), Some("wss://example.org"));
}

#[wasm_bindgen_test]
fn what_cannot_be_a_url_is_told() {
    assert_eq!(check(" ", &plain()), Err(AddressError::Empty));
    assert_eq!(check("ws://exa mple.org", &plain()), Err(AddressError::Blank));
    assert_eq!(check("ftp://example.org", &plain()), Err(AddressError::OtherScheme { scheme: "ftp".into() }));
    for url in ["ws://", "ws:///path", "ws://:80/", "ws://user@/"] {
        assert_eq!(check(url, &plain()), Err(AddressError::NoHost), "{url}");
    }
}

#[wasm_bindgen_test]
fn an_encrypted_page_dials_in_the_open_only_its_own_machine() {
    let error = check("ws://example.org/x", &secure()).unwrap_err();
    assert_eq!(error.suggestion(), Some("wss://example.org/x"));
    assert!(error.to_string().contains("mixed content"));
    for url in ["ws://localhost:1", "ws://127.0.0.1/", "ws://127.9.9.9/", "ws://[::1]/", "wss://example.org/"]
    {
        assert!(check(url, &secure()).is_ok(), "{url}");
    }
    assert!(check("ws://127.0.0.1.example.org/", &secure()).is_err());
}

#[wasm_bindgen_test]
fn the_page_knows_its_own_server() {
    let own = plain().own("/chat");
    assert_eq!(own, "ws://here.example:8080/chat");
    assert!(check(&own, &plain()).unwrap().own_server);
    for other in ["ws://here.example/chat", "wss://here.example:8080/", "ws://there.example:8080/"] {
        assert!(!check(other, &plain()).unwrap().own_server, "{other}");
    }
}

fn plain() -> Origin {
    Origin { secure: false, host: "here.example:8080".into() }
}

fn secure() -> Origin {
    Origin { secure: true, host: "here.example".into() }
}
