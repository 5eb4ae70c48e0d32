//! The feed of changes: a phone that syncs has the current data, whatever happened while it was offline.

mod circles;
mod cost;
mod kinds;
mod model;
mod order;
mod purge;
mod races;
mod resets;

use std::collections::BTreeMap;

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{Answer, TestApp};

const CHANGES: &str =
    "query($after: String, $first: Int!) { changes(after: $after, first: $first) {
    endCursor hasMore resetRequired edges { subjectId deleted changedAt node { ...Kept } } } }";

/// The current data by lists and ids, which do not use the feed.
const CURRENT: &str = "query($ids: [ID!]!) {
    me { profile { ...Kept }
        checkIns(first: 100) { nodes { ...Kept } }
        notifications(first: 100) { nodes { ...Kept } }
        commitments(first: 100) { nodes { ...Kept } }
        peerings(first: 20) { nodes { ...Kept partnerCommitments(first: 10) { nodes { ...Kept } } } }
        pacts(first: 20) { nodes { ...Kept nudges(first: 10) { nodes { ...Kept } } } } }
    nodes(ids: $ids) { ...Kept } }";

/// The fields that a phone keeps of an object.
const KEPT: &str = "fragment Kept on Node { __typename id
    ... on Member { handle bio languages topics { stance topic { slug } } lifeContexts { slug } }
    ... on CheckIn { localDate mood }
    ... on Meeting { title viewerRuns place }
    ... on MeetingOccurrence { status viewerAnswer capacity meeting { id } }
    ... on Notification { kind readAt }
    ... on Peering { state proposedByYou partner { handle } }
    ... on Pact { standing: state version partner { handle } partnerSide { sharing } }
    ... on PactNudge { fromYou text answer }
    ... on Commitment { words version yours dueOn weekdays commitmentState: state sharedWith: partner { handle }
        days { dueOn answer carriedTo } } }";

async fn ask(app: &TestApp, who: SignedIn, after: Option<&str>, first: i32) -> Answer {
    let variables = json!({ "after": after, "first": first });
    let document = format!("{CHANGES} {KEPT}");
    app.as_member(who, &document, variables).await
}

/// The ids of the occurrences that a member answered and of their meetings, visible to the member or not.
async fn answered(app: &TestApp, who: SignedIn) -> Vec<Value> {
    let answered = entity::rsvp::Entity::find()
        .find_also_related(entity::meeting_occurrence::Entity)
        .filter(entity::rsvp::Column::MemberId.eq(who.member));
    let answered = answered.all(app.app.db.pool()).await.unwrap();
    let occurrences = answered
        .into_iter()
        .filter_map(|(_, occurrence)| occurrence);
    occurrences
        .flat_map(|of| [json!(*of.id.global()), json!(*of.meeting_id.global())])
        .collect()
}

/// An app on a phone, with the data it keeps.
pub struct Phone {
    who: SignedIn,
    kept: BTreeMap<String, Value>,
    after: Option<String>,
    /// How often it had to start over.
    resets: usize,
}

impl Phone {
    pub fn new(who: SignedIn) -> Self {
        Self {
            who,
            kept: BTreeMap::new(),
            after: None,
            resets: 0,
        }
    }

    /// Fetches pages of `size` until there are no more. Returns the changes in their order.
    async fn sync_by(&mut self, app: &TestApp, size: i32) -> Vec<Value> {
        let mut changes = Vec::new();
        loop {
            let page = ask(app, self.who, self.after.as_deref(), size).await;
            let page = page.at("/changes");
            self.after = Some(page["endCursor"].as_str().unwrap().to_owned());
            if page["resetRequired"] == true {
                assert_eq!(page["edges"], json!([]));
                self.kept.clear();
                self.resets += 1;
                assert!(self.resets < 5, "it never comes to an end");
            }
            for change in page["edges"].as_array().unwrap() {
                let id = change["subjectId"].as_str().unwrap().to_owned();
                assert_eq!(change["deleted"], change["node"].is_null());
                if change["deleted"] == true {
                    self.kept.remove(&id);
                } else {
                    assert_eq!(change["subjectId"], change["node"]["id"]);
                    self.kept.insert(id, change["node"].clone());
                }
                changes.push(change.clone());
            }
            if page["hasMore"] == false {
                return changes;
            }
        }
    }

    pub async fn sync(&mut self, app: &TestApp) -> Vec<Value> {
        self.sync_by(app, 50).await
    }

    /// Fetches the new changes. Returns their kinds in alphabetical order, those of deleted objects with "no " before.
    pub async fn news(&mut self, app: &TestApp) -> Vec<String> {
        let before = self.kept.clone();
        let changes = self.sync(app).await;
        let mut kinds: Vec<_> = changes
            .iter()
            .map(|change| {
                let id = change["subjectId"].as_str().unwrap();
                let (node, no) = if change["deleted"] == true {
                    (&before[id], "no ")
                } else {
                    (&change["node"], "")
                };
                format!("{no}{}", node["__typename"].as_str().unwrap())
            })
            .collect();
        kinds.sort_unstable();
        kinds
    }

    /// Everything that is visible to the member and kept by phones, read without the feed.
    async fn current(&self, app: &TestApp) -> BTreeMap<String, Value> {
        let variables = json!({ "ids": answered(app, self.who).await });
        let document = format!("{CURRENT} {KEPT}");
        let data = app.as_member(self.who, &document, variables).await.ok();
        let lists = [
            "/me/checkIns/nodes",
            "/me/commitments/nodes",
            "/me/notifications/nodes",
            "/me/pacts/nodes",
            "/me/peerings/nodes",
            "/nodes",
        ];
        let listed = lists.map(|list| data.pointer(list).and_then(Value::as_array).unwrap());
        let under = |list: &str, hangs: &'static str| {
            let list = data.pointer(list).and_then(Value::as_array).unwrap();
            let lists = list.iter();
            lists.filter_map(move |node| node[hangs]["nodes"].as_array())
        };
        let nudges = under("/me/pacts/nodes", "nudges");
        let of_partners = under("/me/peerings/nodes", "partnerCommitments");
        let all = listed
            .into_iter()
            .chain(nudges)
            .chain(of_partners)
            .flatten();
        all.chain([&data["me"]["profile"]])
            .filter(|node| !node.is_null())
            .map(|node| {
                let mut node = node.clone();
                let fields = node.as_object_mut().unwrap();
                fields.retain(|name, _| !["nudges", "partnerCommitments"].contains(&name.as_str()));
                (node["id"].as_str().unwrap().to_owned(), node)
            })
            .collect()
    }

    /// Asserts that the phone keeps the current data, and nothing else.
    pub async fn assert_up_to_date(&self, app: &TestApp) {
        assert_eq!(self.kept, self.current(app).await);
    }

    /// The kept objects of a kind.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        let of_kind = |node: &&Value| node["__typename"] == kind;
        self.kept.values().filter(of_kind).collect()
    }
}

/// Sends a mutation that must succeed.
async fn act(app: &TestApp, who: SignedIn, mutation: &str, input: Value) {
    app.succeed(who, mutation, input, "errors { message }")
        .await;
}

async fn check_in(app: &TestApp, who: SignedIn) {
    let id: uuid::Uuid = app.app.ids.next();
    act(app, who, "checkIn", json!({ "id": id, "mood": 3 })).await;
}

/// Schedules a meeting on a later evening. Returns its occurrence.
async fn meeting(app: &TestApp, host: SignedIn, circle: Option<&str>) -> Value {
    let id: uuid::Uuid = app.app.ids.next();
    let document = "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) {
        occurrence { id meeting { id } } } }";
    let input = json!({ "id": id, "circleId": circle, "title": "Tea", "format": "IN_PERSON",
        "place": "The back room", "timeZone": "Europe/London", "localDate": "2026-04-12",
        "localTime": "19:30", "durationMinutes": 60 });
    let made = app.as_member(host, document, json!({ "input": input }));
    made.await.at("/scheduleMeeting/occurrence")
}

async fn rsvp(app: &TestApp, who: SignedIn, occurrence: &Value, answer: &str) {
    let input = json!({ "occurrenceId": occurrence["id"], "answer": answer });
    act(app, who, "rsvp", input).await;
}
