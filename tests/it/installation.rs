//! What an app reads about the installation before anybody signs in, and the terms, which may change.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use support::{TestApp, TestDatabase, both};

use crate::account::{input, refusal};

const INSTALLATION: &str = "{ installation {
    name termsVersion termsUrl privacyUrl supportUrl minimumAppVersions { platform version }
} }";
const HELP: &str = "query($country: String!) { installation { crisisHelp(country: $country) {
    country emergencyNumbers { number purpose }
    lines { name phoneNumbers textNumber url source verifiedOn reviewOn recentlyChecked }
} } }";
const TERMS: &str =
    "{ me { account { termsVersion termsOutdated acceptedTerms { version acceptedAt } } } }";
const ACCEPT: &str = "mutation($input: AcceptTermsInput!) { acceptTerms(input: $input) {
    account { termsVersion termsAcceptedAt termsOutdated acceptedTerms { version } } errors { code path }
} }";

#[both]
async fn an_app_reads_what_it_needs_before_anybody_signs_in(database: TestDatabase) {
    let toml = r#"
        [installation]
        name = "The Rope"
        terms_url = "https://rope.example.org/terms"
        privacy_url = "https://rope.example.org/privacy"
        support = "help@rope.example.org"
        [installation.minimum_app_version]
        ios = "1.4.0"
        [auth]
        terms_version = "2027-01"
    "#;
    let app = TestApp::configured(database, toml).await;
    let answer = app.anonymous(INSTALLATION, json!({})).await;
    assert_eq!(answer.statements, 0);
    let expected = json!({
        "name": "The Rope", "termsVersion": "2027-01", "termsUrl": "https://rope.example.org/terms",
        "privacyUrl": "https://rope.example.org/privacy", "supportUrl": "mailto:help@rope.example.org",
        "minimumAppVersions": [{ "platform": "IOS", "version": "1.4.0" }],
    });
    assert_eq!(answer.at("/installation"), expected);
}

#[both]
async fn what_the_operator_has_not_set_is_null(app: TestApp) {
    let expected = json!({ "name": "Belay", "termsVersion": "2026-11", "termsUrl": null,
        "privacyUrl": null, "supportUrl": null, "minimumAppVersions": [] });
    let answer = app.anonymous(INSTALLATION, json!({})).await;
    assert_eq!(answer.at("/installation"), expected);
}

async fn help(app: &TestApp, country: &str) -> Value {
    let answer = app.anonymous(HELP, json!({ "country": country })).await;
    answer.at("/installation/crisisHelp")
}

#[both]
async fn a_crisis_line_past_its_review_says_so_beside_the_emergency_number(app: TestApp) {
    let before = help(&app, "gb").await;
    assert_eq!(before["country"], "GB");
    assert_eq!(before["emergencyNumbers"][0]["number"], "999");
    let samaritans = |help: &Value| {
        let lines = help["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["name"] == "Samaritans");
        line.unwrap().clone()
    };
    let line = samaritans(&before);
    assert_eq!(line["phoneNumbers"], json!(["116 123"]));
    assert_eq!(line["recentlyChecked"], true, "{line}");
    let review: NaiveDate = line["reviewOn"].as_str().unwrap().parse().unwrap();

    app.advance((review - app.now().date_naive()) + TimeDelta::hours(1));
    let after = help(&app, "GB").await;
    assert_eq!(samaritans(&after)["recentlyChecked"], false);
    assert_eq!(after["emergencyNumbers"], before["emergencyNumbers"]);
}

#[both]
async fn a_country_without_crisis_lines_still_has_an_emergency_number(app: TestApp) {
    let nowhere = help(&app, "AQ").await;
    assert_eq!(nowhere["lines"], json!([]));
    assert_eq!(nowhere["emergencyNumbers"][0]["number"], "112");

    let unknown = app.anonymous(HELP, json!({ "country": "UK" })).await;
    assert_eq!(unknown.code(), "BAD_USER_INPUT");
    assert_eq!(unknown.data["installation"], json!({ "crisisHelp": null }));
}

#[both]
async fn newer_terms_can_be_accepted_and_every_version_keeps_its_time(app: TestApp) {
    let mike = app.member("mike").await;
    let account = app
        .as_member(mike, TERMS, json!({}))
        .await
        .at("/me/account");
    let first = json!({ "version": "2026-11", "acceptedAt": "2026-03-10T12:00:00.000Z" });
    assert_eq!(account["termsOutdated"], false);
    assert_eq!(account["acceptedTerms"], json!([first]));

    let app = app
        .reconfigured("[auth]\nterms_version = \"2027-01\"")
        .await;
    app.advance(TimeDelta::days(1));
    let account = app
        .as_member(mike, TERMS, json!({}))
        .await
        .at("/me/account");
    assert_eq!(account["termsOutdated"], true);
    assert_eq!(account["termsVersion"], "2026-11");

    let accept = input(&json!({ "version": "2027-01" }));
    let accepted = app.as_member(mike, ACCEPT, accept.clone()).await.ok();
    assert_eq!(accepted["acceptTerms"]["account"]["termsOutdated"], false);
    app.advance(TimeDelta::days(1));
    let again = app.as_member(mike, ACCEPT, accept).await.ok();
    assert_eq!(again, accepted, "sent again it changes nothing");

    let second = json!({ "version": "2027-01", "acceptedAt": "2026-03-11T12:00:00.000Z" });
    let account = app
        .as_member(mike, TERMS, json!({}))
        .await
        .at("/me/account");
    assert_eq!(account["acceptedTerms"], json!([second, first]));
}

#[both]
async fn terms_that_are_not_in_force_are_not_accepted(app: TestApp) {
    let mike = app.member("mike").await;
    for version in ["2026-10", ""] {
        let accept = input(&json!({ "version": version }));
        let payload = app.as_member(mike, ACCEPT, accept).await.at("/acceptTerms");
        let expected = ("TERMS_OUTDATED".to_owned(), "input.version".to_owned());
        assert_eq!(refusal(&payload), expected);
        assert_eq!(payload["account"], json!(null));
    }
}

#[tokio::test]
async fn wrong_details_of_the_installation_are_refused_at_the_start() {
    for (key, value) in [
        ("BELAY_INSTALLATION__TERMS_URL", "ftp://example.org/terms"),
        ("BELAY_INSTALLATION__SUPPORT", "come by"),
        ("BELAY_INSTALLATION__NAME", " "),
        ("BELAY_INSTALLATION__MINIMUM_APP_VERSION__IOS", "the newest"),
    ] {
        let ended = support::Program::new("doctor").env(key, value).run().await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        let name = key.trim_start_matches("BELAY_").replace("__", ".");
        assert!(ended.said.contains(&name.to_lowercase()), "{}", ended.said);
    }
    let missing = support::Program::new("doctor")
        .env("BELAY_INSTALLATION__CRISIS_LINES", "/nowhere/lines.json");
    let ended = missing.run().await;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(
        ended.said.contains("installation.crisis_lines"),
        "{}",
        ended.said
    );
}
