//! How many there may be, whoever asks at the same moment.

use api::viewer::SignedIn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    answer, answer_document, in_a_circle, leave, partners, peerings, propose, propose_document,
    proposed, to,
};
use crate::profile::{hide, problem, problems};

async fn men(app: &TestApp, mike: SignedIn, count: usize) -> Vec<SignedIn> {
    let mut men = Vec::new();
    for n in 0..count {
        men.push(app.member(&format!("man{n}")).await);
    }
    in_a_circle(app, &[&[mike], &men[..]].concat()).await;
    men
}

fn codes(answers: &[Value], code: &str) -> usize {
    let of = |answer: &&Value| match answer["payload"]["errors"].get(0) {
        Some(error) => error["code"] == code,
        None => code.is_empty(),
    };
    answers.iter().filter(of).count()
}

#[both]
async fn three_proposals_wait_at_a_time(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 5).await;
    let mut ids = Vec::new();
    for man in &men[..3] {
        ids.push(proposed(&app, mike, *man).await["id"].clone());
    }
    let one_more = async || propose(&app, mike, &to(&app, men[3])).await;
    let refused = one_more().await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    // A man who is not there any more takes no place, nor does one who said yes, or a proposal taken back.
    hide(&app, men[0], true).await;
    let fourth = one_more().await;
    assert_eq!(fourth["errors"], json!([]));
    let refused = propose(&app, mike, &to(&app, men[4])).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    answer(&app, men[1], &ids[1], true).await;
    let fifth = propose(&app, mike, &to(&app, men[4])).await;
    assert_eq!(fifth["errors"], json!([]));
}

#[both]
async fn a_no_frees_no_place_before_the_lapse(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 4).await;
    for man in &men[..3] {
        let id = proposed(&app, mike, *man).await["id"].clone();
        answer(&app, *man, &id, false).await;
    }
    let refused = propose(&app, mike, &to(&app, men[3])).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input"));
    app.advance(TimeDelta::days(7));
    assert_eq!(proposed(&app, mike, men[3]).await["state"], "PROPOSED");
}

#[both]
async fn a_man_has_five_partners(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 7).await;
    let waits = proposed(&app, men[5], mike).await["id"].clone();
    let mut ids = Vec::new();
    for man in &men[..5] {
        ids.push(partners(&app, mike, *man).await);
    }
    let full = problem("TOO_MANY", "input.memberId");
    assert_eq!(
        problems(&propose(&app, mike, &to(&app, men[6])).await),
        full
    );
    assert_eq!(
        problems(&propose(&app, mike, &to(&app, men[5])).await),
        full
    );
    let refused = answer(&app, mike, &waits, true).await;
    assert_eq!(problems(&refused), problem("TOO_MANY", "input.peeringId"));
    // Others may ask him, and wait.
    let his = proposed(&app, men[6], mike).await["id"].clone();
    leave(&app, men[0], "endPeering", &ids[0]).await;
    assert_eq!(answer(&app, mike, &his, true).await["errors"], json!([]));
}

#[both]
async fn of_twenty_proposals_at_once_three_wait(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 20).await;
    let ask = |man: &SignedIn| (mike, propose_document(), json!({ "input": to(&app, *man) }));
    let answers = app.at_once(men.iter().map(ask).collect()).await;
    assert_eq!((codes(&answers, ""), codes(&answers, "TOO_MANY")), (3, 17));
    assert_eq!(peerings(&app, mike).await.len(), 3);
}

#[both]
async fn of_twenty_men_who_are_answered_at_once_five_are_partners(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 20).await;
    let mut asked = Vec::new();
    for man in &men {
        let id = proposed(&app, *man, mike).await["id"].clone();
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
async fn who_ask_each_other_at_once_are_partners(app: TestApp) {
    let mike = app.member("mike").await;
    let men = men(&app, mike, 3).await;
    for man in men {
        let both = [(mike, man), (man, mike)].repeat(10).into_iter();
        let ask = |(who, whom)| (who, propose_document(), json!({ "input": to(&app, whom) }));
        let answers = app.at_once(both.map(ask).collect()).await;
        assert_eq!(codes(&answers, ""), 20);
        let his = peerings(&app, man).await;
        assert_eq!(his.len(), 1);
        assert_eq!(his[0]["state"], "ACTIVE");
    }
}

#[both]
async fn one_proposal_that_is_sent_twenty_times_is_one(app: TestApp) {
    let mike = app.member("mike").await;
    let man = men(&app, mike, 1).await[0];
    let one = (mike, propose_document(), json!({ "input": to(&app, man) }));
    let answers = app.at_once(vec![one; 20]).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(answers[0]["payload"]["errors"], json!([]));
    app.drain().await;
    assert_eq!(app.notifications().await.len(), 1);
}
