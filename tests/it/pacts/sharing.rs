//! What partners share with each other, and the consents on record.

use api::pact::service::partners_to_tell;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{agreed, end, pacts, proposal, send, sent};
use crate::peerings::partners;
use crate::profile::{hide, problem, problems};

async fn partners_with_peering(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(app, mike, paul).await;
    (mike, paul, peering)
}

/// What the partner shares, as the member's only pact shows it.
async fn shared_by_partner(app: &TestApp, who: SignedIn) -> Value {
    pacts(app, who).await[0]["partnerSide"]["sharing"].clone()
}

/// Returns the last seven days of the partner, as the member's only pact shows them.
async fn days(app: &TestApp, who: SignedIn) -> Value {
    let query =
        "{ me { pacts { nodes { partnerDays { date checkedIn mood energy note keptWord wantsAWord
        emotions { slug } } } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    answer.at("/me/pacts/nodes/0/partnerDays")
}

async fn checks_in(app: &TestApp, who: SignedIn, input: &Value) {
    let mut input = input.clone();
    input["id"] = json!(app.app.ids.next::<uuid::Uuid>());
    let query =
        "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code path } } }";
    let answer = app.as_member(who, query, json!({ "input": input })).await;
    assert_eq!(answer.at("/checkIn/errors"), json!([]));
}

/// Words are shown if the pact shares words and the check-in is visible to partners.
#[both]
async fn a_partner_sees_what_is_shared_and_no_more(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let id = agreed(&app, mike, paul, &peering).await;
    let says = json!({ "mood": 2, "energy": 3, "note": "Rough.", "emotions": ["tired"], "keptWord": "PARTLY",
        "wantsAWord": true });
    let all = json!({ "pactId": id, "sharing": "WORDS" });
    sent(&app, paul, "updatePactSide", all).await;
    for visibility in ["PRIVATE", "PARTNER", "CIRCLE"] {
        let mut says = says.clone();
        says["visibility"] = json!(visibility);
        checks_in(&app, paul, &says).await;
        app.advance(TimeDelta::days(1));
    }
    let nothing = json!({ "mood": null, "energy": null, "note": null, "emotions": [], "keptWord": null, "wantsAWord": false });
    let levels = json!({ "mood": 2, "energy": 3, "note": null, "emotions": [], "keptWord": null, "wantsAWord": false });
    let words = json!({ "mood": 2, "energy": 3, "note": "Rough.", "emotions": [{ "slug": "tired" }], "keptWord": "PARTLY",
        "wantsAWord": true });
    for (sharing, given) in [
        ("WORDS", &words),
        ("MOOD", &levels),
        ("CHECKED_IN", &nothing),
    ] {
        sent(
            &app,
            paul,
            "updatePactSide",
            json!({ "pactId": id, "sharing": sharing }),
        )
        .await;
        let seen = days(&app, mike).await;
        assert_eq!(seen.as_array().unwrap().len(), 7);
        for (at, (checked_in, expected)) in [
            (true, &nothing),
            (true, given),
            (true, given),
            (false, &nothing),
        ]
        .into_iter()
        .enumerate()
        {
            let mut expected = expected.clone();
            expected["date"] = json!(format!("2026-03-{}", 10 + at));
            expected["checkedIn"] = json!(checked_in);
            assert_eq!(seen[3 + at], expected, "{sharing}");
        }
        assert_eq!(days(&app, paul).await[6]["checkedIn"], false);
    }
    sent(
        &app,
        paul,
        "updatePactSide",
        json!({ "pactId": id, "sharing": "NOTHING" }),
    )
    .await;
    assert_eq!(days(&app, mike).await, json!(null));
}

/// Returns the partner's mood and note of each day with a check-in, as the member sees them.
async fn moods_and_notes(app: &TestApp, who: SignedIn) -> Vec<(Value, Value)> {
    let seen = days(app, who).await;
    let seen = seen.as_array().unwrap().iter();
    let checked_in = seen.filter(|day| day["checkedIn"] == true);
    checked_in
        .map(|day| (day["mood"].clone(), day["note"].clone()))
        .collect()
}

#[both]
async fn words_written_before_they_were_shared_are_not_shown(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let id = agreed(&app, mike, paul, &peering).await;
    let give = async |sharing: &str| {
        let input = json!({ "pactId": id, "sharing": sharing });
        sent(&app, paul, "updatePactSide", input).await;
    };
    let says = |note: &str| json!({ "mood": 2, "note": note, "visibility": "PARTNER" });
    let all = |note: &str| (json!(2), json!(note));
    let (mood, nothing) = ((json!(2), json!(null)), (json!(null), json!(null)));
    checks_in(&app, paul, &says("The 10th.")).await;
    app.advance(TimeDelta::days(1));
    give("MOOD").await;
    checks_in(&app, paul, &says("The 11th.")).await;
    app.advance(TimeDelta::days(1));
    checks_in(&app, paul, &says("The 12th, in the morning.")).await;
    app.advance(TimeDelta::hours(1));
    give("WORDS").await;
    // When more is shared, earlier days stay as they were shared then.
    assert_eq!(
        moods_and_notes(&app, mike).await,
        [nothing.clone(), mood.clone(), mood.clone()]
    );
    app.advance(TimeDelta::days(1));
    checks_in(&app, paul, &says("The 13th.")).await;
    // A late check-in for an earlier day counts as earlier too.
    let mut late = says("The 9th.");
    late["localDate"] = json!("2026-03-09");
    checks_in(&app, paul, &late).await;
    let before = [nothing.clone(), nothing.clone(), mood.clone(), mood];
    assert_eq!(
        moods_and_notes(&app, mike).await,
        [before.as_slice(), &[all("The 13th.")]].concat()
    );
    // Words that are shared again are shared from that moment on.
    give("CHECKED_IN").await;
    app.advance(TimeDelta::hours(1));
    give("WORDS").await;
    assert_eq!(moods_and_notes(&app, mike).await, vec![nothing; 5]);
}

#[both]
async fn sharing_raised_before_the_answer_applies_to_later_check_ins(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    let says = json!({ "mood": 2, "note": "Rough.", "visibility": "PARTNER" });
    checks_in(&app, mike, &says).await;
    app.advance(TimeDelta::days(1));
    let more = json!({ "pactId": pact["id"], "sharing": "WORDS" });
    sent(&app, mike, "updatePactSide", more).await;
    let yes = json!({ "pactId": pact["id"], "accept": true });
    sent(&app, paul, "answerPact", yes).await;
    assert_eq!(
        moods_and_notes(&app, paul).await,
        [(json!(null), json!(null))]
    );
    checks_in(&app, mike, &says).await;
    assert_eq!(
        moods_and_notes(&app, paul).await[1],
        (json!(2), json!("Rough."))
    );
}

#[both]
async fn a_partner_gets_an_event_of_a_check_in_that_is_shared(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let sam = app.member("sam").await;
    let id = agreed(&app, mike, paul, &peering).await;
    let activity = "subscription { partnerActivity { kind subjectId } }";
    let [mut mikes, mut pauls, mut sams] = [mike, paul, sam].map(|who| app.listen(who, activity));
    checks_in(&app, paul, &json!({})).await;
    assert_eq!(
        mikes.heard(),
        [json!({ "kind": "CHECKED_IN", "subjectId": id })]
    );
    sent(
        &app,
        paul,
        "updatePactSide",
        json!({ "pactId": id, "sharing": "NOTHING" }),
    )
    .await;
    mikes.heard();
    pauls.heard();
    app.advance(TimeDelta::days(1));
    checks_in(&app, paul, &json!({})).await;
    for listening in [&mut mikes, &mut pauls, &mut sams] {
        assert_eq!(listening.heard(), [Value::Null; 0]);
    }
}

/// The partner is notified if the check-in is shared with them, and the member has not taken the request back.
#[both]
async fn a_partner_is_notified_once_of_a_request_for_a_word(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let id = agreed(&app, mike, paul, &peering).await;
    app.drain().await;
    let told = async || {
        app.drain().await;
        let query = "{ me { notifications { nodes { kind subjectId } } } }";
        let lines = app
            .as_member(mike, query, json!({}))
            .await
            .at("/me/notifications/nodes");
        let lines = lines.as_array().unwrap().clone();
        let words = lines
            .into_iter()
            .filter(|line| line["kind"] == "PARTNER_WANTS_A_WORD");
        words
            .map(|line| line["subjectId"].clone())
            .collect::<Vec<_>>()
    };
    let next_day = || app.advance(TimeDelta::days(1));
    let says = |visibility: &str| json!({ "wantsAWord": true, "visibility": visibility });
    // Paul shares only that he checked in. Then he shares words, but this check-in is private.
    checks_in(&app, paul, &says("PARTNER")).await;
    sent(
        &app,
        paul,
        "updatePactSide",
        json!({ "pactId": id, "sharing": "WORDS" }),
    )
    .await;
    next_day();
    checks_in(&app, paul, &says("PRIVATE")).await;
    assert_eq!(told().await, [Value::Null; 0]);
    // He takes the request back before anybody is notified.
    next_day();
    let check_in = app.app.ids.next::<uuid::Uuid>();
    let edit =
        "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code path } } }";
    for wants in [true, false] {
        let input =
            json!({ "input": { "id": check_in, "wantsAWord": wants, "visibility": "PARTNER" } });
        app.as_member(paul, edit, input).await.ok();
    }
    assert_eq!(told().await, [Value::Null; 0]);
    next_day();
    let check_in = app.app.ids.next::<uuid::Uuid>();
    for note in ["Are you about?", "When it suits you."] {
        let input = json!({ "input": { "id": check_in, "note": note, "wantsAWord": true, "visibility": "PARTNER" } });
        app.as_member(paul, edit, input).await.ok();
    }
    assert_eq!(told().await, [id]);
}

async fn consents(app: &TestApp, who: SignedIn) -> Value {
    let query =
        "{ me { consents { nodes { purpose sharing givenAt withdrawnAt member { handle } } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    answer.at("/me/consents/nodes")
}

#[both]
async fn each_partner_changes_what_they_share_at_once(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let sam = app.member("sam").await;
    let id = agreed(&app, mike, paul, &peering).await;
    let sees = async || days(&app, mike).await[6]["checkedIn"].clone();
    assert_eq!(sees().await, false);
    app.checked_in(paul, "2026-03-10").await;
    assert_eq!(sees().await, true);
    app.app
        .clock
        .set("2026-03-11T03:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(sees().await, false);

    for word in ["MOOD", "WORDS", "NOTHING"] {
        let input = json!({ "pactId": id, "sharing": word });
        for _ in 0..2 {
            let pact = sent(&app, paul, "updatePactSide", input.clone()).await;
            assert_eq!(pact["yourSide"]["sharing"], word);
        }
        assert_eq!(shared_by_partner(&app, mike).await, word);
        // Only Paul's side changes, and only in this pact.
        assert_eq!(shared_by_partner(&app, paul).await, "CHECKED_IN");
        assert_eq!(pacts(&app, sam).await, [json!(null); 0]);
    }
    assert_eq!(days(&app, mike).await, json!(null));
    let tell = async |who: SignedIn| {
        let app = &app.app;
        let told = partners_to_tell(app, app.db.pool(), who.member).await;
        told.unwrap()
            .into_iter()
            .map(|(partner, _)| partner)
            .collect::<Vec<_>>()
    };
    assert_eq!(tell(mike).await, [paul.member]);
    assert_eq!(tell(paul).await, []);
    let wish = json!({ "pactId": id, "nudgeWish": "Call me names.", "nudgeStyle": "HUMOUR" });
    let pact = sent(&app, paul, "updatePactSide", wish).await;
    assert_eq!(pact["yourSide"]["sharing"], "NOTHING");
    assert_eq!(
        pacts(&app, mike).await[0]["partnerSide"]["nudgeWish"],
        "Call me names."
    );
    let none = json!({ "pactId": id, "nudgeWish": null });
    let pact = sent(&app, paul, "updatePactSide", none).await;
    assert_eq!(pact["yourSide"]["nudgeWish"], json!(null));
    assert_eq!(pact["yourSide"]["nudgeStyle"], "HUMOUR");
}

#[both]
async fn nothing_is_shared_before_both_agreed_or_after_the_end(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    assert_eq!(days(&app, paul).await, json!(null));
    let yes = json!({ "pactId": pact["id"], "accept": true });
    sent(&app, paul, "answerPact", yes).await;
    assert!(days(&app, paul).await.is_array());
    // Paul agreed without sharing anything himself.
    assert_eq!(days(&app, mike).await, json!(null));
    hide(&app, paul, true).await;
    assert_eq!(pacts(&app, paul).await, [json!(null); 0]);
    hide(&app, paul, false).await;
    assert!(days(&app, paul).await.is_array());
    end(&app, paul, &pact["id"]).await;
    assert_eq!(pacts(&app, paul).await, [json!(null); 0]);
}

#[both]
async fn a_member_can_read_their_consents(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let pact = sent(&app, mike, "proposePact", proposal(&app, &peering)).await;
    assert_eq!(consents(&app, mike).await, json!([]));
    app.advance(TimeDelta::hours(1));
    let yes = json!({ "pactId": pact["id"], "accept": true });
    sent(&app, paul, "answerPact", yes).await;
    app.advance(TimeDelta::hours(1));
    let more = json!({ "pactId": pact["id"], "sharing": "MOOD" });
    sent(&app, mike, "updatePactSide", more).await;
    app.advance(TimeDelta::hours(1));
    end(&app, paul, &pact["id"]).await;
    let paul_is = json!({ "handle": "paul" });
    let expected = json!([
        { "purpose": "PACT_SHARING", "sharing": "MOOD", "givenAt": "2026-03-10T14:00:00.000Z",
            "withdrawnAt": "2026-03-10T15:00:00.000Z", "member": paul_is },
        { "purpose": "PACT_SHARING", "sharing": "CHECKED_IN", "givenAt": "2026-03-10T12:00:00.000Z",
            "withdrawnAt": "2026-03-10T14:00:00.000Z", "member": paul_is },
    ]);
    assert_eq!(consents(&app, mike).await, expected);
    // A member who shares nothing has given no consent.
    assert_eq!(consents(&app, paul).await, json!([]));
    let query = "{ me { consents(first: 1) { totalCount pageInfo { hasNextPage } } } }";
    let page = app
        .as_member(mike, query, json!({}))
        .await
        .at("/me/consents");
    assert_eq!(
        page,
        json!({ "totalCount": 2, "pageInfo": { "hasNextPage": true } })
    );
}

#[both]
async fn a_change_of_an_old_version_is_stale(app: TestApp) {
    let (mike, paul, peering) = partners_with_peering(&app).await;
    let id = agreed(&app, mike, paul, &peering).await;
    let change = json!({ "pactId": id, "sharing": "MOOD", "expectedVersion": 2 });
    let pact = sent(&app, mike, "updatePactSide", change.clone()).await;
    assert_eq!(pact["version"], 3);
    // A repeated change succeeds, whatever version it expects.
    assert_eq!(sent(&app, mike, "updatePactSide", change).await, pact);
    let late = json!({ "pactId": id, "sharing": "WORDS", "expectedVersion": 2 });
    let refused = send(&app, mike, "updatePactSide", late).await;
    assert_eq!(
        problems(&refused),
        problem("STALE", "input.expectedVersion")
    );
    assert_eq!(refused["pact"], pact);
    // Taking it back needs no version.
    let back = json!({ "pactId": id, "sharing": "NOTHING" });
    sent(&app, mike, "updatePactSide", back).await;
}

#[both]
async fn consents_about_a_member_end_with_the_account(app: TestApp) {
    use api::transact;
    use api::tx::Done;
    let (mike, paul, peering) = partners_with_peering(&app).await;
    agreed(&app, mike, paul, &peering).await;
    let given = &app.app;
    let done = transact!(given, |tx| {
        api::consent::service::forget(tx, paul.member, given.clock.now()).await?;
        Ok(Done::Keep(()))
    });
    done.unwrap();
    let deleted = entity::member::Entity::delete_by_id(paul.member).exec(given.db.pool());
    deleted.await.unwrap();
    let left = consents(&app, mike).await;
    assert_eq!(left[0]["withdrawnAt"], "2026-03-10T12:00:00.000Z");
    assert_eq!(left[0]["member"], json!(null));
    assert_eq!(pacts(&app, mike).await, [json!(null); 0]);
}
