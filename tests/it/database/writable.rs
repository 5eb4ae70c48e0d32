//! A database that answers and takes no writes.

use api::db::{Writes, takes_writes};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, TransactionTrait as _};
use support::{Engine, Program, SilentProxy, TestApp, TestDatabase, TestServer, both, eventually};

use super::{keys, write};

/// Makes every new connection read-only, as on a standby, or undoes that.
async fn read_only(beside: &DatabaseConnection, is: bool) {
    let set = format!(
        "BEGIN READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only TO {is}', \
         current_database()); END $$; COMMIT"
    );
    beside.execute_unprepared(&set).await.unwrap();
}

/// Ends every connection of the service, as a database does in a failover.
async fn end_connections(beside: &DatabaseConnection) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name = 'belay'";
    beside.execute_unprepared(end).await.unwrap();
}

#[both]
async fn a_server_whose_database_takes_no_writes_is_not_ready(database: TestDatabase) {
    let server = TestServer::start(&database, "").await;
    let ready = async || server.get("/readyz").await.text().await.unwrap();
    assert_eq!(ready().await, "ready\n");
    let beside = database.connect().await;
    if database.engine() == Engine::Sqlite {
        let holder = beside.begin().await.unwrap();
        holder
            .execute_unprepared("UPDATE member SET version = version")
            .await
            .unwrap();
        eventually("it is not ready", async || {
            ready().await.starts_with("not ready")
        })
        .await;
        holder.rollback().await.unwrap();
    } else {
        read_only(&beside, true).await;
        end_connections(&beside).await;
        eventually("it is not ready", async || {
            ready().await == "not ready: the database takes no writes\n"
        })
        .await;
        let doctor = Program::new("doctor").database(&database).run().await;
        assert_eq!(doctor.code, Some(1), "{}", doctor.said);
        assert!(
            doctor.said.contains("it takes no writes"),
            "{}",
            doctor.said
        );
        read_only(&beside, false).await;
        end_connections(&beside).await;
    }
    eventually("it is ready again", async || ready().await == "ready\n").await;
}

/// A connection to a server that was demoted is not kept for half an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_connection_is_replaced() {
    let database = TestDatabase::postgres().await;
    let beside = database.connect().await;
    read_only(&beside, true).await;
    let app = TestApp::configured(database, "").await;
    let refused = write(&app.app, "refused").await.unwrap_err();
    assert!(refused.is_outage(), "{}", refused.class());
    read_only(&beside, false).await;
    write(&app.app, "taken").await.unwrap();
    assert_eq!(keys(&app.app).await.unwrap(), ["taken"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_the_writable_one_is_used() {
    let database = TestDatabase::postgres().await;
    let (silent, good) = (
        SilentProxy::of(&database).await,
        SilentProxy::of(&database).await,
    );
    silent.silence();
    // Nobody listens on the first, the second is silent.
    let hosts = format!("127.0.0.1:1,{},{}", silent.address(), good.address());
    let url = good.url().replace(&good.address().to_string(), &hosts);
    let connect = async |more: &str| {
        // Two seconds for each host, also on a busy machine.
        let settings = "[database]\nconnect_timeout_seconds = 6\nacquire_timeout_seconds = 30";
        let config = support::config(&format!("{url}{more}"), settings).database;
        api::db::Db::connect(&config).await
    };
    let db = connect("").await.unwrap();
    assert_eq!(takes_writes(&db).await.unwrap(), Writes::Taken);
    assert!(good.accepted() > 0);

    let beside = database.connect().await;
    read_only(&beside, true).await;
    assert!(connect("").await.is_err(), "none takes writes");
    let any = connect("?target_session_attrs=any").await.unwrap();
    assert_eq!(takes_writes(&any).await.unwrap(), Writes::Refused);
}
