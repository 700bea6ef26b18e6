//! The rules, each over all that was written down.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{Book, View};
use crate::{Fate, Finding, Ledger, Rule};

impl Ledger {
    /// What is wrong; nothing, if all is well.
    ///
    /// To be asked when everything works again and everybody who is to catch up has.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.at_once.clone();
        for ((room, epoch), book) in &self.books {
            let mut tell =
                |rule, what| findings.push(Finding { rule, what: format!("{room} in {epoch}: {what}") });
            for (_, what) in &book.conflicts {
                tell(Rule::Order, what.clone());
            }
            check_places(book, &mut tell);
            check_history(book, &mut tell);
            for (member, view) in &book.views {
                let mut tell = |rule, what| tell(rule, format!("{member} {what}"));
                check_presence(book, view, &mut tell);
                check_links(view, &mut tell);
                check_gaps(book, view, &mut tell);
            }
        }
        self.check_epochs(&mut findings);
        for ((room, from, id), written) in &self.written {
            if written.fate == Fate::Open {
                let what = format!("{room}: {from}/{id} ({:.40})", written.text);
                findings.push(Finding { rule: Rule::Unsettled, what });
            }
        }
        findings
    }

    /// What a room took over into its present epoch is there.
    fn check_epochs(&self, findings: &mut Vec<Finding>) {
        for ((room, epoch), book) in &self.books {
            let Some(kept) = &book.kept else { continue };
            let there: BTreeSet<_> = book
                .places
                .iter()
                .filter(|(seq, _)| kept.contains(seq))
                .map(|(_, message)| (&message.from, message.id))
                .collect();
            let (mut newer, mut bound) = (epoch, u64::MAX);
            while let Some(anew) = self.anew.iter().find(|anew| anew.room == *room && anew.new == *newer) {
                (newer, bound) = (&anew.old, bound.min(anew.kept));
                let Some(before) = self.books.get(&(room.clone(), anew.old.clone())) else { continue };
                for seq in before.accepted.range(..=bound) {
                    let Some(message) = before.places.get(seq) else { continue };
                    let lacking = before.may_lack(*seq) || book.may_lack(*seq);
                    if !lacking && !there.contains(&(&message.from, message.id)) {
                        let what = format!("{room}: {message}, at {seq} of {newer}, is not in {epoch}");
                        findings.push(Finding { rule: Rule::Missing, what });
                    }
                }
            }
        }
    }
}

type Tell<'a> = &'a mut dyn FnMut(Rule, String);

/// A message has one place, and those of one writer stand in the order of its numbers.
fn check_places(book: &Book, tell: Tell<'_>) {
    let mut highest: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    // What was lost with the end of a history may have been said again.
    for (&seq, message) in book.places.iter().filter(|(seq, _)| !book.may_lack(**seq)) {
        let before = highest.insert(&message.from, (message.id, seq));
        let Some((id, at)) = before else { continue };
        if id == message.id {
            tell(Rule::Twice, format!("{message} stands at {at} and at {seq}"));
        } else if id > message.id {
            tell(Rule::WriterOrder, format!("{message} stands at {seq}, behind number {id} at {at}"));
        }
    }
}

/// What was accepted is durable.
fn check_history(book: &Book, tell: Tell<'_>) {
    let Some(kept) = &book.kept else { return };
    for seq in book.accepted.iter().filter(|seq| !kept.contains(seq) && !book.may_lack(**seq)) {
        let message = book.places.get(seq).map(ToString::to_string).unwrap_or_default();
        tell(Rule::Missing, format!("the history has no {message} at {seq}, which was accepted"));
    }
}

/// Whatever is known to be between the ends of a view was seen, or a gap was told.
fn check_presence(book: &Book, view: &View, tell: Tell<'_>) {
    let first = view.seen.keys().next().copied();
    let from = if view.whole { Some(0) } else { first };
    let last = view.seen.keys().next_back().copied();
    let to = if view.caught_up { Some(u64::MAX) } else { last };
    let (Some(from), Some(to)) = (from, to) else { return };
    for (seq, message) in book.places.range(from..=to) {
        let lacking = book.may_lack(*seq);
        if view.seen.contains_key(seq) || view.gap_over(*seq, lacking) {
            continue;
        }
        let promised = if book.accepted.contains(seq) { "accepted" } else { "seen by others" };
        let lacking = if lacking { ", and is not told that the history lacks it" } else { "" };
        tell(Rule::Missing, format!("has no {message} at {seq}, which was {promised}{lacking}"));
    }
}

/// Each message follows on the one before it, or a gap was told between them.
fn check_links(view: &View, tell: Tell<'_>) {
    let mut before = view.whole.then_some(0);
    for (&seq, &prev) in &view.seen {
        if let Some(before) = before
            && prev != before
            && !view.gap_between(before, seq)
        {
            tell(Rule::Hole, format!("saw {seq}, which comes after {prev}, right after {before}"));
        }
        before = Some(seq);
    }
}

/// A gap is told only where the history lacks something.
fn check_gaps(book: &Book, view: &View, tell: Tell<'_>) {
    for &(after, next) in &view.gaps {
        let end = view.end_of(after, next);
        if !book.may_lack_between(after, end.unwrap_or(u64::MAX)) {
            tell(Rule::GapWithoutCause, format!("was told of a gap after {after} (next {next:?})"));
        }
        let inside = book
            .places
            .range(after + 1..end.unwrap_or(after + 1))
            .find(|(seq, _)| !book.may_lack(**seq) && !view.seen.contains_key(seq));
        if let Some((seq, message)) = inside {
            let what =
                format!("was told of a gap after {after} (next {next:?}), and {message} is kept at {seq}");
            tell(Rule::GapWithoutCause, what);
        }
    }
}
