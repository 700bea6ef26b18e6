//! Who is in the room at other servers.

use super::Presence;
use crate::room::engine::{Roster, ServerId};

impl Presence {
    /// Another server says who is there. Whoever is at several servers is one member, as far as it is named.
    pub(in crate::room::hub) fn set_roster(&mut self, server: ServerId, roster: Roster) {
        let before = self.rosters.remove(&server).unwrap_or_default();
        for (identity, name) in &roster.members {
            if !before.names(*identity) {
                self.seat(*identity, name.clone()).there += 1;
            } else if let Some(seat) = self.members.get_mut(identity)
                && !seat.here
                && seat.name != *name
            {
                seat.name = name.clone();
                self.came.insert(*identity, name.clone());
            }
        }
        for (identity, _) in before.members.iter().filter(|(identity, _)| !roster.names(*identity)) {
            if let Some(seat) = self.members.get_mut(identity) {
                seat.there -= 1;
            }
            self.forget(*identity);
        }
        self.recounted |= before.unnamed() != roster.unnamed();
        if roster.total > 0 {
            self.rosters.insert(server, roster);
        }
    }
}
