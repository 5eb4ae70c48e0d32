//! Events of a commit that takes longer than its client waits.

use sea_orm::ConnectionTrait as _;
use serde_json::json;
use support::{Socket, TestApp, TestDatabase, TestServer, eventually};

/// Starts the service on a database where each commit of a check-in takes `seconds`.
async fn with_slow_commits(seconds: u32) -> TestApp {
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let slow = format!(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT OR UPDATE ON check_in
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
    );
    app.app.db.pool().execute_unprepared(&slow).await.unwrap();
    app
}

const RECORDED: &str = "subscription { checkInRecorded { checkInId refetch } }";
const CHECK_IN: &str = "mutation($id: UUID!, $mood: Int!) {
    checkIn(input: { id: $id, mood: $mood }) { errors { code } } }";

#[tokio::test]
async fn events_of_a_commit_after_a_timeout_are_delivered() {
    let app = with_slow_commits(3).await;
    let mike = TestServer::token(app.member("mike").await);
    let settings = "[http]\noperation_timeout_seconds = 1";
    let server = TestServer::start(app.database(), settings).await;
    let mut tablet = Socket::open(&server, Some(&mike)).await;
    tablet.subscribe("1", RECORDED, json!({})).await;
    let id: uuid::Uuid = app.app.ids.next();
    let variables = json!({ "id": id, "mood": 1 });
    let answer = server.graphql(Some(&mike), CHECK_IN, variables).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
    for refetch in [true, false] {
        let heard = tablet.next().await["payload"]["data"]["checkInRecorded"].clone();
        assert_eq!(heard["refetch"], refetch, "{heard}");
    }
}

#[tokio::test]
async fn events_of_a_commit_are_delivered_when_its_client_is_gone() {
    let app = with_slow_commits(1).await;
    let database = app.app.db.pool();
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let mut tablet = Socket::open(&server, Some(&mike)).await;
    tablet.subscribe("1", RECORDED, json!({})).await;
    let mut heard = async || tablet.next().await["payload"]["data"]["checkInRecorded"].clone();
    assert_eq!(heard().await["refetch"], true);

    let id: uuid::Uuid = app.app.ids.next();
    let commits = async || {
        eventually("the commit is under way", async || {
            let query = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'
                AND datname = current_database()";
            let found = database.query_one_raw(sea_orm::Statement::from_string(
                sea_orm::DbBackend::Postgres,
                query,
            ));
            found.await.unwrap().is_some()
        })
        .await;
    };
    let mut phone = Socket::open(&server, Some(&mike)).await;
    let variables = |mood: u32| json!({ "id": id, "mood": mood });
    phone.subscribe("1", CHECK_IN, variables(1)).await;
    commits().await;
    phone.complete("1").await;
    assert_eq!(heard().await["refetch"], false);

    phone.subscribe("2", CHECK_IN, variables(2)).await;
    commits().await;
    drop(phone);
    assert_eq!(heard().await["refetch"], false);

    tokio::select! {
        _ = server.graphql(Some(&mike), CHECK_IN, variables(3)) => panic!("it waits for the commit"),
        () = commits() => {}
    }
    assert_eq!(heard().await["refetch"], false);
}
