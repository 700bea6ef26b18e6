//! From a name and a room that somebody wrote to being in it.

use heartline_core::{
    chat::{check_member_name, check_room_name},
    policy::Policy,
    wire::{BearerToken, NameFault},
};
use leptos::prelude::*;

use super::ChatSession;
use crate::{
    model::address::{self, Address, AddressError},
    page::origin,
    storage::{Store, key},
};

impl ChatSession {
    /// Where this page's rooms are.
    ///
    /// # Errors
    /// The page comes from where no server of rooms can be.
    pub fn address() -> Result<Address, AddressError> {
        let origin = origin();
        address::check(&origin.own("/chat"), &origin)
    }

    /// Is called otherwise from now on: on a line of its own, for a name belongs to one. What waits goes along.
    ///
    /// # Errors
    /// [`NameFault`]; all stays as it was.
    pub fn rename(self, name: &str) -> Result<(), NameFault> {
        check_member_name(name)?;
        self.with(|driver| {
            driver.with(|chat, now| {
                chat.rename(name)?;
                chat.redial(now);
                Ok(())
            })
        })
        .unwrap_or(Ok(()))?;
        self.name_field.set(name.to_owned());
        // Only a convenience: where storage is forbidden, the page said so already.
        let _ = Store::open().write(key::NAME, name);
        Ok(())
    }

    /// Enters the room under the name that stand in the form, and remembers both. Brings what its user should know about it.
    ///
    /// # Errors
    /// Words for the writer: whose fault it is, and what to do.
    pub async fn enter_as_written(self, policy: Policy) -> Result<Vec<String>, String> {
        let written = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        let (name, room) = (written(self.name_field), written(self.room_field));
        check_member_name(&name)
            .map_err(|fault| ["this cannot be your name: ", &fault.to_string()].concat())?;
        check_room_name(&room).map_err(|fault| ["this cannot be a room: ", &fault.to_string()].concat())?;
        if let typed = self.token.get_untracked()
            && !typed.trim().is_empty()
        {
            BearerToken::parse(&typed)
                .map_err(|fault| ["this cannot be your token: ", &fault.to_string()].concat())?;
        }
        let address = Self::address().map_err(|error| error.to_string())?;
        let entered = self.enter(address, policy, &name, &room).await;
        let mut words: Vec<String> = entered.map_err(|error| error.to_string())?.into_iter().collect();
        let store = Store::open();
        if let Err(error) = store.write(key::NAME, &name).and_then(|()| store.write(key::ROOM, &room)) {
            words.push(error.to_string());
        }
        Ok(words)
    }
}
