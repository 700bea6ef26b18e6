//! Being told to stop.

use tokio::sync::Notify;

use crate::exit_code::ExitCode;

/// Waits for SIGINT or SIGTERM. A second one ends the program on the spot, whatever it is doing.
pub struct Interrupts {
    notify: std::sync::Arc<Notify>,
}

impl Interrupts {
    /// From here on the signals are caught.
    pub fn catch() -> Self {
        let notify = std::sync::Arc::new(Notify::new());
        tokio::spawn({
            let notify = std::sync::Arc::clone(&notify);
            async move {
                signal().await;
                notify.notify_one();
                signal().await;
                // Nobody else gives a terminal back from here on.
                let _ = crossterm::terminal::disable_raw_mode();
                std::process::exit(i32::from(ExitCode::Interrupted.number()));
            }
        });
        Self { notify }
    }

    /// Waits for the first. Cancel-safe.
    pub async fn caught(&self) {
        self.notify.notified().await;
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Signals that cannot be caught end the program by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
