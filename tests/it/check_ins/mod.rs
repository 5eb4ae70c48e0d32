//! Checking in: once a day, in the member's own days, and nothing is counted twice.

mod late;
mod says;
mod take_back;

use api::checkin::service::{self, has_checked_in_on, member_day_now};
use api::outbox::{self, Announcement};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use api::zones::Zone;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::check_in;
use entity::notification::{self, Kind, State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{Answer, Engine, TestApp, both, zone};
use uuid::Uuid;

use crate::days::from_scratch;

const CHECK_IN: &str = "mutation($input: CheckInInput!) { checkIn(input: $input) {
    checkIn { clientId localDate mood timeZone dayStartHour }
    progress { daysShownUp lastCheckInDate checkedInToday }
    errors { code path } } }";

const PROGRESS: &str = "{ me { progress { daysShownUp lastCheckInDate checkedInToday } } }";

pub fn new_id(app: &TestApp) -> Uuid {
    app.app.ids.next()
}

async fn check_in(app: &TestApp, who: SignedIn, input: Value) -> Value {
    send(app, who, input).await.at("/checkIn")
}

async fn send(app: &TestApp, who: SignedIn, input: Value) -> Answer {
    app.as_member(who, CHECK_IN, json!({ "input": input }))
        .await
}

async fn progress_of(app: &TestApp, who: SignedIn) -> Value {
    app.as_member(who, PROGRESS, json!({}))
        .await
        .at("/me/progress")
}

async fn rows(app: &TestApp, who: SignedIn) -> Vec<check_in::Model> {
    check_in::Entity::find()
        .filter(check_in::Column::MemberId.eq(who.member))
        .all(app.app.db.pool())
        .await
        .unwrap()
}

/// Asserts that the stored progress agrees with the progress computed from all rows.
async fn assert_progress_is_consistent(app: &TestApp, who: SignedIn) {
    let progress = service::progress(&app.app, who.member).await.unwrap();
    assert_eq!(progress, from_scratch(app, who).await);
    let mut counted = rows(app, who).await;
    counted.retain(|row| row.counts);
    assert_eq!(progress.days_shown_up as usize, counted.len());
    let last = counted.iter().map(|row| row.local_date).max();
    assert_eq!(progress.last_check_in, last);
}

async fn move_to(app: &TestApp, who: SignedIn, zone: Zone) {
    let update = "mutation($input: UpdateProfileInput!) {
        updateProfile(input: $input) { errors { code } } }";
    let input = json!({ "input": { "timeZone": zone.name() } });
    let moved = app.as_member(who, update, input).await;
    assert_eq!(moved.at("/updateProfile/errors"), json!([]));
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[both]
async fn a_day_counts_once_however_often_it_is_sent(app: TestApp) {
    let mike = app.member("mike").await;
    let nothing = json!({ "daysShownUp": 0, "lastCheckInDate": null, "checkedInToday": false });
    assert_eq!(progress_of(&app, mike).await, nothing);

    let input = json!({ "id": new_id(&app), "localDate": "2026-03-10", "mood": 4 });
    let first = check_in(&app, mike, input.clone()).await;
    assert_eq!(first["errors"], json!([]));
    assert_eq!(
        first["checkIn"],
        json!({ "clientId": input["id"], "localDate": "2026-03-10", "mood": 4,
            "timeZone": "Europe/London", "dayStartHour": 3 })
    );
    let one = json!({ "daysShownUp": 1, "lastCheckInDate": "2026-03-10", "checkedInToday": true });
    assert_eq!(first["progress"], one);

    app.advance(TimeDelta::hours(1));
    assert_eq!(check_in(&app, mike, input).await, first);
    let day: NaiveDate = "2026-03-10".parse().unwrap();
    let db = app.app.db.pool();
    assert_eq!(
        member_day_now(&app.app, db, mike.member).await.unwrap(),
        day
    );
    assert!(has_checked_in_on(db, mike.member, day).await.unwrap());

    app.advance(TimeDelta::days(1));
    let day = day.succ_opt().unwrap();
    assert!(!has_checked_in_on(db, mike.member, day).await.unwrap());
    let next = check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    assert_eq!(next["progress"]["daysShownUp"], 2);
    assert_eq!(next["checkIn"]["localDate"], "2026-03-11");
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_mood_can_be_changed_while_the_day_lasts(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    check_in(&app, mike, json!({ "id": id, "mood": 2 })).await;
    let edited = check_in(&app, mike, json!({ "id": id, "mood": 3 })).await;
    assert_eq!(edited["checkIn"]["mood"], 3);
    assert_eq!(edited["errors"], json!([]));
    let silent = check_in(&app, mike, json!({ "id": id })).await;
    assert_eq!(silent["checkIn"]["mood"], 3);
    let taken_back = check_in(&app, mike, json!({ "id": id, "mood": null })).await;
    assert_eq!(taken_back["checkIn"]["mood"], json!(null));
    assert_eq!(taken_back["progress"]["daysShownUp"], 1);

    // The next day it cannot be changed any more.
    app.advance(TimeDelta::days(1));
    let late = check_in(&app, mike, json!({ "id": id, "mood": 5 })).await;
    assert_eq!(late["errors"][0]["code"], "CONFLICT");
    assert_eq!(late["errors"][0]["path"], json!(["input", "id"]));
    assert_eq!(late["checkIn"]["mood"], json!(null));
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_check_in_can_be_repeated_days_later(app: TestApp) {
    let mike = app.member("mike").await;
    let input = json!({ "id": new_id(&app), "localDate": "2026-03-10", "mood": 2 });
    let first = check_in(&app, mike, input.clone()).await;
    app.advance(TimeDelta::days(5));
    let again = check_in(&app, mike, input.clone()).await;
    assert_eq!(again["checkIn"], first["checkIn"]);
    assert_eq!(again["errors"], json!([]));
    let without_a_date = json!({ "id": input["id"], "mood": 2 });
    let again = check_in(&app, mike, without_a_date).await;
    assert_eq!(again["checkIn"], first["checkIn"]);
    assert_eq!(again["progress"]["daysShownUp"], 1);
}

#[both]
async fn another_device_gets_the_days_check_in(app: TestApp) {
    let mike = app.member("mike").await;
    let first = check_in(&app, mike, json!({ "id": new_id(&app), "mood": 2 })).await;
    // The content does not differ, so there is no conflict.
    for input in [json!({}), json!({ "mood": 2 })] {
        let mut input = input;
        input["id"] = json!(new_id(&app));
        assert_eq!(check_in(&app, mike, input).await, first);
    }
    let other = check_in(&app, mike, json!({ "id": new_id(&app), "mood": 5 })).await;
    assert_eq!(other["errors"][0]["code"], "CONFLICT");
    assert_eq!(other["errors"][0]["path"], json!(["input", "localDate"]));
    assert_eq!(other["checkIn"], first["checkIn"]);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_check_ins_id_belongs_to_one_day(app: TestApp) {
    let mike = app.member("mike").await;
    let id = new_id(&app);
    check_in(&app, mike, json!({ "id": id })).await;
    app.advance(TimeDelta::days(1));
    let input = json!({ "id": id, "localDate": "2026-03-11" });
    let other_day = check_in(&app, mike, input).await;
    assert_eq!(other_day["errors"][0]["code"], "CONFLICT");
    assert_eq!(other_day["errors"][0]["path"], json!(["input", "id"]));
    assert_eq!(other_day["checkIn"]["localDate"], "2026-03-10");
    assert_eq!(other_day["progress"]["checkedInToday"], false);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn another_members_check_in_id_reveals_nothing(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let id = new_id(&app);
    check_in(&app, mike, json!({ "id": id, "mood": 1 })).await;
    let answer = check_in(&app, sam, json!({ "id": id, "mood": 1 })).await;
    assert_eq!(answer["errors"][0]["code"], "CONFLICT");
    assert_eq!(answer["checkIn"], json!(null));
    assert_eq!(answer["progress"]["daysShownUp"], 0);
    assert_progress_is_consistent(&app, sam).await;
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn days_out_of_range_are_refused(app: TestApp) {
    let mike = app.member("mike").await;
    for day in ["2026-03-11", "2026-02-23", "2025-03-10", "0001-01-01"] {
        let input = json!({ "id": new_id(&app), "localDate": day });
        let answer = check_in(&app, mike, input).await;
        assert_eq!(answer["errors"][0]["code"], "OUT_OF_RANGE", "{day}");
        assert_eq!(answer["errors"][0]["path"], json!(["input", "localDate"]));
    }
    let input = json!({ "id": new_id(&app), "madeAt": "2026-02-20T12:00:00Z" });
    let answer = check_in(&app, mike, input).await;
    assert_eq!(answer["errors"][0]["path"], json!(["input", "madeAt"]));
    assert_eq!(rows(&app, mike).await, []);
}

#[both]
async fn a_mood_goes_from_one_to_five(app: TestApp) {
    let mike = app.member("mike").await;
    for mood in [0, 6, -1, i32::MAX] {
        let answer = check_in(&app, mike, json!({ "id": new_id(&app), "mood": mood })).await;
        assert_eq!(
            answer["errors"],
            json!([{ "code": "OUT_OF_RANGE", "path": ["input", "mood"] }])
        );
    }
    assert_eq!(rows(&app, mike).await, []);
}

#[both]
async fn a_queued_check_in_is_assigned_to_its_day(app: TestApp) {
    let mike = app.member("mike").await;
    // Made at 02:50 on the 11th, which still belongs to the 10th, without a connection. The phone sends only the time.
    app.app.clock.set(instant("2026-03-11T14:59:00Z")).unwrap();
    let made = json!({ "id": new_id(&app), "madeAt": "2026-03-11T02:50:00Z", "mood": 2 });
    let answer = check_in(&app, mike, made.clone()).await;
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(answer["checkIn"]["localDate"], "2026-03-10");
    assert_eq!(answer["progress"]["checkedInToday"], false);

    // An edit of that night belongs to the same day.
    let edit = json!({ "id": made["id"], "madeAt": "2026-03-11T02:55:00Z", "mood": 4 });
    let answer = check_in(&app, mike, edit).await;
    assert_eq!(answer["checkIn"]["mood"], 4);
    let today = json!({ "id": new_id(&app) });
    let answer = check_in(&app, mike, today).await;
    assert_eq!(answer["checkIn"]["localDate"], "2026-03-11");
    assert_eq!(answer["progress"]["daysShownUp"], 2);
}

#[both]
async fn a_day_can_be_written_for_48_hours_after_its_end(app: TestApp) {
    let late = |id: Uuid, mood| json!({ "id": id, "localDate": "2026-03-10", "mood": mood });
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    // The 10th ends at three on the 11th.
    app.app.clock.set(instant("2026-03-13T02:59:59Z")).unwrap();
    let id = new_id(&app);
    let answer = check_in(&app, mike, late(id, 2)).await;
    assert_eq!(answer["checkIn"]["localDate"], "2026-03-10");
    // It can be edited on the day it was written, while its own day is open.
    let answer = check_in(&app, mike, late(id, 3)).await;
    assert_eq!(
        (&answer["checkIn"]["mood"], &answer["errors"]),
        (&json!(3), &json!([]))
    );

    app.advance(TimeDelta::seconds(1));
    // An even later entry is kept, but does not count.
    let answer = check_in(&app, sam, late(new_id(&app), 2)).await;
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(answer["progress"]["daysShownUp"], 0);
    let answer = check_in(&app, mike, late(id, 4)).await;
    assert_eq!(answer["errors"][0]["code"], "CONFLICT");
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn an_earlier_day_does_not_move_the_last_one_back(app: TestApp) {
    let mike = app.member("mike").await;
    let queued = new_id(&app);
    app.app.clock.set(instant("2026-03-11T08:00:00Z")).unwrap();
    check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    let late = json!({ "id": queued, "localDate": "2026-03-10" });
    let answer = check_in(&app, mike, late).await;
    assert_eq!(
        answer["progress"],
        json!({ "daysShownUp": 2, "lastCheckInDate": "2026-03-11", "checkedInToday": true })
    );
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn twenty_devices_at_once_count_once(app: TestApp) {
    let mike = app.member("mike").await;
    let ids: Vec<Uuid> = (0..20).map(|_| new_id(&app)).collect();
    let answers = at_once(&app, mike, &ids).await;
    let given = answers[0]["checkIn"]["clientId"].clone();
    for answer in &answers {
        assert_eq!(answer["errors"], json!([]));
        assert_eq!(answer["checkIn"]["clientId"], given);
        assert_eq!(answer["progress"]["daysShownUp"], 1);
    }
    assert_eq!(rows(&app, mike).await.len(), 1);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn twenty_retries_at_once_count_once(app: TestApp) {
    let mike = app.member("mike").await;
    let answers = at_once(&app, mike, &[new_id(&app); 20]).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0]["progress"]["daysShownUp"], 1);
    assert_progress_is_consistent(&app, mike).await;
}

async fn at_once(app: &TestApp, who: SignedIn, ids: &[Uuid]) -> Vec<Value> {
    let asked = ids
        .iter()
        .map(|id| (who, CHECK_IN, json!({ "input": { "id": id } })));
    let answers = app.at_once(asked.collect()).await;
    answers.iter().map(|data| data["checkIn"].clone()).collect()
}

#[both]
async fn a_check_in_cancels_its_days_reminder(app: TestApp) {
    let mike = app.member("mike").await;
    for day in ["2026-03-10", "2026-03-11"] {
        let what = Announcement {
            member: mike.member,
            kind: Kind::CheckInReminder,
            dedup_key: format!("check_in_reminder:{day}"),
            subject: None,
            not_before: app.now() + TimeDelta::hours(6),
            expires_at: app.now() + TimeDelta::hours(15),
            caused_by: None,
        };
        let app = &app.app;
        let announced: Result<(), api::error::Fault> = transact!(app, |tx| {
            outbox::announce(app, tx, &what).await?;
            Ok(Done::Keep(()))
        });
        announced.unwrap();
    }
    check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    let reminders = notification::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(reminders.len(), 2);
    for row in reminders {
        let todays = row.dedup_key == "check_in_reminder:2026-03-10";
        let expected = if todays {
            State::Cancelled
        } else {
            State::Pending
        };
        assert_eq!(row.state, expected);
    }
}

#[both]
async fn check_ins_come_in_pages_newest_first(app: TestApp) {
    let mike = app.member("mike").await;
    for _ in 0..9 {
        check_in(&app, mike, json!({ "id": new_id(&app) })).await;
        app.advance(TimeDelta::days(1));
    }
    let ask = async |arguments: &str| {
        let query = format!(
            "{{ me {{ checkIns({arguments}) {{ nodes {{ localDate }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }} }}"
        );
        let page = app.as_member(mike, &query, json!({})).await;
        assert_eq!(page.statements, 1);
        page.at("/me/checkIns")
    };
    let days = |page: &Value| -> Vec<u32> {
        let nodes = page["nodes"].as_array().unwrap();
        let day = |node: &Value| node["localDate"].as_str().unwrap()[8..].parse().unwrap();
        nodes.iter().map(day).collect()
    };
    let first = ask("first: 4").await;
    assert_eq!(days(&first), [18, 17, 16, 15]);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    let after = first["pageInfo"]["endCursor"].as_str().unwrap();
    let second = ask(&format!("first: 7, after: {after:?}")).await;
    assert_eq!(days(&second), [14, 13, 12, 11, 10]);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    let before = second["pageInfo"]["startCursor"].as_str().unwrap();
    let back = ask(&format!("last: 2, before: {before:?}")).await;
    assert_eq!(days(&back), [16, 15]);
    assert_eq!(back["pageInfo"]["hasPreviousPage"], true);

    let query = "{ me { checkIns(first: 1, after: \"AAAA\") { nodes { mood } } checkIn(date: \"2026-03-12\") { localDate } } }";
    let answer = app.as_member(mike, query, json!({})).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    assert_eq!(answer.data["me"]["checkIn"]["localDate"], "2026-03-12");
}

#[both]
async fn travel_neither_adds_nor_removes_a_day(app: TestApp) {
    let mike = app.member("mike").await;
    check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    app.app.clock.set(instant("2026-03-11T06:00:00Z")).unwrap();
    check_in(&app, mike, json!({ "id": new_id(&app) })).await;

    // West: it is the evening of the 10th again, which has its check-in.
    move_to(&app, mike, zone("Pacific/Honolulu")).await;
    let again = check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    assert_eq!(again["checkIn"]["localDate"], "2026-03-10");
    assert_eq!(again["checkIn"]["timeZone"], "Europe/London");
    assert_eq!(
        again["progress"],
        json!({ "daysShownUp": 2, "lastCheckInDate": "2026-03-11", "checkedInToday": true })
    );

    // East, over the date line: two days on at once, and what is written stays.
    move_to(&app, mike, zone("Pacific/Kiritimati")).await;
    app.app.clock.set(instant("2026-03-11T14:00:00Z")).unwrap();
    let east = check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    assert_eq!(east["checkIn"]["localDate"], "2026-03-12");
    assert_eq!(east["progress"]["daysShownUp"], 3);
    move_to(&app, mike, zone("Europe/London")).await;
    let home = check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    assert_eq!(home["checkIn"]["localDate"], "2026-03-11");
    assert_eq!(home["progress"]["daysShownUp"], 3);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_check_in_costs_a_fixed_number_of_statements(app: TestApp) {
    let mike = app.member("mike").await;
    let mutation = "mutation($input: CheckInInput!) { checkIn(input: $input) { checkIn { id } } }";
    // The statements lock and read the days, store the check-in, update the reminder, write the feed (one more on
    // SQLite) and read the partners. Once in seven days the closed days are settled, and the first check-in also looks
    // at the reminder, which may have gone silent.
    let expected = match app.database().engine() {
        Engine::Postgres => 6,
        Engine::Sqlite => 7,
    };
    let mut settled = 0;
    for _ in 0..60 {
        let input = json!({ "input": { "id": new_id(&app) } });
        let answer = app.as_member(mike, mutation, input).await;
        settled += answer.statements - expected;
        app.advance(TimeDelta::days(1));
    }
    assert_eq!(settled, 8 + 1);
    let progress = app.as_member(mike, PROGRESS, json!({})).await;
    assert_eq!(progress.statements, 1);
    assert_eq!(progress.at("/me/progress/daysShownUp"), 60);
    assert_progress_is_consistent(&app, mike).await;
}

#[both]
async fn a_member_sees_only_own_check_ins(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    check_in(&app, mike, json!({ "id": new_id(&app) })).await;
    let query =
        "{ me { checkIns(first: 5) { nodes { id } } checkIn(date: \"2026-03-10\") { id } } }";
    let sams = app.as_member(sam, query, json!({})).await;
    assert_eq!(
        sams.at("/me"),
        json!({ "checkIns": { "nodes": [] }, "checkIn": null })
    );
    let input = json!({ "input": { "id": new_id(&app) } });
    assert_eq!(
        app.anonymous(CHECK_IN, input).await.code(),
        "UNAUTHENTICATED"
    );
    let count = check_in::Entity::find().count(app.app.db.pool()).await;
    assert_eq!(count.unwrap(), 1);
}
