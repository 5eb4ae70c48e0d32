//! Rate limits on letters: decides when a requested letter is sent. The requester may be a stranger.
//!
//! A letter over a limit waits. It is not refused, because somebody else may have used up the limit. Shared limits
//! have lanes: the first letter from a network to a mailbox, and the letters of a network that requested few, use
//! lanes that one stranger's many letters cannot enter. So nobody can keep others from signing up.
//!
//! A letter waits a day at most. A network that requests more than that is told to come back later. A letter that
//! finds no room in its mailbox's lanes or among all letters is not sent. The answer does not reveal this, because it
//! would reveal what others requested.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use uuid::Uuid;

use super::{Networks, key, members_behind, refused, room, share, store};
use crate::account::model::Email;
use crate::app::App;
use crate::error::Fault;

const HOUR: TimeDelta = TimeDelta::hours(1);
const DAY: TimeDelta = TimeDelta::hours(24);
/// The longest that a letter waits.
const LONGEST_WAIT: TimeDelta = DAY;

/// The requester of a letter.
#[derive(Clone, Copy, Debug)]
pub(in crate::account) enum By {
    /// A stranger at this address.
    Stranger(IpAddr),
    /// A device that signed in to the account before. The letter goes to the account's own address.
    Device(Uuid),
    /// A signed-in member. The letter goes to an address that is not his yet.
    Member(MemberId),
}

/// A requested letter.
pub(in crate::account) struct Asked<'a> {
    pub to: &'a Email,
    pub by: By,
    /// Whether the address is unverified: it may be anybody's.
    pub unverified: bool,
}

/// Returns when to send the letter, or `None` if there is no room within a day.
pub(in crate::account) async fn send_at(
    app: &App,
    asked: &Asked<'_>,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let limits = &app.config.auth.limits;
    let (mailbox, now) = (asked.to.mailbox(), app.clock.now());
    let mailbox = mailbox.as_bytes();
    // Most of a mailbox's letters are reserved for the first letter from each network.
    let few = (limits.letters_per_mailbox / 4).max(2);
    let most = limits.letters_per_mailbox.saturating_sub(few).max(2);
    let mut queue = Queue { app, now, at: now };

    let (name, own): (_, Vec<&[u8]>) = match &asked.by {
        By::Stranger(_) => ("letters to mailbox from block", vec![mailbox]),
        By::Device(device) => ("letters by device", vec![device.as_bytes()]),
        By::Member(member) => ("letters by member", vec![member.0.as_bytes()]),
    };
    let networks = match asked.by {
        By::Stranger(address) => Some(Networks::of(address)),
        By::Device(_) | By::Member(_) => None,
    };
    let block = networks.iter().map(|networks| networks.widest().as_bytes());
    let own: Vec<&[u8]> = own.into_iter().chain(block).collect();
    let Ok(taken) = queue.enter(name, &own, few, DAY).await? else {
        return Ok(None);
    };
    // A known device has no other limit: strangers' letters never delay its own.
    if matches!(asked.by, By::Device(_)) {
        return Ok(Some(queue.at));
    }
    let is_first = taken.was_unused;

    let mut is_light = true;
    if let Some(networks) = &networks {
        let room = room(members_behind(app, networks).await?);
        for (name, network, per_day) in shares(networks, limits.letters_per_address, room) {
            let network = network.as_bytes();
            is_light &= queue.enter(name, &[network], per_day, DAY).await??.is_light;
        }
    }

    let (name, per_day) = if is_first {
        ("first letters to mailbox", most)
    } else {
        ("letters to mailbox", few)
    };
    if queue.enter(name, &[mailbox], per_day, DAY).await?.is_err() {
        return Ok(None);
    }
    if asked.unverified {
        let per_hour = limits.unverified_letters_per_hour;
        let (name, per_hour) = if is_light {
            ("unverified letters", per_hour - per_hour / 4)
        } else {
            ("more unverified letters", per_hour / 4)
        };
        if queue
            .enter(name, &[], per_hour.max(2), HOUR)
            .await?
            .is_err()
        {
            return Ok(None);
        }
    }
    Ok(Some(queue.at))
}

/// Returns a letter's share to the buckets of this address's networks, because the letter led to an account.
pub(in crate::account) async fn give_back(app: &App, address: IpAddr) -> Result<(), Fault> {
    let networks = Networks::of(address);
    let room = room(members_behind(app, &networks).await?);
    let per_day = app.config.auth.limits.letters_per_address;
    for (name, network, per_day) in shares(&networks, per_day, room) {
        let key = key(app, name, &[network.as_bytes()]);
        store::limit::give_back(app.db.pool(), &key, share(DAY * 2, per_day)).await?;
    }
    Ok(())
}

/// Returns the buckets of a network and of the larger networks around it, each with its limit of letters per day.
fn shares(networks: &Networks, per_day: u32, room: u32) -> Vec<(&'static str, &str, u32)> {
    let per_day = per_day.max(2).saturating_mul(room);
    let mut shares = vec![("letters by address", networks.narrow.as_str(), per_day)];
    if let Some([site, block]) = &networks.wide {
        shares.push(("letters by site", site, per_day.saturating_mul(2)));
        shares.push(("letters by block", block, per_day.saturating_mul(4)));
    }
    shares
}

/// A letter on its way through its lanes. It is sent as soon as every lane lets it through.
struct Queue<'a> {
    app: &'a App,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// A place in a lane.
struct Taken {
    /// Whether the lane was unused lately.
    was_unused: bool,
    /// Whether at most a quarter of the lane's burst is used.
    is_light: bool,
}

impl Queue<'_> {
    /// Takes a place in a lane that lets `limit` letters through in any `window`: half of them at once, the other half
    /// one after the other. If there is no place, the inner error is the fault that says when there is one again.
    async fn enter(
        &mut self,
        name: &'static str,
        subject: &[&[u8]],
        limit: u32,
        window: TimeDelta,
    ) -> Result<Result<Taken, Fault>, Fault> {
        let key = key(self.app, name, subject);
        let each = share(window * 2, limit);
        let latest = self.now + window + LONGEST_WAIT - each;
        let db = self.app.db.pool();
        let Some(full_at) = store::limit::pass(db, &key, self.now, each, latest).await? else {
            return Ok(Err(refused(self.app, name, &key, latest, each).await?));
        };
        // The first `window` worth of letters is the burst, which goes out at once; later letters wait.
        self.at = self.at.max(full_at - window);
        Ok(Ok(Taken {
            was_unused: full_at <= self.now + each,
            is_light: full_at <= self.now + window / 4,
        }))
    }
}
