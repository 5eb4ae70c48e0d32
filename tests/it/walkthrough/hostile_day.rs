//! A day of attacks: by an ex-partner with patience, a facilitator whose role was taken away, a member who deletes his
//! account to watch, and a stranger with a list of addresses. None of them reaches anything.

use serde_json::{Value, json};
use support::{CREDENTIALS, Phone, TestDatabase, both};

use super::world::{PASSPHRASE, World};
use super::{in_a_circle, joins_circle, sees};

const GUESSES: usize = 25;

#[both]
async fn a_hostile_day_reaches_nobody(database: TestDatabase) {
    let world = World::on(database).await;
    let mut mike = world.joins("mike").await;
    let mut paul = world.joins("paul").await;
    let mut tom = world.joins("tom").await;
    let mut sam = world.joins("sam").await;
    world.operator_makes_facilitator("sam").await;
    let circle = in_a_circle(&sam, &mike).await;
    joins_circle(&sam, &circle, &paul).await;
    joins_circle(&sam, &circle, &tom).await;
    let story = json!({ "story": "After the funeral I stopped answering the door." });
    mike.send("updateProfile", &story, "member { story }").await;

    an_ex_partner_with_patience(&mike, &paul, &circle).await;
    guesses_lock_no_known_device_out(&world, &mut mike, &paul).await;
    world.time_goes_to("2026-03-28T09:30:00Z").await;
    for phone in [&mut mike, &mut paul, &mut tom, &mut sam] {
        phone.refresh().await;
    }
    a_facilitator_without_his_role(&world, &sam, &mike, &circle).await;
    a_member_who_leaves_to_watch(&tom, &mike, &circle).await;
    a_stranger_with_a_list(&world).await;
}

async fn id(phone: &Phone<'_>) -> Value {
    phone.ask("{ me { memberId } }").await["me"]["memberId"].clone()
}

/// Returns the nodes that a phone gets for ids that it knew before.
async fn by_ids(phone: &Phone<'_>, ids: &[&Value]) -> Vec<Value> {
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }";
    let answer = phone.answer(query, json!({ "ids": ids })).await;
    answer["data"]["nodes"].as_array().unwrap().clone()
}

async fn inbox(phone: &Phone<'_>) -> Value {
    let query = "{ me { notifications { totalCount } } }";
    phone.ask(query).await["me"]["notifications"]["totalCount"].clone()
}

async fn an_ex_partner_with_patience(mike: &Phone<'_>, paul: &Phone<'_>, circle: &Value) {
    let member = id(mike).await;
    let asked = json!({ "id": paul.id(), "memberId": member });
    let peering = paul.send("proposePeering", &asked, "peering { id }");
    let peering = peering.await["peering"]["id"].clone();
    let yes = json!({ "peeringId": peering, "accept": true });
    mike.send("answerPeering", &yes, "peering { id }").await;
    let pact = json!({ "id": paul.id(), "peeringId": peering, "sharing": "CHECKED_IN",
        "nudgeStyle": "PLAIN" });
    let pact = paul.send("proposePact", &pact, "pact { id }");
    let pact = pact.await["pact"]["id"].clone();
    let yes = json!({ "pactId": pact, "accept": true, "sharing": "WORDS" });
    mike.send("answerPact", &yes, "pact { id }").await;

    // Mike ends it, and leaves the circle.
    let over = json!({ "peeringId": peering });
    mike.send("endPeering", &over, "peeringId").await;
    mike.send("leaveCircle", &json!({ "circleId": circle }), "circleId")
        .await;
    let before = inbox(mike).await;
    assert_eq!(sees(paul, mike).await, Value::Null);
    let nothing = vec![Value::Null; 3];
    assert_eq!(by_ids(paul, &[&member, &peering, &pact]).await, nothing);
    let hello = json!({ "id": paul.id(), "pactId": pact, "says": { "template": "JUST_HELLO" } });
    assert_eq!(paul.refused("sendPactNudge", &hello).await, "NOT_FOUND");
    let again = json!({ "id": paul.id(), "memberId": member });
    assert_eq!(paul.refused("proposePeering", &again).await, "NOT_FOUND");
    assert_eq!(inbox(mike).await, before);
}

async fn guesses_lock_no_known_device_out(world: &World, mike: &mut Phone<'_>, paul: &Phone<'_>) {
    let sign_in = |passphrase: &str, key: Option<&Value>| {
        json!({ "email": "mike@example.org", "passphrase": passphrase, "deviceName": "A phone",
            "id": paul.id(), "deviceKey": key })
    };
    let mut codes = Vec::new();
    for _ in 0..GUESSES {
        codes.push(
            paul.refused("signIn", &sign_in("not his at all", None))
                .await,
        );
    }
    assert_eq!(codes[0], "WRONG_CREDENTIALS");
    assert_eq!(codes[GUESSES - 1], "RATE_LIMITED");
    // From then on even the right passphrase is refused, except from a device that was signed in before.
    let phone = Phone::new(&world.server);
    let right = sign_in(PASSPHRASE, None);
    assert_eq!(phone.refused("signIn", &right).await, "RATE_LIMITED");
    let [_, refresh] = mike.tokens();
    let refresh = json!({ "refreshToken": refresh });
    let wanted = "credentials { accessToken refreshToken sessionId deviceKey }";
    let refreshed = phone.send("refreshSession", &refresh, wanted).await;
    let key = refreshed["credentials"]["deviceKey"].clone();
    mike.keep(&refreshed);
    let known = sign_in(PASSPHRASE, Some(&key));
    phone.send("signIn", &known, CREDENTIALS).await;
}

async fn a_facilitator_without_his_role(
    world: &World,
    sam: &Phone<'_>,
    mike: &Phone<'_>,
    circle: &Value,
) {
    world.operator_gives_role("sam", "member").await;
    let member = id(mike).await;
    let ask = json!({ "circleId": circle, "memberId": member });
    assert_eq!(sam.refused("addCircleMember", &ask).await, "NOT_ALLOWED");
    assert_eq!(sam.refused("removeCircleMember", &ask).await, "NOT_ALLOWED");
    let new = json!({ "id": sam.id(), "name": "Another", "purpose": "Talk" });
    assert_eq!(sam.refused("createCircle", &new).await, "NOT_ALLOWED");
    assert_eq!(sees(sam, mike).await, Value::Null, "Mike has left");
}

async fn a_member_who_leaves_to_watch(tom: &Phone<'_>, mike: &Phone<'_>, circle: &Value) {
    let confirm = json!({ "passphrase": PASSPHRASE });
    tom.send("deleteAccount", &confirm, "account { deletionDueAt }")
        .await;
    assert_eq!(by_ids(tom, &[circle]).await, vec![Value::Null]);
    assert_eq!(sees(tom, mike).await, Value::Null);
    let sight = tom
        .ask("{ me { circles { totalCount } } upcomingMeetings { totalCount } }")
        .await;
    assert_eq!(sight["me"]["circles"]["totalCount"], 0);
    assert_eq!(sight["upcomingMeetings"]["totalCount"], 0);
}

async fn a_stranger_with_a_list(world: &World) {
    let stranger = Phone::new(&world.server);
    let sign_up = |email: &str, id: Value, handle: &str| {
        json!({ "id": id, "email": email, "passphrase": "copper lantern drift 77", "handle": handle,
            "timeZone": "Europe/London", "country": "GB", "locale": "en-GB", "adult": true,
            "termsVersion": "2026-11" })
    };
    // A sign-up id belongs to one address.
    let same = json!(stranger.id());
    let first = sign_up("first@example.org", same.clone(), "first");
    stranger.send("signUp", &first, "signUpId").await;
    let second = sign_up("second@example.org", same, "second");
    assert_eq!(stranger.refused("signUp", &second).await, "CONFLICT");
    // The answer does not reveal whether an address has an account.
    let known = sign_up("mike@example.org", json!(stranger.id()), "michael");
    let unknown = sign_up("nobody@example.org", json!(stranger.id()), "nobody");
    let wanted = "codeExpiresAt";
    let answers = [
        stranger.send("signUp", &known, wanted).await,
        stranger.send("signUp", &unknown, wanted).await,
    ];
    for answer in answers {
        assert!(answer["codeExpiresAt"].is_string(), "{answer}");
    }
    // A mailbox gets only a few letters, whatever follows the `+` of its address.
    for n in 0..30 {
        let address = format!("victim+{n}@example.com");
        let input = sign_up(&address, json!(stranger.id()), &format!("victim-{n}"));
        stranger.send("signUp", &input, "signUpId").await;
    }
    world.time_goes_to("2026-03-28T09:31:00Z").await;
    let mut letters = 0;
    for n in 0..30 {
        letters += world.letters(&format!("victim%2B{n}@example.com")).await;
    }
    assert!((1..=10).contains(&letters), "{letters} letters");
}
