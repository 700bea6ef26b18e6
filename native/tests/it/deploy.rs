//! The files of `deploy/` name flags that exist, with values the server takes, and wait long enough for it to leave.

use std::path::Path;
use std::time::Duration;

use clap::Parser;
use heartline::cli::quantity::duration;
use heartline::cli::{Cli, Command};
use heartline::server::Config;
use heartline::server::history::HistoryConfig;

/// How long the history may take to put everything away, behind `--drain`.
const PUT_AWAY: Duration = Duration::from_secs(10);

#[test]
fn the_unit_starts_a_server_and_waits_for_it_to_leave() {
    let unit = read("heartline.service");
    let start = value(&unit, "ExecStart=");
    let config = config(start.split_whitespace().skip(1));
    let stop = duration(value(&unit, "TimeoutStopSec=")).unwrap();
    assert!(stop > config.drain + PUT_AWAY, "{stop:?} is less than it takes to leave");
}

#[test]
fn the_manifest_starts_a_server_and_nothing_around_it_is_less_patient() {
    let manifest = read("kubernetes.yaml");
    let items = manifest.lines().map(str::trim).skip_while(|line| *line != "args:").skip(1);
    let flags = items.filter(|line| !line.starts_with('#')).map_while(|line| line.strip_prefix("- "));
    // As Kubernetes puts it in.
    let flags: Vec<String> = flags.map(|flag| flag.replace("$(POD_IP)", "10.1.2.3")).collect();
    let config = config(flags.iter().map(String::as_str));
    let seconds = |before: &str| {
        let digits = value(&manifest, before).trim_matches(|c: char| !c.is_ascii_digit());
        Duration::from_secs(digits.parse().unwrap())
    };
    let stop = seconds("terminationGracePeriodSeconds:");
    assert!(stop > seconds("sleep: {seconds:") + config.drain + PUT_AWAY, "{stop:?} is less than it takes");
    for timeout in ["proxy-read-timeout:", "proxy-send-timeout:"] {
        let patience = seconds(&format!("nginx.ingress.kubernetes.io/{timeout}"));
        assert!(patience >= 2 * config.heartbeat.interval(), "{timeout} would cut healthy lines");
    }
    let HistoryConfig::Nats(nats) = &config.history else { panic!("{:?}", config.history) };
    assert!(manifest.contains(&format!("\n  replicas: {}\n  serviceName: nats\n", nats.replicas)));
    assert_eq!(nats.servers.to_string().split(',').count(), nats.replicas);
}

#[test]
fn the_image_starts_a_server_as_nobody_special_and_lets_nobody_in_by_itself() {
    let image = read("Containerfile");
    let words: Vec<String> = serde_json::from_str(value(&image, "CMD ")).unwrap();
    let Command::Serve(serve) = parse(words.iter().map(String::as_str)) else { panic!("{words:?}") };
    let everywhere = serve.listen.parse().unwrap();
    assert!(serve.config(everywhere).is_err(), "it must be said who may come in");
    assert!(value(&image, "USER ").starts_with("10001:"));
}

/// What a server started with these words does.
fn config<'w>(words: impl Iterator<Item = &'w str>) -> Config {
    let Command::Serve(serve) = parse(words) else { panic!("another command") };
    serve.config(serve.listen.parse().unwrap()).unwrap()
}

fn parse<'w>(words: impl Iterator<Item = &'w str>) -> Command {
    Cli::try_parse_from(["heartline"].into_iter().chain(words))
        .unwrap_or_else(|error| panic!("{error}"))
        .command
}

/// What stands behind these words on the first line that begins with them.
fn value<'t>(text: &'t str, before: &str) -> &'t str {
    let found = text.lines().find_map(|line| line.trim().strip_prefix(before));
    found.unwrap_or_else(|| panic!("no line begins with `{before}`")).trim()
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
