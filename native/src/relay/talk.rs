//! An open line: both directions at once, and the faults that end it.

use std::time::Duration;

use heartline_core::{
    fault::{Act, Cut, Fault},
    frame::Side,
    inspect::{self, End},
};

use super::{
    carry::{Buffer, Way, WayEnd},
    control::Control,
    house::House,
    onlooker::Onlooker,
    part::{Party, cut},
};

/// How long a cut with a close code waits for the end of the frames that are under way.
const FRAME: Duration = Duration::from_secs(2);

/// How far the two directions are.
#[derive(Default)]
struct Ends {
    client: Option<WayEnd>,
    server: Option<WayEnd>,
    /// What ended it, if that was not a close frame.
    first: Option<End>,
}

impl Ends {
    /// A direction has ended; `side` sends it.
    fn ended(&mut self, side: Side, end: WayEnd) {
        let by = |side: Side| End::Reset { by: side.into() };
        let what = match end {
            WayEnd::Fin => Some(End::Fin { by: side.into() }),
            WayEnd::SenderReset => Some(by(side)),
            WayEnd::ReaderReset => Some(by(other(side))),
            WayEnd::Cut => None,
        };
        // A reset is what the other end sees, whatever was before.
        if self.first.is_none() || matches!(end, WayEnd::SenderReset | WayEnd::ReaderReset) {
            self.first = what.or_else(|| self.first.take());
        }
        match side {
            Side::Client => self.client = Some(end),
            Side::Server => self.server = Some(end),
        }
    }

    fn is_over(&self) -> bool {
        let is_reset = |end: Option<WayEnd>| matches!(end, Some(WayEnd::SenderReset | WayEnd::ReaderReset));
        is_reset(self.client) || is_reset(self.server) || self.client.is_some() && self.server.is_some()
    }
}

/// Carries both directions until the line has ended, passes the end on, and says what it was.
pub(super) async fn talk(
    number: u64,
    client: Party,
    server: Party,
    (mut from_client, mut from_server): (Buffer, Buffer),
    control: &Control,
    onlooker: &Onlooker,
    house: &House,
) -> End {
    let (mut client_reads, mut client_writes) = tokio::io::split(client.stream);
    let (mut server_reads, mut server_writes) = tokio::io::split(server.stream);
    let mut ends = Ends::default();
    let mut fired_cut: Option<Fault> = None;
    let is_bare = client.is_bare && server.is_bare;
    let (near, far) = (&client.breaker, &server.breaker);
    {
        let mut upwards = Way::new(Side::Client, control, onlooker, is_bare.then_some((near, far)));
        let mut downwards = Way::new(Side::Server, control, onlooker, is_bare.then_some((far, near)));
        let up = upwards.carry(&mut client_reads, &mut server_writes, &mut from_client);
        let down = downwards.carry(&mut server_reads, &mut client_writes, &mut from_server);
        let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
        let mut changes = control.changes();
        let mut give_up = None;
        while !ends.is_over() {
            changes.borrow_and_update();
            for fault in control.fired() {
                if matches!(fault.act, Act::Cut(_)) {
                    fired_cut.get_or_insert(fault);
                }
                house.fired(number, fault).await;
            }
            match (control.cut(), give_up) {
                (Some((_, Cut::Fin | Cut::Reset)), _) => break,
                (Some((_, Cut::Code(_))), None) => give_up = Some(tokio::time::Instant::now() + FRAME),
                (Some((_, Cut::Code(_))), Some(_)) | (None, _) => {}
            }
            let due = control.timeout().map(tokio::time::Instant::from_std);
            let later = async {
                match give_up.into_iter().chain(due).min() {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                end = &mut up, if ends.client.is_none() => ends.ended(Side::Client, end),
                end = &mut down, if ends.server.is_none() => ends.ended(Side::Server, end),
                () = later => if give_up.is_some_and(|at| at <= tokio::time::Instant::now()) { break },
                _ = changes.changed() => {}
            }
        }
        // A fault of the last frame.
        for fault in control.fired() {
            if matches!(fault.act, Act::Cut(_)) {
                fired_cut.get_or_insert(fault);
            }
            house.fired(number, fault).await;
        }
    }
    let client = Party { stream: client_reads.unsplit(client_writes), breaker: client.breaker, is_bare };
    let server = Party { stream: server_reads.unsplit(server_writes), breaker: server.breaker, is_bare };
    if let (Some(how), Some(fault)) = (control.cut(), fired_cut) {
        // Elsewhere a write was given up, and who knows how much of it is on its way.
        let has_stopped = |side| match side {
            Side::Client => ends.client == Some(WayEnd::Cut),
            Side::Server => ends.server == Some(WayEnd::Cut),
        };
        let has_place = |side| has_stopped(side) && control.is_between_frames(side);
        cut(client, server, how, has_place, onlooker).await;
        return End::Cut { fault: fault.to_string() };
    }
    let last = ends.first.unwrap_or(End::Fin { by: inspect::Party::Server });
    Party::both_gone(client, server, &last);
    if let Some(side) = control.closed_first() {
        let close = control.tally(side).close;
        let (code, reason) = close.map_or((None, String::new()), |close| (close.code, close.reason));
        return End::Close { by: side.into(), code, reason };
    }
    last
}

const fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}
