//! One connection through the relay, from its request to its end.

use std::{sync::Arc, time::Instant};

use heartline_core::{frame::Side, inspect::End};

use super::{
    carry::Buffer,
    entrance::{Asked, No},
    feed,
    handshake::{Answer, pass_on, shake_hands},
    house::{House, News},
    onlooker::Onlooker,
    part::Party,
    talk::talk,
};
use crate::{
    client::{
        activity::Activity,
        dial::{DialFailure, Progress, Steps},
        listen::Accepted,
    },
    net::Breaker,
    output::escape::excerpt,
};

/// Serves one connection to its end.
pub(super) async fn serve(number: u64, accepted: Accepted, house: Arc<House>) {
    let Accepted { mut stream, breaker, from, address } = accepted;
    let asked = match Asked::read(&mut *stream, address, &house.door).await {
        Ok(asked) => asked,
        Err(None) => return,
        Err(Some(no)) => {
            no.tell(&mut *stream).await;
            return house.tell(News::TurnedAway { from, why: no.why }).await;
        }
    };
    if asked.is_for_feed() {
        return feed::serve(stream, asked, from, &house).await;
    }
    let began = Instant::now();
    house.begun(number, &from, began);
    let path = excerpt(asked.target.split('?').next().unwrap_or_default(), 80);
    let place = format!("{from} → {path}");
    let mut client = Party { stream, breaker, is_bare: true };
    let mut server = match reach(&house).await {
        Ok(server) => server,
        Err(failure) => {
            No::new("502 Bad Gateway", failure.to_string()).tell(&mut *client.stream).await;
            let end = End::NoServer { why: failure.to_string() };
            return house.over(number, Some(place), end, None, began).await;
        }
    };
    let head = house.rewriting.apply(&asked.head, &asked.target);
    let onlooker = Onlooker::new(house.dialer.tap.clone(), number, house.dialer.endpoint.to_string());
    let (mut from_client, mut from_server) = (Buffer::new(), Buffer::new());
    from_client.push(&asked.rest);
    let answer =
        shake_hands(&mut client, &mut server, &head, &mut from_client, &mut from_server, &onlooker, &house);
    let (place, end, counts) = match answer.await {
        Answer::Open => {
            house.tell(News::Open { number, place, took: began.elapsed() }).await;
            let control = house.lines.open(number, &from, began);
            let end =
                talk(number, client, server, (from_client, from_server), &control, &onlooker, &house).await;
            house.lines.close(number);
            (None, end, Some((control.count(Side::Client), control.count(Side::Server))))
        }
        Answer::None(why) => {
            pass_on(client, server, &onlooker).await;
            (Some(place), End::Refused { why }, None)
        }
        Answer::Gone(end) => {
            Party::both_gone(client, server, &end);
            (Some(place), end, None)
        }
    };
    // What is still held behind the veil is told before the end is.
    drop(onlooker);
    house.over(number, place, end, counts, began).await;
}

/// Dials the server, for as long as a dial may take.
async fn reach(house: &House) -> Result<Party, DialFailure> {
    let (progress, activity) = (Progress::default(), Arc::<Activity>::default());
    let mut steps = Steps { keep_socket: true, ..Steps::default() };
    let (dialer, limit) = (&house.dialer, house.dial_timeout);
    let reached = dialer.reach(&dialer.endpoint, &progress, &activity, &mut steps);
    let reached = tokio::time::timeout(limit, reached).await;
    let stream = reached.unwrap_or_else(|_| {
        Err(DialFailure::timed_out(progress.step(), &dialer.endpoint.to_string(), limit))
    })?;
    let breaker = Breaker::from(steps.socket);
    Ok(Party { stream, breaker, is_bare: dialer.is_bare(&dialer.endpoint) })
}
