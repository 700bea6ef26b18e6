//! `heartline doctor`: the right diagnosis for real servers, proxies and firewalls, with times scaled down to seconds.
//!
//! Each scenario takes as long as its watch; those of one test run side by side.

mod command;
mod firewall;
mod proxies;
mod servers;

use std::{
    future::Future,
    net::TcpListener,
    pin::Pin,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::Value;

use crate::program::{Outcome, run};

/// How long a scenario is watched.
const WATCH: &str = "12s";

/// A scenario under way.
type Scenario = Pin<Box<dyn Future<Output = ()>>>;

/// All at once; the first that fails fails the test.
async fn side_by_side(scenarios: Vec<Scenario>) {
    join_all(scenarios).await;
}

/// What the doctor said.
struct Exam {
    name: &'static str,
    outcome: Outcome,
    report: Value,
}

/// Has the doctor look at `url`.
async fn examine(name: &'static str, url: &str, flags: &[&str]) -> Exam {
    let mut args = vec!["doctor", url, "--json"];
    args.extend(flags);
    if !flags.contains(&"--for") && !flags.contains(&"--quick") {
        args.extend(["--for", WATCH]);
    }
    let outcome = run(&args, b"").await;
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{name}: no report ({error}): {outcome:?}"));
    Exam { name, outcome, report }
}

impl Exam {
    /// Checks the cause and the exit code that stands for it.
    #[track_caller]
    fn is(&self, cause: &str, code: i32) -> &Self {
        assert_eq!(self.report["verdict"]["cause"], cause, "{}", self.told());
        assert_eq!(self.outcome.code, code, "{}", self.told());
        self
    }

    /// Checks how lines end: `closed`, `cut` or `lost`.
    #[track_caller]
    fn ends(&self, how: &str) -> &Self {
        let manner = &self.finding()["manner"];
        let is_it = manner == how || manner.get(how).is_some();
        assert!(is_it, "ends by {manner}: {}", self.told());
        self
    }

    /// Checks a number of seconds, to 0.5 s or 5 %: `period`, or the `moment` of an event.
    #[track_caller]
    fn after(&self, which: &str, seconds: f64) -> &Self {
        let found = &self.finding()[which];
        let number = |name: &str| found[name].as_f64();
        let middle = || Some(f64::midpoint(number("least")?, number("most")?));
        let told = number("about").or_else(middle);
        let is_near = told.is_some_and(|told| (told - seconds).abs() <= (seconds / 20.0).max(0.5));
        assert!(is_near, "{which} is {found}, not {seconds} s: {}", self.told());
        self
    }

    /// Checks what a kind of sign does to the timer: `resets`, `does_not`, `unknown`.
    #[track_caller]
    fn sign(&self, sign: &str, effect: &str) -> &Self {
        let effects = self.finding()["effects"].as_array().expect("effects").clone();
        let found = effects.iter().find(|pair| pair[0] == sign).map(|pair| pair[1].clone());
        assert_eq!(found, Some(effect.into()), "{sign}: {}", self.told());
        self
    }

    fn finding(&self) -> &Value {
        &self.report["verdict"]["findings"][0]
    }

    /// All there is to know when something is wrong.
    fn told(&self) -> String {
        let verdict = serde_json::to_string_pretty(&self.report["verdict"]).unwrap();
        let stories = self.report["stories"].as_array().cloned().unwrap_or_default();
        let stories: Vec<String> = stories
            .iter()
            .map(|story| {
                let marks = story["marks"].as_array().map_or(0, Vec::len);
                format!(
                    "{} {} opened {}, {marks} marks, probed {}: {}",
                    story["number"], story["life"], story["opened"], story["probed"], story["fate"]
                )
            })
            .collect();
        format!("{}: code {}\n{verdict}\n{}", self.name, self.outcome.code, stories.join("\n"))
    }
}

/// A port that was free a moment ago, for programs that cannot choose one.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program beside ours, asked to end when it is no longer needed. nginx takes its workers along only when asked.
struct Companion(Child);

impl Companion {
    fn start(program: &str, args: &[&str]) -> Self {
        // Debian has daemons where only root looks.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        let mut command = Command::new("env");
        command.arg(format!("PATH={path}")).arg(program).args(args);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self(child.unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.0);
        // One that is gone needs no signal.
        let _ = rustix::process::kill_process(id, signal);
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

/// Waits until somebody listens there.
async fn listening(port: u16) {
    let listening = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::program::PATIENCE, listening).await.expect("nobody listens");
}
