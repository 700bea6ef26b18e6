use heartline_core::{
    chat::Spoken,
    stage::Setting,
    time::Duration,
    wire::{Lane, Style},
};
use heartline_web::{
    components::{stage_bar::StageBar, stage_view::StageView},
    model::{
        comment::Comment,
        hue::{self, HUES},
    },
    session::stage::StageSession,
    storage::key,
};
use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::support::{Mounted, mount, settled};

#[wasm_bindgen_test]
fn a_comment_is_one_line_that_can_be_read_in_passing() {
    let text = |said: &str| Comment::of(&spoken(said)).0.text;
    assert_eq!(text("two\nlines \t and blanks "), "two lines and blanks");
    assert_eq!(text(&"弹".repeat(80)), "弹".repeat(80));
    assert_eq!(text(&"弹".repeat(81)), ["弹".repeat(80), "…".to_owned()].concat());
    assert_eq!(text("  "), "");
}

#[wasm_bindgen_test]
fn a_comment_looks_as_its_writer_wants() {
    let colour = "#a1b2c3".parse().ok();
    let styled = Spoken { style: Some(Style { colour, lane: Lane::Top }), ..spoken("hello") };
    let (comment, lane) = Comment::of(&styled);
    assert_eq!((comment.colour.as_deref(), lane), (Some("#a1b2c3"), Lane::Top));
    let (comment, lane) = Comment::of(&spoken("hello"));
    assert_eq!((comment.colour, lane), (None, Lane::Scroll));
}

#[wasm_bindgen_test]
fn a_colour_belongs_to_an_identity_and_all_are_in_use() {
    assert_eq!(hue::class("abc"), hue::class("abc"));
    let mut seen: Vec<_> = (0..200).map(|n| hue::class(&n.to_string())).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), HUES);
}

#[wasm_bindgen_test]
async fn comments_go_on_stage_as_text_and_none_without_a_stage() {
    let stage = StageSession::new();
    stage.show(false);
    let page = staged(stage);
    stage.offer(&spoken("nobody sees it"));
    stage.show(true);
    stage.offer(&spoken("<b>first</b>"));
    stage.offer(&spoken("second"));
    frame().await;
    assert_eq!(comments(&page), ["<b>first</b>", "second"]);
    assert!(page.root.query_selector("b").unwrap().is_none());
    assert_eq!(stage.dropped.get_untracked(), 0);
}

#[wasm_bindgen_test]
async fn a_paused_stage_begins_nothing_until_it_goes_on() {
    let stage = StageSession::new();
    stage.show(true);
    let page = staged(stage);
    page.click("stage-pause").await;
    stage.offer(&spoken("later"));
    frame().await;
    assert!(comments(&page).is_empty());
    assert!(page.get("stage").class_list().contains("paused"));
    page.click("stage-pause").await;
    frame().await;
    assert_eq!(comments(&page), ["later"]);
    assert!(!page.get("stage").class_list().contains("paused"));
}

#[wasm_bindgen_test]
async fn what_finds_no_room_is_told() {
    let stage = StageSession::new();
    stage.show(true);
    let page = staged(stage);
    (0..100).for_each(|n| stage.offer(&spoken(&n.to_string())));
    frame().await;
    settled().await;
    // More than can wait came before the first frame.
    assert_eq!(page.text("stage-dropped"), "36 comments found no room; the timeline has them");
}

#[wasm_bindgen_test]
async fn sliders_set_what_is_remembered() {
    let stage = StageSession::new();
    stage.set(Setting::default());
    let page = staged(stage);
    page.write("stage-lasts", "12").await;
    page.write("stage-density", "40").await;
    page.write("stage-opacity", "70").await;
    let wanted = Setting::default().with_lasts(Duration::from_secs(12)).and_then(|it| it.with_density(40));
    let wanted = wanted.and_then(|it| it.with_opacity(70)).unwrap();
    assert_eq!(stage.setting.get_untracked(), wanted);
    assert_eq!(StageSession::new().setting.get_untracked(), wanted, "the next visit begins with it");

    let storage = window().local_storage().unwrap().unwrap();
    storage.set_item(key::STAGE, "{\"density\":0}").unwrap();
    assert_eq!(StageSession::new().setting.get_untracked(), Setting::default());
    storage.remove_item(key::STAGE).unwrap();
}

/// A stage that is ten rows high; there is no style sheet here.
fn staged(stage: StageSession) -> Mounted {
    let page = mount(move || {
        view! {
            <StageView stage />
            <StageBar stage />
        }
    });
    let ground = page.root.query_selector(".stage-ground").unwrap().unwrap();
    let ground: HtmlElement = wasm_bindgen::JsCast::unchecked_into(ground);
    ground.style().set_property("height", "320px").unwrap();
    page
}

fn comments(page: &Mounted) -> Vec<String> {
    let found = page.root.query_selector_all(".stage-ground > .comment").unwrap();
    (0..found.length()).map(|index| found.item(index).unwrap().text_content().unwrap()).collect()
}

/// Waits until the next frame is drawn, and the one after it begins.
async fn frame() {
    settled().await;
    for _ in 0..2 {
        let drawn = Promise::new(&mut |done, _| {
            request_animation_frame(move || {
                let _ = done.call0(&wasm_bindgen::JsValue::NULL);
            });
        });
        JsFuture::from(drawn).await.unwrap();
    }
}

fn spoken(text: &str) -> Spoken {
    Spoken {
        era: 0,
        seq: 1,
        prev: 0,
        at: Some(0),
        from: "somebody".to_owned(),
        name: "Somebody".to_owned(),
        id: 1,
        text: text.to_owned(),
        style: None,
        own: false,
    }
}
