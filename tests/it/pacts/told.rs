//! Who is notified of what: synced phones, live events, inboxes and pushes.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, SkipReason, State};
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, end, nudge, nudged, proposal, send, sent};
use crate::changes::Phone;
use crate::peerings::{answer, in_a_circle, leave, partners, proposed};

const NOTHING: [&str; 0] = [];
const ACTIVITY: &str = "subscription { partnerActivity { kind subjectId refetch } }";

async fn partners_with_peering(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    (mike, paul, peering)
}

async fn phones(app: &TestApp, members: [SignedIn; 2]) -> [Phone; 2] {
    let mut phones = members.map(Phone::new);
    for phone in &mut phones {
        phone.sync(app).await;
    }
    phones
}

async fn expect_synced(app: &TestApp, phones: &mut [Phone; 2], told: [&[&str]; 2]) {
    for (phone, told) in phones.iter_mut().zip(told) {
        assert_eq!(phone.news(app).await, told);
    }
}

#[both]
async fn each_change_is_synced_to_both_phones(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let mut both = phones(&app, [mike, paul]).await;
    let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    expect_synced(&app, &mut both, [&["Pact"], &["Pact"]]).await;
    let no = json!({ "pactId": pact["id"], "accept": false });
    send(&app, paul, "answerPact", no).await;
    // The proposer's phone learns nothing of the answer.
    expect_synced(&app, &mut both, [&NOTHING, &["no Pact"]]).await;
    sent(&app, paul, "proposePact", proposal(&app, &peering)).await;
    expect_synced(&app, &mut both, [&["Pact"], &["Pact"]]).await;
    let more = json!({ "pactId": pact["id"], "sharing": "MOOD" });
    for _ in 0..2 {
        sent(&app, paul, "updatePactSide", more.clone()).await;
    }
    expect_synced(&app, &mut both, [&["Pact"], &["Pact"]]).await;
    assert_eq!(both[0].all("Pact")[0]["partnerSide"]["sharing"], "MOOD");
    let id = nudged(&app, mike, &pact["id"]).await["id"].clone();
    expect_synced(&app, &mut both, [&["PactNudge"], &["PactNudge"]]).await;
    let rough = json!({ "nudgeId": id, "answer": "ROUGH_DAY" });
    for _ in 0..2 {
        nudge(&app, paul, "answerPactNudge", &rough).await;
    }
    expect_synced(&app, &mut both, [&["PactNudge"], &["PactNudge"]]).await;
    assert_eq!(both[0].all("PactNudge")[0]["answer"], "ROUGH_DAY");
    let over = ["no Pact", "no PactNudge", "no Peering"];
    leave(&app, paul, "endPeering", &peering).await;
    expect_synced(&app, &mut both, [&over, &over]).await;
}

#[both]
async fn repeated_proposals_ring_at_most_twice_a_day(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    app.drain().await;
    app.register(paul, "pauls-phone").await;
    let in_turn = async || {
        for _ in 0..5 {
            let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
            app.drain().await;
            // Paul sees each of them.
            assert_eq!(super::pacts(&app, paul).await[0]["id"], pact["id"]);
            end(&app, mike, &pact["id"]).await;
        }
    };
    in_turn().await;
    assert_eq!(app.outbox().len(), 2);
    let told = app.notifications().await;
    let silent = told
        .iter()
        .filter(|row| row.skip_reason == Some(SkipReason::InboxOnly));
    assert_eq!(silent.count(), 3);
    // Paul's proposals still ring on Mike's phone.
    app.register(mike, "mikes-phone").await;
    let pact = sent(&app, paul, "proposePact", proposal(&app, &peering)).await;
    app.drain().await;
    let yes = json!({ "pactId": pact["id"], "accept": true, "sharing": "CHECKED_IN" });
    sent(&app, mike, "answerPact", yes).await;
    app.drain().await;
    assert_eq!(app.outbox().len(), 4);
    app.advance(TimeDelta::days(1));
    let pact = super::pacts(&app, mike).await[0]["id"].clone();
    end(&app, mike, &pact).await;
    in_turn().await;
    assert_eq!(app.outbox().len(), 6);
}

#[both]
async fn only_partners_get_events_of_each_other(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let sam = app.member("sam").await;
    in_a_circle(&app, &[mike, paul, sam]).await;
    let [mut mikes, mut pauls, mut sams] = [mike, paul, sam].map(|who| app.listen(who, ACTIVITY));
    let told = |kind: &str, id: &Value| json!({ "kind": kind, "subjectId": id, "refetch": false });
    // A decline sends no event, and neither does the withdrawal after it.
    let declined = proposed(&app, sam, paul).await["id"].clone();
    assert_eq!(pauls.heard(), [told("PEERING_CHANGED", &declined)]);
    answer(&app, paul, &declined, false).await;
    leave(&app, sam, "withdrawPeering", &declined).await;
    assert_eq!(sams.heard(), [Value::Null; 0]);
    assert_eq!(pauls.heard(), [Value::Null; 0]);

    let peering = proposed(&app, mike, paul).await["id"].clone();
    answer(&app, paul, &peering, true).await;
    let pact = agreed(&app, mike, paul, &peering).await;
    let id = nudged(&app, mike, &pact).await["id"].clone();
    let fine = json!({ "nudgeId": id, "answer": "ALL_RIGHT" });
    nudge(&app, paul, "answerPactNudge", &fine).await;
    end(&app, mike, &pact).await;
    leave(&app, paul, "endPeering", &peering).await;
    let expected = [
        told("PEERING_CHANGED", &peering),
        told("PACT_CHANGED", &pact),
        told("NUDGE_ANSWERED", &id),
        told("PEERING_CHANGED", &peering),
    ];
    assert_eq!(mikes.heard(), expected);
    let expected = [
        told("PEERING_CHANGED", &peering),
        told("PACT_CHANGED", &pact),
        told("NUDGE_RECEIVED", &id),
        told("PACT_CHANGED", &pact),
    ];
    assert_eq!(pauls.heard(), expected);
    assert_eq!(sams.heard(), [Value::Null; 0]);
}

#[both]
async fn a_nudge_and_its_answer_are_pushed(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    app.register(mike, "mikes-phone").await;
    app.register(paul, "pauls-phone").await;
    app.drain().await;
    let before = app.outbox().len();
    let pact = agreed(&app, mike, paul, &peering).await;
    app.drain().await;
    let id = nudged(&app, mike, &pact).await["id"].clone();
    app.drain().await;
    let call = json!({ "nudgeId": id, "answer": "CALL_ME" });
    nudge(&app, paul, "answerPactNudge", &call).await;
    app.drain().await;
    // The proposal was answered before its push left.
    assert_eq!(app.outbox().len(), before + 3);
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    let lines = async |who| {
        let lines = app.as_member(who, inbox, json!({})).await;
        lines
            .at("/me/notifications/nodes")
            .as_array()
            .unwrap()
            .clone()
    };
    let line = |kind: &str, subject: &Value| json!({ "kind": kind, "subjectId": subject });
    let mikes = lines(mike).await;
    assert!(mikes.contains(&line("PACT_ACCEPTED", &pact)), "{mikes:?}");
    assert!(
        mikes.contains(&line("PACT_NUDGE_ANSWERED", &id)),
        "{mikes:?}"
    );
    let pauls = lines(paul).await;
    assert!(
        pauls.contains(&line("PACT_NUDGE_RECEIVED", &id)),
        "{pauls:?}"
    );
}

#[both]
async fn outdated_notifications_are_cancelled(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    app.drain().await;
    let pact = agreed(&app, mike, paul, &peering).await;
    nudged(&app, mike, &pact).await;
    end(&app, mike, &pact).await;
    let again = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    end(&app, mike, &again["id"]).await;
    app.drain().await;
    let mut told = app.notifications().await;
    told.retain(|row| !matches!(row.kind, Kind::PeeringProposed | Kind::PeeringAccepted));
    for kind in [
        Kind::PactProposed,
        Kind::PactAccepted,
        Kind::PactNudgeReceived,
    ] {
        assert!(told.iter().any(|row| row.kind == kind), "{kind:?}");
    }
    for row in told {
        assert_eq!(row.state, State::Cancelled, "{:?}", row.kind);
    }
    // A nudge expires after four hours.
    let pact = agreed(&app, mike, paul, &peering).await;
    app.advance(TimeDelta::days(1));
    nudged(&app, mike, &pact).await;
    let told = app.notifications().await;
    let note = told.iter().rfind(|row| row.kind == Kind::PactNudgeReceived);
    let note = note.unwrap();
    assert_eq!(note.expires_at - note.created_at, TimeDelta::hours(4));
}

#[both]
async fn the_end_of_a_pact_removes_it_from_phones(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let mut input = proposal(&app, &peering);
    input["endsOn"] = json!("2026-03-10");
    let pact = sent(&app, mike, "proposePact", input).await;
    let yes = json!({ "pactId": pact["id"], "accept": true, "sharing": "CHECKED_IN" });
    sent(&app, paul, "answerPact", yes).await;
    nudged(&app, mike, &pact["id"]).await;
    let mut both = phones(&app, [mike, paul]).await;
    app.app
        .clock
        .set("2026-03-11T03:00:00Z".parse().unwrap())
        .unwrap();
    for _ in 0..2 {
        api::pact::service::housekeep(&app.app).await.unwrap();
    }
    let over: [&str; 2] = ["no Pact", "no PactNudge"];
    expect_synced(&app, &mut both, [&over, &over]).await;
    let query = "{ me { consents { nodes { withdrawnAt } } } }";
    let consents = app.as_member(paul, query, json!({})).await;
    assert_eq!(
        consents.at("/me/consents/nodes/0/withdrawnAt"),
        "2026-03-11T03:00:00.000Z"
    );
    // A hidden member disappears from the partner's phone, with everything between the two.
    let pact = agreed(&app, mike, paul, &peering).await;
    app.app
        .clock
        .set("2026-03-11T12:00:00Z".parse().unwrap())
        .unwrap();
    nudged(&app, mike, &pact).await;
    let [mut mikes, _] = phones(&app, [mike, paul]).await;
    for (hidden, told) in [
        (true, ["no Pact", "no PactNudge", "no Peering"]),
        (false, ["Pact", "PactNudge", "Peering"]),
    ] {
        crate::profile::hide(&app, paul, hidden).await;
        assert_eq!(mikes.news(&app).await, told);
    }
}
