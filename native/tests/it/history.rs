//! What every history engine promises (see `heartline_core::room::engine`), tried over each of them.
//!
//! An engine joins in by a [`Place`] of its own and one line of `conforms!`. What engines may do differently a place says, and
//! then that is tried: nothing is left out.

mod caller;
mod memory;
#[cfg(unix)]
mod nats;
#[cfg(unix)]
mod nats_access;
#[cfg(unix)]
mod nats_members;
#[cfg(unix)]
mod nats_notes;
mod nats_repeats;
mod nats_shortage;
#[cfg(unix)]
mod nats_trouble;
mod order;
mod pages;
mod reopening;
mod repeats;
mod sqlite;

use heartline::server::history::HistoryConfig;

pub(crate) use caller::Caller;

/// Where a history lies, as long as a test wants it.
pub(crate) trait Place: Sized {
    /// Whether what was said outlives the server.
    const LASTS: bool;
    /// What becomes of a second server at the same place.
    const SECOND: Second;
    /// How many messages of a room a place made by [`Place::small`] keeps at least, and about.
    const FEW: usize = 20;

    /// One that keeps everything these tests say.
    async fn new() -> Self;

    /// One that keeps [`Place::FEW`] messages of a room.
    async fn small() -> Self;

    /// For a server that opens it.
    fn config(&self) -> HistoryConfig;

    /// Leaves it as it is at this moment, as a kill does, and opens it again.
    async fn kill(&mut self, caller: Caller) -> Caller;
}

/// What becomes of a second server at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// It is refused, in words.
    Refused,
    /// It has a history of its own.
    Apart,
    /// Both have one history.
    Shares,
}

/// Tries every promise over one kind of place.
macro_rules! conforms {
    ($engine:ident, $place:ty) => {
        conforms! { $engine, $place:
            order::messages_get_rising_places_and_are_followed,
            order::what_one_author_says_at_once_stays_in_order,
            order::a_closed_room_is_not_followed,
            order::rooms_may_be_called_anything,
            order::many_rooms_do_not_mix,
            order::what_was_said_comes_back_as_it_was,
            repeats::a_repeat_gets_the_place_it_had,
            repeats::racing_repeats_get_one_place,
            repeats::a_number_is_not_used_for_other_words,
            repeats::numbers_rise,
            repeats::authors_and_rooms_count_apart,
            repeats::what_was_trimmed_is_not_said_twice,
            pages::pages_are_bounded_in_both_directions,
            pages::pages_walk_through_all_of_it,
            pages::a_page_and_what_is_followed_leave_no_hole,
            pages::nobody_misses_the_beginning_unknowingly,
            pages::a_room_nobody_spoke_in_is_empty,
            reopening::closed_and_opened_it_goes_on,
            reopening::killed_it_has_what_it_accepted,
            reopening::a_place_is_never_given_twice,
            reopening::a_second_server,
        }
    };
    ($engine:ident, $place:ty: $($part:ident::$promise:ident,)*) => {
        mod $engine {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::super::$part::$promise::<$place>().await;
                }
            )*
        }
    };
}
pub(crate) use conforms;
