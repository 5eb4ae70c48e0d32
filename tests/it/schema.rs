//! What holds for the schema as a whole.

use serde_json::json;
use support::{TestApp, both};

both!(nobody_is_told_to_sign_in_and_a_member_is_himself);

async fn nobody_is_told_to_sign_in_and_a_member_is_himself(app: TestApp) {
    let query = "{ serverTime me { memberId } }";
    let nobody = app.anonymous(query, json!({})).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    assert_eq!(nobody.data["serverTime"], "2026-03-10T12:00:00.000Z");
    assert_eq!(nobody.data["me"], json!(null));

    let mike = app.member("mike").await;
    let himself = app.as_member(mike, query, json!({})).await;
    assert_eq!(himself.statements, 0);
    assert!(himself.at("/me/memberId").is_string());
}
