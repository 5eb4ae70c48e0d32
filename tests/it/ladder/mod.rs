//! The ladder: what is to happen when a member goes quiet.

mod back;
mod consent;
mod heard;
mod race;
mod story;
mod written;

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use support::TestApp;

use crate::circles::circle_of;
use crate::peerings::partners;

/// Every field of a ladder.
pub const LADDER: &str = "localTime version
    rungs { kind afterDays member { handle } peeringId circleId tells words agreedAt toldAt }
    ifYouStopToday { kind at member { handle } agreed }";

/// Sets the clock.
pub fn set_clock(app: &TestApp, to: &str) {
    app.app.clock.set(to.parse().unwrap()).unwrap();
}

pub fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Writes a ladder. Returns the payload.
pub async fn write(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let ladder = format!("me {{ ladder {{ {LADDER} }} }}");
    app.mutate(who, "writeLadder", input, &ladder).await
}

/// As [`write`], for a ladder that must be accepted. Returns the ladder.
pub async fn written(app: &TestApp, who: SignedIn, ladder: &Value) -> Value {
    let payload = write(app, who, json!({ "ladder": ladder })).await;
    assert_eq!(payload["errors"], json!([]));
    payload["me"]["ladder"].clone()
}

/// A member's ladder.
pub async fn ladder(app: &TestApp, who: SignedIn) -> Value {
    let query = format!("{{ me {{ ladder {{ {LADDER} }} }} }}");
    app.as_member(who, &query, json!({})).await.at("/me/ladder")
}

/// The kinds and times of the steps to come if a member does nothing more.
pub async fn steps(app: &TestApp, who: SignedIn) -> Vec<(String, String)> {
    let ladder = ladder(app, who).await;
    let steps = ladder["ifYouStopToday"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps
        .map(|step| (text(&step["kind"]), text(&step["at"])))
        .collect()
}

/// The ladder requests of others to a member.
pub async fn requests(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = "{ me { ladderRequests { totalCount nodes {
        id kind afterDays tells askedAt agreedAt member { handle } } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    let found = answer.at("/me/ladderRequests");
    let nodes = found["nodes"].as_array().unwrap().clone();
    assert_eq!(found["totalCount"], nodes.len());
    nodes
}

/// Answers a ladder request. Returns the payload.
pub async fn answer(app: &TestApp, who: SignedIn, id: &Value, agree: bool) -> Value {
    let query = "mutation($input: AnswerLadderRequestInput!) {
        payload: answerLadderRequest(input: $input) {
            request { id agreedAt } errors { code path } } }";
    let input = json!({ "input": { "requestId": id, "agree": agree } });
    app.as_member(who, query, input).await.at("/payload")
}

/// Agrees to the only ladder request to a member. Returns its id.
pub async fn agreed(app: &TestApp, who: SignedIn) -> Value {
    let id = requests(app, who).await[0]["id"].clone();
    let payload = answer(app, who, &id, true).await;
    assert_eq!(payload["errors"], json!([]));
    id
}

/// What a member was told about others.
pub async fn tellings(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let query = "{ me { ladderTellings { totalCount nodes {
        id kind quietSince words toldAt isOver member { handle } told { handle } } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    let found = answer.at("/me/ladderTellings");
    let nodes = found["nodes"].as_array().unwrap().clone();
    assert_eq!(found["totalCount"], nodes.len());
    nodes
}

/// The kinds and times of what a member's ladder told, newest first.
pub async fn log(app: &TestApp, who: SignedIn) -> Vec<(String, String)> {
    let query = "{ me { ladderLog { totalCount nodes { kind toldAt } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    let found = answer.at("/me/ladderLog");
    let nodes = found["nodes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let log: Vec<_> = nodes
        .map(|node| (text(&node["kind"]), text(&node["toldAt"])))
        .collect();
    assert_eq!(found["totalCount"], log.len());
    log
}

/// Says that a member is all right.
pub async fn all_right(app: &TestApp, who: SignedIn) {
    let query = "mutation { sayAllRight { me { memberId } errors { code } } }";
    let answer = app.as_member(who, query, json!({})).await;
    assert_eq!(answer.at("/sayAllRight/errors"), json!([]));
}

/// Checks in for a day. Returns the payload.
pub async fn check_in(app: &TestApp, who: SignedIn, day: &str) -> Value {
    let query = "mutation($input: CheckInInput!) { payload: checkIn(input: $input) {
        checkIn { localDate } errors { code path } } }";
    let id = app.app.ids.next::<uuid::Uuid>();
    let input = json!({ "input": { "id": id, "localDate": day, "mood": 3 } });
    let payload = app.as_member(who, query, input).await.at("/payload");
    assert_eq!(payload["errors"], json!([]));
    payload
}

/// The kinds of the notifications in a member's inbox, newest first.
pub async fn inbox(app: &TestApp, who: SignedIn) -> Vec<String> {
    let query = "{ me { notifications { nodes { kind } } } }";
    let answer = app.as_member(who, query, json!({})).await;
    let nodes = answer.at("/me/notifications/nodes");
    let nodes = nodes.as_array().unwrap().iter();
    nodes
        .map(|node| node["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// A member, his partner, and the facilitator of his circle.
pub struct Three {
    pub mike: SignedIn,
    pub paul: SignedIn,
    pub host: SignedIn,
    pub peering: Value,
    pub circle: Value,
}

impl Three {
    pub async fn meet(app: &TestApp) -> Self {
        let (mike, paul) = (app.member("mike").await, app.member("paul").await);
        let host = app.facilitator("host").await;
        let peering = partners(app, mike, paul).await;
        let circle = circle_of(app, host, &[mike]).await;
        Self {
            mike,
            paul,
            host,
            peering,
            circle: json!(*circle.global()),
        }
    }

    /// At nine: a note to the member after one day, the partner after three, the facilitator after five.
    pub fn ladder(&self) -> Value {
        json!({
            "localTime": "09:00", "own": { "afterDays": 1, "words": "The kettle first." },
            "partner": { "peeringId": self.peering, "afterDays": 3, "tells": "SINCE_WHEN",
                "words": "If you read this, ring me." },
            "facilitator": { "circleId": self.circle, "memberId": *self.host.member.global(),
                "afterDays": 5, "tells": "QUIET" },
        })
    }

    /// As [`Self::meet`], with the ladder written and both recipients agreed.
    pub async fn agree(app: &TestApp) -> Self {
        let three = Self::meet(app).await;
        written(app, three.mike, &three.ladder()).await;
        agreed(app, three.paul).await;
        agreed(app, three.host).await;
        three
    }
}

/// Two partners go quiet, and each is told about the other after a day.
pub async fn tell_each_other(app: &TestApp, one: SignedIn, other: SignedIn, peering: &Value) {
    let rung = json!({ "peeringId": peering, "afterDays": 1, "tells": "QUIET" });
    for who in [one, other] {
        written(app, who, &json!({ "localTime": "09:00", "partner": rung })).await;
    }
    for who in [one, other] {
        agreed(app, who).await;
    }
    app.travel(app.now() + chrono::TimeDelta::days(2)).await;
    assert_eq!(tellings(app, one).await.len(), 1);
}

/// A kind and a time, as in [`steps`] and [`log`].
pub fn at(kind: &str, at: &str) -> (String, String) {
    (kind.to_owned(), at.to_owned())
}
