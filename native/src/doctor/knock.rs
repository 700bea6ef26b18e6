//! Opening a line for the doctor: as any other, but TCP is left to itself.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use socket2::{Socket, TcpKeepalive};
use tokio::time::timeout;

use super::line::OpenLine;
use crate::client::{
    activity::Activity,
    dial::{DialFailure, Dialer, Progress, Steps},
};

/// Dials within `patience`. `keepalive` is how often the system is to probe the connection; never, where there is none.
///
/// # Errors
/// [`DialFailure`] of the dial. `steps` has what was found until then.
pub(super) async fn knock(
    dialer: &Dialer,
    patience: Duration,
    keepalive: Option<Duration>,
    steps: &mut Steps,
) -> Result<OpenLine, DialFailure> {
    let progress = Progress::default();
    let activity = Arc::new(Activity::default());
    steps.keep_socket = true;
    let opened = match timeout(patience, dialer.open(&progress, &activity, steps)).await {
        Ok(opened) => opened?,
        Err(_) => {
            return Err(DialFailure::timed_out(progress.step(), &dialer.endpoint.to_string(), patience));
        }
    };
    let at = Instant::now();
    let socket = steps.socket.take();
    if let Some(socket) = &socket
        && let Err(error) = leave_alone(socket, keepalive)
    {
        tracing::debug!(%error, "socket options were refused");
    }
    Ok(OpenLine { stream: opened.stream, read_ahead: opened.read_ahead, socket, opened: at })
}

/// No signs of life but those that were asked for, and no end by the system before its time.
fn leave_alone(socket: &Socket, keepalive: Option<Duration>) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(None)?;
    match keepalive {
        None => socket.set_keepalive(false),
        Some(every) => {
            let keepalive = TcpKeepalive::new().with_time(every);
            #[cfg(not(any(target_os = "openbsd", target_os = "haiku")))]
            let keepalive = keepalive.with_interval(every);
            socket.set_tcp_keepalive(&keepalive)
        }
    }
}
