//! Rate limits for signing in and for requesting codes.

use std::net::IpAddr;

use api::entropy::Entropy;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{FromDatabase, TestApp, TestDatabase, both};

use super::reset::REQUEST;
use super::{SIGN_IN, input};

/// The service with small limits.
struct Limited(TestApp);

impl FromDatabase for Limited {
    async fn from_database(database: TestDatabase) -> Self {
        let limits = "[auth.limits]\nsign_in_per_address = 6\nsign_in_per_account = 5\n\
                      sign_in_per_account_and_address = 4\n";
        Self(TestApp::configured(database, limits).await)
    }
}

fn credentials(email: &str) -> Value {
    input(&json!({ "email": email, "passphrase": "a guess at it", "deviceName": "A phone" }))
}

#[both]
async fn aliases_do_not_multiply_guesses(Limited(app): Limited) {
    let aliases: Vec<String> = (0..10)
        .map(|n| format!("g{n}: signIn(input: $input) {{ errors {{ code }} }}"))
        .collect();
    let aliases = aliases.join(" ");
    let document = format!("mutation($input: SignInInput!) {{ {aliases} }}");
    let answer = app
        .anonymous(&document, credentials("nobody@example.org"))
        .await;
    let tried = answer
        .data
        .as_object()
        .unwrap()
        .values()
        .filter(|field| !field.is_null());
    assert_eq!(tried.count(), 4);
    assert_eq!(answer.errors.len(), 6);
    let mut waits = Vec::new();
    for error in &answer.errors {
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED");
        waits.push(error["extensions"]["retryAfter"].as_u64().unwrap());
    }
    // Four attempts an hour at one account from one address.
    assert_eq!(waits, [900; 6]);
}

#[both]
async fn a_limit_is_the_same_for_an_unknown_address(Limited(app): Limited) {
    app.member("mike").await;
    let tries = async |email: &str, from: IpAddr| {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let answer = app.anonymous_from(from, SIGN_IN, credentials(email)).await;
            let retry = answer
                .errors
                .first()
                .map(|error| error["extensions"].clone());
            answers.push((answer.statements, answer.data, retry));
        }
        answers
    };
    let known = tries("mike@example.org", [192, 0, 2, 1].into()).await;
    let unknown = tries("nobody@example.org", [192, 0, 2, 2].into()).await;
    assert_eq!(known, unknown);
    assert!(known[3].2.is_none() && known[4].2.is_some());
}

#[both]
async fn a_limit_refills_one_attempt_at_a_time(Limited(app): Limited) {
    let mut refused = Vec::new();
    for _ in 0..5 {
        let answer = app
            .anonymous(SIGN_IN, credentials("mike@example.org"))
            .await;
        refused.push(!answer.errors.is_empty());
    }
    assert_eq!(refused, [false, false, false, false, true]);
    app.advance(TimeDelta::minutes(15));
    app.anonymous(SIGN_IN, credentials("mike@example.org"))
        .await
        .ok();
    let again = app
        .anonymous(SIGN_IN, credentials("mike@example.org"))
        .await;
    assert_eq!(again.code(), "RATE_LIMITED");
    app.advance(TimeDelta::hours(1));
    for _ in 0..4 {
        app.anonymous(SIGN_IN, credentials("mike@example.org"))
            .await
            .ok();
    }
}

/// Makes five attempts at one account from one address. Returns whether each was refused.
async fn tries(app: &TestApp) -> Vec<bool> {
    let mut refused = Vec::new();
    for _ in 0..5 {
        let guess = credentials("mike@example.org");
        refused.push(!app.anonymous(SIGN_IN, guess).await.errors.is_empty());
    }
    refused
}

#[both]
async fn a_clock_that_was_ahead_does_not_lock_members_out(Limited(app): Limited) {
    app.advance(TimeDelta::days(1));
    assert_eq!(tries(&app).await, [false, false, false, false, true]);
    app.app.clock.set_back(TimeDelta::days(1)).unwrap();
    assert_eq!(tries(&app).await, [false, false, false, false, true]);
}

#[both]
async fn a_clock_slightly_behind_allows_no_extra_attempts(Limited(app): Limited) {
    tries(&app).await;
    app.app.clock.set_back(TimeDelta::seconds(30)).unwrap();
    assert_eq!(tries(&app).await, [true; 5]);
}

#[both]
async fn an_address_is_limited_across_accounts(Limited(app): Limited) {
    for n in 0..6 {
        app.anonymous(SIGN_IN, credentials(&format!("n{n}@example.org")))
            .await
            .ok();
    }
    let seventh = app.anonymous(SIGN_IN, credentials("n6@example.org")).await;
    assert_eq!(seventh.code(), "RATE_LIMITED");
    let elsewhere = IpAddr::from([192, 0, 2, 9]);
    app.anonymous_from(elsewhere, SIGN_IN, credentials("n6@example.org"))
        .await
        .ok();
}

#[both]
async fn an_ipv6_network_counts_as_one_address(Limited(app): Limited) {
    let ask = async |from: &str, email: &str| {
        let from = from.parse().unwrap();
        let answer = app.anonymous_from(from, SIGN_IN, credentials(email)).await;
        answer.errors.is_empty()
    };
    for n in 0..6 {
        assert!(ask(&format!("2001:db8::{n}"), &format!("n{n}@example.org")).await);
    }
    assert!(!ask("2001:db8::ffff:1", "n6@example.org").await);
    assert!(ask("2001:db8:0:1::1", "n6@example.org").await);
}

#[both]
async fn a_limit_holds_in_every_hour_and_refuses_nobody_below_it(database: TestDatabase) {
    const LIMIT: usize = 3;
    const HOUR: TimeDelta = TimeDelta::hours(1);
    let limits = "[auth.limits]\ncode_per_address = 3\nletters_per_address = 100000\n";
    let app = TestApp::configured(database, limits).await;
    let gaps = Entropy::seeded(7);
    let mut let_through: Vec<DateTime<Utc>> = Vec::new();
    let mut refused = 0;
    for _ in 0..200 {
        let seconds = [0, 1, 60, 600, 1200, 4000][usize::try_from(gaps.below(6)).unwrap()];
        app.advance(TimeDelta::seconds(seconds));
        let now = app.now();
        let lately = let_through.iter().filter(|at| now - **at < HOUR).count();
        let asked = input(&json!({ "email": "mike@example.org" }));
        if app.anonymous(REQUEST, asked).await.errors.is_empty() {
            let_through.push(now);
        } else {
            refused += 1;
            assert!(lately >= LIMIT, "refused after {lately} in an hour");
        }
    }
    // `LIMIT` requests at once, and one more every twenty minutes.
    for (n, from) in let_through.iter().enumerate() {
        for (m, to) in let_through.iter().enumerate().skip(n) {
            let minutes = usize::try_from((*to - *from).num_minutes()).unwrap();
            assert!(
                m - n < LIMIT + minutes / 20,
                "{} in {minutes} minutes",
                m - n + 1
            );
        }
    }
    assert!(refused > 20 && let_through.len() > 20, "{refused} refused");
}
