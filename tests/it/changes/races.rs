//! No change is missed among concurrent writers.

use std::time::Duration;

use api::app::App;
use api::error::Fault;
use api::feed::write;
use api::node_id::NodeId as _;
use api::transact;
use api::tx::Changes;
use api::tx::{Done, Tx};
use api::viewer::SignedIn;
use api::work::Tries;
use chrono::{Days, NaiveDate};
use entity::{CheckInId, MemberId, change, change_feed, check_in};
use futures::future::join_all;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{TestApp, both};
use tokio::task::JoinSet;

use super::{Phone, act, check_in, meeting, rsvp};

/// Stores a check-in for a day, bypassing its service.
pub(super) async fn put_check_in(
    tx: &Tx,
    app: &App,
    member: MemberId,
    id: CheckInId,
    day: NaiveDate,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let row = check_in::ActiveModel {
        id: Set(id),
        member_id: Set(member),
        local_date: Set(day),
        time_zone: Set("Europe/London".to_owned()),
        day_start_hour: Set(3),
        mood: Set(None),
        energy: Set(None),
        emotions: Set(None),
        note: Set(None),
        kept_word: Set(None),
        wants_a_word: Set(false),
        visibility: Set(check_in::Visibility::Private),
        created_at: Set(now),
        updated_at: Set(now),
        counts: Set(true),
        sent: Set(None),
        taken_back_at: Set(None),
        words_deleted_at: Set(None),
    };
    check_in::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

#[both]
async fn every_change_is_seen_in_any_order_of_commits(app: TestApp) {
    const WRITERS: u64 = 5;
    const EACH: u64 = 12;
    let mike = app.member("mike").await;
    let first = app.now().date_naive();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let app = app.app.clone();
        writers.spawn(async move {
            for n in 0..EACH {
                let day = first - Days::new(writer * EACH + n);
                let id: CheckInId = app.ids.next();
                let pause = |n: u64| tokio::time::sleep(Duration::from_millis(n % 7));
                let written = transact!(app, |tx| {
                    put_check_in(tx, &app, mike.member, id, day).await?;
                    pause(writer * 3 + n * 5).await;
                    let mut changes = Changes::new();
                    changes.put(mike.member, id);
                    write(&app, tx, changes).await?;
                    // The sequence number is taken; others commit or wait.
                    pause(writer * 5 + n * 2).await;
                    Ok(Done::Keep(()))
                });
                written.unwrap();
            }
        });
    }
    let writing = tokio::spawn(writers.join_all());
    let mut phone = Phone::new(mike);
    let mut received = 0;
    loop {
        let last = writing.is_finished();
        received += phone.sync_by(&app, 3).await.len();
        if last {
            break;
        }
    }
    writing.await.unwrap();
    let rows = usize::try_from(WRITERS * EACH).unwrap();
    assert_eq!(phone.all("CheckIn").len(), rows);
    assert_eq!((received, phone.resets), (rows + 1, 0));
}

#[both]
async fn fan_outs_over_the_same_members_do_not_deadlock(app: TestApp) {
    let mut members = Vec::new();
    for n in 0..30 {
        members.push(app.member(&format!("man-{n}")).await.member);
    }
    let mut tasks = JoinSet::new();
    for task in 0..4 {
        let (app, mut members) = (app.app.clone(), members.clone());
        match task {
            0 => members.reverse(),
            1 => members.rotate_left(11),
            _ => {}
        }
        tasks.spawn(async move {
            for _ in 0..25 {
                let tx = Tries::default().begin(&app).await.unwrap();
                let mut changes = Changes::new();
                for member in &members {
                    changes.put(*member, *member);
                }
                // Nothing retries here: a deadlock would fail the test.
                write(&app, &tx, changes).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    for feed in change_feed::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap()
    {
        assert_eq!(feed.last_seq, 1 + 4 * 25);
    }
}

#[both]
async fn thousands_of_changes_at_once_are_numbered_without_a_gap(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let app = &app.app;
    let recorded = transact!(app, |tx| {
        let mut changes = Changes::new();
        for n in 0..2500 {
            let id: CheckInId = app.ids.next();
            changes.put(if n % 5 == 0 { sam.member } else { mike.member }, id);
            // Recorded twice, it is one change.
            changes.put(mike.member, mike.member);
        }
        write(app, tx, changes).await?;
        Ok(Done::Keep(()))
    });
    recorded.unwrap();
    for (who, expected) in [(mike, 2..=2002), (sam, 1..=501)] {
        let rows = change::Entity::find().filter(change::Column::MemberId.eq(who.member));
        let mut seqs: Vec<i64> = rows
            .all(app.db.pool())
            .await
            .unwrap()
            .iter()
            .map(|row| row.seq)
            .collect();
        seqs.sort_unstable();
        assert_eq!(seqs, expected.collect::<Vec<i64>>());
    }
}

#[both]
async fn a_change_for_a_member_without_a_feed_is_an_error(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let app = &app.app;
    let feed = change_feed::Entity::delete_by_id(mike.member);
    feed.exec(app.db.pool()).await.unwrap();
    let recorded = transact!(app, |tx| {
        let mut changes = Changes::new();
        changes.put(sam.member, sam.member);
        changes.put(mike.member, mike.member);
        write(app, tx, changes).await?;
        Ok(Done::Keep(()))
    });
    assert!(matches!(recorded, Err(Fault::Broken(_))), "{recorded:?}");
    let sams = change_feed::Entity::find_by_id(sam.member).one(app.db.pool());
    assert_eq!(sams.await.unwrap().unwrap().last_seq, 1);
}

#[both]
async fn phones_keep_the_current_data_after_many_concurrent_actions(app: TestApp) {
    let host = app.facilitator("host").await;
    let mut members = Vec::new();
    for n in 0..5 {
        members.push(app.member(&format!("man-{n}")).await);
    }
    let id = crate::circles::circle_of(&app, host, &members).await;
    let circle = id.global();
    let of_circle = meeting(&app, host, Some(circle.as_str())).await;
    let open = meeting(&app, host, None).await;
    for member in &members {
        rsvp(&app, *member, &of_circle, "NOT_GOING").await;
        rsvp(&app, *member, &open, "NOT_GOING").await;
    }
    let answer = |who: SignedIn, to: &Value, answer: &str| {
        let input = json!({ "occurrenceId": to["id"], "answer": answer });
        let document = "mutation($input: RsvpInput!) { rsvp(input: $input) { errors { code } } }";
        let variables = json!({ "input": input });
        (who, document, variables)
    };
    let (app, of_circle, open) = (&app, &of_circle, &open);
    let circle = circle.as_str();
    let of_members = members.iter().map(|member| async move {
        let mut phone = Phone::new(*member);
        for round in 0..6 {
            for to in [of_circle, open] {
                let given = ["GOING", "NOT_GOING"][round % 2];
                // The meeting may be invisible to the member at this moment.
                let (who, document, variables) = answer(*member, to, given);
                app.as_member(who, document, variables).await.ok();
            }
            phone.sync(app).await;
            match round {
                0 => check_in(app, *member).await,
                2 => act(app, *member, "leaveCircle", json!({ "circleId": circle })).await,
                3 => crate::circles::put_in(app, id, *member).await,
                _ => {}
            }
        }
        phone
    });
    let of_host = async {
        for version in 1..9 {
            for meeting in [of_circle, open] {
                let input = json!({ "meetingId": meeting["meeting"]["id"], "expectedVersion": version,
                    "title": format!("Tea {version}"), "capacity": 10 + version });
                act(app, host, "updateMeeting", input).await;
            }
        }
        act(
            app,
            host,
            "cancelMeeting",
            json!({ "occurrenceId": open["id"] }),
        )
        .await;
    };
    let (phones, ()) = tokio::join!(join_all(of_members), of_host);
    app.drain().await;
    for mut phone in phones {
        phone.sync(app).await;
        assert_eq!(phone.resets, 0);
        let mut fresh = Phone::new(phone.who);
        fresh.sync(app).await;
        assert_eq!(phone.kept, fresh.kept);
        assert_eq!(phone.kept, phone.current(app).await);
        assert_eq!(phone.all("Meeting").len(), 2);
        assert_eq!(phone.all("MeetingOccurrence").len(), 2);
    }
}
