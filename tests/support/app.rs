//! The service in the test's process, with its own database and a clock that stands still.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use api::app::{App, Surroundings};
use api::clock::Clock;
use api::config::{Config, DEFAULTS, load_from};
use api::db::Db;
use api::dev_outbox::{DevOutbox, Sent};
use api::entropy::Entropy;
use api::graphql::context::Sender;
use api::keys::Keys;
use api::locale::{Country, Language};
use api::profile::Handle;
use api::profile::service::NewMember;
use api::push::Transport;
use api::schema::{self, BelaySchema};
use api::transact;
use api::tx::Done;
use api::viewer::{SignedIn, Viewer};
use api::worker::Worker;
use api::zones::Installed;
use async_graphql::{Request, Variables};
use chrono::{DateTime, TimeDelta, Utc};
use entity::account::Role;
use entity::{MemberId, SessionId, account, session};
use figment::Figment;
use figment::providers::{Format as _, Toml};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use secrecy::SecretString;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::edge::Edge;
use crate::program::SECRET;
use crate::{FromDatabase, ListedCodes, TestDatabase};

/// The address that requests come from (RFC 5737).
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The service, in this process.
pub struct TestApp {
    /// The state of the service.
    pub app: App,
    /// The schema, ready to execute.
    pub schema: BelaySchema,
    edge: Edge,
    database: TestDatabase,
}

impl FromDatabase for TestApp {
    async fn from_database(database: TestDatabase) -> Self {
        Self::configured(database, "").await
    }
}

impl TestApp {
    /// Starts the service with these changes to the configuration, as TOML. The clock shows noon in London on Tuesday
    /// 10 March 2026, before summer time begins.
    pub async fn configured(database: TestDatabase, toml: &str) -> Self {
        Self::made(database, toml, noon(), None).await
    }

    /// Like [`TestApp::configured`], with this push transport.
    pub async fn with_transport(
        database: TestDatabase,
        toml: &str,
        transport: Arc<dyn Transport>,
    ) -> Self {
        Self::made(database, toml, noon(), Some(transport)).await
    }

    /// Starts the service with the system's clock, for tests with a server process on the same database.
    pub async fn in_the_present(database: TestDatabase) -> Self {
        Self::in_the_present_configured(database, "").await
    }

    /// Like [`TestApp::in_the_present`], with these changes to the configuration.
    pub async fn in_the_present_configured(database: TestDatabase, toml: &str) -> Self {
        Self::made(database, toml, Clock::system(), None).await
    }

    async fn made(
        database: TestDatabase,
        toml: &str,
        clock: Clock,
        transport: Option<Arc<dyn Transport>>,
    ) -> Self {
        let config = config(&database.url(), toml);
        let app = assemble(
            config,
            clock,
            1,
            DevOutbox::new(false),
            (transport, Installed::bundled()),
        )
        .await;
        Self::of(app, database)
    }

    fn of(app: App, database: TestDatabase) -> Self {
        let codes = ListedCodes::default();
        let schema = schema::validated_builder(app.clone()).extension(codes.clone());
        let schema = schema.finish();
        Self {
            edge: Edge::new(app.clone(), schema.clone(), codes),
            schema,
            app,
            database,
        }
    }

    /// Starts another replica on the same database and clock.
    pub async fn replica(&self) -> App {
        let app = &self.app;
        let outbox = app.dev_outbox.clone();
        let (config, clock) = (app.config.clone(), app.clock.clone());
        assemble(
            config,
            clock,
            2,
            outbox,
            (None, app.zones.installed.clone()),
        )
        .await
    }

    /// Like [`replica`](Self::replica), with other zone data. Each replica needs its own seed.
    pub async fn replica_by(&self, zones: Installed, seed: u64) -> App {
        let app = &self.app;
        let outbox = app.dev_outbox.clone();
        let (config, clock) = (app.config.clone(), app.clock.clone());
        assemble(config, clock, seed, outbox, (None, zones)).await
    }

    /// Restarts the service with these changes to the configuration, on the same database and clock.
    pub async fn reconfigured(self, toml: &str) -> Self {
        let config = config(&self.database.url(), toml);
        let outbox = self.app.dev_outbox.clone();
        let zones = self.app.zones.installed.clone();
        let app = assemble(config, self.app.clock.clone(), 3, outbox, (None, zones)).await;
        Self::of(app, self.database)
    }

    /// Returns the database of the service.
    pub const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Returns the current time of the service's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Advances the clock. The worker does not run.
    pub fn advance(&self, by: TimeDelta) {
        self.app.clock.advance(by).unwrap();
    }

    /// Runs a worker until nothing is due.
    pub async fn drain(&self) {
        Worker::new(self.app.clone()).drain().await.unwrap();
    }

    /// Returns all letters and pushes sent so far.
    pub fn outbox(&self) -> Vec<Sent> {
        self.app.dev_outbox.all()
    }

    /// Creates a member in London, with a verified account and one session.
    pub async fn member(&self, handle: &str) -> SignedIn {
        self.member_with(handle, Role::Member).await
    }

    /// Creates a facilitator in London.
    pub async fn facilitator(&self, handle: &str) -> SignedIn {
        self.member_with(handle, Role::Facilitator).await
    }

    async fn member_with(&self, handle: &str, role: Role) -> SignedIn {
        let app = &self.app;
        let now = app.clock.now();
        let who = SignedIn {
            member: app.ids.random(),
            session: app.ids.next(),
        };
        let new = NewMember {
            id: who.member,
            handle: Handle::parse("handle", handle).unwrap(),
            time_zone: crate::zone("Europe/London"),
            country: Country::parse("country", "GB").unwrap(),
            locale: Language::parse("locale", "en-GB").unwrap(),
        };
        let made = transact!(app, |tx| {
            let made = api::profile::service::create(app, tx, &new).await?;
            account::Entity::insert(account_row(who.member, handle, role, now))
                .exec_without_returning(tx)
                .await?;
            session::Entity::insert(session_row(who, now))
                .exec_without_returning(tx)
                .await?;
            Ok(Done::Keep(made))
        });
        assert!(made.unwrap(), "the handle {handle} is taken");
        who
    }

    /// Sends a document anonymously.
    pub async fn anonymous(&self, query: &str, variables: Value) -> Answer {
        self.anonymous_from(HOME, query, variables).await
    }

    /// Sends a document anonymously, from this address.
    pub async fn anonymous_from(&self, from: IpAddr, query: &str, variables: Value) -> Answer {
        self.edge.post(None, from, query, variables).await
    }

    /// Sends a document as a member.
    pub async fn as_member(&self, who: SignedIn, query: &str, variables: Value) -> Answer {
        self.edge.post(Some(who), HOME, query, variables).await
    }

    /// Sends these members' documents concurrently, each from its own task. Returns the data of their answers. Panics
    /// if one has a top-level error.
    pub async fn at_once(&self, asked: Vec<(SignedIn, impl AsRef<str>, Value)>) -> Vec<Value> {
        let mut tasks = JoinSet::new();
        for (who, document, variables) in asked {
            let (edge, document) = (self.edge.clone(), document.as_ref().to_owned());
            tasks.spawn(async move {
                let answer = edge.post(Some(who), HOME, &document, variables).await;
                answer.ok()
            });
        }
        tasks.join_all().await
    }
}

/// Builds a request as the HTTP layer does.
pub fn request(viewer: Viewer, from: IpAddr, query: &str, variables: Value) -> Request {
    let request = Request::new(query).variables(Variables::from_json(variables));
    schema::sent_by(request, Sender::new(viewer, from))
}

fn noon() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_773_144_000, 0).unwrap())
}

async fn assemble(
    config: Config,
    clock: Clock,
    seed: u64,
    dev_outbox: DevOutbox,
    (transport, zones): (Option<Arc<dyn Transport>>, Installed),
) -> App {
    let db = Db::connect(&config.database).await.unwrap();
    let push = transport.unwrap_or_else(|| {
        api::push::transport::from_config(&config, &clock, &dev_outbox).unwrap()
    });
    let surroundings = Surroundings {
        clock,
        entropy: Entropy::seeded(seed),
        dev_outbox,
        push,
        follow: api::consequences::follow,
        zones,
    };
    let keys = Keys::derive(&SecretString::from(SECRET));
    let app = App::new(config, db, keys, surroundings).unwrap();
    app.bus.start();
    app
}

/// Budgets that no domain test exhausts.
const AMPLE: &str = "[graphql]
member_budget = { points = 1_000_000_000, per_second = 1 }
address_budget = { points = 1_000_000_000, per_second = 1 }
";

/// Returns the configuration of a test: the defaults, this database and the test's own settings.
pub fn config(url: &str, toml: &str) -> Config {
    // The clock of most tests stands still, so budgets do not refill.
    let database = format!("[database]\nurl = {url:?}\n{AMPLE}");
    let layers = Figment::new()
        .merge(Toml::string(DEFAULTS))
        .merge(Toml::string(&database))
        .merge(Toml::string(toml));
    load_from(&layers).unwrap()
}

/// The answer to a GraphQL request, and its cost.
#[derive(Debug)]
pub struct Answer {
    /// The `data`.
    pub data: Value,
    /// The top-level errors.
    pub errors: Vec<Value>,
    /// How many statements were sent to the database.
    pub statements: u64,
}

impl Answer {
    /// Returns the data. Panics if there are top-level errors.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.errors.is_empty(), "{:#?}", self.errors);
        self.data
    }

    /// Returns the data at a JSON pointer, such as `/signUp/errors/0/code`. Panics if there are top-level errors.
    #[track_caller]
    pub fn at(self, pointer: &str) -> Value {
        let data = self.ok();
        let found = data.pointer(pointer);
        found
            .unwrap_or_else(|| panic!("no {pointer} in {data:#}"))
            .clone()
    }

    /// Returns the code of the only top-level error.
    #[track_caller]
    pub fn code(&self) -> &str {
        assert_eq!(self.errors.len(), 1, "{:#?}", self.errors);
        self.errors[0]["extensions"]["code"].as_str().unwrap()
    }
}

fn account_row(
    member: MemberId,
    handle: &str,
    role: Role,
    now: DateTime<Utc>,
) -> account::ActiveModel {
    let email = format!("{}@example.org", handle.to_lowercase());
    account::ActiveModel {
        member_id: Set(member),
        email: Set(email.clone()),
        email_key: Set(email),
        // No passphrase matches this hash. These members already have a session.
        passphrase_hash: Set("!".to_owned()),
        role: Set(role),
        email_verified_at: Set(now),
        adult_stated_at: Set(now),
        terms_version: Set("2026-11".to_owned()),
        terms_accepted_at: Set(now),
        deletion_due_at: Set(None),
        deletion_undone_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

fn session_row(who: SignedIn, now: DateTime<Utc>) -> session::ActiveModel {
    let id: SessionId = who.session;
    session::ActiveModel {
        id: Set(id),
        member_id: Set(who.member),
        device_name: Set("A phone".to_owned()),
        generation: Set(0),
        secret_hash: Set(vec![0; 32]),
        confirmed_generation: Set(0),
        rotated_at: Set(now),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(now + TimeDelta::days(90)),
        revoked_at: Set(None),
        revoked_reason: Set(None),
    }
}
