//! How a member wishes to be nudged, in their own words, stored encrypted.

use api::viewer::SignedIn;
use entity::pact_side;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, pacts, sent};
use crate::peerings::partners;

async fn partners_with_pact(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    let pact = agreed(app, mike, paul, &peering).await;
    (mike, paul, pact)
}

async fn set_wish(app: &TestApp, pact: &Value, who: SignedIn, wish: &str) {
    let input = json!({ "pactId": pact, "nudgeWish": wish });
    sent(app, who, "updatePactSide", input).await;
}

/// Returns the wish as the member and as the partner see it.
async fn wish_seen_by(app: &TestApp, who: SignedIn, partner: SignedIn) -> [Value; 2] {
    [
        pacts(app, who).await[0]["yourSide"]["nudgeWish"].clone(),
        pacts(app, partner).await[0]["partnerSide"]["nudgeWish"].clone(),
    ]
}

async fn rows(app: &TestApp) -> Vec<pact_side::Model> {
    let rows = pact_side::Entity::find().all(app.app.db.pool()).await;
    rows.unwrap()
}

#[both]
async fn a_wish_is_stored_encrypted_and_bound_to_its_side(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    for who in [mike, paul] {
        set_wish(&app, &pact, who, "Call me by my first name").await;
    }
    assert_eq!(
        wish_seen_by(&app, mike, paul).await,
        ["Call me by my first name"; 2]
    );
    let kept = rows(&app).await;
    for row in &kept {
        assert_eq!(row.nudge_wish, None);
        let sealed = row.nudge_wish_sealed.clone().unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("first name"));
    }
    // Copied into the row of the other side, it cannot be decrypted.
    let db = app.app.db.pool();
    let stolen = kept
        .iter()
        .find(|row| row.member_id == mike.member)
        .unwrap();
    pact_side::Entity::update_many()
        .col_expr(
            pact_side::Column::NudgeWishSealed,
            Expr::value(stolen.nudge_wish_sealed.clone()),
        )
        .filter(pact_side::Column::MemberId.eq(paul.member))
        .exec(db)
        .await
        .unwrap();
    let query = "{ me { pacts { nodes { partnerSide { nudgeWish } } } } }";
    let answer = app.as_member(mike, query, json!({})).await;
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
}

/// The wish reads the same before and after it is encrypted.
#[both]
async fn a_wish_written_by_an_older_program_is_read_and_encrypted(app: TestApp) {
    let (mike, paul, pact) = partners_with_pact(&app).await;
    set_wish(&app, &pact, mike, "Softly").await;
    let db = app.app.db.pool();
    // The older program writes the plaintext column, and does not know the encrypted one.
    pact_side::Entity::update_many()
        .col_expr(pact_side::Column::NudgeWish, Expr::value("Loudly"))
        .filter(pact_side::Column::MemberId.eq(mike.member))
        .exec(db)
        .await
        .unwrap();
    assert_eq!(wish_seen_by(&app, mike, paul).await, ["Loudly"; 2]);
    api::pact::service::housekeep(&app.app).await.unwrap();
    assert_eq!(wish_seen_by(&app, mike, paul).await, ["Loudly"; 2]);
    let in_the_clear = rows(&app)
        .await
        .into_iter()
        .filter(|row| row.nudge_wish.is_some());
    assert_eq!(in_the_clear.count(), 0);
    // Clearing the wish clears the encrypted column too.
    let none = json!({ "pactId": pact, "nudgeWish": null });
    sent(&app, mike, "updatePactSide", none).await;
    assert_eq!(
        wish_seen_by(&app, mike, paul).await,
        [const { Value::Null }; 2]
    );
    assert!(
        rows(&app)
            .await
            .iter()
            .all(|row| row.nudge_wish_sealed.is_none())
    );
}
