//! A firewall that drops what it has forgotten, and says nothing: a network of its own, a connection tracker, one rule.
//!
//! Takes root, as CI has: a network namespace can be made by nobody else. Without it the test says that this was not tried.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use super::{Scenario, examine, side_by_side};
use crate::program::{Running, start_command};

/// A network namespace behind a pair of virtual cables.
struct Network {
    name: String,
    /// The address in it.
    address: String,
}

impl Network {
    fn new(number: u32) -> Self {
        let id = std::process::id() % 8192;
        let name = format!("hl{id}x{number}");
        // The addresses of RFC 2544, which nobody routes: four for each test.
        let base = id * 8 + number * 4;
        let address = |host: u32| format!("198.18.{}.{}", (base >> 8) & 255, (base & 255) + host);
        let (near, far) = (format!("{name}a"), format!("{name}b"));
        let network = Self { address: address(2), name };
        let name = network.name.as_str();
        ip(&["netns", "add", name]);
        ip(&["link", "add", &near, "type", "veth", "peer", "name", &far]);
        ip(&["link", "set", &far, "netns", name]);
        ip(&["address", "add", &format!("{}/30", address(1)), "dev", &near]);
        ip(&["link", "set", &near, "up"]);
        network.inside(&["ip", "address", "add", &format!("{}/30", network.address), "dev", &far]);
        network.inside(&["ip", "link", "set", &far, "up"]);
        network
    }

    /// Forgets lines of which it has heard nothing for so long; what comes of them later, from either end, goes that way.
    fn forget_after(&self, seconds: u32, way: &[&str]) {
        for chain in ["INPUT", "OUTPUT"] {
            let rule = ["iptables", "-A", chain, "-p", "tcp", "-m", "conntrack", "--ctstate", "INVALID"];
            self.inside(&[&rule, way].concat());
        }
        // What it forgot it does not pick up again in the middle.
        self.inside(&["sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0"]);
        self.inside(&[
            "sysctl",
            "-qw",
            &format!("net.netfilter.nf_conntrack_tcp_timeout_established={seconds}"),
        ]);
    }

    fn inside(&self, args: &[&str]) {
        let mut all = vec!["netns", "exec", self.name.as_str()];
        all.extend(args);
        ip(&all);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The cables go with it.
        ip(&["netns", "delete", &self.name]);
    }
}

fn ip(args: &[&str]) {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let output = Command::new("env").arg(format!("PATH={path}")).arg("ip").args(args).output().unwrap();
    assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A server of ours in the network, and the address of its echo.
async fn server(network: &Network) -> (Running, String) {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut command = tokio::process::Command::new("env");
    command.arg(format!("PATH={path}")).args(["ip", "netns", "exec", &network.name]);
    command.arg(env!("CARGO_BIN_EXE_heartline"));
    command.args(["serve", "--open", "--history", "memory", "--listen", &format!("{}:0", network.address)]);
    // A ping of the server's own would keep up what is to be forgotten.
    command.args(["--interval", "60s"]);
    command.kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = start_command(command);
    let url = server.out().await.replace("heartline listening on http", "ws") + "/echo";
    (server, url)
}

#[tokio::test]
async fn firewalls_that_say_nothing_are_found() {
    if !rustix::process::getuid().is_root() {
        let _ = writeln!(std::io::stderr(), "not tried: a network namespace takes root");
        return;
    }
    let forgets: Scenario = Box::pin(async {
        let network = Network::new(0);
        network.forget_after(3, &["-j", "DROP"]);
        let (_server, url) = server(&network).await;
        let exam = examine("forgets and drops", &url, &["--for", "15s"]).await;
        exam.is("silent_idle_timer", 51).ends("lost").after("period", 3.0);
        exam.sign("client_control", "resets").sign("tcp_probe", "resets");
    });
    // As an AWS NLB does.
    let resets: Scenario = Box::pin(async {
        let network = Network::new(1);
        network.forget_after(3, &["-j", "REJECT", "--reject-with", "tcp-reset"]);
        let (_server, url) = server(&network).await;
        let exam = examine("forgets, and resets what comes after", &url, &["--for", "15s"]).await;
        exam.is("silent_idle_timer", 51).after("period", 3.0).sign("client_control", "resets");
    });
    let one_way: Scenario = Box::pin(async {
        let network = Network::new(2);
        let (_server, url) = server(&network).await;
        let losing = async {
            tokio::time::sleep(Duration::from_secs(6)).await;
            network.inside(&["iptables", "-A", "INPUT", "-p", "tcp", "-j", "DROP"]);
        };
        // The survey takes a second.
        let (exam, ()) = tokio::join!(examine("drops one direction", &url, &[]), losing);
        exam.is("path_lost", 55).ends("lost").after("moment", 5.0);
    });
    side_by_side(vec![forgets, resets, one_way]).await;
}
