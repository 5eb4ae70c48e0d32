//! When a letter goes out that somebody asked for who may be a stranger.
//!
//! Over a limit a letter waits; it is not refused, because the limit may have been used up by somebody else. What
//! is shared is shared by network: the first letter of a network to a mailbox, and those of a network that sent for few,
//! have a lane that the many letters of one stranger do not enter. So nobody keeps others from signing up.
//!
//! A letter waits for a day at most. A network that asks for more than that is told to come again later. A letter
//! that finds no room in a mailbox or among all letters is not written: the answer does not tell, because it would
//! tell of what others asked for.

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
/// No letter waits for longer.
const LONGEST_WAIT: TimeDelta = DAY;

/// Who asks for a letter.
#[derive(Clone, Copy, Debug)]
pub(in crate::account) enum By {
    /// Somebody at an address.
    Stranger(IpAddr),
    /// A device that signed in to the account before; the letter goes to the account's own address.
    Device(Uuid),
    /// A member who is signed in, for an address that is not his yet.
    Member(MemberId),
}

/// A letter that somebody asks for.
pub(in crate::account) struct Asked<'a> {
    pub to: &'a Email,
    pub by: By,
    /// Whether the address may be anybody's.
    pub unverified: bool,
}

/// When it goes out; `None` if there is no room within a day.
pub(in crate::account) async fn send_at(
    app: &App,
    asked: &Asked<'_>,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let limits = &app.config.auth.limits;
    let (mailbox, now) = (asked.to.mailbox(), app.clock.now());
    let mailbox = mailbox.as_bytes();
    // Most of a mailbox's letters are for the first one of each network.
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

/// A letter from this address led to an account: it does not count against its network.
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

/// The buckets of a network and of those it lies in, and how many letters a day each may ask for.
fn shares(networks: &Networks, per_day: u32, room: u32) -> Vec<(&'static str, &str, u32)> {
    let per_day = per_day.max(2).saturating_mul(room);
    let mut shares = vec![("letters by address", networks.narrow.as_str(), per_day)];
    if let Some([site, block]) = &networks.wide {
        shares.push(("letters by site", site, per_day.saturating_mul(2)));
        shares.push(("letters by block", block, per_day.saturating_mul(4)));
    }
    shares
}

/// Where a letter stands in the lanes it goes through: it goes out when each of them lets it.
struct Queue<'a> {
    app: &'a App,
    now: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// A place in a lane.
struct Taken {
    /// Nothing went through it lately.
    was_unused: bool,
    /// No more than a quarter of what may go through at once was used.
    is_light: bool,
}

impl Queue<'_> {
    /// Takes a place in a lane that lets `limit` letters through in any `window`: half of them at once, and half one
    /// after the other. The fault says when there is a place again, if there is none.
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
        self.at = self.at.max(full_at - window);
        Ok(Ok(Taken {
            was_unused: full_at <= self.now + each,
            is_light: full_at <= self.now + window / 4,
        }))
    }
}
