//! The life of a pact, from its proposal to its end.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, document, end, pacts, proposal, send, sent};
use crate::peerings::{leave, partners};
use crate::profile::{hide, problem, problems};

const NOTHING: [Value; 0] = [];

async fn partners_with_peering(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    (mike, paul, peering)
}

#[both]
async fn two_partners_agree_and_one_ends_it(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let mut input = proposal(&app, &peering);
    input["nudgeWish"] = json!(" A joke is fine. ");
    let made = send(&app, mike, "proposePact", input.clone()).await;
    let side = json!({ "sharing": "CHECKED_IN", "sharingUntil": null, "nudgeStyle": "PLAIN",
        "nudgeWish": "A joke is fine." });
    let id = made["pact"]["id"].clone();
    let expected = json!({ "id": id, "peeringId": peering, "state": "PROPOSED", "proposedByYou": true,
        "endsOn": null, "proposedAt": "2026-03-10T12:00:00.000Z", "expiresAt": "2026-03-17T12:00:00.000Z",
        "since": null, "version": 1, "partner": { "handle": "paul" },
        "yourSide": side, "partnerSide": null });
    assert_eq!(made, json!({ "pact": expected, "errors": [] }));
    assert_eq!(send(&app, mike, "proposePact", input.clone()).await, made);
    // Another device proposes it with another id.
    let mut again = input.clone();
    again["id"] = json!(app.app.ids.next::<uuid::Uuid>());
    assert_eq!(
        sent(&app, mike, "proposePact", again.clone()).await,
        expected
    );
    again["sharing"] = json!("WORDS");
    let refused = send(&app, mike, "proposePact", again).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.peeringId"));
    assert_eq!(refused["pact"], expected);
    let pauls = &pacts(&app, paul).await[0];
    assert_eq!(
        (&pauls["partnerSide"], &pauls["yourSide"]),
        (&side, &json!(null))
    );

    let yes = json!({ "pactId": id, "accept": true, "sharing": "NOTHING", "nudgeStyle": "HUMOUR" });
    let pact = sent(&app, paul, "answerPact", yes.clone()).await;
    assert_eq!(
        (&pact["state"], &pact["version"]),
        (&json!("ACTIVE"), &json!(2))
    );
    assert_eq!(sent(&app, paul, "answerPact", yes).await, pact);
    let other = json!({ "pactId": id, "accept": true, "sharing": "MOOD" });
    let refused = send(&app, paul, "answerPact", other).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.pactId"));
    let no = json!({ "pactId": id, "accept": false });
    let refused = send(&app, paul, "answerPact", no).await;
    assert_eq!(problems(&refused), problem("CONFLICT", "input.pactId"));

    let over = json!({ "pactId": id, "errors": [] });
    for who in [paul, paul, mike] {
        assert_eq!(end(&app, who, &id).await, over);
    }
    for who in [mike, paul] {
        assert_eq!(pacts(&app, who).await, NOTHING);
    }
    agreed(&app, paul, mike, &peering).await;
}

#[both]
async fn a_decline_looks_like_no_answer_to_the_proposer(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    let id = &pact["id"];
    let before = pacts(&app, mike).await;
    let early = end(&app, paul, id).await;
    assert_eq!(problems(&early), problem("NOT_ALLOWED", "input.pactId"));
    let no = json!({ "pactId": id, "accept": false });
    for _ in 0..2 {
        let said_no = send(&app, paul, "answerPact", no.clone()).await;
        assert_eq!(said_no, json!({ "pact": null, "errors": [] }));
    }
    assert_eq!(pacts(&app, paul).await, NOTHING);
    assert_eq!(pacts(&app, mike).await, before);
    let missing = problem("NOT_FOUND", "input.pactId");
    let yes = json!({ "pactId": id, "accept": true });
    assert_eq!(
        problems(&send(&app, paul, "answerPact", yes).await),
        missing
    );
    assert_eq!(problems(&end(&app, paul, id).await), missing);
    let own = json!({ "pactId": id, "accept": true });
    let own = send(&app, mike, "answerPact", own).await;
    assert_eq!(problems(&own), problem("NOT_ALLOWED", "input.pactId"));
    // He can change what he offers, and learns nothing of the decline.
    let more = json!({ "pactId": id, "sharing": "MOOD" });
    assert_eq!(sent(&app, mike, "updatePactSide", more).await["version"], 2);
    app.advance(TimeDelta::days(7));
    assert_eq!(pacts(&app, mike).await, NOTHING);
    sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
}

#[both]
async fn proposing_back_accepts_the_proposal(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let first = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    let no = json!({ "pactId": first["id"], "accept": false });
    send(&app, paul, "answerPact", no).await;
    let back = proposal(&app, &peering);
    let pact = sent(&app, paul, "proposePact", back.clone()).await;
    assert_eq!(
        (&pact["id"], &pact["state"]),
        (&first["id"], &json!("ACTIVE"))
    );
    assert_eq!(sent(&app, paul, "proposePact", back).await, pact);
}

#[both]
async fn partners_who_propose_at_once_get_one_pact(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let both = [mike, paul].repeat(10).into_iter();
    let ask = |who| {
        (
            who,
            document("proposePact"),
            json!({ "input": proposal(&app, &peering) }),
        )
    };
    for payload in app.at_once(both.map(ask).collect()).await {
        assert_eq!(payload["payload"]["errors"], json!([]));
    }
    let his = pacts(&app, mike).await;
    assert_eq!(his.len(), 1);
    assert_eq!(his[0]["state"], "ACTIVE");
}

#[both]
async fn a_pact_needs_a_peering_and_ends_with_it(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let sam = app.member("sam").await;
    let missing = problem("NOT_FOUND", "input.peeringId");
    for (who, id) in [(sam, &peering), (mike, &json!("nonsense"))] {
        let refused = send(&app, who, "proposePact", proposal(&app, id)).await;
        assert_eq!(problems(&refused), missing);
    }
    let id = agreed(&app, mike, paul, &peering).await;
    leave(&app, paul, "endPeering", &peering).await;
    for who in [mike, paul] {
        assert_eq!(pacts(&app, who).await, NOTHING);
        assert_eq!(end(&app, who, &id).await["errors"], json!([]));
    }
    let refused = send(&app, mike, "proposePact", proposal(&app, &peering)).await;
    assert_eq!(problems(&refused), missing);
}

#[both]
async fn a_pact_ends_with_its_last_day_and_can_be_renewed(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let mut input = proposal(&app, &peering);
    input["endsOn"] = json!("2026-03-12");
    let pact = sent(&app, mike, "proposePact", input).await;
    // A member's day begins at three.
    assert_eq!(pact["expiresAt"], "2026-03-13T03:00:00.000Z");
    let id = &pact["id"];
    let yes = json!({ "pactId": id, "accept": true, "sharing": "CHECKED_IN" });
    let pact = sent(&app, paul, "answerPact", yes).await;
    assert_eq!(pact["yourSide"]["sharingUntil"], "2026-03-13T03:00:00.000Z");

    let renew = json!({ "pactId": id, "endsOn": "2026-03-20" });
    let longer = sent(&app, mike, "renewPact", renew.clone()).await;
    assert_eq!(longer["endsOn"], "2026-03-20");
    assert_eq!(
        longer["yourSide"]["sharingUntil"],
        "2026-03-21T03:00:00.000Z"
    );
    assert_eq!(sent(&app, mike, "renewPact", renew.clone()).await, longer);
    // Each side shares only until the date that it agreed to itself.
    app.app
        .clock
        .set("2026-03-13T03:00:00Z".parse().unwrap())
        .unwrap();
    let sides = async |app: &TestApp| {
        let pact = &pacts(app, mike).await[0];
        [
            &pact["yourSide"]["sharing"],
            &pact["partnerSide"]["sharing"],
        ]
        .map(Value::clone)
    };
    assert_eq!(sides(&app).await, ["CHECKED_IN", "NOTHING"]);
    api::pact::service::housekeep(&app.app).await.unwrap();
    assert_eq!(sides(&app).await, ["CHECKED_IN", "NOTHING"]);
    let again = json!({ "pactId": id, "sharing": "CHECKED_IN" });
    sent(&app, paul, "updatePactSide", again).await;
    assert_eq!(sides(&app).await, ["CHECKED_IN", "CHECKED_IN"]);

    app.app
        .clock
        .set("2026-03-21T03:00:00Z".parse().unwrap())
        .unwrap();
    for who in [mike, paul] {
        assert_eq!(pacts(&app, who).await, NOTHING);
        let late = send(&app, who, "renewPact", json!({ "pactId": id })).await;
        assert_eq!(problems(&late), problem("NOT_FOUND", "input.pactId"));
    }
    agreed(&app, mike, paul, &peering).await;
}

#[both]
async fn every_invalid_field_of_a_proposal_is_named(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let input = json!({ "id": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "peeringId": "nonsense",
        "sharing": "MOOD", "nudgeStyle": "PLAIN", "nudgeWish": "a".repeat(201) });
    let refused = send(&app, mike, "proposePact", input).await;
    let expected = [
        ("INVALID", "input.id"),
        ("NOT_FOUND", "input.peeringId"),
        ("TOO_LONG", "input.nudgeWish"),
    ];
    let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
    assert_eq!(problems(&refused), expected);
    for last in ["2026-03-09", "2027-03-12"] {
        let mut input = proposal(&app, &peering);
        input["endsOn"] = json!(last);
        let refused = send(&app, mike, "proposePact", input).await;
        assert_eq!(problems(&refused), problem("OUT_OF_RANGE", "input.endsOn"));
    }
    let input = proposal(&app, &peering);
    sent(&app, mike, "proposePact", input.clone()).await;
    let mut other = input.clone();
    other["nudgeStyle"] = json!("GENTLE");
    for (who, input) in [(mike, other), (paul, input)] {
        let refused = send(&app, who, "proposePact", input).await;
        assert_eq!(problems(&refused), problem("CONFLICT", "input.id"));
    }
}

#[both]
async fn a_pact_is_visible_to_its_two_partners_alone(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let sam = app.member("sam").await;
    // Sam is a partner of Mike only.
    partners(&app, mike, sam).await;
    let id = agreed(&app, mike, paul, &peering).await;
    let missing = problem("NOT_FOUND", "input.pactId");
    for (mutation, mut input) in [
        ("answerPact", json!({ "accept": true })),
        ("answerPact", json!({ "accept": false })),
        ("updatePactSide", json!({ "sharing": "WORDS" })),
        ("renewPact", json!({})),
    ] {
        for id in [&id, &json!("nonsense")] {
            input["pactId"] = id.clone();
            let refused = send(&app, sam, mutation, input.clone()).await;
            assert_eq!(problems(&refused), missing, "{mutation}");
            assert_eq!(refused["pact"], json!(null));
        }
    }
    assert_eq!(problems(&end(&app, sam, &id).await), missing);
    assert_eq!(pacts(&app, sam).await, NOTHING);
    let node = "query($id: ID!) { node(id: $id) { __typename } }";
    let asked = async |who| {
        app.as_member(who, node, json!({ "id": id }))
            .await
            .at("/node")
    };
    assert_eq!(asked(sam).await, json!(null));
    assert_eq!(asked(paul).await, json!({ "__typename": "Pact" }));
    // A page of pacts with its count costs three statements.
    let list =
        "{ me { pacts { nodes { id partner { handle } yourSide { sharing } } totalCount } } }";
    let list = app.as_member(mike, list, json!({})).await;
    assert_eq!(list.statements, 3);
    assert_eq!(list.at("/me/pacts/totalCount"), 1);
}

#[both]
async fn the_pacts_of_a_hidden_member_are_absent(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let id = agreed(&app, mike, paul, &peering).await;
    hide(&app, paul, true).await;
    assert_eq!(pacts(&app, mike).await, NOTHING);
    assert_eq!(
        problems(&end(&app, mike, &id).await),
        problem("NOT_FOUND", "input.pactId")
    );
    hide(&app, paul, false).await;
    assert_eq!(pacts(&app, mike).await.len(), 1);
}
