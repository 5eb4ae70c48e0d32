//! The FCM client, against a fake of Google's servers over real sockets.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    time::{Duration, Instant, SystemTime},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use fcm::{
    AndroidConfig, AndroidNotification, AndroidPriority, ApnsAlert, ApnsConfig, ApnsHeaders,
    ApnsPayload, ApnsPriority, Aps, Client, Config, Credentials, DEFAULT_QUOTA_PAUSE, Environment,
    Fault, InterruptionLevel, MAX_TTL, Message, Notification, NotificationPriority, Outcome,
    Protocol, ProxyPolicy, PushType, Target, TokenError, Visibility, WebpushConfig, WebpushOptions,
};
use futures::future::join_all;
use reqwest::{StatusCode, Version};
use secrecy::SecretString;
use serde_json::{Value, json};
use support::fake_fcm::{Answer, FakeFcm, PROJECT_ID, RetryAfter, TokenAnswer};

/// The time of day in every test: 2033-05-18T03:33:20Z.
const NOW: Duration = Duration::from_secs(2_000_000_000);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + NOW
}

fn environment() -> Environment {
    Environment::new(now, || 0.0)
}

fn config(fcm: &FakeFcm) -> Config {
    Config {
        timeout: Duration::from_secs(5),
        ..Config::new(fcm.base_url())
    }
}

fn client_with(fcm: &FakeFcm, config: &Config) -> Client {
    let json = SecretString::from(fcm.service_account_json());
    Client::new(
        config,
        Credentials::from_json(&json).unwrap(),
        environment(),
    )
    .unwrap()
}

fn client(fcm: &FakeFcm) -> Client {
    client_with(fcm, &config(fcm))
}

fn message(fid: &str) -> Message {
    Message::builder(Target::fid(fid))
        .data("id", "n1")
        .build()
        .unwrap()
}

async fn send_at_once(client: &Client, count: usize) -> Vec<Outcome> {
    let messages: Vec<_> = (0..count)
        .map(|index| message(&format!("phone-{index}")))
        .collect();
    join_all(messages.iter().map(|message| client.send(message))).await
}

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

fn unavailable(status: u16, retry_after: Option<Duration>) -> Outcome {
    Outcome::Unavailable {
        fault: Fault::Status(status),
        retry_after,
    }
}

async fn stop_without_violations(fcm: FakeFcm) {
    assert_eq!(fcm.violations(), Vec::<String>::new());
    fcm.stop().await;
}

#[tokio::test]
async fn an_accepted_message_has_the_name_that_google_gave_it() {
    let fcm = FakeFcm::start().await;
    let outcome = client(&fcm).send(&message("phone")).await;
    assert_eq!(
        outcome,
        Outcome::Accepted {
            name: format!("projects/{PROJECT_ID}/messages/1")
        }
    );

    let received = fcm.requests_to("phone");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].version, Version::HTTP_2);
    assert_eq!(
        received[0].body,
        json!({ "message": { "fid": "phone", "data": { "id": "n1" } } })
    );
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_message_with_everything_in_it_keeps_to_googles_schema() {
    let text = |text: &str| Some(text.to_owned());
    let data = BTreeMap::from([("id".to_owned(), "n1".to_owned())]);
    let message = Message::builder(Target::token("old-phone"))
        .data("id", "n1")
        .notification(Notification {
            title: text("Belay"),
            body: text("New"),
            image: text("https://example.com/i"),
        })
        .android(AndroidConfig {
            collapse_key: text("meeting"),
            priority: Some(AndroidPriority::High),
            ttl: Some(MAX_TTL),
            restricted_package_name: text("org.example.belay"),
            data: data.clone(),
            notification: Some(AndroidNotification {
                title: text("Belay"),
                body: text("New"),
                icon: text("rope"),
                color: text("#336699"),
                sound: text("default"),
                tag: text("n1"),
                click_action: text("OPEN"),
                title_loc_key: text("title"),
                title_loc_args: vec!["a".into()],
                body_loc_key: text("body"),
                body_loc_args: vec!["b".into()],
                channel_id: text("meetings"),
                ticker: text("New"),
                sticky: Some(false),
                event_time: text("2033-05-18T03:33:20Z"),
                local_only: Some(true),
                notification_priority: Some(NotificationPriority::High),
                default_sound: Some(true),
                default_vibrate_timings: Some(true),
                default_light_settings: Some(true),
                visibility: Some(Visibility::Private),
                notification_count: Some(1),
                image: text("https://example.com/i"),
                proxy: Some(ProxyPolicy::IfPriorityLowered),
            }),
            direct_boot_ok: Some(true),
            bandwidth_constrained_ok: Some(true),
            restricted_satellite_ok: Some(true),
        })
        .apns(ApnsConfig {
            headers: ApnsHeaders {
                priority: Some(ApnsPriority::Immediate),
                expiration: Some(now()),
                collapse_id: text("n1"),
                push_type: Some(PushType::Alert),
                topic: text("org.example.belay"),
            },
            payload: Some(ApnsPayload {
                aps: Aps {
                    alert: Some(ApnsAlert {
                        title_loc_key: text("title"),
                        ..ApnsAlert::default()
                    }),
                    badge: Some(1),
                    sound: text("default"),
                    thread_id: text("circle"),
                    category: text("MEETING"),
                    content_available: true,
                    mutable_content: true,
                    interruption_level: Some(InterruptionLevel::TimeSensitive),
                    relevance_score: Some(0.5),
                },
                custom: BTreeMap::from([("id".to_owned(), json!("n1"))]),
            }),
            live_activity_token: text("activity"),
        })
        .webpush(WebpushConfig {
            headers: BTreeMap::from([("Urgency".to_owned(), "high".to_owned())]),
            data,
            notification: serde_json::Map::from_iter([("tag".to_owned(), json!("n1"))]),
            fcm_options: Some(WebpushOptions {
                link: text("https://example.com"),
            }),
        })
        .validate_only()
        .build()
        .unwrap();

    let fcm = FakeFcm::start().await;
    assert!(is_accepted(&client(&fcm).send(&message).await));
    assert_eq!(fcm.requests_to("old-phone").len(), 1);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn an_endpoint_that_speaks_only_http_1_can_be_used() {
    let fcm = FakeFcm::start().await;
    let client = client_with(
        &fcm,
        &Config {
            protocol: Protocol::Negotiated,
            ..config(&fcm)
        },
    );
    assert!(is_accepted(&client.send(&message("phone")).await));
    assert_eq!(fcm.requests()[0].version, Version::HTTP_11);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn every_answer_by_google_has_its_own_outcome() {
    let fcm = FakeFcm::start().await;
    let cases = [
        (Answer::Unregistered, Outcome::Unregistered),
        (Answer::InvalidTarget, Outcome::InvalidTarget),
        (Answer::InvalidTargetInWords, Outcome::InvalidTarget),
        (
            Answer::InvalidArgument {
                field: "message.android.ttl",
            },
            Outcome::Rejected {
                status: 400,
                fields: vec!["message.android.ttl".into()],
            },
        ),
        (Answer::SenderIdMismatch, Outcome::SenderIdMismatch),
        (
            Answer::QuotaExceeded(None),
            Outcome::QuotaExceeded {
                retry_after: DEFAULT_QUOTA_PAUSE,
            },
        ),
        (Answer::Unavailable(None), unavailable(503, None)),
        (Answer::Internal, unavailable(500, None)),
        (Answer::BadGateway, unavailable(502, None)),
        (Answer::GatewayTimeout, unavailable(504, None)),
        (
            Answer::Html,
            Outcome::Unavailable {
                fault: Fault::UnreadableAnswer,
                retry_after: None,
            },
        ),
        (
            Answer::ResetMidBody,
            Outcome::Unavailable {
                fault: Fault::Connection,
                retry_after: None,
            },
        ),
        (Answer::ThirdPartyAuthError, Outcome::PlatformCredentials),
        (
            Answer::BareForbidden,
            Outcome::Misconfigured { status: 403 },
        ),
        (Answer::BareNotFound, Outcome::Misconfigured { status: 404 }),
    ];
    let targets = [Target::fid("phone"), Target::token("phone")];
    for (target, protocol) in targets
        .into_iter()
        .zip([Protocol::Http2, Protocol::Negotiated])
    {
        let client = client_with(
            &fcm,
            &Config {
                protocol,
                ..config(&fcm)
            },
        );
        let message = Message::builder(target).build().unwrap();
        for (answer, expected) in cases.clone() {
            fcm.script("phone", [answer.clone()]);
            assert_eq!(
                client.send(&message).await,
                expected,
                "{answer:?} over {protocol:?}"
            );
        }
    }
    assert_eq!(
        fcm.requests().len(),
        2 * cases.len(),
        "one attempt for each"
    );
    assert_eq!(fcm.token_requests(), 2, "one for each client");
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn only_an_address_that_google_rejects_for_good_is_dead() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    for (answer, dead) in [
        (Answer::Unregistered, true),
        (Answer::InvalidTarget, true),
        (Answer::SenderIdMismatch, true),
        (Answer::Accept, false),
        (Answer::BareNotFound, false),
        (Answer::BareForbidden, false),
        (
            Answer::InvalidArgument {
                field: "message.data",
            },
            false,
        ),
        (Answer::ThirdPartyAuthError, false),
        (Answer::Html, false),
    ] {
        fcm.script("phone", [answer.clone()]);
        assert_eq!(
            client.send(&message("phone")).await.is_dead(),
            dead,
            "{answer:?}"
        );
    }
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_retry_after_is_understood_in_seconds_and_as_a_date() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    let wait = Duration::from_secs(90);
    for form in [RetryAfter::Seconds(90), RetryAfter::At(now() + wait)] {
        fcm.script(
            "phone",
            [
                Answer::QuotaExceeded(Some(form)),
                Answer::Unavailable(Some(form)),
            ],
        );
        let message = message("phone");
        assert_eq!(
            client.send(&message).await,
            Outcome::QuotaExceeded { retry_after: wait }
        );
        assert_eq!(client.send(&message).await, unavailable(503, Some(wait)));
    }
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_times_out() {
    let fcm = FakeFcm::start().await;
    let client = client_with(
        &fcm,
        &Config {
            timeout: Duration::from_millis(200),
            ..config(&fcm)
        },
    );
    fcm.script("phone", [Answer::Stall]);
    let started = Instant::now();
    let timeout = Outcome::Unavailable {
        fault: Fault::Timeout,
        retry_after: None,
    };
    assert_eq!(client.send(&message("phone")).await, timeout);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(
        is_accepted(&client.send(&message("phone")).await),
        "the connection is still of use"
    );
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_fails_every_send_promptly() {
    let fcm = FakeFcm::start().await;
    let nobody = FakeFcm::start().await;
    let nowhere = nobody.base_url();
    nobody.stop().await;
    let client = client_with(
        &fcm,
        &Config {
            base_url: nowhere,
            ..config(&fcm)
        },
    );
    let started = Instant::now();
    for outcome in send_at_once(&client, 100).await {
        assert_eq!(
            outcome,
            Outcome::Unavailable {
                fault: Fault::Connection,
                retry_after: None
            }
        );
    }
    assert!(started.elapsed() < Duration::from_secs(4));
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_connection_that_google_closes_gracefully_loses_and_repeats_nothing() {
    let fcm = FakeFcm::start().await;
    let one = Config {
        connections: NonZeroUsize::MIN,
        ..config(&fcm)
    };
    let client = client_with(&fcm, &one);
    fcm.set_latency(Duration::from_millis(20));
    for index in (0..60).step_by(20) {
        fcm.script(&format!("phone-{index}"), [Answer::GoAway]);
    }
    for _ in 0..3 {
        assert!(send_at_once(&client, 60).await.iter().all(is_accepted));
    }
    assert_eq!(fcm.requests().len(), 180);
    assert!(fcm.requests().last().unwrap().connection > fcm.requests()[0].connection);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn messages_are_spread_over_the_connections_within_their_limit() {
    let fcm = FakeFcm::start().await;
    let client = client_with(
        &fcm,
        &Config {
            connections: NonZeroUsize::new(2).unwrap(),
            in_flight_per_connection: NonZeroUsize::new(5).unwrap(),
            ..config(&fcm)
        },
    );
    assert_eq!(client.capacity(), 10);
    fcm.set_latency(Duration::from_millis(20));
    assert!(send_at_once(&client, 60).await.iter().all(is_accepted));
    assert_eq!(fcm.most_in_flight(), 10);
    assert_eq!(fcm.connections(), 3, "two to FCM, one to the token server");
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_access_token() {
    let fcm = FakeFcm::start().await;
    let elsewhere = FakeFcm::start().await;
    fcm.script("phone", [Answer::Redirect(elsewhere.base_url())]);
    let outcome = client(&fcm).send(&message("phone")).await;
    assert_eq!(outcome, Outcome::Misconfigured { status: 307 });
    assert_eq!(elsewhere.connections(), 0);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_hundred_sends_at_once_share_one_access_token() {
    let fcm = FakeFcm::start().await;
    assert!(
        send_at_once(&client(&fcm), 100)
            .await
            .iter()
            .all(is_accepted)
    );
    assert_eq!(fcm.token_requests(), 1);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn credentials_can_be_tried_without_sending_anything() {
    let fcm = FakeFcm::start().await;
    assert_eq!(client(&fcm).authenticate().await, Ok(()));
    fcm.tokens_otherwise(TokenAnswer::Refuse);
    let error = client(&fcm).authenticate().await.unwrap_err();
    assert_eq!(
        error,
        TokenError::Refused {
            status: 400,
            code: Some("invalid_grant".into())
        }
    );
    assert!(fcm.requests().is_empty());
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn an_outage_of_the_token_server_is_not_noticed_while_the_token_is_valid() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    // Renewed after two seconds, at half of its life.
    fcm.script_tokens([TokenAnswer::Grant(Duration::from_secs(4))]);
    assert!(is_accepted(&client.send(&message("phone")).await));

    fcm.tokens_otherwise(TokenAnswer::Unavailable);
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert!(send_at_once(&client, 20).await.iter().all(is_accepted));
    assert!(fcm.requests().iter().all(|request| request.authorised));

    assert_eq!(fcm.token_requests(), 2, "a new one was asked for");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let outcome = client.send(&message("phone")).await;
    let error = TokenError::Unavailable { status: 503 };
    assert!(
        matches!(&outcome, Outcome::NoAccessToken { error: e, .. } if *e == error),
        "{outcome:?}"
    );
    assert!(outcome.is_retryable() && !outcome.is_dead() && !error.is_refusal());
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_token_is_renewed_without_delaying_messages() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    fcm.script_tokens([
        TokenAnswer::Grant(Duration::from_secs(4)),
        TokenAnswer::Stall,
    ]);
    assert!(is_accepted(&client.send(&message("phone")).await));
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    let started = Instant::now();
    assert!(send_at_once(&client, 20).await.iter().all(is_accepted));
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(fcm.token_requests(), 2);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_token_server_that_fails_is_asked_once_for_everyone_and_then_left_alone() {
    let fcm = FakeFcm::start().await;
    fcm.tokens_otherwise(TokenAnswer::Unavailable);
    let client = client(&fcm);
    for _ in 0..2 {
        for outcome in send_at_once(&client, 50).await {
            let Outcome::NoAccessToken { error, retry_after } = outcome else {
                unreachable!("{outcome:?}")
            };
            assert_eq!(error, TokenError::Unavailable { status: 503 });
            assert!(retry_after <= Duration::from_secs(1));
        }
    }
    assert_eq!(fcm.token_requests(), 1);
    assert!(fcm.requests().is_empty());

    fcm.tokens_otherwise(TokenAnswer::Grant(Duration::from_hours(1)));
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert!(is_accepted(&client.send(&message("phone")).await));
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_token_server_that_does_not_answer_times_out() {
    let fcm = FakeFcm::start().await;
    fcm.tokens_otherwise(TokenAnswer::Stall);
    let config = Config {
        token_timeout: Duration::from_millis(200),
        ..config(&fcm)
    };
    let error = client_with(&fcm, &config).authenticate().await.unwrap_err();
    assert_eq!(error, TokenError::Timeout);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_token_server_that_answers_with_a_web_page_grants_nothing() {
    let fcm = FakeFcm::start().await;
    fcm.tokens_otherwise(TokenAnswer::Html);
    assert_eq!(
        client(&fcm).authenticate().await,
        Err(TokenError::Unreadable)
    );
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once_and_the_messages_are_sent_once_more() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    assert!(is_accepted(&client.send(&message("first")).await));
    fcm.revoke_tokens();
    assert!(send_at_once(&client, 50).await.iter().all(is_accepted));
    assert_eq!(fcm.token_requests(), 2);
    for index in 0..50 {
        let sent = fcm.requests_to(&format!("phone-{index}"));
        assert!(sent.len() <= 2);
        assert_eq!(sent.iter().filter(|request| request.authorised).count(), 1);
    }
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn an_expired_token_is_replaced() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    fcm.script_tokens([TokenAnswer::Grant(Duration::from_secs(2))]);
    assert!(is_accepted(&client.send(&message("phone")).await));
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert!(is_accepted(&client.send(&message("phone")).await));
    assert_eq!(fcm.token_requests(), 2);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_project_that_accepts_no_token_is_not_retried_endlessly() {
    let fcm = FakeFcm::start().await;
    fcm.otherwise(Answer::BareUnauthorized);
    let client = client(&fcm);
    assert_eq!(
        client.send(&message("phone")).await,
        Outcome::Misconfigured { status: 401 }
    );
    assert_eq!((fcm.requests().len(), fcm.token_requests()), (2, 2));

    for outcome in send_at_once(&client, 20).await {
        assert_eq!(outcome, Outcome::Misconfigured { status: 401 });
    }
    assert_eq!(
        fcm.token_requests(),
        2,
        "a new token would be refused like the one before"
    );
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn wrong_credentials_for_a_platform_do_not_cost_a_new_access_token() {
    let fcm = FakeFcm::start().await;
    let client = client(&fcm);
    fcm.script("iphone", vec![Answer::ThirdPartyAuthError; 3]);
    for _ in 0..3 {
        assert_eq!(
            client.send(&message("iphone")).await,
            Outcome::PlatformCredentials
        );
    }
    assert!(is_accepted(&client.send(&message("android")).await));
    assert_eq!((fcm.requests().len(), fcm.token_requests()), (4, 1));
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_machine_on_google_cloud_needs_no_key() {
    let fcm = FakeFcm::start().await;
    let credentials = Credentials::metadata_server_at(&fcm.metadata_url());
    let config = Config {
        project_id: Some(PROJECT_ID.into()),
        ..config(&fcm)
    };
    let client = Client::new(&config, credentials, environment()).unwrap();
    assert!(is_accepted(&client.send(&message("phone")).await));
    assert_eq!(fcm.token_requests(), 1);
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_wrong_project_is_a_misconfiguration_and_marks_no_address_dead() {
    let fcm = FakeFcm::start().await;
    let config = Config {
        project_id: Some("another-project".into()),
        ..config(&fcm)
    };
    let outcome = client_with(&fcm, &config).send(&message("phone")).await;
    assert_eq!(outcome, Outcome::Misconfigured { status: 403 });
    stop_without_violations(fcm).await;
}

#[tokio::test]
async fn a_server_that_shuts_down_ends_its_pending_requests() {
    let fcm = FakeFcm::start().await;
    fcm.script("phone", [Answer::Stall]);
    let client = client(&fcm);
    let stalled = tokio::spawn(async move { client.send(&message("phone")).await });
    let arrival = async {
        while fcm.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), arrival)
        .await
        .expect("the message arrives");
    let started = Instant::now();
    fcm.stop().await;
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(matches!(
        stalled.await.unwrap(),
        Outcome::Unavailable { .. }
    ));
}

/// The fake refuses what Google would refuse: otherwise the other tests would prove nothing.
#[tokio::test]
async fn the_fake_refuses_what_google_documents_as_wrong() {
    let fcm = FakeFcm::start().await;
    client(&fcm).authenticate().await.unwrap();
    let cases = [
        (
            json!({ "message": { "fid": "a", "token": "b" } }),
            "must be one target",
        ),
        (
            json!({ "message": { "data": { "id": "n1" } } }),
            "must be one target",
        ),
        (
            json!({ "message": { "fid": "a", "data": { "google.x": "y" } } }),
            "reserved",
        ),
        (
            json!({ "message": { "fid": "a", "android": { "data": { "from": "y" } } } }),
            "reserved",
        ),
        (
            json!({ "message": { "fid": "a", "android": { "ttl": "2419201s" } } }),
            "out of range",
        ),
        (
            json!({ "message": { "fid": "a", "android": { "ttl": "-1s" } } }),
            "out of range",
        ),
        (
            json!({ "message": { "fid": "a", "android": { "ttl": 60 } } }),
            "ttl",
        ),
        (
            json!({ "message": { "fid": "a", "android": { "priority": "urgent" } } }),
            "priority",
        ),
        (
            json!({ "message": { "fid": "a", "data": { "id": 7 } } }),
            "data/id",
        ),
        (
            json!({ "message": { "fid": "a", "colour": "blue" } }),
            "colour",
        ),
        (
            json!({ "message": { "fid": "a", "data": { "k": "x".repeat(4_096) } } }),
            "4096",
        ),
        (json!("hello"), "object"),
    ];
    for (body, complaint) in cases {
        assert_eq!(
            post(&fcm, &body).await,
            StatusCode::BAD_REQUEST,
            "{complaint}"
        );
        let violations = fcm.violations().join("\n");
        assert!(violations.contains(complaint), "{complaint}: {violations}");
    }
    let so_far = fcm.violations().len();
    let lower_case = json!({ "message": { "fid": "a", "android": { "priority": "high" } } });
    assert_eq!(post(&fcm, &lower_case).await, StatusCode::OK);
    assert_eq!(fcm.violations().len(), so_far);
    fcm.stop().await;
}

async fn post(fcm: &FakeFcm, body: &Value) -> StatusCode {
    let url = fcm
        .base_url()
        .join(&format!("v1/projects/{PROJECT_ID}/messages:send"))
        .unwrap();
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url);
    let request = request
        .bearer_auth("fake-access-token-1")
        .header("x-goog-api-format-version", "2");
    request.json(body).send().await.unwrap().status()
}

#[tokio::test]
async fn the_fake_refuses_an_assertion_signed_with_another_key() {
    let fcm = FakeFcm::start().await;
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let base64 = BASE64_STANDARD.encode(pair.as_der().unwrap().as_ref());
    let mut json: Value = serde_json::from_str(&fcm.service_account_json()).unwrap();
    json["private_key"] =
        format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n").into();
    let credentials = Credentials::from_json(&SecretString::from(json.to_string())).unwrap();
    let client = Client::new(&config(&fcm), credentials, environment()).unwrap();
    assert!(client.authenticate().await.unwrap_err().is_refusal());
    assert!(
        fcm.violations().join("").contains("InvalidSignature"),
        "{:?}",
        fcm.violations()
    );
    fcm.stop().await;
}
