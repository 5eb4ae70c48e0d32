//! A handle belongs to one member, and so do its look-alikes.

use api::error::Fault;
use api::locale::{Country, Language};
use api::profile::Handle;
use api::profile::service::{NewMember, create};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::EntityTrait as _;
use serde_json::json;
use support::{TestApp, both, zone};

use super::{own, problem, problems, update};

#[both]
async fn a_handle_that_looks_like_anothers_is_taken(app: TestApp) {
    let (_, paul) = (app.member("mike").await, app.member("paul").await);
    let before = own(&app, paul).await;
    for look_alike in ["mike", "MIKE", "m.i.k.e", "rnike", "support"] {
        let refused = update(
            &app,
            paul,
            json!({"handle": look_alike, "bio": "Not kept."}),
        )
        .await;
        assert_eq!(
            problems(&refused),
            problem("TAKEN", "input.handle"),
            "{look_alike}"
        );
    }
    assert_eq!(own(&app, paul).await, before);
}

#[both]
async fn a_member_can_respell_their_own_handle(app: TestApp) {
    let mike = app.member("mike").await;
    let updated = update(&app, mike, json!({"handle": "M.I.K.E"})).await;
    assert_eq!(updated["errors"], json!([]));
    assert_eq!(updated["member"]["handle"], json!("M.I.K.E"));
}

#[both]
async fn of_two_members_who_take_look_alikes_at_once_one_succeeds(app: TestApp) {
    let (a, b) = (app.member("alan").await, app.member("brian").await);
    for (one, other) in [
        ("Martin", "rnartin"),
        ("paul1", "Paul_l"),
        ("jim.b", "JIM-B"),
        ("oscar0", "oscarO"),
    ] {
        let before = [own(&app, a).await, own(&app, b).await];
        let (first, second) = tokio::join!(
            update(&app, a, json!({ "handle": one })),
            update(&app, b, json!({ "handle": other })),
        );
        let refused = [problems(&first), problems(&second)];
        let loser = refused
            .iter()
            .position(|problems| !problems.is_empty())
            .unwrap();
        assert_eq!(refused[loser], problem("TAKEN", "input.handle"));
        assert!(
            refused[1 - loser].is_empty(),
            "{one} and {other}: {refused:?}"
        );
        assert_eq!(own(&app, [a, b][loser]).await, before[loser]);
        // The winner takes another handle, so that the next round begins afresh.
        let rest = format!(
            "{}{}",
            ["alan", "brian"][1 - loser],
            before[1 - loser]["version"]
        );
        let winner = [a, b][1 - loser];
        assert_eq!(
            update(&app, winner, json!({ "handle": rest })).await["errors"],
            json!([])
        );
    }
}

#[both]
async fn of_two_sign_ups_with_look_alikes_at_once_one_succeeds(app: TestApp) {
    let app = &app.app;
    let sign_up = async |handle: &str| -> Result<bool, Fault> {
        let new = NewMember {
            id: app.ids.next(),
            handle: Handle::parse("handle", handle).unwrap(),
            time_zone: zone("Europe/London"),
            country: Country::parse("country", "GB").unwrap(),
            locale: Language::parse("locale", "en").unwrap(),
        };
        transact!(app, |tx| { Ok(Done::Keep(create(app, tx, &new).await?)) })
    };
    for (one, other) in [
        ("Martin", "rnartin"),
        ("jim.b", "JIM-B"),
        ("oscar", "Oscar"),
    ] {
        let (first, second) = tokio::join!(sign_up(one), sign_up(other));
        assert_ne!(first.unwrap(), second.unwrap(), "{one} and {other}");
    }
}

/// Changes the member's handle. Returns `false` if it is taken.
async fn take_handle(app: &TestApp, who: SignedIn, handle: &str) -> bool {
    let updated = update(app, who, json!({ "handle": handle })).await;
    let refused = problems(&updated);
    if !refused.is_empty() {
        assert_eq!(refused, problem("TAKEN", "input.handle"), "{handle}");
    }
    refused.is_empty()
}

#[both]
async fn a_look_alike_by_its_capitals_is_taken(app: TestApp) {
    let (_, paul) = (app.member("gilbert").await, app.member("paul").await);
    app.member("Ian").await;
    for look_alike in ["giIbert", "GiIbert", "gi1bert", "lan"] {
        assert!(!take_handle(&app, paul, look_alike).await, "{look_alike}");
    }
    assert!(take_handle(&app, paul, "gilberto").await);
}

#[both]
async fn a_former_handle_is_reserved_for_its_member(app: TestApp) {
    let (mike, paul) = (app.member("Mike").await, app.member("paul").await);
    assert!(take_handle(&app, mike, "michael").await);
    for look_alike in ["mike", "Mike", "m.i.k.e", "rnike"] {
        assert!(!take_handle(&app, paul, look_alike).await, "{look_alike}");
    }
    app.advance(TimeDelta::days(89));
    app.drain().await;
    assert!(!take_handle(&app, paul, "mike").await);
    assert!(take_handle(&app, mike, "Mike").await);
    assert!(!take_handle(&app, paul, "michael").await);
    assert!(take_handle(&app, mike, "michael").await);
    app.advance(TimeDelta::days(90));
    assert!(take_handle(&app, paul, "mike").await);
    assert!(!take_handle(&app, mike, "mike").await);
}

#[both]
async fn only_the_last_former_handles_are_reserved(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    for n in 0..30 {
        assert!(take_handle(&app, mike, &format!("name{n}x")).await);
        app.advance(TimeDelta::minutes(1));
    }
    assert!(take_handle(&app, paul, "name3x").await);
    assert!(!take_handle(&app, paul, "name28x").await);
}

#[both]
async fn the_handle_of_a_deleted_member_is_reserved(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let gone: Result<(), Fault> = transact!(app.app, |tx| {
        api::profile::service::keep_handle_back(&app.app, tx, mike.member).await?;
        entity::member::Entity::delete_by_id(mike.member)
            .exec(tx)
            .await?;
        Ok(Done::Keep(()))
    });
    gone.unwrap();
    assert!(!take_handle(&app, paul, "mike").await);
    let claims = entity::handle_claim::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert!(!format!("{claims:?}").contains(&mike.member.to_string()));
    app.advance(TimeDelta::days(90));
    app.drain().await;
    assert!(take_handle(&app, paul, "mike").await);
}

#[both]
async fn the_migration_claims_existing_handles_for_their_members(app: TestApp) {
    let (ian, paul) = (app.member("Ian").await, app.member("paul").await);
    let steps = Migrator::migrations();
    let claims = steps
        .iter()
        .position(|step| step.name().ends_with("claim_handles"));
    let back = u32::try_from(steps.len() - claims.unwrap()).unwrap();
    let beside = app.database().connect().await;
    Migrator::down(&beside, Some(back)).await.unwrap();
    Migrator::up(&beside, None).await.unwrap();
    assert!(!take_handle(&app, paul, "lan").await);
    assert!(take_handle(&app, ian, "lan").await);
    assert!(take_handle(&app, ian, "ian").await);
}
