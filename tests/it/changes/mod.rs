//! What a phone keeps follows what is there, whatever happened while it was away.

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

/// What is there, by the lists that do not know of feeds, and by ids.
const THERE: &str = "query($ids: [ID!]!) {
    me { profile { ...Kept }
        checkIns(first: 100) { nodes { ...Kept } }
        notifications(first: 100) { nodes { ...Kept } }
        commitments(first: 100) { nodes { ...Kept } }
        peerings(first: 100) { nodes { ...Kept partnerCommitments(first: 100) { nodes { ...Kept } } } }
        pacts(first: 100) { nodes { ...Kept nudges(first: 100) { nodes { ...Kept } } } } }
    nodes(ids: $ids) { ...Kept } }";

/// What a phone keeps of a thing.
const KEPT: &str = "fragment Kept on Node { __typename id
    ... on Member { handle bio languages topics { stance topic { slug } } lifeContexts { slug } }
    ... on CheckIn { localDate mood }
    ... on Meeting { title viewerRuns place }
    ... on MeetingOccurrence { status viewerAnswer capacity meeting { id } }
    ... on Notification { kind readAt }
    ... on Peering { state proposedByYou partner { handle } }
    ... on Pact { state version partner { handle } partnerSide { sharing } }
    ... on PactNudge { fromYou text answer }
    ... on Commitment { words version yours dueOn weekdays state partner { handle }
        days { dueOn answer carriedTo } } }";

async fn ask(app: &TestApp, who: SignedIn, after: Option<&str>, first: i32) -> Answer {
    let variables = json!({ "after": after, "first": first });
    let document = format!("{CHANGES} {KEPT}");
    app.as_member(who, &document, variables).await
}

/// The ids of the occurrences a man answered and of their meetings, whether they are there for him or not.
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

/// An app on a phone, with what it keeps.
pub struct Phone {
    who: SignedIn,
    kept: BTreeMap<String, Value>,
    after: Option<String>,
    /// How often it had to begin anew.
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

    /// Asks until there is no more, in pages of a size; the changes it was told, in their order.
    async fn sync_by(&mut self, app: &TestApp, size: i32) -> Vec<Value> {
        let mut told = Vec::new();
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
                told.push(change.clone());
            }
            if page["hasMore"] == false {
                return told;
            }
        }
    }

    pub async fn sync(&mut self, app: &TestApp) -> Vec<Value> {
        self.sync_by(app, 50).await
    }

    /// Of which kinds the changes are that it is told now; those that are gone begin with "no ".
    pub async fn told(&mut self, app: &TestApp) -> Vec<String> {
        let before = self.kept.clone();
        let told = self.sync(app).await;
        let mut kinds: Vec<_> = told
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

    /// What it would keep if it kept everything there is for him, asked without a word of its feed.
    async fn there(&self, app: &TestApp) -> BTreeMap<String, Value> {
        let variables = json!({ "ids": answered(app, self.who).await });
        let document = format!("{THERE} {KEPT}");
        let there = app.as_member(self.who, &document, variables).await.ok();
        let lists = [
            "/me/checkIns/nodes",
            "/me/commitments/nodes",
            "/me/notifications/nodes",
            "/me/pacts/nodes",
            "/me/peerings/nodes",
            "/nodes",
        ];
        let listed = lists.map(|list| there.pointer(list).and_then(Value::as_array).unwrap());
        let under = |list: &str, hangs: &'static str| {
            let list = there.pointer(list).and_then(Value::as_array).unwrap();
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
        all.chain([&there["me"]["profile"]])
            .filter(|node| !node.is_null())
            .map(|node| {
                let mut node = node.clone();
                let fields = node.as_object_mut().unwrap();
                fields.retain(|name, _| !["nudges", "partnerCommitments"].contains(&name.as_str()));
                (node["id"].as_str().unwrap().to_owned(), node)
            })
            .collect()
    }

    /// It keeps what there is, and as it is.
    pub async fn is_as_it_is_there(&self, app: &TestApp) {
        assert_eq!(self.kept, self.there(app).await);
    }

    /// The things of a kind that it keeps.
    pub fn all(&self, kind: &str) -> Vec<&Value> {
        let of_kind = |node: &&Value| node["__typename"] == kind;
        self.kept.values().filter(of_kind).collect()
    }
}

/// Asks for a mutation of which nothing but the errors is asked.
async fn act(app: &TestApp, who: SignedIn, mutation: &str, input: Value) {
    let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation($input: {name}!) {{ {mutation}(input: $input) {{ errors {{ code message path }} }} }}"
    );
    let answer = app
        .as_member(who, &document, json!({ "input": input }))
        .await;
    assert_eq!(answer.at(&format!("/{mutation}/errors")), json!([]));
}

async fn check_in(app: &TestApp, who: SignedIn) {
    let id: uuid::Uuid = app.app.ids.next();
    act(app, who, "checkIn", json!({ "id": id, "mood": 3 })).await;
}

/// A meeting on an evening to come; its occurrence.
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
