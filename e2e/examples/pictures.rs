//! Pictures of the page, for the README: each tab, by day and by night, on a desk and on a phone.
//!
//! `cargo xtask pictures` builds what it needs and starts it with the folder to put them into.
#![allow(clippy::unwrap_used, reason = "a tool for us: it stops at the first surprise")]

use std::path::Path;

use heartline_e2e::relay::Relay;
use heartline_e2e::{Browser, Kind, Page, Server, Terminal, wait};
use serde_json::{Value, json};

/// How a page is looked at.
#[derive(Clone, Copy)]
struct Look {
    /// What its pictures are called by.
    name: &'static str,
    size: (u32, u32),
    dark: bool,
}

const DESK: (u32, u32) = (1100, 900);
const PHONE: (u32, u32) = (390, 844);

const LOOKS: [Look; 4] = [
    Look { name: "desk-light", size: DESK, dark: false },
    Look { name: "desk-dark", size: DESK, dark: true },
    Look { name: "phone-light", size: PHONE, dark: false },
    Look { name: "phone-dark", size: PHONE, dark: true },
];

#[tokio::main]
async fn main() {
    let folder = std::env::args().nth(1).expect("a folder for the pictures");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let report = examined().await;
    for look in LOOKS {
        let server = Server::start().await;
        let browser = Browser::start(Kind::Chromium).await;
        let page = browser.open("about:blank").await;
        browser.looks(look.size, look.dark).await;
        page.go(&server.page()).await;
        let studio = Studio { page: &page, look, folder };
        studio.chat(&server).await;
        studio.echo(&server).await;
        studio.inspector(&server).await;
        studio.doctor(&report).await;
    }
}

/// A page under a look.
struct Studio<'a> {
    page: &'a Page,
    look: Look,
    folder: &'a Path,
}

impl Studio<'_> {
    /// Takes a picture, with that on top.
    async fn take(&self, name: &str, top: &str) {
        let scroll = "document.activeElement?.blur(); document.querySelector(arguments[0]).scrollIntoView()";
        self.page.run(scroll, vec![json!(top)]).await;
        let file = self.folder.join(format!("{name}-{}.png", self.look.name));
        std::fs::write(&file, self.page.picture().await).unwrap();
    }

    /// What is in sight on a phone only if it is scrolled to.
    fn below<'t>(&self, on_a_phone: &'t str) -> &'t str {
        if self.look.size == PHONE { on_a_phone } else { "body" }
    }

    async fn chat(&self, server: &Server) {
        let ada = self.page.chat();
        ada.join("Ada", "lobby").await;
        let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
        let mut chloe = Terminal::join(server.host(), "克洛伊", "lobby").await;
        ada.say("the train goes into the tunnel, back in a minute").await;
        ada.wait_accepted("the train goes into the tunnel, back in a minute").await;
        bob.say("we keep your place");
        ada.wait_said("we keep your place").await;
        self.page.write("[data-testid='chat-another']", "tea").await;
        self.page.click("[data-testid='chat-open']").await;
        ada.wait_room("tea").await;
        for (who, text) in
            [(&mut chloe, "路上小心"), (&mut bob, "Ada, the notes are at https://example.com/notes")]
        {
            who.say(text);
            who.wait_said(text).await;
        }
        self.page.wait_text("[data-testid='unread']", "what is new", |text| text.starts_with('2')).await;
        self.page.click("[data-testid='room']").await;
        ada.wait_room("lobby").await;
        ada.wait_said("路上小心").await;
        self.take("chat", self.below("[data-testid='badge']")).await;

        self.page.click("[data-testid='view-stage']").await;
        let words = [
            "第一！",
            "what a goal",
            "2333",
            "same here",
            "back already?",
            "the line healed",
            "哈哈哈",
            "welcome back",
        ];
        for (index, text) in words.into_iter().enumerate() {
            let who = if index % 2 == 0 { &mut chloe } else { &mut bob };
            who.say(text);
            who.wait_said(text).await;
        }
        let flying = "const edge = document.querySelector('.stage').getBoundingClientRect().right - 40; \
             return [...document.querySelectorAll('.stage .flies')].filter(one => one.getBoundingClientRect().right < edge).length";
        wait::until("comments in sight", async || match self.page.run(flying, vec![]).await {
            count if count.as_u64() >= Some(4) => Ok(()),
            count => Err(count),
        })
        .await;
        self.take("stage", self.below("[data-testid='rooms']")).await;
        self.page.click("[data-testid='view-timeline']").await;
        bob.end().await;
        chloe.end().await;
    }

    async fn echo(&self, server: &Server) {
        let echo = self.page.echo();
        echo.show().await;
        echo.connect(&server.line("/echo")).await;
        let ticker = r#"{"subscribe":"ticker","depth":10}"#;
        for text in ["hello", ticker, "grüß dich, 世界"] {
            echo.send(text).await;
            echo.wait_logged("in", text).await;
        }
        echo.probe(40, 20).await;
        wait::until("a plot", async || match echo.dots().await {
            40 => Ok(()),
            dots => Err(dots),
        })
        .await;
        self.take("echo", self.below("[data-testid='panel-echo'] .columns")).await;
    }

    async fn inspector(&self, server: &Server) {
        let relay = Relay::to(&format!("ws://{}", server.host())).await;
        let inspector = self.page.inspector();
        inspector.show().await;
        inspector.read(relay.feed()).await;
        let host = relay.line().trim_start_matches("ws://").trim_end_matches('/').to_owned();
        let mut dora = Terminal::join(&host, "Dora", "lobby").await;
        dora.say("seen by the relay");
        inspector.wait_row("Text", "seen by the relay").await;
        inspector.open("seen by the relay").await;
        self.take("inspector", self.below("[data-testid='panel-inspect'] .columns")).await;
        dora.end().await;
    }

    async fn doctor(&self, report: &str) {
        self.page.click("[data-testid='tab-doctor']").await;
        let paste = "const field = document.querySelector(`[data-testid='doctor-json']`); field.value = arguments[0]; \
             field.dispatchEvent(new Event('input', { bubbles: true }))";
        self.page.run(paste, vec![Value::from(report)]).await;
        self.page.click("[data-testid='doctor-show']").await;
        self.page.wait_text("[data-testid='story-end']", "the lines", |text| !text.is_empty()).await;
        self.take("doctor", self.below("[data-testid='doctor-report']")).await;
    }
}

/// What the doctor finds where a hop ends lines after some seconds of silence.
async fn examined() -> String {
    let server = Server::start().await;
    let to = format!("ws://{}", server.host());
    let relay = Relay::with(&to, &["--fault", "both: cut fin after 4s of silence"]).await;
    let mut doctor = heartline_e2e::heartline();
    let url = format!("{}/echo", relay.line().trim_end_matches('/'));
    doctor.args(["doctor", "--for", "16s", "--json", &url]);
    let examined = tokio::task::spawn_blocking(move || doctor.output()).await.unwrap().unwrap();
    String::from_utf8(examined.stdout).unwrap()
}
