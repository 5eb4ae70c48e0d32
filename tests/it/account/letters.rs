//! Letters that strangers request: each mailbox gets few, and a flood does not delay anybody else's letters.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{Answer, FromDatabase, TestApp, TestDatabase, both};

use super::reset::REQUEST;
use super::{PASSPHRASE, SIGN_UP, VERIFY, input, join, sign_in, sign_up_input, signed_in};

fn ip(n: u8) -> IpAddr {
    [198, 51, 100, n].into()
}

async fn sign_up(app: &TestApp, from: IpAddr, email: &str) -> (Value, Answer) {
    let asked = sign_up_input(app, email, "somebody");
    let answer = app.anonymous_from(from, SIGN_UP, input(&asked)).await;
    (asked["id"].clone(), answer)
}

/// When letters were sent to the addresses with this prefix.
fn sent_at(app: &TestApp, prefix: &str) -> Vec<DateTime<Utc>> {
    let letters = app.outbox().into_iter().filter_map(|sent| match sent {
        api::dev_outbox::Sent::Mail { at, to, .. } => to.starts_with(prefix).then_some(at),
        api::dev_outbox::Sent::Push { .. } => None,
    });
    letters.collect()
}

/// Advances the clock hour by hour, and runs the worker each time.
async fn pass_hours(app: &TestApp, hours: i64) {
    for _ in 0..hours {
        app.advance(TimeDelta::hours(1));
        app.drain().await;
    }
}

async fn flood(app: &TestApp, mailbox: &str) {
    for n in 0..40 {
        let email = format!("{mailbox}+{n}@example.org");
        let (_, answer) = sign_up(app, ip(n % 8), &email).await;
        let payload = answer.at("/signUp");
        assert_eq!(payload["errors"], json!([]));
    }
    app.drain().await;
}

/// The service with low limits for letters.
struct Few(TestApp);

impl FromDatabase for Few {
    async fn from_database(database: TestDatabase) -> Self {
        let limits = "[auth.limits]\nletters_per_address = 8\nunverified_letters_per_hour = 16\n";
        Self(TestApp::configured(database, limits).await)
    }
}

#[both]
async fn a_mailbox_gets_few_letters_a_day_from_any_number_of_networks(app: TestApp) {
    flood(&app, "victim").await;
    let sent = || sent_at(&app, "victim").len();
    assert_eq!(sent(), 13, "the first of each network, and five more");
    pass_hours(&app, 24).await;
    assert_eq!(sent(), 18, "five more have waited, a day at most");
    pass_hours(&app, 24).await;
    assert_eq!(sent(), 18, "what found no room within a day is not sent");
}

#[both]
async fn a_stranger_who_floods_a_mailbox_does_not_delay_its_owner(app: TestApp) {
    flood(&app, "victim").await;
    let (id, _) = sign_up(&app, ip(99), "victim@example.org").await;
    let code = app.mailed_code("victim@example.org").await;
    let verify = json!({ "signUpId": id, "code": code, "deviceName": "A phone" });
    let entered = app.anonymous(VERIFY, input(&verify)).await;
    signed_in(&app, &entered.at("/verifyEmail"));
}

#[both]
async fn a_delayed_code_is_valid_for_its_full_time_after_its_letter(app: TestApp) {
    let (start, mut last) = (app.now(), json!(null));
    for n in 0..7 {
        let email = format!("mike+{n}@example.org");
        let (id, answer) = sign_up(&app, ip(1), &email).await;
        let until = answer.at("/signUp/codeExpiresAt");
        assert_eq!(
            until, "2026-03-10T12:30:00.000Z",
            "it is not told who waits"
        );
        last = id;
    }
    app.drain().await;
    assert_eq!(sent_at(&app, "mike+6").len(), 0);
    while sent_at(&app, "mike+6").is_empty() {
        app.advance(TimeDelta::minutes(20));
        app.drain().await;
    }
    assert!(app.now() - start > TimeDelta::hours(4));
    app.advance(TimeDelta::minutes(29));
    let code = app.mailed_code("mike+6@example.org").await;
    let verify = json!({ "signUpId": last, "code": code, "deviceName": "A phone" });
    let entered = app.anonymous(VERIFY, input(&verify)).await;
    signed_in(&app, &entered.at("/verifyEmail"));
}

#[both]
async fn a_known_device_gets_its_letter_during_a_flood(app: TestApp) {
    join(&app, "mike@example.org", "mike").await;
    let credentials =
        "mutation($input: SignInInput!) { signIn(input: $input) { credentials { deviceKey } } }";
    let right =
        json!({ "email": "mike@example.org", "passphrase": PASSPHRASE, "deviceName": "A phone" });
    let key = app.anonymous(credentials, input(&right)).await;
    let key = key.at("/signIn/credentials/deviceKey");
    // Enough networks to use up every lane for strangers.
    for n in 0..60 {
        let asked = json!({ "email": "mike@example.org" });
        app.anonymous_from(ip(n), REQUEST, input(&asked)).await.ok();
    }
    app.drain().await;
    let before = sent_at(&app, "mike@").len();
    let ask = async |key: &Value| {
        let asked = json!({ "email": "mike@example.org", "id": super::id(&app), "deviceKey": key });
        app.anonymous_from(ip(100), REQUEST, input(&asked))
            .await
            .ok();
        app.drain().await;
        sent_at(&app, "mike@").len()
    };
    assert_eq!(ask(&json!(null)).await, before);
    assert_eq!(ask(&key).await, before + 1);
    assert!(!sign_in(&app, "mike@example.org", PASSPHRASE, "A phone").await["me"].is_null());
}

#[both]
async fn an_ipv6_site_gets_few_letters_from_all_its_networks(Few(app): Few) {
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
    // A /48 may request four times as many letters as one network, half of them at once; a /56 twice as many.
    // All these networks are in one /56.
    assert!(sent_at(&app, "man").len() <= 8);
    assert!(refused > 60, "{refused}");
    let elsewhere = IpAddr::from([0x2001, 0xdb8, 2, 1, 0, 0, 0, 1]);
    let (_, answer) = sign_up(&app, elsewhere, "elsewhere@example.org").await;
    answer.ok();
    app.drain().await;
    assert_eq!(sent_at(&app, "elsewhere").len(), 1);
}

#[both]
async fn a_flood_of_sign_ups_from_one_address_does_not_delay_others(Few(app): Few) {
    for n in 0..40 {
        sign_up(&app, ip(1), &format!("man{n}@example.org")).await;
    }
    app.drain().await;
    let flooded = sent_at(&app, "man").len();
    assert!(flooded < 5, "{flooded}");
    let (_, answer) = sign_up(&app, ip(2), "honest@example.org").await;
    answer.ok();
    app.drain().await;
    assert_eq!(sent_at(&app, "honest").len(), 1);
}

#[both]
async fn a_sign_up_does_not_reveal_how_long_its_letter_waits(app: TestApp) {
    join(&app, "known@example.org", "known").await;
    flood(&app, "known").await;
    let mut payloads = Vec::new();
    for email in ["known@example.org", "nobody@example.org"] {
        let (_, answer) = sign_up(&app, ip(50), email).await;
        let mut payload = answer.at("/signUp");
        payload["signUpId"] = json!(null);
        payloads.push(payload);
    }
    assert_eq!(payloads[0], payloads[1]);
}
