//! The stored progress of a member, compared with all rows.

use std::collections::BTreeSet;

use api::checkin::runs::{Progress, Record, progress};
use api::checkin::service;
use api::days::cadence::{Cadence, CadenceChange, Pause, Plan};
use api::days::calendar::{Calendar, DayTerms};
use api::viewer::SignedIn;
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use entity::{cadence_change, check_in, past_day_terms, pause, progress as kept};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

/// Computes a member's progress from all rows.
pub async fn from_scratch(app: &TestApp, who: SignedIn) -> Progress {
    let db = app.app.db.pool();
    let check_ins = check_in::Entity::find()
        .filter(check_in::Column::MemberId.eq(who.member))
        .filter(check_in::Column::Counts.eq(true))
        .all(db);
    let written: BTreeSet<_> = check_ins
        .await
        .unwrap()
        .iter()
        .map(|row| row.local_date)
        .collect();
    let cadences = cadence_change::Entity::find()
        .filter(cadence_change::Column::MemberId.eq(who.member))
        .all(db);
    let mut cadences: Vec<_> = cadences
        .await
        .unwrap()
        .into_iter()
        .map(|row| CadenceChange {
            from: row.from_date,
            cadence: Cadence::from_mask(row.weekdays.try_into().unwrap()).unwrap(),
        })
        .collect();
    cadences.sort_by_key(|change| change.from);
    let pauses = pause::Entity::find()
        .filter(pause::Column::MemberId.eq(who.member))
        .all(db);
    let pauses = pauses.await.unwrap().into_iter().map(|row| Pause {
        first: row.first_date,
        last: row.last_date,
    });
    let past = past_day_terms::Entity::find()
        .filter(past_day_terms::Column::MemberId.eq(who.member))
        .all(db);
    let past = past.await.unwrap().into_iter().map(|row| {
        let terms = DayTerms::stored(&row.time_zone, row.day_start_hour);
        (row.until, terms.unwrap())
    });
    let current = api::profile::service::day_terms(db, who.member)
        .await
        .unwrap();
    let record = Record {
        written: &written,
        plan: &Plan {
            cadences,
            pauses: pauses.collect(),
        },
        calendar: &Calendar::new(current, past.collect()),
    };
    progress(None, &record, app.now())
}

const CHECK_IN: &str =
    "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code } } }";
const MOVE: &str =
    "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }";
const CHOOSE: &str =
    "mutation($input: SetCheckInDaysInput!) { setCheckInDays(input: $input) { errors { code } } }";
const PAUSE: &str = "mutation($input: StartPauseInput!) { startPause(input: $input) {
    pause { id } errors { code } } }";
const END: &str =
    "mutation($input: EndPauseInput!) { endPause(input: $input) { errors { code } } }";

/// Draws numbers from 0 up to a bound (exclusive), the same in every run.
struct Chance(TestRunner);

impl Chance {
    fn new() -> Self {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        Self(TestRunner::new_with_rng(Config::default(), rng))
    }

    fn below(&mut self, bound: i64) -> i64 {
        (0..bound).new_tree(&mut self.0).unwrap().current()
    }

    fn index(&mut self, length: usize) -> usize {
        (0..length).new_tree(&mut self.0).unwrap().current()
    }
}

#[both]
async fn stored_progress_agrees_with_all_rows_through_a_year(app: TestApp) {
    let mike = app.member("mike").await;
    let mut chance = Chance::new();
    let zones = [
        "Europe/London",
        "Asia/Tokyo",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    ];
    let days = [["MONDAY", "FRIDAY"], ["TUESDAY", "SUNDAY"]];
    let mut pauses: Vec<Value> = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..500 {
        let today: NaiveDate = service::progress(&app.app, mike.member)
            .await
            .unwrap()
            .today;
        let id: Uuid = app.app.ids.next();
        let day = |back: i64| (today - TimeDelta::days(back)).to_string();
        let (mutation, input) = match chance.below(20) {
            0 => (
                MOVE,
                json!({ "timeZone": zones[chance.index(5)],
                "dayStartHour": chance.below(7) }),
            ),
            1 => (CHOOSE, json!({ "days": days[chance.index(2)] })),
            2 => (
                CHOOSE,
                json!({ "days": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"] }),
            ),
            3 => (
                PAUSE,
                json!({ "id": id, "firstDate": day(4 - chance.below(8)), "lastDate": day(-5 - chance.below(9)) }),
            ),
            4 if !pauses.is_empty() => (END, json!({ "pauseId": pauses[pauses.len() - 1] })),
            5..=7 => (
                CHECK_IN,
                json!({ "id": id, "localDate": day(chance.below(5) - 1) }),
            ),
            _ => (CHECK_IN, json!({ "id": id })),
        };
        let answer = app
            .as_member(mike, mutation, json!({ "input": input }))
            .await
            .ok();
        let (_, payload) = answer.as_object().unwrap().iter().next().unwrap();
        if payload["errors"] == json!([]) {
            taken += 1;
        } else {
            refused += 1;
        }
        if let Some(pause) = payload["pause"]["id"].as_str() {
            pauses.push(json!(pause));
        }
        app.advance(TimeDelta::hours(1 + chance.below(40)));
        let progress = service::progress(&app.app, mike.member).await.unwrap();
        assert_eq!(progress, from_scratch(&app, mike).await);
    }
    assert!(
        taken > 300 && refused > 10,
        "{taken} taken, {refused} refused"
    );
    let kept = kept::Entity::find_by_id(mike.member)
        .one(app.app.db.pool())
        .await;
    let through = kept.unwrap().unwrap().settled_through.unwrap();
    let behind = app.now().date_naive() - through;
    assert!(
        behind < TimeDelta::days(60) && through.year() >= 2027,
        "{through}"
    );
}

#[both]
async fn missing_stored_progress_is_computed_from_older_rows(app: TestApp) {
    let mike = app.member("mike").await;
    for day in 1..10 {
        app.checked_in(mike, &format!("2026-03-{day:02}")).await;
    }
    let input = json!({ "input": { "id": app.app.ids.next::<Uuid>() } });
    app.as_member(mike, CHECK_IN, input).await.ok();
    let progress = service::progress(&app.app, mike.member).await.unwrap();
    assert_eq!((progress.days_shown_up, progress.current_run), (10, 10));
    assert_eq!(progress, from_scratch(&app, mike).await);
    let kept = kept::Entity::find_by_id(mike.member)
        .one(app.app.db.pool())
        .await;
    assert_eq!(
        kept.unwrap().unwrap().settled_through,
        "2026-03-07".parse().ok()
    );
}
