//! `belay demo`: serves a made-up community in a fresh embedded database.

use std::net::SocketAddr;
use std::path::Path;

use chrono::{DateTime, Utc};
use sea_orm::prelude::Uuid;
use tempfile::TempDir;

use super::listeners::Doors;
use super::serve::{self, Roles};
use super::{Failure, console, setup};
use crate::account::token;
use crate::app::{App, Surroundings};
use crate::clock::Clock;
use crate::config::{self, Config, LogLevel, MailTransport, Mode, PushTransport};
use crate::db::{self, Db};
use crate::dev::demo::{self, Cast, OPEN_MEETINGS, PASSPHRASE};
use crate::dev_outbox::DevOutbox;
use crate::entropy::Entropy;
use crate::keys::Keys;
use crate::push::transport;
use crate::viewer::SignedIn;

/// How long an access token lasts: the longest that the configuration allows.
const TOKEN_MINUTES: u32 = 60;
/// How long the printed tokens last: longer than anybody moves the clock.
const PRINTED_DAYS: i64 = 3650;

/// Makes up the community and runs the service until it is told to end. The database is deleted with it.
pub fn command(file: Option<&Path>, at: Option<DateTime<Utc>>) -> Result<(), Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::message(format!("No folder for the database: {error}")))?;
    let config = settings(config::load(file)?, &folder)?;
    let _traces = crate::telemetry::init_with_traces(&config.log);
    let roles = Roles {
        api: true,
        worker: true,
    };
    setup::block_on(async {
        // Making up a community takes time: a used address must be found out before.
        let doors = Doors::reserve(&config, roles)?;
        let _occupied = setup::occupy(&config, roles.parts())?;
        let (app, cast) = make(config, at).await?;
        let tokens = [cast.member_session, cast.facilitator_session].map(|who| access(&app, who));
        let [member, facilitator] = tokens;
        let (member, facilitator) = (member?, facilitator?);
        let greeting = move |app: &App, address| {
            greet(app, address, &cast, &member, &facilitator);
        };
        serve::run(app, roles, doors, greeting).await
    })
}

/// Adapts the operator's settings: a fresh embedded database, mail and pushes on this terminal, and a quiet log.
fn settings(mut config: Config, folder: &TempDir) -> Result<Config, Failure> {
    if config.mode == Mode::Production {
        return Err(Failure::message(
            "The demonstration makes people up and shows their mail: it does not run with mode = \"production\".",
        ));
    }
    let file = folder.path().join("belay.db");
    config.database.url = format!("sqlite://{}", file.display()).into();
    config.mail.transport = MailTransport::Terminal;
    config.push.transport = PushTransport::Terminal;
    config.auth.access_token_minutes = TOKEN_MINUTES;
    // Moving the clock must not sign anybody out or remove a device.
    config.auth.refresh_token_days = 400;
    config.auth.session_days = 3650;
    config.log.level = LogLevel::Warn;
    let secret = Entropy::system().bytes::<32>();
    config.auth.secret = Uuid::from_slice(&secret[..16])
        .map(|half| format!("{half}{half}"))
        .map_err(Failure::message)?
        .into();
    Ok(config)
}

async fn make(config: Config, at: Option<DateTime<Utc>>) -> Result<(App, Cast), Failure> {
    let now = at.unwrap_or_else(|| Clock::system().now());
    let db = setup::connect(&config).await?;
    db::migrate(&db, &config.database)
        .await
        .map_err(Failure::message)?;

    console::say("Making up a community:");
    let past = Clock::manual(now - chrono::TimeDelta::days(60));
    let then = assemble(
        &config,
        &db,
        past,
        Entropy::seeded(7),
        DevOutbox::new(false),
    )?;
    let built = demo::build(then, now, |step| console::say(format!("  {step}"))).await;
    let cast = built.map_err(|fault| Failure::message(fault.class()))?;
    console::say(format!("  {} check-ins were made.\n", cast.check_ins));

    let clock = Clock::starting_at(now);
    let app = assemble(&config, &db, clock, Entropy::system(), DevOutbox::new(true))?;
    Ok((app, cast))
}

fn assemble(
    config: &Config,
    db: &Db,
    clock: Clock,
    entropy: Entropy,
    dev_outbox: DevOutbox,
) -> Result<App, Failure> {
    let keys = Keys::derive(&config.auth.secret);
    let push = transport::from_config(config, &clock, &dev_outbox).map_err(Failure::message)?;
    let surroundings = Surroundings {
        clock,
        entropy,
        dev_outbox,
        push,
        follow: crate::consequences::follow,
        zones: setup::zones(config)?,
    };
    App::new(config.clone(), db.clone(), keys, surroundings).map_err(Failure::message)
}

fn access(app: &App, who: SignedIn) -> Result<String, Failure> {
    let lives = chrono::TimeDelta::days(PRINTED_DAYS);
    let issued = token::issue(&app.keys, who, 0, app.clock.now() + lives);
    let token = issued.map_err(|fault| Failure::message(fault.class()))?;
    Ok(token)
}

fn greet(app: &App, address: SocketAddr, cast: &Cast, member: &str, facilitator: &str) {
    let id: Uuid = app.ids.next();
    let now = app.clock.now().format("%A %-d %B %Y, %H:%M:%S UTC");
    console::say(format!(
        r#"
It is {now}.

Two logins, both with the passphrase "{PASSPHRASE}":
  a member        {member_email}
  a facilitator   {facilitator_email}
or paste one of these under "Headers"; they stay good however far time is moved.
  the member       {{"Authorization": "Bearer {member}"}}
  the facilitator  {{"Authorization": "Bearer {facilitator}"}}

Three queries to paste. The home screen:

  {{ me {{ profile {{ handle bio }} progress {{ daysShownUp currentRun standing }} unreadNotificationCount
      checkIns(first: 7) {{ nodes {{ localDate mood }} }}
      nextMeetings(first: 3) {{ nodes {{ startsAt seatsTaken meeting {{ title place joinUrl }} }} }} }} }}

What is on, and whether there is a seat (an open meeting each day for {OPEN_MEETINGS} days):

  {{ upcomingMeetings(first: 10) {{ nodes {{ id startsAt seatsLeft viewerAnswer meeting {{ title format }} }} }} }}

Checking in; sent twice it counts once:

  mutation {{ checkIn(input: {{ id: "{id}", mood: 4 }}) {{
      checkIn {{ localDate mood }} progress {{ daysShownUp }} errors {{ code message path }} }} }}

In another terminal, eight hours pass and everything due on the way happens:

  curl -X POST http://{address}/dev/clock -H 'content-type: application/json' -d '{{"advance": {{"hours": 8}}}}'

Nudges and mail appear below; the first within the minute. Ctrl-C ends it, and forgets everybody.
"#,
        member_email = cast.member,
        facilitator_email = cast.facilitator,
    ));
}
