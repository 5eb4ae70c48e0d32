//! Signing up and proving the address.

use chrono::TimeDelta;
use sea_orm::EntityTrait as _;
use serde_json::json;
use support::{TestApp, both};
use tokio::task::JoinSet;

use super::{
    PASSPHRASE, SIGN_UP, VERIFY, can_sign_in, id, input, join, refusal, sign_up_input, signed_in,
    wrong_code,
};

#[both]
async fn a_new_member_signs_up_and_is_signed_in(app: TestApp) {
    let sign_up = sign_up_input(&app, "Mike@Example.org", "mike");
    let data = app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    assert_eq!(data["signUp"]["signUpId"], sign_up["id"]);
    assert_eq!(data["signUp"]["codeExpiresAt"], "2026-03-10T12:30:00.000Z");

    let code = app.mailed_code("Mike@Example.org").await;
    let verify = json!({
        "signUpId": sign_up["id"], "code": format!("{} {}", &code[..4], &code[4..]),
        "deviceName": "Mike's phone",
    });
    let data = app.anonymous(VERIFY, input(&verify)).await.ok();
    let mike = signed_in(&app, &data["verifyEmail"]);
    assert_eq!(
        data["verifyEmail"]["me"]["account"]["email"],
        "Mike@Example.org"
    );

    let query = "{ me { memberId account {
        email role emailVerifiedAt adultStatedAt termsVersion termsAcceptedAt deletionDueAt createdAt
    } } }";
    let me = app.as_member(mike, query, json!({})).await.at("/me");
    let noon = "2026-03-10T12:00:00.000Z";
    assert_eq!(me["memberId"], data["verifyEmail"]["me"]["memberId"]);
    assert_eq!(
        me["account"],
        json!({
            "email": "Mike@Example.org", "role": "MEMBER", "emailVerifiedAt": noon,
            "adultStatedAt": noon, "termsVersion": "2026-11", "termsAcceptedAt": noon,
            "deletionDueAt": null, "createdAt": noon,
        })
    );
    assert!(can_sign_in(&app, "mike@example.org", PASSPHRASE).await);
    assert!(!can_sign_in(&app, "mike@example.org", "another thing entirely").await);
}

#[both]
async fn a_repeated_sign_up_answers_the_same_and_mails_no_second_letter(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    let first = app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    let second = app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    app.drain().await;
    assert_eq!(first, second);
    assert_eq!(app.mail_to("mike@example.org").len(), 1);

    for (field, other) in [
        ("handle", json!("michael")),
        ("email", json!("mike@example.net")),
        ("country", json!("IE")),
        ("locale", json!("en")),
        ("timeZone", json!("Europe/Dublin")),
        ("passphrase", json!("another one altogether 9")),
    ] {
        let mut changed = sign_up.clone();
        changed[field] = other;
        let payload = app.anonymous(SIGN_UP, input(&changed)).await.at("/signUp");
        assert_eq!(
            refusal(&payload),
            ("CONFLICT".into(), "input.id".into()),
            "{field}"
        );
    }
}

#[both]
async fn concurrent_identical_sign_ups_count_once(app: TestApp) {
    let sign_up = input(&sign_up_input(&app, "mike@example.org", "mike"));
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for _ in 0..6 {
        let (app, sign_up) = (app.clone(), sign_up.clone());
        at_once.spawn(async move { app.anonymous(SIGN_UP, sign_up).await.ok() });
    }
    let mut answers = at_once.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["signUp"]["errors"], json!([]));
    app.drain().await;
    assert_eq!(app.mail_to("mike@example.org").len(), 1);
}

#[both]
async fn a_code_entered_concurrently_makes_one_account(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for _ in 0..8 {
        let (app, verify) = (app.clone(), input(&verify));
        at_once.spawn(async move { app.anonymous(VERIFY, verify).await.at("/verifyEmail") });
    }
    let mut answers = at_once.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    signed_in(&app, &answers[0]);
}

#[both]
async fn a_repeated_verification_gets_the_same_session_until_it_is_used(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let first = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    app.advance(TimeDelta::minutes(1));
    let second = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    for same in [
        "/credentials/refreshToken",
        "/credentials/sessionId",
        "/me/memberId",
    ] {
        assert_eq!(first.pointer(same), second.pointer(same), "{same}");
    }
    assert_eq!(signed_in(&app, &first), signed_in(&app, &second));

    let mut elsewhere = verify.clone();
    elsewhere["deviceName"] = json!("Another phone");
    let payload = app
        .anonymous(VERIFY, input(&elsewhere))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "CONFLICT");

    let refresh = json!({ "refreshToken": second["credentials"]["refreshToken"] });
    let refreshed = app.anonymous(super::REFRESH, input(&refresh)).await;
    assert_eq!(refreshed.at("/refreshSession/errors"), json!([]));
    let third = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&third).0, "WRONG_CODE");
}

#[both]
async fn a_taken_handle_does_not_use_up_the_code(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    join(&app, "other@example.org", "Mike").await;
    let code = app.mailed_code("mike@example.org").await;
    let mut verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    for _ in 0..6 {
        let payload = app
            .anonymous(VERIFY, input(&verify))
            .await
            .at("/verifyEmail");
        assert_eq!(refusal(&payload), ("TAKEN".into(), "input.handle".into()));
    }
    verify["handle"] = json!("michael");
    let payload = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    signed_in(&app, &payload);
}

#[both]
async fn of_concurrent_sign_ups_with_one_handle_one_succeeds(app: TestApp) {
    let mut verifies = Vec::new();
    for email in ["one@example.org", "two@example.org", "three@example.org"] {
        let sign_up = sign_up_input(&app, email, "mike");
        app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
        let code = app.mailed_code(email).await;
        verifies.push(json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" }));
    }
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    for verify in verifies {
        let app = app.clone();
        at_once.spawn(async move {
            app.anonymous(VERIFY, input(&verify))
                .await
                .at("/verifyEmail")
        });
    }
    let payloads = at_once.join_all().await;
    let (got, refused): (Vec<_>, Vec<_>) = payloads
        .into_iter()
        .partition(|payload| payload["errors"] == json!([]));
    assert_eq!((got.len(), refused.len()), (1, 2));
    for payload in refused {
        assert_eq!(refusal(&payload), ("TAKEN".into(), "input.handle".into()));
    }
}

#[both]
async fn five_wrong_guesses_invalidate_a_code(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    let guess =
        |code: &str| json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let wrong = wrong_code(&code);
    for _ in 0..5 {
        let payload = app
            .anonymous(VERIFY, input(&guess(&wrong)))
            .await
            .at("/verifyEmail");
        assert_eq!(
            refusal(&payload),
            ("WRONG_CODE".into(), "input.code".into())
        );
    }
    let payload = app
        .anonymous(VERIFY, input(&guess(&code)))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
}

#[both]
async fn concurrent_guesses_cannot_exceed_five(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    let app = std::sync::Arc::new(app);
    let mut at_once = JoinSet::new();
    let mut wrong = code.clone();
    for _ in 0..20 {
        wrong = wrong_code(&wrong);
        let guess = json!({ "signUpId": sign_up["id"], "code": wrong, "deviceName": "A phone" });
        let app = app.clone();
        at_once.spawn(async move {
            app.anonymous(VERIFY, input(&guess))
                .await
                .at("/verifyEmail")
        });
    }
    for payload in at_once.join_all().await {
        assert_eq!(refusal(&payload).0, "WRONG_CODE");
    }
    let sign_ups = entity::pending_sign_up::Entity::find();
    let sign_ups = sign_ups.all(app.app.db.pool()).await.unwrap();
    assert_eq!(sign_ups[0].attempts, 5);
    let right = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let payload = app
        .anonymous(VERIFY, input(&right))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
}

#[both]
async fn a_code_expires_after_thirty_minutes(app: TestApp) {
    let sign_up = sign_up_input(&app, "mike@example.org", "mike");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    app.advance(TimeDelta::minutes(30));
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let payload = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
    let unknown = json!({ "signUpId": id(&app), "code": code, "deviceName": "A phone" });
    let payload = app
        .anonymous(VERIFY, input(&unknown))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
}

#[both]
async fn a_code_works_only_for_its_own_sign_up(app: TestApp) {
    let first = sign_up_input(&app, "mike@example.org", "mike");
    let second = sign_up_input(&app, "mike@example.org", "michael");
    app.anonymous(SIGN_UP, input(&first)).await.ok();
    let first_code = app.mailed_code("mike@example.org").await;
    app.anonymous(SIGN_UP, input(&second)).await.ok();
    let second_code = app.mailed_code("mike@example.org").await;
    assert_ne!(first_code, second_code);

    let crossed = json!({ "signUpId": first["id"], "code": second_code, "deviceName": "A phone" });
    let payload = app
        .anonymous(VERIFY, input(&crossed))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload).0, "WRONG_CODE");
    let verify = json!({ "signUpId": first["id"], "code": first_code, "deviceName": "A phone" });
    signed_in(
        &app,
        &app.anonymous(VERIFY, input(&verify))
            .await
            .at("/verifyEmail"),
    );
    // Both codes prove ownership of the address, so the answer may say that it has an account.
    let verify = json!({ "signUpId": second["id"], "code": second_code, "deviceName": "A phone" });
    let payload = app
        .anonymous(VERIFY, input(&verify))
        .await
        .at("/verifyEmail");
    assert_eq!(refusal(&payload), ("TAKEN".into(), "input.signUpId".into()));
}

#[both]
async fn a_phones_locale_with_an_underscore_is_accepted(app: TestApp) {
    let mut sign_up = sign_up_input(&app, "mike@example.org", "mike");
    sign_up["locale"] = json!("en_US");
    app.anonymous(SIGN_UP, input(&sign_up)).await.ok();
    let code = app.mailed_code("mike@example.org").await;
    let verify = json!({ "signUpId": sign_up["id"], "code": code, "deviceName": "A phone" });
    let entered = app.anonymous(VERIFY, input(&verify)).await;
    let mike = signed_in(&app, &entered.at("/verifyEmail"));
    let query = "{ me { profile { mailLanguage } } }";
    let me = app.as_member(mike, query, json!({})).await;
    assert_eq!(me.at("/me/profile/mailLanguage"), "en-US");
}
