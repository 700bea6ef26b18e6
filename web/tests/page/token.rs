use std::{cell::RefCell, rc::Rc};

use heartline_core::{
    line::{Ended, Input},
    time::Duration,
    wire::TokenFault,
};
use heartline_web::{
    dialer::Dialer,
    driver::{Dial, Tell},
    model::address::Address,
    token::{TokenError, TokenSource},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Happening, Patch, run};

/// Longer than any test waits for what does come.
const AMPLE: Duration = Duration::from_secs(60);

#[wasm_bindgen_test]
async fn a_function_of_the_page_is_asked_anew_each_time() {
    let _page = owner("{ n: 0, token() { this.n += 1; return `of-dial-${this.n}`; } }");
    let source = untyped(AMPLE);
    assert!(TokenSource::is_fresh());
    assert_eq!(fetched(&source).await, Ok(Some("of-dial-1".to_owned())));
    assert_eq!(fetched(&source).await, Ok(Some("of-dial-2".to_owned())));
    drop(_page);
    let _page = owner("{ token: async () => ' promised\\n' }");
    assert_eq!(fetched(&source).await, Ok(Some("promised".to_owned())), "another one counts from now on");
}

#[wasm_bindgen_test]
async fn where_nobody_gives_a_token_there_is_none() {
    for page in ["undefined", "null", "{}", "{ token: 'a word' }", "'a word'"] {
        let _page = owner(page);
        assert!(!TokenSource::is_fresh(), "{page}");
        assert_eq!(fetched(&untyped(AMPLE)).await, Ok(None), "{page}");
    }
}

#[wasm_bindgen_test]
async fn what_is_typed_goes_before_the_function() {
    let _page = owner("{ token() { throw new Error('asked all the same'); } }");
    let typed = |text: &'static str| TokenSource::new(move || text.to_owned(), AMPLE);
    assert_eq!(fetched(&typed(" typed ")).await, Ok(Some("typed".to_owned())));
    let wrong = fetched(&typed("not one word")).await;
    assert_eq!(wrong, Err(TokenError::Typed(TokenFault::NotAWord)));
    assert!(!wrong.unwrap_err().passes());
    assert!(fetched(&typed("  ")).await.unwrap_err().to_string().contains("asked all the same"));
}

#[wasm_bindgen_test]
async fn a_function_that_fails_is_named_and_what_it_gave_is_not_repeated() {
    for (function, error) in [
        ("() => { throw new Error('no session'); }", TokenError::Failed("no session".to_owned())),
        ("async () => { throw new Error('no session'); }", TokenError::Failed("no session".to_owned())),
        ("() => { throw { message: 'no session' }; }", TokenError::Failed("no session".to_owned())),
        ("() => 42", TokenError::NoText),
        ("async () => undefined", TokenError::NoText),
        ("() => ''", TokenError::NoToken(TokenFault::Empty)),
        ("() => 'se cret'", TokenError::NoToken(TokenFault::NotAWord)),
    ] {
        let _page = owner(&format!("{{ token: {function} }}"));
        let told = fetched(&untyped(AMPLE)).await.unwrap_err();
        assert_eq!(told, error, "{function}");
        assert!(told.passes() && told.to_string().contains("window.heartline.token"), "{told}");
        assert!(!told.to_string().contains("cret"), "{told}");
    }
    let _page = owner("{ token() { throw 'secret'; } }");
    assert!(!fetched(&untyped(AMPLE)).await.unwrap_err().to_string().contains("secret"));
}

#[wasm_bindgen_test]
async fn a_function_that_does_not_answer_is_not_waited_for() {
    let _page = owner("{ token: () => new Promise(() => {}) }");
    let within = Duration::from_millis(50);
    assert_eq!(fetched(&untyped(within)).await, Err(TokenError::Late(within)));
}

#[wasm_bindgen_test]
async fn the_machine_has_the_token_before_the_socket_and_a_failure_is_that_of_the_dial() {
    let _page = owner("{ token: () => 'good' }");
    let (tell, ears) = ears();
    let wire = dialer().dial(7, tell).unwrap_or_else(|why| panic!("{why}"));
    ears.told.wait().await;
    let Some(Input::Token { generation: 7, token: Some(token) }) = ears.first() else {
        panic!("{:?}", ears.first())
    };
    assert_eq!(token.as_str(), "good");
    drop((wire, _page));

    let _page = owner("{ token() { throw new Error('no session'); } }");
    let (tell, ears) = self::ears();
    let _wire = dialer().dial(8, tell);
    ears.told.wait().await;
    let Some(Input::Closed { generation: 8, ended: Ended::DialFailed { why, retry: true } }) = ears.first()
    else {
        panic!("{:?}", ears.first())
    };
    assert!(why.contains("no session"), "{why}");
}

#[wasm_bindgen_test]
async fn a_dial_that_is_given_up_meanwhile_is_not_made() {
    let _page = owner("{ token: () => window.given }");
    run("window.given = new Promise(give => { window.give = give; })");
    let (tell, given_up) = ears();
    drop(dialer().dial(1, tell));
    let (tell, ears) = ears();
    let _wire = dialer().dial(2, tell);
    run("window.give('late'); delete window.give");
    // They began in this order, so the first has been served when this one is.
    ears.told.wait().await;
    assert!(matches!(ears.first(), Some(Input::Token { generation: 2, .. })), "{:?}", ears.first());
    assert_eq!(given_up.heard.borrow().len(), 0);
    run("delete window.given");
}

/// The page's owner defines `window.heartline`.
fn owner(value: &str) -> Patch {
    Patch::new(&format!("window.heartline = {value}"), "delete window.heartline")
}

fn untyped(within: Duration) -> TokenSource {
    TokenSource::new(String::new, within)
}

async fn fetched(source: &TokenSource) -> Result<Option<String>, TokenError> {
    source.fetch().await.map(|token| token.map(|token| token.as_str().to_owned()))
}

/// To the discard port, where nothing listens.
fn dialer() -> Dialer {
    let address = Address { url: "ws://127.0.0.1:9/".to_owned(), own_server: false };
    Dialer::new(address, Vec::new()).with_tokens(untyped(AMPLE))
}

struct Ears {
    heard: Rc<RefCell<Vec<Input>>>,
    told: Happening,
}

impl Ears {
    fn first(&self) -> Option<Input> {
        self.heard.borrow().first().cloned()
    }
}

fn ears() -> (Tell, Ears) {
    let ears = Ears { heard: Rc::default(), told: Happening::new() };
    let (heard, told) = (ears.heard.clone(), ears.told.clone());
    let tell = Rc::new(move |input| {
        heard.borrow_mut().push(input);
        told.now();
    });
    (tell, ears)
}
