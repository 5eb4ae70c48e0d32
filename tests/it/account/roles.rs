//! Roles, and housekeeping of account data.

use api::account::jobs::housekeep;
use api::account::service::{SetRoleOutcome, is_facilitator, role, set_role};
use chrono::TimeDelta;
use entity::account::Role;
use sea_orm::EntityTrait as _;
use serde_json::json;
use support::{TestApp, both};

use super::{SIGN_UP, input, join, mike, sign_up_input};

#[both]
async fn an_operator_makes_a_facilitator_by_address(app: TestApp) {
    let mike = mike(&app).await;
    let db = app.app.db.pool();
    assert!(!is_facilitator(db, mike.member).await.unwrap());
    let set = async |email, role| set_role(&app.app, email, role).await.unwrap();
    let facilitator = Role::Facilitator;
    assert_eq!(
        set("MIKE@example.org", facilitator).await,
        SetRoleOutcome::Set
    );
    assert_eq!(
        set("mike@example.org", facilitator).await,
        SetRoleOutcome::Set
    );
    assert_eq!(
        set("paul@example.org", facilitator).await,
        SetRoleOutcome::NoSuchAccount
    );
    assert_eq!(set("mike", facilitator).await, SetRoleOutcome::NotAnAddress);
    assert_eq!(role(db, mike.member).await.unwrap(), Role::Facilitator);
    let answer = app
        .as_member(mike, "{ me { account { role } } }", json!({}))
        .await;
    assert_eq!(answer.at("/me/account/role"), "FACILITATOR");
}

#[both]
async fn housekeeping_removes_only_expired_rows(app: TestApp) {
    let db = app.app.db.pool();
    let mike = mike(&app).await;
    let forgot = json!({ "email": "mike@example.org" });
    app.anonymous(super::reset::REQUEST, input(&forgot))
        .await
        .ok();
    app.drain().await;
    app.as_member(mike, "mutation { signOut { sessionId } }", json!({}))
        .await
        .ok();
    let counts = async || {
        (
            entity::pending_sign_up::Entity::find()
                .all(db)
                .await
                .unwrap()
                .len(),
            entity::account_code::Entity::find()
                .all(db)
                .await
                .unwrap()
                .len(),
            entity::session::Entity::find().all(db).await.unwrap().len(),
            entity::rate_limit::Entity::find()
                .all(db)
                .await
                .unwrap()
                .is_empty(),
        )
    };
    housekeep(&app.app).await.unwrap();
    assert_eq!(counts().await, (1, 1, 1, false));
    app.advance(TimeDelta::minutes(30));
    let fresh = sign_up_input(&app, "paul@example.org", "paul");
    app.anonymous(SIGN_UP, input(&fresh)).await.ok();
    housekeep(&app.app).await.unwrap();
    assert_eq!(counts().await, (1, 0, 1, false));
    app.advance(TimeDelta::days(30));
    join(&app, "late@example.org", "late").await;
    housekeep(&app.app).await.unwrap();
    // Paul's letter is sent only now, so its code is valid from now on.
    assert_eq!(counts().await, (2, 0, 1, false));
    app.advance(TimeDelta::days(2));
    housekeep(&app.app).await.unwrap();
    assert_eq!(counts().await, (0, 0, 1, true));
}
