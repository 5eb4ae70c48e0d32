//! Who is told what: phones, and devices that listen.

use api::viewer::SignedIn;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{answer, carry, every, sent, two};
use crate::changes::Phone;
use crate::peerings::{leave, partners};

const NOTHING: [&str; 0] = [];
const IT: [&str; 1] = ["Commitment"];

async fn phones(app: &TestApp, men: [SignedIn; 2]) -> [Phone; 2] {
    let mut phones = men.map(Phone::new);
    for phone in &mut phones {
        phone.sync(app).await;
    }
    phones
}

async fn told(app: &TestApp, phones: &mut [Phone; 2], expected: [&[&str]; 2]) {
    for (phone, expected) in phones.iter_mut().zip(expected) {
        assert_eq!(phone.told(app).await, expected);
        phone.is_as_it_is_there(app).await;
    }
}

#[both]
async fn each_step_reaches_the_phones_of_both(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
    let mut both = phones(&app, [mike, paul]).await;
    let wish = every(&app, &["TUESDAY"], &peering);
    for expected in [[&IT[..], &IT], [&NOTHING, &NOTHING]] {
        sent(&app, mike, "makeCommitment", wish.clone()).await;
        told(&app, &mut both, expected).await;
    }
    let id = both[0].all("Commitment")[0]["id"].clone();
    answer(&app, mike, &id, "2026-03-10", "PARTLY").await;
    told(&app, &mut both, [&IT, &IT]).await;
    carry(&app, mike, &id, "2026-03-10", "2026-03-12").await;
    told(&app, &mut both, [&IT, &IT]).await;
    let days = &both[1].all("Commitment")[0]["days"];
    assert_eq!(days[1]["carriedTo"], "2026-03-12");
    let input = |peering: &Value| json!({ "commitmentId": id, "peeringId": peering });
    sent(&app, mike, "updateCommitment", input(&Value::Null)).await;
    told(&app, &mut both, [&IT, &["no Commitment"]]).await;
    let words = json!({ "commitmentId": id, "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    told(&app, &mut both, [&IT, &NOTHING]).await;
    sent(&app, mike, "updateCommitment", input(&peering)).await;
    told(&app, &mut both, [&IT, &IT]).await;
    leave(&app, paul, "endPeering", &peering).await;
    // The line that said it had begun is read.
    let over = ["Commitment", "Notification", "no Peering"];
    told(&app, &mut both, [&over, &["no Commitment", "no Peering"]]).await;
    sent(&app, mike, "endCommitment", json!({ "commitmentId": id })).await;
    told(&app, &mut both, [&IT, &NOTHING]).await;
}

#[both]
async fn his_partner_hears_of_it(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
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
async fn a_man_who_goes_takes_it_from_his_partners_phone(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
    let wish = every(&app, &["TUESDAY"], &peering);
    let it = sent(&app, mike, "makeCommitment", wish).await["id"].clone();
    let mut both = phones(&app, [mike, paul]).await;
    let away = async |who: SignedIn, hidden| crate::profile::hide(&app, who, hidden).await;
    away(mike, true).await;
    assert_eq!(both[1].told(&app).await, ["no Commitment", "no Peering"]);
    both[1].is_as_it_is_there(&app).await;
    // While he is leaving nobody hears of what he does.
    let activity = "subscription { partnerActivity { kind subjectId refetch } }";
    let mut heard = app.listen(paul, activity);
    let it = super::node(&app, mike, &it).await["id"].clone();
    answer(&app, mike, &it, "2026-03-10", "DONE").await;
    let words = json!({ "commitmentId": it, "words": "Row" });
    sent(&app, mike, "updateCommitment", words).await;
    let other = every(&app, &["TUESDAY"], &peering);
    let refused = super::refused(&app, mike, "makeCommitment", other).await;
    assert_eq!(refused, ["NOT_FOUND", "peeringId"]);
    assert_eq!(both[1].told(&app).await, NOTHING);
    assert_eq!(heard.heard(), NOTHING.map(Value::from));
    away(mike, false).await;
    assert_eq!(both[1].told(&app).await, ["Commitment", "Peering"]);
    both[1].is_as_it_is_there(&app).await;
    both[0].sync(&app).await;
    // With the partner gone it is his own alone.
    away(paul, true).await;
    assert_eq!(both[0].told(&app).await, ["Commitment", "no Peering"]);
    let his = both[0].all("Commitment")[0].clone();
    assert_eq!(his["partner"], Value::Null);
    both[0].is_as_it_is_there(&app).await;
    // He sees nobody, either, until he is back.
    both[1].sync(&app).await;
    assert_eq!(both[1].all("Commitment").len(), 0);
    both[1].is_as_it_is_there(&app).await;
    away(paul, false).await;
    assert_eq!(both[1].told(&app).await, ["Commitment", "Peering"]);
    let words = json!({ "commitmentId": his["id"], "words": "Swim" });
    sent(&app, mike, "updateCommitment", words).await;
    assert_eq!(both[1].told(&app).await, IT);
    let nobody = json!({ "commitmentId": his["id"], "peeringId": null });
    sent(&app, mike, "updateCommitment", nobody).await;
    assert_eq!(both[1].told(&app).await, ["no Commitment"]);
    both[1].is_as_it_is_there(&app).await;
}
