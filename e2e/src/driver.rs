//! chromedriver and geckodriver.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::browser::Kind;
use crate::process::Process;
use crate::program;
use crate::wait::DEADLINE;

/// A driver with one browser. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct Driver {
    /// `127.0.0.1:PORT`.
    host: String,
    session: Option<String>,
    process: Process,
    /// Profiles and whatever else browsers leave behind. Goes last.
    _folder: TempDir,
}

impl Driver {
    /// Starts a driver on a port the system chose.
    pub(crate) async fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(program(kind.driver_variable()));
        match kind {
            Kind::Chromium => command.arg("--port=0"),
            // The second port is for a protocol not used here; 0 keeps two drivers from wanting the same one. The access is to
            // the browser's own console.
            Kind::Firefox => command.args(["--port", "0", "--websocket-port", "0", "--allow-system-access"]),
        };
        for variable in ["TMPDIR", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, folder.path());
        }
        let mut process = Process::start(kind.driver_variable(), command);
        let port = process.line("on which port it listens", |line| port(kind, line)).await;
        Self { host: format!("127.0.0.1:{port}"), session: None, process, _folder: folder }
    }

    /// Starts the browser.
    pub(crate) async fn open(&mut self, kind: Kind) -> Client {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities(kind)).connect(&format!("http://{}", self.host)).await;
        let client = match client {
            Ok(client) => client,
            Err(error) => panic!("{kind:?} does not start: {error}\n{}", self.process.said()),
        };
        self.session = client.session_id().await.ok().flatten();
        client
    }

    /// In so many bytes, because dropping cannot await.
    fn end_session(&self) -> std::io::Result<()> {
        let Some(session) = &self.session else { return Ok(()) };
        let mut driver = TcpStream::connect(&self.host)?;
        driver.set_read_timeout(Some(DEADLINE))?;
        write!(
            driver,
            "DELETE /session/{session} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.host
        )?;
        // The answer comes when the browser is gone.
        driver.read(&mut [0; 1]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The driver ends its browser, by force if need be. Where not even that works, the test has failed already.
        let _ = self.end_session();
    }
}

fn port(kind: Kind, line: &str) -> Option<u16> {
    let port = match kind {
        Kind::Chromium => line.strip_suffix('.')?.split_once("started successfully on port ")?.1,
        Kind::Firefox => line.split_once("Listening on 127.0.0.1:")?.1,
    };
    port.parse().ok()
}

fn capabilities(kind: Kind) -> Map<String, Value> {
    let program = program(kind.browser_variable());
    let capabilities = match kind {
        Kind::Chromium => json!({
            "goog:chromeOptions": {
                "binary": program,
                "args": [
                    "--headless",
                    // Its sandbox wants another user than root, and a container has little shared memory.
                    "--no-sandbox",
                    "--disable-dev-shm-usage",
                    "--disable-gpu",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--no-first-run",
                ],
                // The driver means it well: but a page that nobody looks at must be treated as people's browsers treat it.
                "excludeSwitches": [
                    "disable-background-timer-throttling",
                    "disable-backgrounding-occluded-windows",
                    "disable-renderer-backgrounding",
                ],
            },
            "goog:loggingPrefs": { "browser": "ALL" },
        }),
        Kind::Firefox => json!({
            "moz:firefoxOptions": {
                "binary": program,
                "args": ["-headless"],
            },
        }),
    };
    let Value::Object(capabilities) = capabilities else { unreachable!("the literal above is an object") };
    capabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_say_their_port_each_in_its_own_words() {
        let chromium = "ChromeDriver was started successfully on port 44119.";
        assert_eq!(port(Kind::Chromium, chromium), Some(44119));
        let firefox = "1795376378331\tgeckodriver\tINFO\tListening on 127.0.0.1:46383";
        assert_eq!(port(Kind::Firefox, firefox), Some(46383));
        assert_eq!(port(Kind::Chromium, firefox), None);
    }
}
