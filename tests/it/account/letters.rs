//! Letters that strangers ask for: each mailbox gets few, and nobody keeps another's from going out.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{Answer, FromDatabase, TestApp, TestDatabase, both};

use super::reset::REQUEST;
use super::{PASSPHRASE, SIGN_UP, VERIFY, input, join, sign_in, sign_up_input, who};

fn place(n: u8) -> IpAddr {
    [198, 51, 100, n].into()
}

async fn sign_up(app: &TestApp, from: IpAddr, email: &str) -> (Value, Answer) {
    let asked = sign_up_input(app, email, "somebody");
    let answer = app.anonymous_from(from, SIGN_UP, input(&asked)).await;
    (asked["id"].clone(), answer)
}

/// When letters came to addresses that begin so.
fn came(app: &TestApp, beginning: &str) -> Vec<DateTime<Utc>> {
    let letters = app.outbox().into_iter().filter_map(|sent| match sent {
        api::dev_outbox::Sent::Mail { at, to, .. } => to.starts_with(beginning).then_some(at),
        api::dev_outbox::Sent::Push { .. } => None,
    });
    letters.collect()
}

/// Lets time pass an hour at a time, with a worker at work.
async fn pass(app: &TestApp, hours: i64) {
    for _ in 0..hours {
        app.advance(TimeDelta::hours(1));
        app.drain().await;
    }
}

async fn flood(app: &TestApp, mailbox: &str) {
    for n in 0..40 {
        let email = format!("{mailbox}+{n}@example.org");
        let (_, answer) = sign_up(app, place(n % 8), &email).await;
        let payload = answer.at("/signUp");
        assert_eq!(payload["errors"], json!([]));
    }
    app.drain().await;
}

/// The service with few letters, and without any cost for who asks.
struct Few(TestApp);

impl FromDatabase for Few {
    async fn from_database(database: TestDatabase) -> Self {
        let limits = "[auth.limits]\nletters_per_address = 8\nunverified_letters_per_hour = 16\n";
        Self(TestApp::configured(database, limits).await)
    }
}

#[both]
async fn a_mailbox_gets_few_letters_a_day_whatever_address_and_network_asks(app: TestApp) {
    let start = app.now();
    flood(&app, "victim").await;
    let at_once = came(&app, "victim").len();
    assert_eq!(at_once, 13, "the first of each network, and five more");
    pass(&app, 48).await;
    let came = came(&app, "victim");
    for from in (0..24).map(|hours| start + TimeDelta::hours(hours)) {
        let until = from + TimeDelta::hours(24);
        let in_a_day = came.iter().filter(|at| **at >= from && **at < until);
        assert!(in_a_day.count() <= 40);
    }
    assert_eq!(
        came.len(),
        18,
        "what found no room within a day is not sent"
    );
}

#[both]
async fn a_stranger_who_floods_a_mailbox_does_not_delay_its_owner(app: TestApp) {
    flood(&app, "victim").await;
    let (id, _) = sign_up(&app, place(99), "victim@example.org").await;
    let code = app.mailed_code("victim@example.org").await;
    let verify = json!({ "signUpId": id, "code": code, "deviceName": "A phone" });
    let entered = app.anonymous(VERIFY, input(&verify)).await;
    who(&app, &entered.at("/verifyEmail"));
}

#[both]
async fn a_code_is_good_for_its_whole_time_when_its_letter_had_to_wait(app: TestApp) {
    let (start, mut last) = (app.now(), json!(null));
    for n in 0..7 {
        let email = format!("mike+{n}@example.org");
        let (id, answer) = sign_up(&app, place(1), &email).await;
        let until = answer.at("/signUp/codeExpiresAt");
        assert_eq!(
            until, "2026-03-10T12:30:00.000Z",
            "it is not told who waits"
        );
        last = id;
    }
    app.drain().await;
    assert_eq!(came(&app, "mike+6").len(), 0);
    while came(&app, "mike+6").is_empty() {
        app.advance(TimeDelta::minutes(20));
        app.drain().await;
    }
    assert!(app.now() - start > TimeDelta::hours(4));
    app.advance(TimeDelta::minutes(29));
    let code = app.mailed_code("mike+6@example.org").await;
    let verify = json!({ "signUpId": last, "code": code, "deviceName": "A phone" });
    let entered = app.anonymous(VERIFY, input(&verify)).await;
    who(&app, &entered.at("/verifyEmail"));
}

#[both]
async fn a_known_device_gets_its_letter_among_a_strangers(app: TestApp) {
    join(&app, "mike@example.org", "mike").await;
    let credentials =
        "mutation($input: SignInInput!) { signIn(input: $input) { credentials { deviceKey } } }";
    let right =
        json!({ "email": "mike@example.org", "passphrase": PASSPHRASE, "deviceName": "A phone" });
    let key = app.anonymous(credentials, input(&right)).await;
    let key = key.at("/signIn/credentials/deviceKey");
    // So many networks that no lane for strangers is left.
    for n in 0..60 {
        let asked = json!({ "email": "mike@example.org" });
        app.anonymous_from(place(n), REQUEST, input(&asked))
            .await
            .ok();
    }
    app.drain().await;
    let before = came(&app, "mike@").len();
    let ask = async |key: &Value| {
        let asked = json!({ "email": "mike@example.org", "id": super::id(&app), "deviceKey": key });
        app.anonymous_from(place(100), REQUEST, input(&asked))
            .await
            .ok();
        app.drain().await;
        came(&app, "mike@").len()
    };
    assert_eq!(ask(&json!(null)).await, before);
    assert_eq!(ask(&key).await, before + 1);
    assert!(!sign_in(&app, "mike@example.org", PASSPHRASE, "A phone").await["me"].is_null());
}

#[both]
async fn a_house_asks_for_few_letters_whatever_its_networks(Few(app): Few) {
    let mut refused = 0;
    for n in 0..100 {
        let from = IpAddr::from([0x2001, 0xdb8, 1, n, 0, 0, 0, 1]);
        let (_, answer) = sign_up(&app, from, &format!("man{n}@example.org")).await;
        if !answer.errors.is_empty() {
            assert_eq!(answer.code(), "RATE_LIMITED");
            assert!(answer.errors[0]["extensions"]["retryAfter"].as_u64() > Some(60));
            refused += 1;
        }
    }
    app.drain().await;
    // A /48 may four times what one network may, half of it at once; a /56 twice. All these lie in one /56.
    assert!(came(&app, "man").len() <= 8);
    assert!(refused > 60, "{refused}");
    let elsewhere = IpAddr::from([0x2001, 0xdb8, 2, 1, 0, 0, 0, 1]);
    let (_, answer) = sign_up(&app, elsewhere, "elsewhere@example.org").await;
    answer.ok();
    app.drain().await;
    assert_eq!(came(&app, "elsewhere").len(), 1);
}

#[both]
async fn a_flood_of_sign_ups_from_one_place_does_not_delay_others(Few(app): Few) {
    for n in 0..40 {
        sign_up(&app, place(1), &format!("man{n}@example.org")).await;
    }
    app.drain().await;
    let flooded = came(&app, "man").len();
    assert!(flooded < 5, "{flooded}");
    let (_, answer) = sign_up(&app, place(2), "honest@example.org").await;
    answer.ok();
    app.drain().await;
    assert_eq!(came(&app, "honest").len(), 1);
}

#[both]
async fn nobody_is_told_how_long_a_letter_waits(app: TestApp) {
    join(&app, "known@example.org", "known").await;
    flood(&app, "known").await;
    let mut told = Vec::new();
    for email in ["known@example.org", "nobody@example.org"] {
        let (_, answer) = sign_up(&app, place(50), email).await;
        let mut payload = answer.at("/signUp");
        payload["signUpId"] = json!(null);
        told.push(payload);
    }
    assert_eq!(told[0], told[1]);
}
