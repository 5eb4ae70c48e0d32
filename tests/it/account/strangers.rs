//! Strangers who guess cannot lock a member out.

use std::net::IpAddr;

use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{Answer, FromDatabase, TestApp, TestDatabase, both};

use super::reset::{REQUEST, RESET};
use super::{NEW_PASSPHRASE, PASSPHRASE, REFRESH, SIGN_IN, input, join, refusal, wrong_code};

const MIKE: &str = "mike@example.org";
const CREDENTIALS: &str = "mutation($input: SignInInput!) {
    signIn(input: $input) { credentials { deviceKey } errors { code path } }
}";

fn ip(n: u8) -> IpAddr {
    [198, 51, 100, n].into()
}

fn sign_in(email: &str, passphrase: &str, device_key: &Value) -> Value {
    input(&json!({
        "email": email, "passphrase": passphrase, "deviceName": "A phone", "deviceKey": device_key,
    }))
}

/// Signs in. Returns the device's key.
async fn device_key(app: &TestApp, email: &str) -> Value {
    let right = sign_in(email, PASSPHRASE, &json!(null));
    app.anonymous(CREDENTIALS, right)
        .await
        .at("/signIn/credentials/deviceKey")
}

/// Guesses from an address until it is limited. Returns how many guesses were answered.
async fn guess_from(app: &TestApp, from: IpAddr, email: &str) -> usize {
    for answered in 0..1000 {
        let guess = sign_in(email, "a guess at it", &json!(null));
        let answer = app.anonymous_from(from, SIGN_IN, guess).await;
        if !answer.errors.is_empty() {
            assert_eq!(answer.code(), "RATE_LIMITED");
            return answered;
        }
    }
    panic!("the address is never limited");
}

/// Guesses from ever more addresses until every sign-in by an unknown device is limited.
async fn strangers_guess(app: &TestApp, email: &str) {
    let mut n = 0;
    while guess_from(app, ip(n), email).await > 0 {
        n += 1;
    }
    assert!(n > 1, "one address must not be enough");
}

fn is_signed_in(answer: &Answer) -> bool {
    answer.errors.is_empty() && answer.data["signIn"]["credentials"].is_object()
}

#[both]
async fn strangers_cannot_lock_out_a_known_device(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let key = device_key(&app, MIKE).await;
    strangers_guess(&app, MIKE).await;
    let home = ip(200);
    let unknown = app.anonymous_from(home, SIGN_IN, sign_in(MIKE, PASSPHRASE, &json!(null)));
    assert_eq!(unknown.await.code(), "RATE_LIMITED");
    let known = app.anonymous_from(home, SIGN_IN, sign_in(MIKE, PASSPHRASE, &key));
    assert!(is_signed_in(&known.await));
}

#[both]
async fn a_known_device_is_not_limited_by_others_at_its_address(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let key = device_key(&app, MIKE).await;
    let here = ip(7);
    let mut guessed = 0;
    for n in 0.. {
        let answered = guess_from(&app, here, &format!("nobody{n}@example.org")).await;
        guessed += answered;
        if answered == 0 {
            break;
        }
    }
    assert_eq!(guessed, 60);
    let known = app.anonymous_from(here, SIGN_IN, sign_in(MIKE, PASSPHRASE, &key));
    assert!(is_signed_in(&known.await));
}

#[both]
async fn a_stranger_at_one_address_cannot_lock_out_a_new_phone(app: TestApp) {
    join(&app, MIKE, "mike").await;
    for _ in 0..4 {
        guess_from(&app, ip(1), MIKE).await;
        app.advance(TimeDelta::minutes(10));
    }
    let new = app.anonymous_from(ip(2), SIGN_IN, sign_in(MIKE, PASSPHRASE, &json!(null)));
    assert!(is_signed_in(&new.await));
    // One IPv6 site has many networks.
    let block = |n: u16| IpAddr::from([0x2001, 0xdb8, 1, n, 0, 0, 0, 1]);
    assert_eq!(guess_from(&app, block(1), "paul@example.org").await, 15);
    assert_eq!(guess_from(&app, block(2), "paul@example.org").await, 0);
}

#[both]
async fn another_members_device_key_has_no_effect(app: TestApp) {
    join(&app, MIKE, "mike").await;
    join(&app, "paul@example.org", "paul").await;
    let pauls = device_key(&app, "paul@example.org").await;
    let ask = async |n, email: &str, key: &Value| {
        let guess = sign_in(email, "a guess at it", key);
        let answer = app.anonymous_from(ip(n), SIGN_IN, guess).await;
        (answer.statements, answer.ok())
    };
    let plain = ask(1, MIKE, &json!(null)).await;
    for (n, key) in [pauls.clone(), json!(""), json!("no key")]
        .iter()
        .enumerate()
    {
        let n = u8::try_from(n).unwrap() + 2;
        assert_eq!(ask(n, MIKE, key).await, plain, "{key}");
        assert_eq!(ask(n, "nobody@example.org", key).await, plain, "{key}");
    }
    strangers_guess(&app, MIKE).await;
    let right = sign_in(MIKE, PASSPHRASE, &pauls);
    let answer = app.anonymous_from(ip(200), SIGN_IN, right).await;
    assert_eq!(answer.code(), "RATE_LIMITED");
}

#[both]
async fn a_known_device_that_guesses_is_limited_alone(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let (stolen, other) = (device_key(&app, MIKE).await, device_key(&app, MIKE).await);
    assert_ne!(stolen, other);
    let ask = async |passphrase: &str, key: &Value| {
        app.anonymous_from(ip(1), SIGN_IN, sign_in(MIKE, passphrase, key))
            .await
    };
    for _ in 0..20 {
        ask("a guess at it", &stolen).await.ok();
    }
    assert_eq!(ask(PASSPHRASE, &stolen).await.code(), "RATE_LIMITED");
    assert!(is_signed_in(&ask(PASSPHRASE, &other).await));
}

#[both]
async fn every_token_of_a_session_comes_with_the_same_device_key(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let document = CREDENTIALS.replace("deviceKey", "deviceKey refreshToken");
    let right = sign_in(MIKE, PASSPHRASE, &json!(null));
    let first = app.anonymous(&document, right).await;
    let first = first.at("/signIn/credentials");
    let refresh = json!({ "refreshToken": first["refreshToken"] });
    let document = REFRESH.replace("accessToken", "deviceKey accessToken");
    let next = app.anonymous(&document, input(&refresh)).await;
    let next = next.at("/refreshSession/credentials/deviceKey");
    assert_eq!(next, first["deviceKey"]);
    let text = next.as_str().unwrap();
    assert_eq!(text.len(), 64);
}

#[both]
async fn a_reset_by_mail_lets_the_owner_in_whatever_strangers_do(app: TestApp) {
    join(&app, MIKE, "mike").await;
    strangers_guess(&app, MIKE).await;
    let home = ip(200);
    let id = json!(super::id(&app));
    let request = json!({ "email": MIKE, "id": id });
    app.anonymous_from(home, REQUEST, input(&request))
        .await
        .ok();
    let code = app.mailed_code(MIKE).await;
    let reset =
        json!({ "email": MIKE, "code": code, "passphrase": NEW_PASSPHRASE, "requestId": id });
    let document = RESET.replace("done", "done deviceKey");
    let done = app.anonymous_from(home, &document, input(&reset)).await;
    let done = done.at("/resetPassphrase");
    assert_eq!(done["done"], true);
    let again = app.anonymous_from(home, &document, input(&reset)).await;
    assert_eq!(again.at("/resetPassphrase"), done);
    let known = sign_in(MIKE, NEW_PASSPHRASE, &done["deviceKey"]);
    assert!(is_signed_in(
        &app.anonymous_from(home, SIGN_IN, known).await
    ));
}

async fn reset(app: &TestApp, code: &str, request: &Value) -> Value {
    let reset =
        json!({ "email": MIKE, "code": code, "passphrase": NEW_PASSPHRASE, "requestId": request });
    app.anonymous(RESET, input(&reset))
        .await
        .at("/resetPassphrase")
}

#[both]
async fn wrong_guesses_by_others_do_not_invalidate_a_code(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let id = json!(super::id(&app));
    let request = input(&json!({ "email": MIKE, "id": id }));
    app.anonymous(REQUEST, request).await.ok();
    let code = app.mailed_code(MIKE).await;
    for others in [json!(null), json!(super::id(&app))] {
        for _ in 0..8 {
            let refused = reset(&app, &wrong_code(&code), &others).await;
            assert_eq!(refusal(&refused).0, "WRONG_CODE");
        }
    }
    // The code works only with the id of its request, so nobody else can guess at it.
    let without = reset(&app, &code, &json!(super::id(&app))).await;
    assert_eq!(refusal(&without).0, "WRONG_CODE");
    for _ in 0..4 {
        reset(&app, &wrong_code(&code), &id).await;
    }
    assert_eq!(reset(&app, &code, &id).await["done"], true);
}

#[both]
async fn the_owner_can_use_a_code_that_a_stranger_requested(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let id = json!(super::id(&app));
    app.anonymous(REQUEST, input(&json!({ "email": MIKE, "id": id })))
        .await
        .ok();
    app.drain().await;
    // A stranger's request mails the newest letter.
    let strangers = json!({ "email": MIKE, "id": super::id(&app) });
    let from = ip(3);
    app.anonymous_from(from, REQUEST, input(&strangers))
        .await
        .ok();
    let newest = app.mailed_code(MIKE).await;
    assert_eq!(reset(&app, &newest, &id).await["done"], true);
    assert_eq!(
        refusal(&reset(&app, &newest, &strangers["id"]).await).0,
        "WRONG_CODE"
    );
}

#[both]
async fn requesting_codes_does_not_limit_entering_one(app: TestApp) {
    join(&app, MIKE, "mike").await;
    let id = json!(super::id(&app));
    app.anonymous(REQUEST, input(&json!({ "email": MIKE, "id": id })))
        .await
        .ok();
    let code = app.mailed_code(MIKE).await;
    let mut limited = false;
    for _ in 0..400 {
        let asked = input(&json!({ "email": MIKE }));
        limited |= !app.anonymous(REQUEST, asked).await.errors.is_empty();
    }
    assert!(limited);
    assert_eq!(reset(&app, &code, &id).await["done"], true);
}

#[both]
async fn fifteen_members_can_sign_up_from_one_address(app: TestApp) {
    for n in 0..15 {
        join(&app, &format!("man{n}@example.org"), &format!("manno{n}x")).await;
    }
}

/// The service with small limits.
struct Limited(TestApp);

impl FromDatabase for Limited {
    async fn from_database(database: TestDatabase) -> Self {
        let limits = "[auth.limits]\nsign_in_per_address = 2\n";
        Self(TestApp::configured(database, limits).await)
    }
}

#[both]
async fn an_address_with_many_members_gets_higher_limits(Limited(app): Limited) {
    // The address of the tests' requests, and another one.
    let (home, here) = (IpAddr::from([192, 0, 2, 1]), ip(1));
    let answered = async |from| {
        let mut answered = 0;
        for n in 0..10 {
            let guess = sign_in(
                &format!("nobody{n}@example.org"),
                "a guess at it",
                &json!(null),
            );
            answered += usize::from(
                app.anonymous_from(from, SIGN_IN, guess)
                    .await
                    .errors
                    .is_empty(),
            );
        }
        app.advance(TimeDelta::hours(2));
        answered
    };
    for n in 0..4 {
        join(&app, &format!("man{n}@example.org"), &format!("manno{n}x")).await;
    }
    assert_eq!([answered(home).await, answered(here).await], [2, 2]);
    join(&app, "man4@example.org", "manno4x").await;
    assert_eq!([answered(home).await, answered(here).await], [4, 2]);
    // Members who were seen there a month ago no longer count.
    app.advance(TimeDelta::days(31));
    app.drain().await;
    assert_eq!(answered(home).await, 2);
}
