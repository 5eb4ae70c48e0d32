//! The members of a load test, and their actions.

use std::collections::HashMap;

use api::entropy::Entropy;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::rsvp::Answer;
use entity::{MeetingId, MemberId, OccurrenceId, meeting, meeting_occurrence};
use futures::stream::{self, StreamExt as _};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::json;

use super::load::Act;
use crate::TestApp;

const ACTIVE: usize = 300;
const QUIET: usize = 60;
const MEETINGS: usize = 24;
/// The capacity of every third meeting. The others have no limit.
const SEATS: i32 = 5;
/// The time between the reminders of two quiet members.
const APART: TimeDelta = TimeDelta::milliseconds(200);

/// The members with their devices and meetings.
pub struct Cast {
    /// The members who check in and answer meetings.
    active: Vec<SignedIn>,
    /// The members who do nothing, and must get the day's reminder.
    pub(super) quiet: Vec<MemberId>,
    /// The push addresses of each member. Every fourth member has a tablet as well as a phone.
    pub(super) addresses: HashMap<MemberId, Vec<String>>,
    /// The meetings. They start within the hour, so their reminders are due at once.
    occurrences: Vec<OccurrenceId>,
}

impl Cast {
    /// Creates all members and meetings.
    pub async fn gather(app: &TestApp) -> Self {
        let everybody: Vec<_> = stream::iter(0..ACTIVE + QUIET)
            .map(|n| person(app, n))
            .buffered(8)
            .collect()
            .await;
        let addresses = everybody
            .iter()
            .map(|(who, addresses)| (who.member, addresses.clone()));
        let addresses = addresses.collect();
        let mut everybody = everybody.into_iter().map(|(who, _)| who);
        let quiet = everybody.by_ref().take(QUIET);
        let quiet: Vec<_> = quiet.map(|who| who.member).collect();
        let active = everybody.collect();
        let host = app.facilitator("host").await.member;
        let mut occurrences = Vec::new();
        for n in 0..MEETINGS {
            occurrences.push(meeting(app, host, (n % 3 == 0).then_some(SEATS)).await);
        }
        app.move_to_noon().await;
        let mut due = app.now();
        for member in &quiet {
            due += APART;
            app.remind(*member, due).await;
        }
        Self {
            active,
            quiet,
            addresses,
            occurrences,
        }
    }

    /// Returns a check-in of each active member, and an answer of each to every meeting. The order is random, and the
    /// last act is done first. One answer in five is taken back later.
    pub fn acts(&self, app: &TestApp, dice: &Entropy) -> Vec<Act> {
        let mut acts = Vec::new();
        for who in &self.active {
            for to in &self.occurrences {
                acts.push(Act::Answer {
                    who: *who,
                    to: *to,
                    answer: Answer::Going,
                    leaves: dice.below(5) == 0,
                });
            }
        }
        shuffle(&mut acts, dice);
        // The check-ins are spread over the acts that the servers will reach, not over all acts.
        let mut place = acts.len();
        for who in &self.active {
            place = place.saturating_sub(4);
            let check_in = Act::CheckIn {
                who: *who,
                id: app.app.ids.next(),
                mood: i32::try_from(dice.below(5)).unwrap() + 1,
            };
            acts.insert(place, check_in);
        }
        acts
    }
}

fn shuffle<T>(all: &mut [T], dice: &Entropy) {
    for n in (1..all.len()).rev() {
        let other = dice.below(n as u64 + 1);
        all.swap(n, usize::try_from(other).unwrap());
    }
}

async fn person(app: &TestApp, n: usize) -> (SignedIn, Vec<String>) {
    let who = app.member(&format!("member{n}")).await;
    let mut addresses = vec![format!("phone-{n}")];
    app.register(who, &addresses[0]).await;
    if n.is_multiple_of(4) {
        let tablet = format!("tablet-{n}");
        let fields = json!({ "address": tablet, "addressKind": "FCM_TOKEN", "platform": "IOS" });
        app.register_as(who, fields).await;
        addresses.push(tablet);
    }
    (who, addresses)
}

async fn meeting(app: &TestApp, host: MemberId, capacity: Option<i32>) -> OccurrenceId {
    let db = app.app.db.pool();
    let (id, occurrence): (MeetingId, OccurrenceId) = (app.app.ids.next(), app.app.ids.next());
    let starts_at = app.now() + TimeDelta::minutes(50);
    let row = meeting::ActiveModel {
        id: Set(id),
        circle_id: Set(None),
        host_id: Set(Some(host)),
        title: Set("Tea and talk".to_owned()),
        description: Set(String::new()),
        format: Set(meeting::MeetingFormat::Online),
        place: Set(None),
        join_url: Set(None),
        time_zone: Set("Etc/UTC".to_owned()),
        version: Set(1),
        created_at: Set(app.now()),
    };
    let added = meeting::Entity::insert(row).exec_without_returning(db);
    added.await.unwrap();
    let row = meeting_occurrence::ActiveModel {
        id: Set(occurrence),
        meeting_id: Set(id),
        local_date: Set(starts_at.date_naive()),
        local_time: Set(starts_at.time()),
        starts_at: Set(starts_at),
        ends_at: Set(starts_at + TimeDelta::hours(1)),
        capacity: Set(capacity),
        seats_taken: Set(0),
        status: Set(meeting_occurrence::OccurrenceStatus::Scheduled),
        version: Set(1),
    };
    let added = meeting_occurrence::Entity::insert(row).exec_without_returning(db);
    added.await.unwrap();
    occurrence
}
