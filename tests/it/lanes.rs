//! What is slow holds up nothing but itself.

use api::account::jobs::housekeep;
use api::jobs::{AccountNotice, Job, Worker, enqueue};
use chrono::TimeDelta;
use entity::push_delivery::DeliveryState;
use entity::{job, rate_limit};
use sea_orm::{EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _};
use support::{FromDatabase, TestApp, TestDatabase, both, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

both!(
    a_mail_server_that_hangs_holds_up_no_push,
    a_lease_lasts_while_its_job_runs,
    much_that_has_had_its_day_is_removed_a_slice_at_a_time,
);

/// The service with a mail server that takes connections and says nothing.
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

/// Has letters written to a member.
async fn letters(app: &TestApp, count: usize) {
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

async fn a_mail_server_that_hangs_holds_up_no_push(Hanging { app, _server }: Hanging) {
    letters(&app, 40).await;
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

async fn a_lease_lasts_while_its_job_runs(Hanging { app, _server }: Hanging) {
    letters(&app, 1).await;
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
    // Longer than a lease, in steps that are shorter.
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

async fn much_that_has_had_its_day_is_removed_a_slice_at_a_time(app: TestApp) {
    let db = app.app.db.pool();
    // More than one round removes.
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
    let next = api::jobs::next_due(&app.app).await.unwrap();
    assert_eq!(next, Some(app.now() + TimeDelta::hours(1)));
}
