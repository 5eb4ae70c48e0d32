//! A whole story as its members see it: from the sign-up to a push on a phone, and to the deletion of the account.
//!
//! Everything is real except the people, the time and Firebase: a server process, reached over the network, on both
//! databases. Each request whose answer may get lost is sent twice, as an app would.

mod hostile_day;
mod world;

use serde_json::{Value, json};
use support::fake_fcm::Answer;
use support::{CREDENTIALS, Phone, TestDatabase, both};

use world::{MIKES_PHONE, PASSPHRASE, World};

const BIO: &str = "Father of two, mostly outdoors.";
const STORY: &str = "After the funeral I stopped answering the door.";

#[both]
async fn a_member_signs_up_and_a_push_reaches_their_phone(database: TestDatabase) {
    let world = World::on(database).await;

    // It is Saturday morning, 28 March, in London. Mike joins and tells a little about himself.
    let mut mike = world.joins("mike").await;
    tells_about_himself(&mike).await;
    registers_his_phone(&mike).await;
    wants_a_reminder(&mike, "19:30").await;
    checks_in(&mike, "2026-03-28").await;

    // Sam joins too, and an operator lets him run meetings: his next one is tomorrow, Sunday, at six.
    let mut sam = world.joins("sam").await;
    world.operator_makes_facilitator("sam").await;
    let tea = schedules_tea(&sam).await;
    takes_a_seat(&mike, &tea).await;

    // Mike has checked in on Saturday, so there is nothing to remind him of.
    world.time_goes_to("2026-03-29T03:00:00Z").await;
    assert_eq!(world.pushes(), [] as [Value; 0]);

    // On Sunday clocks are an hour ahead. He is reminded of the meeting at five, and to check in at half past seven.
    world.time_goes_to("2026-03-29T19:00:00Z").await;
    mike.refresh().await;
    let inbox = inbox(&mike).await;
    let [reminder, meeting] = &inbox["notifications"]["nodes"].as_array().unwrap()[..] else {
        panic!("{inbox:#}")
    };
    let shown = |line: &Value| ["kind", "at", "subjectId"].map(|field| line[field].clone());
    let seven = json!(["CHECK_IN_REMINDER", "2026-03-29T18:30:00.000Z", null]);
    assert_eq!(json!(shown(reminder)), seven);
    let five = json!(["MEETING_REMINDER", "2026-03-29T16:00:00.000Z", tea["id"]]);
    assert_eq!(json!(shown(meeting)), five);
    // The pushes say only which line of the inbox to look at.
    assert_eq!(
        world.pushes(),
        [
            json!({ "notification_id": meeting["id"], "kind": "meetings" }),
            json!({ "notification_id": reminder["id"], "kind": "check_ins" }),
        ]
    );
    assert_eq!(inbox["unreadNotificationCount"], 2);
    reads_everything(&mike, reminder).await;

    // On Monday Firebase reports his phone gone. One report is not enough: a retry delivers the reminder.
    world.fcm.script(MIKES_PHONE, [Answer::Unregistered]);
    world.time_goes_to("2026-03-30T19:00:00Z").await;
    mike.refresh().await;
    assert_eq!(world.pushes().len(), 4);
    assert_eq!(devices(&mike).await.as_array().unwrap().len(), 1);
    world.time_goes_to("2026-03-31T19:00:00Z").await;
    mike.refresh().await;
    assert_eq!(world.pushes().len(), 5);
    assert_eq!(unread(&mike).await, 2);

    // On Wednesday his app registers again. He has ignored three reminders, so the next one comes on Thursday.
    registers_his_phone(&mike).await;
    world.time_goes_to("2026-04-01T19:00:00Z").await;
    mike.refresh().await;
    assert_eq!(world.pushes().len(), 5);
    world.time_goes_to("2026-04-02T19:00:00Z").await;
    mike.refresh().await;
    assert_eq!(world.pushes().len(), 6);

    // He signs in on a tablet and signs the phone out from there, for good.
    let tablet = signs_in_on_a_tablet(&world).await;
    signs_out_the_other(&tablet, &mike).await;

    // He deletes his account: Sam cannot see him any more. He undoes it: Sam sees him again.
    sam.refresh().await;
    assert_eq!(sees(&sam, &tablet).await, Value::Null, "they have no tie");
    in_a_circle(&sam, &tablet).await;
    assert_eq!(sees(&sam, &tablet).await, "mike");
    leaves(&tablet).await;
    assert_eq!(sees(&sam, &tablet).await, Value::Null);
    comes_back(&tablet).await;
    assert_eq!(sees(&sam, &tablet).await, "mike");

    let own_words = [
        "mike",
        "sam",
        "example.org",
        "father",
        "outdoors",
        "funeral",
        "grief",
        "tea",
        "talk",
        "back room",
        "biscuits",
    ];
    // The seventh push said that somebody signed in on a tablet.
    world.assert_pushes_are_valid_and_discreet(7, &own_words);
}

async fn tells_about_himself(mike: &Phone<'_>) {
    let profile = json!({ "bio": BIO, "story": STORY, "ageBand": "FROM_35_TO_44" });
    let wanted = "member { handle bio story ageBand country }";
    let payload = mike.send_twice("updateProfile", &profile, wanted).await;
    let member = json!({ "handle": "mike", "bio": BIO, "story": STORY, "ageBand": "FROM_35_TO_44",
        "country": "GB" });
    assert_eq!(payload["member"], member);

    let topic = json!({ "topic": "grief", "stance": "WORKING_THROUGH", "visibility": "CIRCLES" });
    let wanted = "member { topics { topic { slug } stance visibility } }";
    let payload = mike.send_twice("setTopic", &topic, wanted).await;
    let topics = json!([
        { "topic": { "slug": "grief" }, "stance": "WORKING_THROUGH", "visibility": "CIRCLES" }
    ]);
    assert_eq!(payload["member"]["topics"], topics);
}

async fn registers_his_phone(mike: &Phone<'_>) {
    let phone = json!({ "address": MIKES_PHONE, "addressKind": "FCM_FID", "platform": "ANDROID",
        "appVersion": "1.0.0", "locale": "en-GB" });
    let payload = mike
        .send_twice("registerDevice", &phone, "device { id }")
        .await;
    assert_eq!(devices(mike).await, json!([payload["device"]]));
}

async fn devices(mike: &Phone<'_>) -> Value {
    mike.ask("{ me { devices { id } } }").await["me"]["devices"].clone()
}

async fn wants_a_reminder(mike: &Phone<'_>, local_time: &str) {
    let reminder = json!({ "localTime": local_time, "enabled": true });
    let wanted = "reminder { localTime enabled nextAt }";
    let payload = mike
        .send_twice("setCheckInReminder", &reminder, wanted)
        .await;
    assert_eq!(payload["reminder"]["nextAt"], "2026-03-28T19:30:00.000Z");
}

async fn checks_in(mike: &Phone<'_>, day: &str) {
    let check_in = json!({ "id": mike.id(), "localDate": day, "mood": 3 });
    let wanted = "checkIn { localDate mood } progress { daysShownUp checkedInToday }";
    let payload = mike.send_twice("checkIn", &check_in, wanted).await;
    assert_eq!(payload["checkIn"], json!({ "localDate": day, "mood": 3 }));
    let once = json!({ "daysShownUp": 1, "checkedInToday": true });
    assert_eq!(payload["progress"], once);
}

async fn schedules_tea(sam: &Phone<'_>) -> Value {
    let tea = json!({ "id": sam.id(), "title": "Tea and talk", "description": "Bring biscuits.",
        "format": "IN_PERSON", "place": "The back room", "timeZone": "Europe/London",
        "localDate": "2026-03-29", "localTime": "18:00", "durationMinutes": 90, "capacity": 8 });
    let wanted = "occurrence { id startsAt }";
    let payload = sam.send_twice("scheduleMeeting", &tea, wanted).await;
    assert_eq!(
        payload["occurrence"]["startsAt"],
        "2026-03-29T17:00:00.000Z"
    );
    payload["occurrence"].clone()
}

async fn takes_a_seat(mike: &Phone<'_>, tea: &Value) {
    let going = json!({ "occurrenceId": tea["id"], "answer": "GOING" });
    let wanted = "occurrence { viewerAnswer seatsTaken meeting { title } }";
    let payload = mike.send_twice("rsvp", &going, wanted).await;
    let seat = json!({ "viewerAnswer": "GOING", "seatsTaken": 1,
        "meeting": { "title": "Tea and talk" } });
    assert_eq!(payload["occurrence"], seat);
}

async fn inbox(mike: &Phone<'_>) -> Value {
    let inbox = "{ me { unreadNotificationCount notifications { nodes { id kind at subjectId readAt } } } }";
    mike.ask(inbox).await["me"].clone()
}

async fn unread(mike: &Phone<'_>) -> Value {
    inbox(mike).await["unreadNotificationCount"].clone()
}

async fn reads_everything(mike: &Phone<'_>, newest: &Value) {
    let read = json!({ "upToId": newest["id"] });
    let wanted = "me { unreadNotificationCount notifications { nodes { readAt } } }";
    let payload = mike
        .send_twice("markNotificationsRead", &read, wanted)
        .await;
    assert_eq!(payload["me"]["unreadNotificationCount"], 0);
    let lines = payload["me"]["notifications"]["nodes"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["readAt"].is_string()));
}

async fn signs_in_on_a_tablet(world: &World) -> Phone<'_> {
    let mut tablet = Phone::new(&world.server);
    let mut sign_in = json!({ "email": "mike@example.org", "passphrase": "not his at all",
        "deviceName": "A tablet", "id": tablet.id() });
    let refused = tablet.refused("signIn", &sign_in).await;
    assert_eq!(refused, "WRONG_CREDENTIALS");
    sign_in["passphrase"] = PASSPHRASE.into();
    let payload = tablet.send_twice("signIn", &sign_in, CREDENTIALS).await;
    tablet.keep(&payload);
    tablet
}

async fn signs_out_the_other(tablet: &Phone<'_>, phone: &Phone<'_>) {
    let sessions = "{ me { sessions { current deviceName } } }";
    let both = tablet.ask(sessions).await;
    assert_eq!(both["me"]["sessions"].as_array().unwrap().len(), 2);
    let other = json!({ "sessionId": phone.session() });
    tablet
        .send_twice("revokeSession", &other, "sessionId")
        .await;
    let one = json!([{ "current": true, "deviceName": "A tablet" }]);
    assert_eq!(tablet.ask(sessions).await["me"]["sessions"], one);
    // The phone is signed out: it shows nothing of his, and gets no pushes.
    let refused = phone.answer("{ me { memberId } }", json!({})).await;
    let code = &refused["errors"][0]["extensions"]["code"];
    assert_eq!(code, "UNAUTHENTICATED");
    let [_, refresh] = phone.tokens();
    let refresh = json!({ "refreshToken": refresh });
    let without_access = Phone::new(phone.server());
    let refused = without_access.refused("refreshSession", &refresh).await;
    assert_eq!(refused, "SESSION_ENDED");
    assert_eq!(devices(tablet).await, json!([]));
}

/// A facilitator creates a circle, and a member accepts the invitation. Returns the id of the circle.
async fn in_a_circle(host: &Phone<'_>, member: &Phone<'_>) -> Value {
    let circle = json!({ "id": host.id(), "name": "Tuesdays", "purpose": "Talk" });
    let circle = host.send_twice("createCircle", &circle, "circle { id }");
    let circle = circle.await["circle"]["id"].clone();
    joins_circle(host, &circle, member).await;
    circle
}

async fn joins_circle(host: &Phone<'_>, circle: &Value, member: &Phone<'_>) {
    let id = member.ask("{ me { memberId } }").await["me"]["memberId"].clone();
    let ask = json!({ "circleId": circle, "memberId": id });
    host.send_twice("addCircleMember", &ask, "circle { id }")
        .await;
    let waiting = "{ me { circleInvitations { nodes { id circleName } } } }";
    let waiting = member.ask(waiting).await["me"]["circleInvitations"]["nodes"][0].clone();
    assert_eq!(waiting["circleName"], "Tuesdays");
    let yes = json!({ "invitationId": waiting["id"], "accept": true });
    let joined = member.send_twice("answerCircleInvitation", &yes, "circle { id }");
    assert_eq!(joined.await["circle"]["id"], *circle);
}

/// Returns the handle of `other` as `viewer` sees it, or null if `other` is not visible.
async fn sees(viewer: &Phone<'_>, other: &Phone<'_>) -> Value {
    let id = other.ask("{ me { memberId } }").await["me"]["memberId"].clone();
    let look = "query($id: ID!) { member(id: $id) { handle } }";
    let answer = viewer.answer(look, json!({ "id": id })).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["member"]["handle"].clone()
}

async fn leaves(mike: &Phone<'_>) {
    let his = json!({ "passphrase": PASSPHRASE });
    let wanted = "account { deletionDueAt }";
    let payload = mike.send_twice("deleteAccount", &his, wanted).await;
    assert!(payload["account"]["deletionDueAt"].is_string());
}

async fn comes_back(mike: &Phone<'_>) {
    let wanted = "account { deletionDueAt }";
    let payload = mike
        .send_twice("undoAccountDeletion", &Value::Null, wanted)
        .await;
    assert_eq!(payload["account"]["deletionDueAt"], Value::Null);
}
