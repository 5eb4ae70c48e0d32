//! Limits on proposals and partners, also under concurrent requests.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    answer, answer_document, in_a_circle, leave, partners, peerings, proposal_to, propose,
    propose_document, proposed,
};
use crate::profile::{hide, problem, problems};

/// Creates members in a circle with Mike.
async fn others_in_circle(app: &TestApp, mike: SignedIn, count: usize) -> Vec<SignedIn> {
    let mut others = Vec::new();
    for n in 0..count {
        others.push(app.member(&format!("man{n}")).await);
    }
    in_a_circle(app, &[&[mike], &others[..]].concat()).await;
    others
}

fn codes(answers: &[Value], code: &str) -> usize {
    let of = |answer: &&Value| match answer["payload"]["errors"].get(0) {
        Some(error) => error["code"] == code,
        None => code.is_empty(),
    };
    answers.iter().filter(of).count()
}

#[both]
async fn a_member_has_at_most_three_open_proposals(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 5).await;
    let mut ids = Vec::new();
    for other in &others[..3] {
        ids.push(proposed(&app, mike, *other).await["id"].clone());
    }
    let one_more = async || propose(&app, mike, &proposal_to(&app, others[3])).await;
    let refused = one_more().await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    // A proposal to a hidden member does not count, nor does an accepted one.
    hide(&app, others[0], true).await;
    let fourth = one_more().await;
    assert_eq!(fourth["errors"], json!([]));
    let refused = propose(&app, mike, &proposal_to(&app, others[4])).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    answer(&app, others[1], &ids[1], true).await;
    let fifth = propose(&app, mike, &proposal_to(&app, others[4])).await;
    assert_eq!(fifth["errors"], json!([]));
}

#[both]
async fn a_declined_proposal_counts_until_it_expires(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 4).await;
    for other in &others[..3] {
        let id = proposed(&app, mike, *other).await["id"].clone();
        answer(&app, *other, &id, false).await;
    }
    let refused = propose(&app, mike, &proposal_to(&app, others[3])).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    app.advance(TimeDelta::days(7));
    assert_eq!(proposed(&app, mike, others[3]).await["state"], "PROPOSED");
}

#[both]
async fn a_member_has_at_most_five_partners(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 7).await;
    let waits = proposed(&app, others[5], mike).await["id"].clone();
    let mut ids = Vec::new();
    for other in &others[..5] {
        ids.push(partners(&app, mike, *other).await);
    }
    let full = problem("TOO_MANY", "input.memberId");
    assert_eq!(
        problems(&propose(&app, mike, &proposal_to(&app, others[6])).await),
        full
    );
    assert_eq!(
        problems(&propose(&app, mike, &proposal_to(&app, others[5])).await),
        full
    );
    let refused = answer(&app, mike, &waits, true).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input.peeringId"));
    // Others can still propose to him, and wait.
    let his = proposed(&app, others[6], mike).await["id"].clone();
    leave(&app, others[0], "endPeering", &ids[0]).await;
    assert_eq!(answer(&app, mike, &his, true).await["errors"], json!([]));
}

#[both]
async fn of_twenty_proposals_at_once_three_wait(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 20).await;
    let ask = |other: &SignedIn| {
        (
            mike,
            propose_document(),
            json!({ "input": proposal_to(&app, *other) }),
        )
    };
    let answers = app.at_once(others.iter().map(ask).collect()).await;
    assert_eq!((codes(&answers, ""), codes(&answers, "TOO_MANY")), (3, 17));
    assert_eq!(peerings(&app, mike).await.len(), 3);
}

#[both]
async fn of_twenty_proposals_accepted_at_once_five_become_peerings(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 20).await;
    let mut asked = Vec::new();
    for other in &others {
        let id = proposed(&app, *other, mike).await["id"].clone();
        let input = json!({ "input": { "peeringId": id, "accept": true } });
        asked.push((mike, answer_document(), input));
    }
    let answers = app.at_once(asked).await;
    assert_eq!((codes(&answers, ""), codes(&answers, "TOO_MANY")), (5, 15));
    let his = peerings(&app, mike).await;
    let active = his.iter().filter(|peering| peering["state"] == "ACTIVE");
    assert_eq!((active.count(), his.len()), (5, 20));
}

#[both]
async fn members_who_propose_to_each_other_at_once_are_partners(app: TestApp) {
    let mike = app.member("mike").await;
    let others = others_in_circle(&app, mike, 3).await;
    for other in others {
        let both = [(mike, other), (other, mike)].repeat(10).into_iter();
        let ask = |(who, whom)| {
            (
                who,
                propose_document(),
                json!({ "input": proposal_to(&app, whom) }),
            )
        };
        let answers = app.at_once(both.map(ask).collect()).await;
        assert_eq!(codes(&answers, ""), 20);
        let his = peerings(&app, other).await;
        assert_eq!(his.len(), 1);
        assert_eq!(his[0]["state"], "ACTIVE");
    }
}

#[both]
async fn a_proposal_sent_twenty_times_at_once_is_one_proposal(app: TestApp) {
    let mike = app.member("mike").await;
    let other = others_in_circle(&app, mike, 1).await[0];
    let one = (
        mike,
        propose_document(),
        json!({ "input": proposal_to(&app, other) }),
    );
    let answers = app.at_once(vec![one; 20]).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(answers[0]["payload"]["errors"], json!([]));
    app.drain().await;
    assert_eq!(app.notifications().await.len(), 1);
}
