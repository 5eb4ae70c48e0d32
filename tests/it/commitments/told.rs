//! The changes and live events that a commitment causes, and for whom.

use api::viewer::SignedIn;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{answer, carry, every, mike_and_paul, sent};
use crate::changes::Phone;
use crate::peerings::{leave, partners};

const NOTHING: [&str; 0] = [];
const CHANGED: [&str; 1] = ["Commitment"];

async fn phones(app: &TestApp, members: [SignedIn; 2]) -> [Phone; 2] {
    let mut phones = members.map(Phone::new);
    for phone in &mut phones {
        phone.sync(app).await;
    }
    phones
}

async fn assert_news(app: &TestApp, phones: &mut [Phone; 2], expected: [&[&str]; 2]) {
    for (phone, expected) in phones.iter_mut().zip(expected) {
        assert_eq!(phone.news(app).await, expected);
        phone.assert_up_to_date(app).await;
    }
}

#[both]
async fn every_change_reaches_both_phones(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let mut both = phones(&app, [mike, paul]).await;
    let wish = every(&app, &["TUESDAY"], &peering);
    for expected in [[&CHANGED[..], &CHANGED], [&NOTHING, &NOTHING]] {
        sent(&app, mike, "makeCommitment", wish.clone()).await;
        assert_news(&app, &mut both, expected).await;
    }
    let id = both[0].all("Commitment")[0]["id"].clone();
    answer(&app, mike, &id, "2026-03-10", "PARTLY").await;
    assert_news(&app, &mut both, [&CHANGED, &CHANGED]).await;
    carry(&app, mike, &id, "2026-03-10", "2026-03-12").await;
    assert_news(&app, &mut both, [&CHANGED, &CHANGED]).await;
    let days = &both[1].all("Commitment")[0]["days"];
    assert_eq!(days[1]["carriedTo"], "2026-03-12");
    let input = |peering: &Value| json!({ "commitmentId": id, "peeringId": peering });
    sent(&app, mike, "updateCommitment", input(&Value::Null)).await;
    assert_news(&app, &mut both, [&CHANGED, &["no Commitment"]]).await;
    let words = json!({ "commitmentId": id, "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    assert_news(&app, &mut both, [&CHANGED, &NOTHING]).await;
    sent(&app, mike, "updateCommitment", input(&peering)).await;
    assert_news(&app, &mut both, [&CHANGED, &CHANGED]).await;
    leave(&app, paul, "endPeering", &peering).await;
    // The notification that the peering began is now read.
    let over = ["Commitment", "Notification", "no Peering"];
    assert_news(&app, &mut both, [&over, &["no Commitment", "no Peering"]]).await;
    sent(&app, mike, "endCommitment", json!({ "commitmentId": id })).await;
    assert_news(&app, &mut both, [&CHANGED, &NOTHING]).await;
}

#[both]
async fn the_partner_gets_live_events(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let sam = app.member("sam").await;
    let with_sam = partners(&app, mike, sam).await;
    let activity = "subscription { partnerActivity { kind subjectId refetch } }";
    let [mut mikes, mut pauls, mut sams] = [mike, paul, sam].map(|who| app.listen(who, activity));
    let wish = every(&app, &["TUESDAY"], &peering);
    let it = sent(&app, mike, "makeCommitment", wish.clone()).await["id"].clone();
    sent(&app, mike, "makeCommitment", wish).await;
    let heard = json!({ "kind": "COMMITMENT_CHANGED", "subjectId": it, "refetch": false });
    assert_eq!(pauls.heard(), std::slice::from_ref(&heard));
    answer(&app, mike, &it, "2026-03-10", "DONE").await;
    assert_eq!(pauls.heard(), std::slice::from_ref(&heard));
    assert_eq!(sams.heard(), NOTHING.map(Value::from));
    let other = json!({ "commitmentId": it, "peeringId": with_sam });
    sent(&app, mike, "updateCommitment", other).await;
    assert_eq!(pauls.heard(), std::slice::from_ref(&heard));
    assert_eq!(sams.heard(), [heard]);
    assert_eq!(mikes.heard(), NOTHING.map(Value::from));
}

#[both]
async fn hiding_a_member_removes_the_commitment_from_the_partners_phone(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let wish = every(&app, &["TUESDAY"], &peering);
    let it = sent(&app, mike, "makeCommitment", wish).await["id"].clone();
    let mut both = phones(&app, [mike, paul]).await;
    let away = async |who: SignedIn, hidden| crate::profile::hide(&app, who, hidden).await;
    away(mike, true).await;
    assert_eq!(both[1].news(&app).await, ["no Commitment", "no Peering"]);
    both[1].assert_up_to_date(&app).await;
    // While Mike is hidden, nobody gets his changes.
    let activity = "subscription { partnerActivity { kind subjectId refetch } }";
    let mut heard = app.listen(paul, activity);
    let it = super::node(&app, mike, &it).await["id"].clone();
    answer(&app, mike, &it, "2026-03-10", "DONE").await;
    let words = json!({ "commitmentId": it, "words": "Row" });
    sent(&app, mike, "updateCommitment", words).await;
    let other = every(&app, &["TUESDAY"], &peering);
    let refused = super::refused(&app, mike, "makeCommitment", other).await;
    assert_eq!(refused, ["NOT_FOUND", "peeringId"]);
    assert_eq!(both[1].news(&app).await, NOTHING);
    assert_eq!(heard.heard(), NOTHING.map(Value::from));
    away(mike, false).await;
    assert_eq!(both[1].news(&app).await, ["Commitment", "Peering"]);
    both[1].assert_up_to_date(&app).await;
    both[0].sync(&app).await;
    // While the partner is hidden, the commitment shows none.
    away(paul, true).await;
    assert_eq!(both[0].news(&app).await, ["Commitment", "no Peering"]);
    let his = both[0].all("Commitment")[0].clone();
    assert_eq!(his["sharedWith"], Value::Null);
    both[0].assert_up_to_date(&app).await;
    // The hidden partner sees nothing either until he is visible again.
    both[1].sync(&app).await;
    assert_eq!(both[1].all("Commitment").len(), 0);
    both[1].assert_up_to_date(&app).await;
    away(paul, false).await;
    assert_eq!(both[1].news(&app).await, ["Commitment", "Peering"]);
    let words = json!({ "commitmentId": his["id"], "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    assert_eq!(both[1].news(&app).await, CHANGED);
    let nobody = json!({ "commitmentId": his["id"], "peeringId": null });
    sent(&app, mike, "updateCommitment", nobody).await;
    assert_eq!(both[1].news(&app).await, ["no Commitment"]);
    both[1].assert_up_to_date(&app).await;
}
