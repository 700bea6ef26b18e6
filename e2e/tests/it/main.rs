//! The whole thing: a server, pages in real browsers, people at terminals.
#![allow(clippy::unwrap_used)]

/// Makes a test of each scenario for each browser. A scenario is told its browser.
macro_rules! in_both_browsers {
    ($($scenario:ident),+ $(,)?) => {
        mod chromium {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(heartline_e2e::Browser::start(heartline_e2e::Kind::Chromium).await).await;
            })+
        }
        mod firefox {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(heartline_e2e::Browser::start(heartline_e2e::Kind::Firefox).await).await;
            })+
        }
    };
}

mod accessible;
mod address;
mod chat;
mod comeback;
mod commands;
mod doctor;
mod echo;
mod harm;
mod hidden;
mod inspector;
mod keeping;
mod keyboard;
mod memory;
mod offline;
mod opening;
mod phone;
mod rooms;
mod silence;
mod stage;
mod tokens;
