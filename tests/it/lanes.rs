//! Slow work does not delay other work.

use api::account::jobs::housekeep;
use api::db::{Pool, Stats};
use api::jobs::{AccountNotice, Job, enqueue};
use api::worker::Worker;
use chrono::{DateTime, TimeDelta, Utc};
use entity::job::JobState;
use entity::push_delivery::DeliveryState;
use entity::{job, member, pact, pact_side, peering, rate_limit};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, EntityTrait as _, IntoActiveModel, ModelTrait,
    PaginatorTrait as _, QueryFilter as _,
};
use support::{FromDatabase, TestApp, TestDatabase, both, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::pacts::agreed;
use crate::peerings::partners;

/// The service with a mail server that accepts connections and never answers.
struct Hanging {
    app: TestApp,
    _server: TcpListener,
}

impl FromDatabase for Hanging {
    async fn from_database(database: TestDatabase) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let toml = format!(
            "[mail]\ntransport = \"smtp\"\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\n\
             security = \"none\"\ntimeout_seconds = 60\n[worker]\nlease_seconds = 5\n"
        );
        Self {
            app: TestApp::configured(database, &toml).await,
            _server: server,
        }
    }
}

/// Enqueues letters to a member.
async fn enqueue_letters(app: &TestApp, count: usize) {
    let mike = app.member("mike").await;
    for _ in 0..count {
        let letter = Job::MailAccountNotice {
            member: mike.member,
            email: "mike@example.org".to_owned(),
            notice: AccountNotice::SignedIn,
        };
        enqueue(&app.app, app.app.db.pool(), &letter, app.now())
            .await
            .unwrap();
    }
}

async fn all_jobs(app: &TestApp) -> Vec<job::Model> {
    job::Entity::find().all(app.app.db.pool()).await.unwrap()
}

#[both]
async fn a_mail_server_that_hangs_delays_no_push(Hanging { app, _server }: Hanging) {
    enqueue_letters(&app, 40).await;
    let sam = app.member("sam").await;
    app.register(sam, "phone").await;
    let worker = Worker::new(app.app.clone()).run(CancellationToken::new());
    let worker = tokio::spawn(worker);
    let held = async || {
        let jobs = all_jobs(&app).await.into_iter();
        jobs.filter(|job| job.lease_until.is_some()).count()
    };
    eventually("every place for letters is taken", async || {
        held().await >= 8
    })
    .await;
    app.tell(sam, "event").await;
    app.app.wake.wake();
    eventually("the push leaves", async || {
        let deliveries = app.deliveries().await;
        deliveries.first().map(|row| row.state) == Some(DeliveryState::Accepted)
    })
    .await;
    worker.abort();
}

#[both]
async fn a_lease_lasts_while_its_job_runs(Hanging { app, _server }: Hanging) {
    enqueue_letters(&app, 1).await;
    let worker = Worker::new(app.app.clone()).run(CancellationToken::new());
    let worker = tokio::spawn(worker);
    let letter = async || {
        let mut jobs = all_jobs(&app).await.into_iter();
        jobs.find(|job| job.kind == "mail_account_notice").unwrap()
    };
    eventually("the letter is taken", async || {
        letter().await.lease_until.is_some()
    })
    .await;
    // Longer than a lease in all, in shorter steps.
    for _ in 0..2 {
        app.advance(TimeDelta::seconds(4));
        let renewed = app.now() + TimeDelta::seconds(5);
        eventually("the lease is renewed", async || {
            letter().await.lease_until == Some(renewed)
        })
        .await;
    }
    Worker::new(app.app.clone()).drain().await.unwrap();
    assert_eq!(letter().await.attempts, 1, "nobody else took it");
    worker.abort();
}

#[both]
async fn many_expired_rows_are_removed_a_slice_at_a_time(app: TestApp) {
    let db = app.app.db.pool();
    // More rows than one round removes.
    for slice in 0..11 {
        let full = (0..1_000).map(|n| {
            let row = rate_limit::Model {
                key: format!("{slice}-{n}"),
                full_at_us: 0,
            };
            row.into_active_model()
        });
        rate_limit::Entity::insert_many(full)
            .exec_without_returning(db)
            .await
            .unwrap();
    }
    let left = async || rate_limit::Entity::find().count(db).await.unwrap();
    assert!(housekeep(&app.app).await.unwrap(), "there is more");
    assert_eq!(left().await, 10_500);
    let stop = CancellationToken::new();
    stop.cancel();
    Worker::new(app.app.clone()).run(stop).await;
    app.drain().await;
    assert_eq!(left().await, 0);
    assert!(!housekeep(&app.app).await.unwrap());
    let next = api::worker::next_due(&app.app).await.unwrap();
    assert_eq!(next, Some(app.now() + TimeDelta::hours(1)));
}

#[both]
async fn work_for_a_hidden_member_is_left_to_a_later_round(app: TestApp) {
    let db = app.app.db.pool();
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering_id = partners(&app, mike, paul).await;
    agreed(&app, mike, paul, &peering_id).await;
    let peering = peering::Entity::find().one(db).await.unwrap().unwrap();
    let pact = pact::Entity::find().one(db).await.unwrap().unwrap();
    let sides = pact_side::Entity::find().all(db).await.unwrap();
    let side = sides.into_iter().find(|side| side.member_id == mike.member);
    let side = pact_side::Model {
        sharing: pact_side::Sharing::Mood,
        agreed_until: Some(app.now()),
        ..side.unwrap()
    };
    // A whole slice of his agreements ends while he is hidden.
    for n in 0..100 {
        let other = app.member(&format!("other{n}")).await.member;
        let id = app.app.ids.next();
        let with = peering::Model {
            id,
            lower_id: mike.member.min(other),
            higher_id: mike.member.max(other),
            ..peering.clone()
        };
        insert(db, with).await;
        let pact_id = app.app.ids.next();
        let between = pact::Model {
            id: pact_id,
            peering_id: id,
            ..pact.clone()
        };
        insert(db, between).await;
        let his = pact_side::Model {
            pact_id,
            ..side.clone()
        };
        insert(db, his).await;
    }
    let hide = async |at: Option<DateTime<Utc>>| {
        member::Entity::update_many()
            .col_expr(member::Column::HiddenAt, Expr::value(at))
            .filter(member::Column::Id.eq(mike.member))
            .exec(db)
            .await
            .unwrap();
    };
    hide(Some(app.now())).await;
    let more = async || api::pact::service::housekeep(&app.app).await.unwrap();
    assert!(!more().await, "there is nothing to be done now");
    hide(None).await;
    assert!(more().await, "a whole slice was done");
    assert!(!more().await);
    let given = pact_side::Entity::find().filter(pact_side::Column::AgreedUntil.lte(app.now()));
    assert_eq!(given.all(db).await.unwrap(), []);
}

async fn insert<M: ModelTrait + IntoActiveModel<A>, A>(db: &Pool, row: M)
where
    A: ActiveModelTrait<Entity = M::Entity>,
{
    let row = row.into_active_model().reset_all();
    M::Entity::insert(row)
        .exec_without_returning(db)
        .await
        .unwrap();
}

#[both]
async fn housekeeping_that_failed_often_is_retried_later(app: TestApp) {
    let db = app.app.db.pool();
    let most = app.app.config.worker.max_attempts;
    enqueue(&app.app, db, &Job::Housekeeping, app.now())
        .await
        .unwrap();
    // As workers left it that were killed.
    job::Entity::update_many()
        .col_expr(job::Column::Attempts, Expr::value(most))
        .exec(db)
        .await
        .unwrap();
    app.drain().await;
    let left = job::Entity::find().all(db).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].state, left[0].attempts),
        (JobState::Ready, most + 1)
    );
    assert!(left[0].run_at > app.now());
    app.advance(TimeDelta::hours(2));
    app.drain().await;
    let tried = job::Entity::find().filter(job::Column::Attempts.gt(0));
    assert_eq!(tried.count(db).await.unwrap(), 0, "it was done");
}

#[both]
async fn a_job_names_the_request_that_caused_it(app: TestApp) {
    let (app, db, now) = (&app.app, app.app.db.pool(), app.now());
    let request: uuid::Uuid = app.ids.next();
    let caused = enqueue(app, db, &Job::Housekeeping, now);
    Stats::of_request(request).scope(caused).await.unwrap();
    enqueue(app, db, &Job::Housekeeping, now).await.unwrap();
    let jobs = job::Entity::find().all(db).await.unwrap();
    let mut requests: Vec<_> = jobs.iter().map(|job| job.request_id).collect();
    requests.sort_unstable();
    assert_eq!(requests, [None, Some(request)]);
}
