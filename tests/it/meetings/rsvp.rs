//! Answers to meetings: taking seats and giving them back.

use std::collections::BTreeSet;

use api::meeting::service::{give_back_upcoming_seats, who_is_still_going};
use api::node_id::NodeId as _;
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use async_graphql::ID;
use chrono::TimeDelta;
use entity::OccurrenceId;
use entity::circle_membership::CircleRole;
use entity::notification::{Kind, State};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::{Engine, FromDatabase as _, TestApp, TestDatabase, both};

use super::{circle_with, code, notifications, rsvp, rsvp_document, scheduled, seats_agree};

fn occurrence_id(occurrence: &Value) -> OccurrenceId {
    let id = ID(occurrence["id"].as_str().unwrap().to_owned());
    OccurrenceId::from_global(&id).unwrap()
}

#[both]
async fn going_takes_a_seat_and_not_going_gives_it_back_once(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let tea = scheduled(&app, host, json!({ "capacity": 2 })).await;
    rsvp(&app, sam, &tea, "GOING").await;

    for _ in 0..2 {
        let answer = rsvp(&app, mike, &tea, "GOING").await;
        assert_eq!(answer["errors"], json!([]));
        assert_eq!(answer["occurrence"]["seatsTaken"], 2);
        assert_eq!(answer["occurrence"]["seatsLeft"], 0);
        assert_eq!(answer["occurrence"]["viewerAnswer"], "GOING");
        assert_eq!(answer["occurrence"]["meeting"]["place"], "The back room");
        seats_agree(&app).await;
    }
    for _ in 0..2 {
        let answer = rsvp(&app, mike, &tea, "NOT_GOING").await;
        assert_eq!(answer["occurrence"]["seatsTaken"], 1);
        assert_eq!(answer["occurrence"]["viewerAnswer"], "NOT_GOING");
        assert_eq!(answer["occurrence"]["meeting"]["place"], json!(null));
        assert_eq!(seats_agree(&app).await, 1);
    }
    // Not going as the first answer gives nothing back.
    let tom = app.member("tom").await;
    let answer = rsvp(&app, tom, &tea, "NOT_GOING").await;
    assert_eq!(answer["occurrence"]["seatsTaken"], 1);
    let back = rsvp(&app, mike, &tea, "GOING").await;
    assert_eq!(back["occurrence"]["seatsTaken"], 2);
    seats_agree(&app).await;
}

#[both]
async fn the_last_seat_goes_to_one_member(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let (sam, tom) = (app.member("sam").await, app.member("tom").await);
    let tea = scheduled(&app, host, json!({ "capacity": 1 })).await;
    rsvp(&app, mike, &tea, "GOING").await;
    rsvp(&app, tom, &tea, "NOT_GOING").await;
    for (who, before) in [(sam, json!(null)), (tom, json!("NOT_GOING"))] {
        let full = rsvp(&app, who, &tea, "GOING").await;
        assert_eq!(code(&full), "FULL");
        assert_eq!(full["errors"][0]["path"], json!(["input", "occurrenceId"]));
        assert_eq!(full["occurrence"]["viewerAnswer"], before);
        assert_eq!(full["occurrence"]["seatsTaken"], 1);
        assert_eq!(full["occurrence"]["meeting"]["joinUrl"], json!(null));
        assert!(
            notifications(&app, who, Kind::MeetingReminder)
                .await
                .is_empty()
        );
    }
    // The member with the seat can repeat his answer.
    assert_eq!(code(&rsvp(&app, mike, &tea, "GOING").await), "");
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    assert_eq!(code(&rsvp(&app, sam, &tea, "GOING").await), "");
    assert_eq!(seats_agree(&app).await, 1);
}

#[both]
async fn a_started_or_cancelled_meeting_takes_no_new_answers(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tom = app.member("tom").await;
    let tea = scheduled(&app, host, json!({})).await;
    let off = scheduled(&app, host, json!({})).await;
    for occurrence in [&tea, &off] {
        rsvp(&app, mike, occurrence, "GOING").await;
    }
    let cancel = "mutation($input: CancelMeetingInput!) { cancelMeeting(input: $input) { errors { code } } }";
    let input = json!({ "input": { "occurrenceId": off["id"] } });
    app.as_member(host, cancel, input).await.ok();
    for (who, answer) in [(tom, "GOING"), (tom, "NOT_GOING"), (mike, "NOT_GOING")] {
        let refused = rsvp(&app, who, &off, answer).await;
        assert_eq!(code(&refused), "CANCELLED");
        assert_eq!(refused["occurrence"]["status"], "CANCELLED");
    }
    let starts_at = "2026-03-12T19:30:00Z".parse().unwrap();
    app.app.clock.set(starts_at).unwrap();
    for (who, answer) in [(tom, "GOING"), (tom, "NOT_GOING"), (mike, "NOT_GOING")] {
        assert_eq!(code(&rsvp(&app, who, &tea, answer).await), "TOO_LATE");
    }
    // The current answer can be repeated.
    assert_eq!(code(&rsvp(&app, mike, &tea, "GOING").await), "");
    assert_eq!(code(&rsvp(&app, mike, &off, "GOING").await), "");
    assert_eq!(seats_agree(&app).await, 2);

    let nothing = json!({ "id": "nonsense" });
    assert_eq!(
        code(&rsvp(&app, mike, &nothing, "GOING").await),
        "NOT_FOUND"
    );
}

async fn members(app: &TestApp, count: usize) -> Vec<SignedIn> {
    let mut members = Vec::new();
    for n in 0..count {
        members.push(app.member(&format!("man-{n}")).await);
    }
    members
}

fn ask(who: SignedIn, occurrence: &Value, answer: &str) -> (SignedIn, String, Value) {
    let variables = json!({ "input": { "occurrenceId": occurrence["id"], "answer": answer } });
    (who, rsvp_document(), variables)
}

#[both]
async fn of_fifty_members_ten_get_the_ten_seats(app: TestApp) {
    let host = app.facilitator("host").await;
    let members = members(&app, 50).await;
    let tea = scheduled(&app, host, json!({ "capacity": 10 })).await;
    let asked = members
        .iter()
        .map(|member| ask(*member, &tea, "GOING"))
        .collect();
    let answers = app.at_once(asked).await;
    let count = |wanted: &str| {
        answers
            .iter()
            .filter(|a| code(&a["rsvp"]) == wanted)
            .count()
    };
    assert_eq!((count(""), count("FULL")), (10, 40));
    assert_eq!(seats_agree(&app).await, 10);
    let mut reminded = 0;
    for member in members {
        reminded += notifications(&app, member, Kind::MeetingReminder)
            .await
            .len();
    }
    assert_eq!(reminded, 10);
}

#[both]
async fn a_member_with_many_devices_takes_one_seat(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tea = scheduled(&app, host, json!({ "capacity": 3 })).await;
    for (answer, seats) in [("GOING", 1), ("NOT_GOING", 0), ("GOING", 1)] {
        let answers = app.at_once(vec![ask(mike, &tea, answer); 20]).await;
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:#?}"
        );
        assert_eq!(answers[0]["rsvp"]["occurrence"]["seatsTaken"], seats);
        assert_eq!(seats_agree(&app).await, seats);
    }
    assert_eq!(
        notifications(&app, mike, Kind::MeetingReminder).await.len(),
        1
    );
}

#[both]
async fn seats_agree_with_concurrent_answers(app: TestApp) {
    let host = app.facilitator("host").await;
    let members = members(&app, 8).await;
    let tea = scheduled(&app, host, json!({ "capacity": 4 })).await;
    for _ in 0..4 {
        let asked = (0..40).map(|_| {
            let draw = |bound| usize::try_from(app.app.entropy.below(bound)).unwrap();
            let answer = ["GOING", "NOT_GOING"][draw(2)];
            ask(members[draw(8)], &tea, answer)
        });
        let answers = app.at_once(asked.collect()).await;
        assert!(
            answers
                .iter()
                .all(|a| ["", "FULL"].contains(&code(&a["rsvp"])))
        );
        seats_agree(&app).await;
    }
}

/// Answers, one after the other, behave like a set of the members who are going.
#[test]
fn seats_follow_any_sequence_of_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(16));
    let answers = proptest::collection::vec((0_usize..5, any::<bool>()), 1..40);
    let outcome = runner.run(&(1_i32..4, answers), |(capacity, answers)| {
        runtime.block_on(async {
            let app = TestApp::from_database(TestDatabase::sqlite().await).await;
            let host = app.facilitator("host").await;
            let members = members(&app, 5).await;
            let tea = scheduled(&app, host, json!({ "capacity": capacity })).await;
            let seats = usize::try_from(capacity).unwrap();
            let mut going = BTreeSet::new();
            for (member, comes) in answers {
                let expected = if comes && !going.contains(&member) && going.len() == seats {
                    "FULL"
                } else {
                    ""
                };
                let said = if comes { "GOING" } else { "NOT_GOING" };
                let answer = rsvp(&app, members[member], &tea, said).await;
                prop_assert_eq!(code(&answer), expected);
                if comes && expected.is_empty() {
                    going.insert(member);
                } else if !comes {
                    going.remove(&member);
                }
                prop_assert_eq!(
                    answer["occurrence"]["seatsTaken"].as_u64(),
                    Some(going.len() as u64)
                );
            }
            prop_assert_eq!(seats_agree(&app).await, going.len() as u64);
            Ok(())
        })
    });
    outcome.unwrap();
}

#[both]
async fn a_reminder_is_due_an_hour_before_and_is_cancelled_with_the_seat(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tea = scheduled(&app, host, json!({})).await;
    rsvp(&app, mike, &tea, "GOING").await;
    let reminder = || async {
        let mut told = notifications(&app, mike, Kind::MeetingReminder).await;
        assert_eq!(told.len(), 1);
        told.remove(0)
    };
    let first = reminder().await;
    let id = occurrence_id(&tea);
    assert_eq!(first.not_before.to_rfc3339(), "2026-03-12T18:30:00+00:00");
    assert_eq!(first.expires_at.to_rfc3339(), "2026-03-12T19:30:00+00:00");
    assert_eq!(first.dedup_key, format!("meeting_reminder:{id}"));
    assert_eq!(first.subject_id, Some(id.0));
    assert_eq!(first.state, State::Pending);

    rsvp(&app, mike, &tea, "NOT_GOING").await;
    assert_eq!(reminder().await.state, State::Cancelled);
    rsvp(&app, mike, &tea, "GOING").await;
    assert_eq!(reminder().await, first);
}

#[both]
async fn a_reminder_for_a_meeting_within_the_hour_is_due_at_once(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tea = scheduled(&app, host, json!({})).await;
    app.app
        .clock
        .set("2026-03-12T19:10:00Z".parse().unwrap())
        .unwrap();
    rsvp(&app, mike, &tea, "GOING").await;
    let told = notifications(&app, mike, Kind::MeetingReminder).await;
    assert_eq!(told[0].not_before, app.now());
    assert_eq!(told[0].expires_at - app.now(), TimeDelta::minutes(20));
}

#[both]
async fn leaving_gives_the_seats_back(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let sam = app.member("sam").await;
    let members = [(host, CircleRole::Facilitator), (mike, CircleRole::Member)];
    let circle = circle_with(&app, &members).await;
    let open = scheduled(&app, host, json!({})).await;
    let of_circle = json!({ "circleId": circle.global().as_str() });
    let circles = scheduled(&app, host, of_circle).await;
    for occurrence in [&open, &circles] {
        rsvp(&app, mike, occurrence, "GOING").await;
    }
    rsvp(&app, sam, &open, "GOING").await;
    assert_eq!(seats_agree(&app).await, 3);

    let leave =
        "mutation($input: LeaveCircleInput!) { leaveCircle(input: $input) { errors { code } } }";
    for _ in 0..2 {
        let input = json!({ "input": { "circleId": circle.global().as_str() } });
        app.as_member(mike, leave, input).await.ok();
        assert_eq!(seats_agree(&app).await, 2);
    }
    // This also happens when his account is deleted.
    for _ in 0..2 {
        let app_ref = &app.app;
        let given: Result<(), api::error::Fault> = transact!(app_ref, |tx| {
            give_back_upcoming_seats(app_ref, tx, mike.member).await?;
            Ok(Done::Keep(()))
        });
        given.unwrap();
        assert_eq!(seats_agree(&app).await, 1);
    }
    let told = notifications(&app, mike, Kind::MeetingReminder).await;
    assert!(told.iter().all(|row| row.state == State::Cancelled));
    let told = notifications(&app, sam, Kind::MeetingReminder).await;
    assert!(told.iter().all(|row| row.state == State::Pending));
}

#[both]
async fn still_going_needs_a_seat_and_a_meeting_that_is_on(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tea = scheduled(&app, host, json!({})).await;
    let seat = (mike.member, occurrence_id(&tea));
    let goes = async || {
        let going = who_is_still_going(app.app.db.pool(), &[seat]).await;
        going.unwrap().contains(&seat)
    };
    assert!(!goes().await);
    rsvp(&app, mike, &tea, "GOING").await;
    assert!(goes().await);
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    assert!(!goes().await);
    rsvp(&app, mike, &tea, "GOING").await;
    let cancel = "mutation($input: CancelMeetingInput!) { cancelMeeting(input: $input) { errors { code } } }";
    let input = json!({ "input": { "occurrenceId": tea["id"] } });
    app.as_member(host, cancel, input).await.ok();
    assert!(!goes().await);
}

#[both]
async fn an_answer_costs_the_same_however_many_are_going(app: TestApp) {
    let host = app.facilitator("host").await;
    let members = members(&app, 6).await;
    let tea = scheduled(&app, host, json!({})).await;
    // SQLite numbers the change in a statement of its own.
    let apart = u64::from(app.database().engine() == Engine::Sqlite);
    let costs = [("GOING", 6 + apart), ("GOING", 1), ("NOT_GOING", 5 + apart)];
    for member in members {
        for (answer, statements) in costs {
            let (who, document, variables) = ask(member, &tea, answer);
            let answer = app.as_member(who, &document, variables).await;
            assert_eq!(answer.statements, statements, "{}", answer.data);
        }
        rsvp(&app, member, &tea, "GOING").await;
    }
}

#[both]
async fn a_member_who_is_removed_while_answering_keeps_no_seat(app: TestApp) {
    let host = app.facilitator("host").await;
    let members = members(&app, 8).await;
    let mut roles = vec![(host, CircleRole::Facilitator)];
    roles.extend(members.iter().map(|member| (*member, CircleRole::Member)));
    let circle = circle_with(&app, &roles).await;
    let tea = scheduled(&app, host, json!({ "circleId": circle.global().as_str() })).await;
    let remove = "mutation($input: RemoveCircleMemberInput!) {
        removeCircleMember(input: $input) { errors { code } } }";
    let mut asked = Vec::new();
    for member in &members {
        let who = json!({ "input": { "circleId": circle.global().as_str(),
            "memberId": member.member.global().as_str() } });
        asked.push(ask(*member, &tea, "GOING"));
        asked.push((host, remove.to_owned(), who));
    }
    for answer in app.at_once(asked).await {
        match answer.get("rsvp") {
            // He answered either before he was removed or after it.
            Some(answered) => assert!(["", "NOT_FOUND"].contains(&code(answered)), "{answer}"),
            None => assert_eq!(code(&answer["removeCircleMember"]), ""),
        }
    }
    assert_eq!(seats_agree(&app).await, 0);
    for member in members {
        let pending = notifications(&app, member, Kind::MeetingReminder).await;
        assert!(pending.iter().all(|row| row.state == State::Cancelled));
    }
}

async fn new_accounts_take_no_seat_in_open_meetings(database: TestDatabase) {
    let rule = "[meetings]\nseat_min_account_age_days = 3\n";
    let app = TestApp::configured(database, rule).await;
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let open = scheduled(&app, host, json!({})).await;
    let members = [(host, CircleRole::Facilitator), (mike, CircleRole::Member)];
    let circle = circle_with(&app, &members).await.global();
    let of_circle = scheduled(&app, host, json!({ "circleId": circle.as_str() })).await;
    let refused = rsvp(&app, mike, &open, "GOING").await;
    assert_eq!(code(&refused), "TOO_SOON");
    assert_eq!(refused["occurrence"]["id"], open["id"]);
    assert_eq!(code(&rsvp(&app, mike, &open, "NOT_GOING").await), "");
    // A new member can answer meetings of his circles, and a host his own meetings.
    assert_eq!(code(&rsvp(&app, mike, &of_circle, "GOING").await), "");
    assert_eq!(code(&rsvp(&app, host, &open, "GOING").await), "");
    app.advance(TimeDelta::days(3));
    let later = scheduled(&app, host, json!({ "localDate": "2026-03-20" })).await;
    assert_eq!(code(&rsvp(&app, mike, &later, "GOING").await), "");
}

#[tokio::test]
async fn new_accounts_take_no_seat_in_open_meetings_on_sqlite() {
    new_accounts_take_no_seat_in_open_meetings(TestDatabase::sqlite().await).await;
}

#[tokio::test]
async fn new_accounts_take_no_seat_in_open_meetings_on_postgres() {
    new_accounts_take_no_seat_in_open_meetings(TestDatabase::postgres().await).await;
}
