//! Browsers.

use std::sync::Arc;

use fantoccini::Client;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::driver::Driver;
use crate::page::Page;
use crate::wait;

/// In CSS pixels: a small phone, held upright.
const PHONE_WIDTH: u32 = 360;

/// A make of browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Or Chrome.
    Chromium,
    /// Its long-time release or any other.
    Firefox,
}

impl Kind {
    /// The variable that says where its driver is.
    pub(crate) fn driver_variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMEDRIVER",
            Self::Firefox => "GECKODRIVER",
        }
    }

    /// The variable that says where it is itself.
    pub(crate) fn browser_variable(self) -> &'static str {
        match self {
            Self::Chromium => "CHROMIUM",
            Self::Firefox => "FIREFOX",
        }
    }
}

/// A browser of our own, with a fresh profile and no window that anybody sees.
#[derive(Debug)]
pub struct Browser {
    kind: Kind,
    client: Client,
    /// The window that commands go to; pages of one browser take turns.
    at: Arc<Mutex<WindowHandle>>,
    /// Held for its end.
    _driver: Driver,
}

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// It does not start, which says why.
    pub async fn start(kind: Kind) -> Self {
        let mut driver = Driver::start(kind).await;
        let client = driver.open(kind).await;
        let window = client.window().await.expect("a browser begins with a window");
        Self { kind, client, at: Arc::new(Mutex::new(window)), _driver: driver }
    }

    /// Which it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Opens a URL in the window that is there.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn open(&self, url: &str) -> Page {
        let window = self.at.lock().await.clone();
        self.page(window, url).await
    }

    /// Opens a URL in a further window.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn open_beside(&self, url: &str) -> Page {
        let opened = self.client.new_window(false).await.expect("a further window");
        self.page(opened.handle, url).await
    }

    /// Makes the window as narrow as a phone.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn shrink_to_phone(&self, page: &Page) {
        page.resize(PHONE_WIDTH, 740).await;
        let width = page.run("return innerWidth", vec![]).await.as_f64().expect("a window has a width");
        // Firefox leaves room for its own buttons. A page shown larger has fewer pixels of its own.
        if self.kind == Kind::Firefox && width > f64::from(PHONE_WIDTH) {
            let script = format!("gBrowser.selectedBrowser.fullZoom = {}", width / f64::from(PHONE_WIDTH));
            self.inside(&script).await;
        }
        wait::until("a narrow window", async || {
            let width = page.run("return innerWidth", vec![]).await;
            if width.as_f64().is_some_and(|width| width.round() as u32 <= PHONE_WIDTH) {
                Ok(())
            } else {
                Err(width)
            }
        })
        .await;
    }

    /// Shows pages as on a screen of this size, in CSS pixels, to somebody who likes it dark or light. Chromium only.
    ///
    /// # Panics
    /// The browser does not do it.
    pub async fn looks(&self, (width, height): (u32, u32), dark: bool) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        for (tool, arguments) in
            [("Emulation.setDeviceMetricsOverride", screen), ("Emulation.setEmulatedMedia", media)]
        {
            self.client.issue_cmd(Command::Tool(tool, arguments)).await.expect("Chromium has such tools");
        }
    }

    async fn page(&self, window: WindowHandle, url: &str) -> Page {
        let page = Page::new(self.client.clone(), window, self.at.clone());
        page.go(url).await;
        page
    }

    /// What the browser's console has against `page` since the browser was started: scripts that failed, what the page's
    /// policy forbade.
    ///
    /// # Panics
    /// The browser does not tell.
    pub async fn complaints(&self, page: &str) -> Vec<String> {
        let (entries, is_against): (_, fn(&Value, &str) -> bool) = match self.kind {
            Kind::Chromium => {
                let log = self.client.issue_cmd(Command::ReadLog).await.expect("Chromium tells its log");
                (log, |entry, _| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            }
            Kind::Firefox => {
                self.client
                    .issue_cmd(Command::ActOn("chrome"))
                    .await
                    .expect("Firefox lets its console be read");
                let script =
                    "return Services.console.getMessageArray().map(entry => ({ message: entry.message }))";
                let log = self.client.execute(script, vec![]).await.expect("Firefox tells its console");
                self.client
                    .issue_cmd(Command::ActOn("content"))
                    .await
                    .expect("Firefox turns back to the page");
                // It has much to say to itself.
                (log, |entry, page| entry["message"].as_str().is_some_and(|message| message.contains(page)))
            }
        };
        let against = entries.as_array().into_iter().flatten().filter(|entry| is_against(entry, page));
        against.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Runs a script in Firefox itself, not in a page.
    async fn inside(&self, script: &str) -> Value {
        self.client.issue_cmd(Command::ActOn("chrome")).await.expect("Firefox lets its inside be used");
        let value = self.client.execute(script, vec![]).await.expect("the script fits Firefox");
        self.client.issue_cmd(Command::ActOn("content")).await.expect("Firefox turns back to the page");
        value
    }
}

/// What WebDriver has no command for.
#[derive(Debug)]
enum Command {
    /// Chromium: what its console shows. Each entry is told once.
    ReadLog,
    /// Firefox: whether scripts run in the page (`content`) or in the browser itself (`chrome`).
    ActOn(&'static str),
    /// Chromium: one of the tools for developers, and what to do with it.
    Tool(&'static str, Value),
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        let command = match self {
            Self::ReadLog => "se/log",
            Self::ActOn(_) => "moz/context",
            Self::Tool(..) => "goog/cdp/execute",
        };
        base.join(&format!("session/{}/{command}", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = match self {
            Self::ReadLog => json!({ "type": "browser" }),
            Self::ActOn(context) => json!({ "context": context }),
            Self::Tool(tool, arguments) => json!({ "cmd": tool, "params": arguments }),
        };
        (http::Method::POST, Some(body.to_string()))
    }
}
