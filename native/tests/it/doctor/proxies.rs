//! Proxies in front of a server that never ends a line: nginx and HAProxy.

use std::{path::Path, time::Duration};

use rustix::process::Signal;
use tokio::time::sleep;

use super::{
    Companion, Scenario, examine, free_port, listening,
    servers::{USUAL, server},
    side_by_side,
};

/// An nginx with one server, in a folder of its own.
async fn nginx(folder: &Path, upstream: u16) -> (Companion, u16) {
    let port = free_port();
    let place = folder.display();
    let upgrade = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";
    let config = format!(
        "daemon off; pid {place}/pid; error_log {place}/error.log; worker_processes 1; worker_shutdown_timeout 1s;\n\
         {user}events {{ worker_connections 256; }}\n\
         http {{\n access_log off;\n client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;\n\
         uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n server {{\n listen 127.0.0.1:{port};\n\
         location /short {{ proxy_pass http://127.0.0.1:{upstream}; {upgrade} proxy_read_timeout 3s; }}\n\
         location /long {{ proxy_pass http://127.0.0.1:{upstream}; {upgrade} proxy_read_timeout 300s; }}\n\
         location /plain {{ proxy_pass http://127.0.0.1:{upstream}; }}\n }} }}\n",
        user = if rustix::process::getuid().is_root() { "user root;\n" } else { "" },
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let error_log = folder.join("error.log");
    let nginx = Companion::start("nginx", &["-e", error_log.to_str().unwrap(), "-c", file.to_str().unwrap()]);
    listening(port).await;
    (nginx, port)
}

#[tokio::test]
async fn proxies_are_found_by_what_they_do() {
    side_by_side(vec![Box::pin(nginx_by_its_ways()), Box::pin(haproxy_by_either_timer())]).await;
}

/// Its timer, its reload, and an `Upgrade` it drops.
async fn nginx_by_its_ways() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = server(USUAL).await;
    let (first, port) = nginx(folder.path(), upstream.port).await;
    // The reload below is for another one: this one's lines are to end by their timer.
    let other_folder = tempfile::tempdir().unwrap();
    let (reloaded, reloaded_port) = nginx(other_folder.path(), upstream.port).await;
    let timer: Scenario = Box::pin(async move {
        let exam = examine("nginx proxy_read_timeout", &format!("ws://127.0.0.1:{port}/short"), &[]).await;
        exam.is("idle_timer", 50).ends("cut").after("period", 3.0);
        exam.sign("client_control", "resets").sign("tcp_probe", "does_not");
        let said = exam.report["verdict"].to_string();
        assert!(said.contains("proxy_read_timeout"), "{}", exam.told());
    });
    let dropped: Scenario = Box::pin(async move {
        let exam = examine("nginx drops Upgrade", &format!("ws://127.0.0.1:{port}/plain"), &[]).await;
        exam.is("no_line", 20);
        let handshake = exam.report["survey"]["handshake"].to_string();
        assert!(handshake.contains("saw no Upgrade") && handshake.contains("nginx"), "{handshake}");
    });
    let reload: Scenario = Box::pin(async move {
        let reloading = async {
            sleep(Duration::from_secs(6)).await;
            reloaded.signal(Signal::HUP);
        };
        let url = format!("ws://127.0.0.1:{reloaded_port}/long");
        let (exam, ()) = tokio::join!(examine("nginx reload", &url, &[]), reloading);
        // The survey took one second, and the old worker's patience is another one.
        exam.is("event", 53).ends("cut").after("moment", 6.0);
        drop(reloaded);
    });
    side_by_side(vec![timer, dropped, reload]).await;
    drop(first);
}

/// `timeout tunnel`, and where there is none `timeout client`.
async fn haproxy_by_either_timer() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = server(USUAL).await;
    let (tunnel, client) = (free_port(), free_port());
    let config = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 3s\n timeout server 300s\n\
         frontend tunnel\n bind 127.0.0.1:{tunnel}\n default_backend tunnel\n\
         backend tunnel\n timeout tunnel 4s\n server s 127.0.0.1:{upstream}\n\
         frontend client\n bind 127.0.0.1:{client}\n default_backend client\n\
         backend client\n server s 127.0.0.1:{upstream}\n",
        upstream = upstream.port,
    );
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, config).unwrap();
    let _haproxy = Companion::start("haproxy", &["-db", "-f", file.to_str().unwrap()]);
    listening(tunnel).await;
    let scenario = |name, port: u16, seconds: f64| -> Scenario {
        Box::pin(async move {
            let exam = examine(name, &format!("ws://127.0.0.1:{port}/"), &[]).await;
            exam.is("idle_timer", 50).ends("cut").after("period", seconds);
            exam.sign("client_control", "resets").sign("tcp_probe", "does_not");
        })
    };
    side_by_side(vec![
        scenario("HAProxy timeout tunnel", tunnel, 4.0),
        scenario("HAProxy timeout client", client, 3.0),
    ])
    .await;
}
