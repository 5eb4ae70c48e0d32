//! The arguments that each root field is called with.

use api::node_id::{NodeId as _, decode};
use api::viewer::SignedIn;
use chrono::{TimeDelta, Timelike as _};
use entity::{
    CheckInId, CircleId, CircleInvitationId, CommitmentId, DeviceId, MeetingId, MemberId,
    NotificationId, OccurrenceId, PactId, PactNudgeId, PauseId, PeeringId, RungId, SessionId,
    TellingId, ladder_rung, ladder_telling,
};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::{Value, json};
use support::TestApp;
use uuid::Uuid;

use crate::commitments::{daily, london_date};
use crate::ladder;
use crate::pacts::{agreed, nudged, proposal as proposal_of, sent};
use crate::peerings::{in_a_circle, partners, proposed};
use crate::profile::hide;

/// One object of each kind that has an id.
pub struct Objects {
    /// A ladder request: another partner asks the member to be told if that partner goes quiet.
    pub ladder_request: Value,
    pub check_in: Value,
    pub circle: Value,
    pub commitment: Value,
    pub device: Value,
    /// An invitation to another facilitator's circle.
    pub invitation: Value,
    pub meeting: Value,
    pub member: Value,
    pub notification: Value,
    pub occurrence: Value,
    pub pause: Value,
    /// A nudge that the member sent.
    pub nudge: Value,
    /// A nudge that the partner sent.
    pub received: Value,
    /// The pact with the partner.
    pub pact: Value,
    /// A pact that another partner proposed.
    pub pact_proposal: Value,
    pub partner: Value,
    pub peering: Value,
    /// A peering that another member proposed.
    pub proposal: Value,
    /// A peering that the member proposed.
    pub proposed: Value,
    pub session: Value,
    /// Another facilitator's circle that the member is in, and that facilitator.
    pub run_by: [Value; 2],
    /// What the other partner's ladder told the member.
    pub telling: Value,
}

impl Objects {
    /// Well-formed ids that belong to nothing.
    pub fn invented(app: &TestApp) -> Self {
        let ids = &app.app.ids;
        Self {
            ladder_request: json!(*ids.next::<RungId>().global()),
            check_in: json!(*ids.next::<CheckInId>().global()),
            circle: json!(*ids.next::<CircleId>().global()),
            commitment: json!(*ids.next::<CommitmentId>().global()),
            device: json!(*ids.next::<DeviceId>().global()),
            invitation: json!(*ids.next::<CircleInvitationId>().global()),
            meeting: json!(*ids.next::<MeetingId>().global()),
            member: json!(*ids.next::<MemberId>().global()),
            notification: json!(*ids.next::<NotificationId>().global()),
            occurrence: json!(*ids.next::<OccurrenceId>().global()),
            pause: json!(*ids.next::<PauseId>().global()),
            nudge: json!(*ids.next::<PactNudgeId>().global()),
            received: json!(*ids.next::<PactNudgeId>().global()),
            pact: json!(*ids.next::<PactId>().global()),
            pact_proposal: json!(*ids.next::<PactId>().global()),
            partner: json!(*ids.next::<MemberId>().global()),
            peering: json!(*ids.next::<PeeringId>().global()),
            proposal: json!(*ids.next::<PeeringId>().global()),
            proposed: json!(*ids.next::<PeeringId>().global()),
            session: json!(*ids.next::<SessionId>().global()),
            run_by: [
                json!(*ids.next::<CircleId>().global()),
                json!(*ids.next::<MemberId>().global()),
            ],
            telling: json!(*ids.next::<TellingId>().global()),
        }
    }

    /// The objects of a facilitator whose circle has a meeting. `hidden` is in that circle, and is then hidden, because
    /// every member can see a member who is not.
    pub async fn of(app: &TestApp, mike: SignedIn, hidden: SignedIn) -> Self {
        // Nudges are not sent at night.
        while !(8..18).contains(&app.now().hour()) {
            app.advance(TimeDelta::hours(1));
        }
        let circle = crate::circles::circle_of(app, mike, &[hidden]).await;
        hide(app, hidden, true).await;
        let [
            partner,
            peering,
            proposal,
            proposed,
            pact,
            pact_proposal,
            nudge,
            received,
            ladder_request,
            telling,
        ] = peerings(app, mike).await;
        let id = app.app.ids.next::<Uuid>().simple().to_string();
        let host = app.facilitator(&format!("runs-{}", &id[20..])).await;
        let run = crate::circles::circle_of(app, host, &[mike]).await;
        let invitation = invited(app, host, mike).await;
        let commitment = daily(app, mike, &peering).await["id"].clone();
        let device = app.register(mike, "mikes-phone").await["id"].clone();
        let schedule = "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) {
            occurrence { id meeting { id } } } }";
        let input = json!({ "input": meeting(app, &json!(*circle.global())) });
        let made = app.as_member(mike, schedule, input).await;
        let made = made.at("/scheduleMeeting/occurrence");
        let rsvp = "mutation($id: ID!) { rsvp(input: { occurrenceId: $id, answer: GOING }) {
            errors { code } } }";
        app.as_member(mike, rsvp, json!({ "id": made["id"] }))
            .await
            .ok();
        // After the reminder an hour before, and before the meeting.
        app.advance(TimeDelta::minutes(90));
        app.drain().await;
        let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id }) { checkIn { id } } }";
        let id: Uuid = app.app.ids.next();
        let check_in = app.as_member(mike, check_in, json!({ "id": id })).await;
        let pause_mutation =
            "mutation($input: StartPauseInput!) { startPause(input: $input) { pause { id } } }";
        let paused = app
            .as_member(mike, pause_mutation, json!({ "input": pause(app) }))
            .await;
        let inbox = app
            .as_member(mike, "{ me { notifications { nodes { id } } } }", json!({}))
            .await;
        Self {
            ladder_request,
            check_in: check_in.at("/checkIn/checkIn/id"),
            circle: json!(*circle.global()),
            commitment,
            device,
            invitation,
            meeting: made["meeting"]["id"].clone(),
            member: json!(*hidden.member.global()),
            notification: inbox.at("/me/notifications/nodes/0/id"),
            occurrence: made["id"].clone(),
            pause: paused.at("/startPause/pause/id"),
            nudge,
            received,
            pact,
            pact_proposal,
            partner,
            peering,
            proposal,
            proposed,
            session: json!(*mike.session.global()),
            run_by: [json!(*run.global()), json!(*host.member.global())],
            telling,
        }
    }

    pub fn all(&self) -> [&Value; 21] {
        [
            &self.ladder_request,
            &self.run_by[0],
            &self.telling,
            &self.check_in,
            &self.circle,
            &self.commitment,
            &self.device,
            &self.invitation,
            &self.meeting,
            &self.member,
            &self.notification,
            &self.occurrence,
            &self.nudge,
            &self.received,
            &self.pact,
            &self.pact_proposal,
            &self.pause,
            &self.peering,
            &self.proposal,
            &self.proposed,
            &self.session,
        ]
    }
}

/// Invites a member to a new circle of `host`. Returns the invitation's id.
async fn invited(app: &TestApp, host: SignedIn, member: SignedIn) -> Value {
    let circle = crate::circles::circle_of(app, host, &[]).await;
    let invite = "mutation($input: AddCircleMemberInput!) { addCircleMember(input: $input) {
        errors { code } } }";
    let input = json!({ "circleId": *circle.global(), "memberId": *member.member.global() });
    app.as_member(host, invite, json!({ "input": input }))
        .await
        .ok();
    let invitations = crate::circles::invitations_of(app, member).await;
    invitations[0]["id"].clone()
}

/// The input of a meeting in two hours.
fn meeting(app: &TestApp, circle: &Value) -> Value {
    let at = app.now() + TimeDelta::hours(2);
    json!({ "id": app.app.ids.next::<Uuid>(), "circleId": circle, "title": "Tea", "format": "IN_PERSON",
        "timeZone": "Europe/London", "localDate": at.format("%Y-%m-%d").to_string(),
        "localTime": at.format("%H:%M").to_string(), "durationMinutes": 60 })
}

/// Creates the relations of `mike` to four partners: a peering, a proposal each way, a pact, a pact proposal, a nudge
/// each way, a ladder request, and a telling of that ladder. Returns the first partner's id and theirs.
async fn peerings(app: &TestApp, mike: SignedIn) -> [Value; 10] {
    let mut members = Vec::new();
    for name in ["partner", "asking", "asked", "other"] {
        let id = app.app.ids.next::<Uuid>().simple().to_string();
        members.push(app.member(&format!("{name}-{}", &id[20..])).await);
    }
    let peering = partners(app, mike, members[0]).await;
    in_a_circle(app, &[mike, members[1], members[2]]).await;
    let proposal = proposed(app, members[1], mike).await["id"].clone();
    let proposed = proposed(app, mike, members[2]).await["id"].clone();
    let partner = json!(*members[0].member.global());
    let pact = agreed(app, mike, members[0], &peering).await;
    let received = nudged(app, members[0], &pact).await["id"].clone();
    let nudge = nudged(app, mike, &pact).await["id"].clone();
    let other = partners(app, mike, members[3]).await;
    let of_other = sent(app, members[3], "proposePact", proposal_of(app, &other)).await;
    let of_other = of_other["id"].clone();
    let rung = json!({ "peeringId": other, "afterDays": 1, "tells": "QUIET" });
    let own = json!({ "localTime": "09:00", "partner": rung });
    ladder::written(app, members[3], &own).await;
    let ladder_request = ladder::agreed(app, mike).await;
    let telling = insert_telling(app, members[3], mike, &ladder_request).await;
    [
        partner,
        peering,
        proposal,
        proposed,
        pact,
        of_other,
        nudge,
        received,
        ladder_request,
        telling,
    ]
}

/// Stores that a rung of the owner's ladder told `recipient` something. Returns the telling's id.
async fn insert_telling(
    app: &TestApp,
    owner: SignedIn,
    recipient: SignedIn,
    rung: &Value,
) -> Value {
    let id: TellingId = app.app.ids.next();
    let row = ladder_telling::ActiveModel {
        id: Set(id),
        member_id: Set(owner.member),
        rung_id: Set(Some(RungId(uuid_of(rung)))),
        kind: Set(ladder_rung::Kind::Partner),
        told_id: Set(Some(recipient.member)),
        quiet_since: Set(None),
        words: Set(None),
        told_at: Set(app.now()),
        over_at: Set(None),
    };
    let made = ladder_telling::Entity::insert(row);
    made.exec_without_returning(app.app.db.pool())
        .await
        .unwrap();
    json!(*id.global())
}

/// The input of a pause of one day, a week from now.
fn pause(app: &TestApp) -> Value {
    let at = app.now() + TimeDelta::days(7);
    let day = at.format("%Y-%m-%d").to_string();
    json!({ "id": app.app.ids.next::<Uuid>(), "firstDate": day, "lastDate": day })
}

/// The UUID in a global id, as the app made it.
fn uuid_of(id: &Value) -> Uuid {
    let id = id.as_str().unwrap();
    decode(&id.into()).unwrap().1
}

const PASSPHRASE: &str = "orchid tram velvet 42";

/// A root field and its variables.
pub type Case = (&'static str, Value);

fn input(input: &Value) -> Value {
    json!({ "input": input })
}

fn no_arguments() -> Value {
    json!({})
}

/// The cases of every root field: several if its input has alternatives.
pub fn cases(app: &TestApp, of: &Objects) -> Vec<Case> {
    let mut cases = about_accounts(app, of);
    cases.extend(about_partners(app, of));
    cases.extend(about_ladders(of));
    cases.extend(about_the_rest(app, of));
    cases
}

/// The fields that take an id made by the app, each called with an id that belongs to another member.
pub fn taken(app: &TestApp, of: &Objects, sign_up: Uuid) -> Vec<Case> {
    let ids = [
        &of.check_in,
        &of.circle,
        &of.commitment,
        &of.meeting,
        &of.nudge,
        &of.pact,
        &of.pause,
        &of.peering,
        &of.session,
    ];
    let [
        check_in,
        circle,
        commitment,
        meeting_id,
        nudge,
        pact,
        pause_id,
        peering,
        session,
    ] = ids.map(uuid_of);
    let mut days = pause(app);
    days["id"] = json!(pause_id);
    let mut open = meeting(app, &Value::Null);
    open["id"] = json!(meeting_id);
    let mut cases = vec![
        ("checkIn", input(&json!({ "id": check_in }))),
        (
            "createCircle",
            input(&json!({ "id": circle, "name": "Tuesday", "purpose": "Talk" })),
        ),
        (
            "makeCommitment",
            input(&json!({ "id": commitment, "words": "Swim", "due": { "weekdays": ["MONDAY"] } })),
        ),
        ("scheduleMeeting", input(&open)),
        ("startPause", input(&days)),
        (
            "proposePact",
            input(
                &json!({ "id": pact, "peeringId": of.peering, "sharing": "CHECKED_IN", "nudgeStyle": "PLAIN" }),
            ),
        ),
        (
            "proposePeering",
            input(&json!({ "id": peering, "memberId": of.partner })),
        ),
        (
            "sendPactNudge",
            input(&json!({ "id": nudge, "pactId": of.pact, "says": { "template": "JUST_HELLO" } })),
        ),
    ];
    for (name, mut variables) in about_accounts(app, of) {
        let (place, id) = match name {
            "signIn" => ("id", session),
            "signUp" => ("id", sign_up),
            "resetPassphrase" => ("requestId", sign_up),
            "verifyEmail" => ("signUpId", sign_up),
            _ => continue,
        };
        variables["input"][place] = json!(id);
        cases.push((name, variables));
    }
    cases
}

fn about_accounts(app: &TestApp, of: &Objects) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    vec![
        ("acceptTerms", input(&json!({ "version": "2026-11" }))),
        (
            "changePassphrase",
            input(&json!({ "current": PASSPHRASE, "new": "copper lantern drift 77" })),
        ),
        ("cancelEmailChange", no_arguments()),
        ("confirmEmailChange", input(&json!({ "code": "12345678" }))),
        ("deleteAccount", input(&json!({ "passphrase": PASSPHRASE }))),
        ("refreshDashboard", no_arguments()),
        (
            "refreshSession",
            input(&json!({ "refreshToken": "nonsense" })),
        ),
        (
            "requestEmailChange",
            input(&json!({ "newEmail": "new@example.org", "passphrase": PASSPHRASE })),
        ),
        (
            "requestPassphraseReset",
            input(&json!({ "email": "nobody@example.org" })),
        ),
        (
            "resetPassphrase",
            input(&json!({ "email": "nobody@example.org", "code": "12345678",
            "passphrase": PASSPHRASE })),
        ),
        ("revokeSession", input(&json!({ "sessionId": of.session }))),
        (
            "signIn",
            input(
                &json!({ "email": "nobody@example.org", "passphrase": PASSPHRASE,
            "deviceName": "A phone", "id": id() }),
            ),
        ),
        (
            "signInToDashboard",
            input(
                &json!({ "email": "nobody@example.org", "passphrase": PASSPHRASE, "deviceName": "A browser" }),
            ),
        ),
        ("signOut", no_arguments()),
        ("signOutEverywhereElse", no_arguments()),
        (
            "signUp",
            input(
                &json!({ "id": id(), "email": "new@example.org", "passphrase": PASSPHRASE,
            "handle": "newcomer", "timeZone": "Europe/London", "country": "GB", "locale": "en-GB",
            "adult": true, "termsVersion": "2026-11" }),
            ),
        ),
        ("undoAccountDeletion", no_arguments()),
        (
            "undoEmailChange",
            input(&json!({ "email": "nobody@example.org", "code": "0123-4567-89AB-CDEF" })),
        ),
        (
            "verifyEmail",
            input(&json!({ "signUpId": id(), "code": "12345678", "deviceName": "A phone" })),
        ),
    ]
}

fn about_partners(app: &TestApp, of: &Objects) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    let (today, later) = (london_date(app, 0), london_date(app, 3));
    vec![
        ("partnerActivity", no_arguments()),
        (
            "answerCommitment",
            input(&json!({ "commitmentId": of.commitment, "dueOn": today, "answer": "PARTLY" })),
        ),
        (
            "carryCommitmentOver",
            input(&json!({ "commitmentId": of.commitment, "dueOn": today, "to": later })),
        ),
        (
            "endCommitment",
            input(&json!({ "commitmentId": of.commitment })),
        ),
        (
            "makeCommitment",
            input(
                &json!({ "id": id(), "words": "Swim", "due": { "on": later }, "peeringId": of.peering }),
            ),
        ),
        (
            "updateCommitment",
            input(
                &json!({ "commitmentId": of.commitment, "peeringId": of.peering, "words": "Swim" }),
            ),
        ),
        (
            "answerPact",
            input(&json!({ "pactId": of.pact_proposal, "accept": true })),
        ),
        (
            "answerPactNudge",
            input(&json!({ "nudgeId": of.received, "answer": "ALL_RIGHT" })),
        ),
        (
            "answerPeering",
            input(&json!({ "peeringId": of.proposal, "accept": true })),
        ),
        ("endPact", input(&json!({ "pactId": of.pact }))),
        ("endPeering", input(&json!({ "peeringId": of.peering }))),
        (
            "proposePact",
            input(
                &json!({ "id": id(), "peeringId": of.peering, "sharing": "NOTHING", "nudgeStyle": "PLAIN" }),
            ),
        ),
        (
            "proposePeering",
            input(&json!({ "id": id(), "memberId": of.member })),
        ),
        (
            "renewPact",
            input(&json!({ "pactId": of.pact, "endsOn": null })),
        ),
        (
            "sendPactNudge",
            input(&json!({ "id": id(), "pactId": of.pact, "says": { "template": "JUST_HELLO" } })),
        ),
        (
            "updatePactSide",
            input(&json!({ "pactId": of.pact, "sharing": "WORDS" })),
        ),
        (
            "withdrawPeering",
            input(&json!({ "peeringId": of.proposed })),
        ),
    ]
}

fn about_ladders(of: &Objects) -> Vec<Case> {
    let [circle, facilitator] = &of.run_by;
    let ladder = json!({ "localTime": "09:00",
        "partner": { "peeringId": of.peering, "afterDays": 3, "tells": "QUIET" },
        "facilitator": { "circleId": circle, "memberId": facilitator, "afterDays": 5, "tells": "QUIET" } });
    vec![
        (
            "answerLadderRequest",
            input(&json!({ "requestId": of.ladder_request, "agree": true })),
        ),
        ("previewLadder", input(&ladder)),
        ("sayAllRight", no_arguments()),
        ("writeLadder", input(&json!({ "ladder": ladder }))),
    ]
}

fn about_the_rest(app: &TestApp, of: &Objects) -> Vec<Case> {
    let id = || app.app.ids.next::<Uuid>();
    vec![
        ("changes", json!({ "first": 10 })),
        ("circle", json!({ "id": of.circle })),
        ("emotions", no_arguments()),
        ("installation", no_arguments()),
        ("lifeContexts", no_arguments()),
        ("me", no_arguments()),
        ("meeting", json!({ "id": of.meeting })),
        ("member", json!({ "id": of.member })),
        ("node", json!({ "id": of.check_in })),
        ("nodes", json!({ "ids": of.all() })),
        ("occurrence", json!({ "id": of.occurrence })),
        ("serverTime", no_arguments()),
        ("topics", no_arguments()),
        ("upcomingMeetings", no_arguments()),
        ("checkInRecorded", no_arguments()),
        ("notificationReceived", no_arguments()),
        (
            "addCircleMember",
            input(&json!({ "circleId": of.circle, "memberId": of.member })),
        ),
        (
            "answerCircleInvitation",
            input(&json!({ "invitationId": of.invitation, "accept": true })),
        ),
        (
            "cancelMeeting",
            input(&json!({ "occurrenceId": of.occurrence })),
        ),
        ("checkIn", input(&json!({ "id": id() }))),
        (
            "deleteCheckInWords",
            input(&json!({ "checkInId": of.check_in })),
        ),
        (
            "createCircle",
            input(&json!({ "id": id(), "name": "Monday", "purpose": "Talk" })),
        ),
        ("endPause", input(&json!({ "pauseId": of.pause }))),
        ("leaveCircle", input(&json!({ "circleId": of.circle }))),
        (
            "markNotificationsRead",
            input(&json!({ "upToId": of.notification })),
        ),
        (
            "markNotificationsRead",
            input(&json!({ "notificationIds": [of.notification] })),
        ),
        (
            "registerDevice",
            input(
                &json!({ "address": "anothers-phone", "addressKind": "FCM_FID",
            "platform": "IOS", "appVersion": "1.0.0", "locale": "en-GB" }),
            ),
        ),
        (
            "removeCircleMember",
            input(&json!({ "circleId": of.circle, "memberId": of.member })),
        ),
        ("removeTopic", input(&json!({ "topic": "grief" }))),
        (
            "rsvp",
            input(&json!({ "occurrenceId": of.occurrence, "answer": "GOING" })),
        ),
        ("scheduleMeeting", input(&meeting(app, &of.circle))),
        (
            "setCheckInReminder",
            input(&json!({ "localTime": "08:00", "enabled": true })),
        ),
        (
            "setCheckInDays",
            input(&json!({ "days": ["MONDAY", "FRIDAY"] })),
        ),
        ("setLifeContexts", input(&json!({ "lifeContexts": [] }))),
        (
            "setTopic",
            input(&json!({ "topic": "grief", "stance": "LIVING_WITH" })),
        ),
        (
            "setQuietHours",
            input(&json!({ "enabled": true, "from": "23:00", "until": "06:30" })),
        ),
        ("startPause", input(&pause(app))),
        ("unregisterDevice", input(&json!({ "deviceId": of.device }))),
        (
            "updateMeeting",
            input(&json!({ "meetingId": of.meeting, "expectedVersion": 1, "title": "Mine" })),
        ),
        ("updateProfile", input(&json!({ "bio": "Hello" }))),
    ]
}
