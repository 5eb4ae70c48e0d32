//! When a phone must start over, and when not.

use api::node_id::NodeId as _;
use chrono::TimeDelta;
use entity::{change, change_feed};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use serde_json::json;
use support::{TestApp, both};

use super::{Phone, ask, check_in, meeting, rsvp};

#[both]
async fn a_phone_that_missed_removed_tombstones_starts_over(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let circle = crate::circles::circle_of(&app, host, &[mike])
        .await
        .global();
    let tea = meeting(&app, host, Some(circle.as_str())).await;
    rsvp(&app, mike, &tea, "GOING").await;
    let (mut old, mut new, mut begun) = (Phone::new(mike), Phone::new(mike), Phone::new(mike));
    old.sync(&app).await;
    new.sync(&app).await;
    assert_eq!(old.all("Meeting").len(), 1);
    // This phone has the profile, and fetches the rest much later.
    let first = ask(&app, mike, None, 1).await.at("/changes");
    assert_eq!(first["hasMore"], true);
    begun.after = first["endCursor"].as_str().map(str::to_owned);

    super::act(
        &app,
        mike,
        "leaveCircle",
        json!({ "circleId": circle.as_str() }),
    )
    .await;
    app.advance(TimeDelta::days(90));
    api::sync::service::housekeep(&app.app).await.unwrap();
    let count = async || {
        change::Entity::find()
            .count(app.app.db.pool())
            .await
            .unwrap()
    };
    let before = count().await;
    new.sync(&app).await;
    assert_eq!(new.kept.len(), 1);
    check_in(&app, mike).await;

    app.advance(TimeDelta::seconds(1));
    api::sync::service::housekeep(&app.app).await.unwrap();
    assert_eq!(count().await, before + 1 - 2);
    for phone in [&mut old, &mut begun] {
        phone.sync_by(&app, 1).await;
        assert_eq!((phone.resets, phone.kept.len()), (1, 2));
    }
    new.sync(&app).await;
    assert_eq!((new.resets, new.kept.len()), (0, 2));
    // A new phone is not affected by older tombstones.
    let mut fresh = Phone::new(mike);
    fresh.sync_by(&app, 1).await;
    assert_eq!((fresh.resets, fresh.kept.len()), (0, 2));
}

#[both]
async fn a_restored_backup_makes_phones_start_over(app: TestApp) {
    let mike = app.member("mike").await;
    check_in(&app, mike).await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    // The state of a backup from before the check-in.
    let db = app.app.db.pool();
    entity::check_in::Entity::delete_many()
        .exec(db)
        .await
        .unwrap();
    let later = change::Entity::delete_many().filter(change::Column::Seq.gt(1));
    later.exec(db).await.unwrap();
    let earlier = change_feed::Entity::update_many()
        .col_expr(change_feed::Column::LastSeq, Expr::value(1_i64));
    earlier.exec(db).await.unwrap();

    phone.sync(&app).await;
    assert_eq!((phone.resets, phone.kept.len()), (1, 1));
    phone.sync(&app).await;
    assert_eq!(phone.resets, 1);
}

/// As the README says, after restoring a backup.
#[both]
async fn an_operator_can_make_every_phone_start_over(app: TestApp) {
    let mike = app.member("mike").await;
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    let anew =
        "UPDATE change_feed SET last_seq = last_seq + 1000000, pruned_through = last_seq + 1000000";
    app.app.db.pool().execute_unprepared(anew).await.unwrap();
    check_in(&app, mike).await;
    for resets in [1, 1] {
        phone.sync_by(&app, 1).await;
        assert_eq!((phone.resets, phone.kept.len()), (resets, 2));
    }
}

#[both]
async fn another_members_cursor_starts_over(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    phone.who = sam;
    phone.sync(&app).await;
    assert_eq!(phone.resets, 1);
    let kept: Vec<&str> = phone.kept.keys().map(String::as_str).collect();
    assert_eq!(kept, [sam.member.global().as_str()]);
}

#[both]
async fn an_invalid_cursor_is_refused(app: TestApp) {
    let mike = app.member("mike").await;
    check_in(&app, mike).await;
    let list = "{ me { checkIns { pageInfo { endCursor } } } }";
    let list = app.as_member(mike, list, json!({})).await;
    let of_a_list = list.at("/me/checkIns/pageInfo/endCursor");
    for after in ["", "nonsense", of_a_list.as_str().unwrap()] {
        let refused = ask(&app, mike, Some(after), 10).await;
        assert_eq!((refused.code(), refused.statements), ("BAD_USER_INPUT", 0));
    }
    for first in [-1, 101] {
        let refused = app
            .as_member(
                mike,
                "query($n: Int!) { changes(first: $n) { hasMore } }",
                json!({ "n": first }),
            )
            .await;
        assert_eq!((refused.code(), refused.statements), ("BAD_USER_INPUT", 0));
    }
    let none = ask(&app, mike, None, 0).await.at("/changes");
    assert_eq!(
        (&none["edges"], &none["hasMore"]),
        (&json!([]), &json!(true))
    );
}
