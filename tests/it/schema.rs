//! What holds for the schema as a whole.

use serde_json::json;
use support::{TestApp, both};

both!(
    nobody_is_told_to_sign_in_and_a_member_is_himself,
    anything_with_an_id_is_fetched_by_it_and_what_is_not_ones_own_is_absent
);

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

async fn anything_with_an_id_is_fetched_by_it_and_what_is_not_ones_own_is_absent(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { checkIn { id } } }";
    let id: uuid::Uuid = app.app.ids.next();
    let answer = app.as_member(mike, check_in, json!({ "id": id })).await;
    let check_in = answer.at("/checkIn/checkIn/id");
    let member = app.as_member(mike, "{ me { memberId } }", json!({})).await;
    let member = member.at("/me/memberId");

    let query = "query($ids: [ID!]!, $one: ID!) {
        nodes(ids: $ids) { __typename id ... on Member { handle } }
        node(id: $one) { ... on CheckIn { localDate } }
    }";
    let variables = json!({ "ids": [member, "nonsense", check_in], "one": check_in });
    let his = app.as_member(mike, query, variables.clone()).await.ok();
    let as_a_member = json!({ "__typename": "Member", "id": member, "handle": "mike" });
    assert_eq!(
        his["nodes"],
        json!([as_a_member, null, { "__typename": "CheckIn", "id": check_in }])
    );
    assert_eq!(his["node"]["localDate"], "2026-03-10");

    let others = app.as_member(sam, query, variables.clone()).await.ok();
    assert_eq!(others["nodes"], json!([as_a_member, null, null]));
    assert_eq!(others["node"], json!(null));

    let nobody = app.anonymous(query, variables).await;
    assert_eq!(nobody.data["node"], json!(null));
    assert_eq!(nobody.errors[0]["extensions"]["code"], "UNAUTHENTICATED");
}
