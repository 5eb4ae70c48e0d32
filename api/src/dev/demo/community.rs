//! Creates the community: its members, circles, check-ins and meetings.

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use entity::account::Role;
use serde_json::{Value, json};

use crate::account::service::set_role;
use crate::app::App;
use crate::error::Fault;
use crate::viewer::{SignedIn, Viewer};
use crate::zones::Zone;

use super::client::{Client, Seat};
use super::partners;
use super::people::{GATHERINGS, Gathering, Person, people};

/// The time zone of the meetings.
const LONDON: &str = "Europe/London";
/// Everybody's passphrase. It opens nothing outside the demonstration.
pub const PASSPHRASE: &str = "three knots and a quiet wall";
/// How many days of check-ins they have.
const DAYS: i64 = 21;
/// The first of the sixty is the member whose login is shown. The next three run the circles.
const MEMBER: usize = 0;
const FACILITATORS: std::ops::RangeInclusive<usize> = 1..=3;
/// The partner of that member.
const PARTNER: usize = MEMBER + GATHERINGS.len();
/// The members with a phone: those whose pushes are of interest. Sixty phones would fill the terminal with the same
/// pushes.
const WITH_PHONES: [usize; 3] = [MEMBER, *FACILITATORS.start(), PARTNER];
/// How many days have an open meeting, so that one can be answered however far time was moved.
pub const OPEN_MEETINGS: u32 = 90;

/// The two members whose logins are shown.
pub struct Cast {
    /// The e-mail address of the member.
    pub member: String,
    /// The member's session.
    pub member_session: SignedIn,
    /// The e-mail address of the facilitator.
    pub facilitator: String,
    /// The facilitator's session.
    pub facilitator_session: SignedIn,
    /// The number of check-ins.
    pub check_ins: usize,
}

pub(super) struct DemoMember {
    person: Person,
    pub seat: Seat,
    who: SignedIn,
    pub global_id: Value,
}

impl DemoMember {
    pub fn viewer(&self) -> Viewer {
        Viewer::Member(self.who)
    }
}

/// Creates the community with an app whose clock can be moved and stands more than [`DAYS`] before `now`. Leaves the
/// clock at `now`.
pub async fn build(app: App, now: DateTime<Utc>, say: impl Fn(&str)) -> Result<Cast, Fault> {
    let client = Client::new(app);
    set_clock(&client.app, now - TimeDelta::days(DAYS + 1))?;
    say("Sixty men sign up …");
    let members = gather(&client).await?;
    say("They form six circles …");
    let circles = form_circles(&client, &members).await?;
    say("Three weeks go by …");
    let check_ins = three_weeks(&client, &members, now).await?;
    set_clock(&client.app, now)?;
    say("This week's meetings are set …");
    this_week(&client, &members, &circles, now).await?;
    open_meetings(&client, &members, now).await?;
    set_reminders(&client, &members, now).await?;
    say("Two become partners, and one writes what is to happen when he goes quiet …");
    let (one, other) = (&members[MEMBER], &members[PARTNER]);
    let peering = partners::meet(&client, one, other, now).await?;
    let host = facilitator_of(0, &members);
    partners::write_ladder(&client, one, (other, &peering), (host, &circles[0])).await?;
    let facilitator = *FACILITATORS.start();
    Ok(Cast {
        member: members[MEMBER].person.email(),
        member_session: members[MEMBER].who,
        facilitator: members[facilitator].person.email(),
        facilitator_session: members[facilitator].who,
        check_ins,
    })
}

fn set_clock(app: &App, at: DateTime<Utc>) -> Result<(), Fault> {
    let set = app.clock.set(at);
    set.map_err(|_| Fault::Broken("the demonstration's clock goes forward"))
}

async fn gather(client: &Client) -> Result<Vec<DemoMember>, Fault> {
    const PROFILE: &str = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
        member { id } errors { code path } } }";
    const TOPIC: &str =
        "mutation($input: SetTopicInput!) { setTopic(input: $input) { errors { code path } } }";
    const CONTEXTS: &str =
        "mutation($input: SetLifeContextsInput!) { setLifeContexts(input: $input) {
        errors { code path } } }";
    const DEVICE: &str = "mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) {
        errors { code path } } }";
    let mut members = Vec::new();
    for (number, person) in (1_u8..).zip(people()) {
        let seat = Seat(number);
        let who = client.join(seat, &person).await?;
        let viewer = Viewer::Member(who);
        let profile =
            json!({ "bio": person.bio, "languages": ["en"], "contactModes": ["TEXT", "VOICE"] });
        let profile = client.ask(seat, viewer, PROFILE, profile).await?;
        let topic = json!({ "topic": person.topic, "stance": person.stance, "visibility": person.visibility });
        client.ask(seat, viewer, TOPIC, topic).await?;
        let contexts = json!({ "lifeContexts": [person.context] });
        client.ask(seat, viewer, CONTEXTS, contexts).await?;
        if WITH_PHONES.contains(&members.len()) {
            let address = format!("phone-of-{}", person.handle.to_lowercase());
            let device = json!({ "addressKind": "FCM_TOKEN", "address": address,
                "platform": "ANDROID", "appVersion": "1.0.0", "locale": "en" });
            client.ask(seat, viewer, DEVICE, device).await?;
        }
        if FACILITATORS.contains(&usize::from(number - 1)) {
            set_role(&client.app, &person.email(), Role::Facilitator).await?;
        }
        members.push(DemoMember {
            seat,
            who,
            global_id: profile["member"]["id"].clone(),
            person,
        });
    }
    Ok(members)
}

fn london() -> Result<Zone, Fault> {
    let broken = |_| Fault::Broken("London has a time zone");
    LONDON.parse().map_err(broken)
}

fn facilitator_of(circle: usize, members: &[DemoMember]) -> &DemoMember {
    let count = FACILITATORS.end() - FACILITATORS.start() + 1;
    &members[FACILITATORS.start() + circle % count]
}

/// Whether a member is in a circle. Each is in one; the member whose login is shown is in two.
fn is_in(circle: usize, member: usize) -> bool {
    member % GATHERINGS.len() == circle || (member == MEMBER && circle == GATHERINGS.len() - 1)
}

async fn form_circles(client: &Client, members: &[DemoMember]) -> Result<Vec<Value>, Fault> {
    const CREATE: &str = "mutation($input: CreateCircleInput!) { createCircle(input: $input) {
        circle { id } errors { code path } } }";
    const ADD: &str = "mutation($input: AddCircleMemberInput!) { addCircleMember(input: $input) {
        errors { code path } } }";
    const INVITED: &str = "{ me { circleInvitations(first: 1) { nodes { id } } } }";
    const ACCEPT: &str =
        "mutation($input: AnswerCircleInvitationInput!) { answerCircleInvitation(input: $input) {
        errors { code path } } }";
    let mut circles = Vec::new();
    for (number, gathering) in GATHERINGS.iter().enumerate() {
        let host = facilitator_of(number, members);
        let input = json!({ "id": client.app.ids.next::<uuid::Uuid>(), "name": gathering.name,
            "purpose": gathering.purpose });
        let created = client.ask(host.seat, host.viewer(), CREATE, input).await?;
        let circle = created["circle"]["id"].clone();
        for (index, member) in members.iter().enumerate() {
            if is_in(number, index) && member.who != host.who {
                let input = json!({ "circleId": circle, "memberId": member.global_id });
                client.ask(host.seat, host.viewer(), ADD, input).await?;
                let me = client
                    .ask(member.seat, member.viewer(), INVITED, Value::Null)
                    .await?;
                let invitation = &me["circleInvitations"]["nodes"][0]["id"];
                let input = json!({ "invitationId": invitation, "accept": true });
                client
                    .ask(member.seat, member.viewer(), ACCEPT, input)
                    .await?;
            }
        }
        circles.push(circle);
    }
    Ok(circles)
}

async fn three_weeks(
    client: &Client,
    members: &[DemoMember],
    now: DateTime<Utc>,
) -> Result<usize, Fault> {
    const CHECK_IN: &str =
        "mutation($input: CheckInInput!) { checkIn(input: $input) { errors { code path } } }";
    let entropy = &client.app.entropy;
    let mut made = 0;
    for day in (1..=DAYS).rev() {
        set_clock(&client.app, now - TimeDelta::days(day))?;
        for (index, member) in members.iter().enumerate() {
            // Some check in nearly every day, some now and then, and nobody always.
            let steadiness = 45 + u64::try_from((28 + index * 7) % 50).unwrap_or_default();
            if entropy.below(100) >= steadiness {
                continue;
            }
            let mood = 2 + entropy.below(4);
            let input = json!({ "id": client.app.ids.next::<uuid::Uuid>(), "mood": mood });
            client
                .ask(member.seat, member.viewer(), CHECK_IN, input)
                .await?;
            made += 1;
        }
    }
    Ok(made)
}

async fn schedule(client: &Client, host: &DemoMember, mut input: Value) -> Result<Value, Fault> {
    const SCHEDULE: &str =
        "mutation($input: ScheduleMeetingInput!) { scheduleMeeting(input: $input) {
        occurrence { id } errors { code path } } }";
    input["id"] = json!(client.app.ids.next::<uuid::Uuid>());
    input["timeZone"] = json!(LONDON);
    let made = client
        .ask(host.seat, host.viewer(), SCHEDULE, input)
        .await?;
    Ok(made["occurrence"]["id"].clone())
}

async fn go(client: &Client, member: &DemoMember, occurrence: &Value) -> Result<(), Fault> {
    const RSVP: &str =
        "mutation($input: RsvpInput!) { rsvp(input: $input) { errors { code path } } }";
    let input = json!({ "occurrenceId": occurrence, "answer": "GOING" });
    client
        .ask(member.seat, member.viewer(), RSVP, input)
        .await?;
    Ok(())
}

async fn this_week(
    client: &Client,
    members: &[DemoMember],
    circles: &[Value],
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    for (number, (gathering, circle)) in GATHERINGS.iter().zip(circles).enumerate() {
        let host = facilitator_of(number, members);
        let input = meeting_of(gathering, circle, now)?;
        let occurrence = schedule(client, host, input).await?;
        for (index, member) in members.iter().enumerate() {
            if is_in(number, index) && (index == MEMBER || client.app.entropy.below(10) < 6) {
                go(client, member, &occurrence).await?;
            }
        }
    }
    Ok(())
}

/// Schedules a meeting each day that is open to every member. The first starts in an hour and a moment: its reminder is
/// the first push that appears.
async fn open_meetings(
    client: &Client,
    members: &[DemoMember],
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let soon = (now + TimeDelta::minutes(60) + TimeDelta::seconds(40)).with_timezone(&london()?);
    let host = facilitator_of(0, members);
    for day in 0..OPEN_MEETINGS {
        let date = soon.date_naive() + chrono::Days::new(day.into());
        let input = json!({ "title": "Doorstep: an hour for newcomers", "format": "ONLINE", "durationMinutes": 60,
            "description": "Somebody meets you at the door. Stay for five minutes or for all of it.",
            "joinUrl": "https://meet.example.org/doorstep", "capacity": 30,
            "localDate": date, "localTime": soon.format("%H:%M:%S").to_string() });
        let occurrence = schedule(client, host, input).await?;
        if day == 0 {
            for member in members.iter().take(PARTNER) {
                go(client, member, &occurrence).await?;
            }
        }
    }
    Ok(())
}

fn meeting_of(gathering: &Gathering, circle: &Value, now: DateTime<Utc>) -> Result<Value, Fault> {
    let (days, time) = gathering.when;
    let date = now.with_timezone(&london()?).date_naive() + chrono::Days::new(days);
    let (place, link) = if gathering.online {
        (Value::Null, json!("https://meet.example.org/circle"))
    } else {
        (json!("The Old Chapel, Mill Lane"), Value::Null)
    };
    let format = if gathering.online {
        "ONLINE"
    } else {
        "IN_PERSON"
    };
    Ok(
        json!({ "circleId": circle, "title": gathering.title, "description": gathering.description,
        "format": format, "place": place, "joinUrl": link, "capacity": gathering.capacity,
        "localDate": date, "localTime": time, "durationMinutes": 90 }),
    )
}

/// Sets reminders. The first two members are reminded within the minute, the others at usual times of the day. Each has
/// a different minute, so that no two reminders in any zone are sent at once.
async fn set_reminders(
    client: &Client,
    members: &[DemoMember],
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    const REMIND: &str =
        "mutation($input: SetCheckInReminderInput!) { setCheckInReminder(input: $input) {
        errors { code path } } }";
    const CHOSEN: [u8; 4] = [7, 12, 18, 21];
    for (index, member) in members.iter().enumerate() {
        let time = if index < 2 {
            let seconds = 20 + 10 * i64::try_from(index).unwrap_or_default();
            let zone = member.person.zone.parse().or_else(|_| london())?;
            let at = (now + TimeDelta::seconds(seconds))
                .with_timezone(&zone)
                .time();
            at.with_nanosecond(0)
                .unwrap_or(at)
                .format("%H:%M:%S")
                .to_string()
        } else {
            format!("{:02}:{index:02}", CHOSEN[index % CHOSEN.len()])
        };
        let input = json!({ "localTime": time, "enabled": true });
        client
            .ask(member.seat, member.viewer(), REMIND, input)
            .await?;
    }
    Ok(())
}
