//! Two servers of one installation, each with phones of its own.

use serde_json::{Value, json};
use support::{NatsServer, Socket, TestApp, TestServer, both, eventually};

both!(what_happens_at_one_server_is_heard_at_the_other_and_an_outage_loses_nobody);

const RECORDED: &str = "subscription { checkInRecorded { checkInId refetch } }";
const CHECK_IN: &str = "mutation($input: CheckInInput!) { checkIn(input: $input) {
    checkIn { id } errors { code } } }";

async fn what_happens_at_one_server_is_heard_at_the_other_and_an_outage_loses_nobody(app: TestApp) {
    let mut nats = NatsServer::start();
    let a = TestServer::start(app.database(), &nats.toml()).await;
    let b = TestServer::start(app.database(), &nats.toml()).await;
    are_connected([&a, &b], true).await;
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let mut tablet = Socket::open(&b, Some(&token)).await;
    tablet.subscribe("check-ins", RECORDED, json!({})).await;
    listens(&b, 1).await;

    // A check-in at A with another mood each time: each is told to the tablet at B.
    let id: uuid::Uuid = app.app.ids.next();
    let check_in = async |mood: i32| {
        let input = json!({ "input": { "id": id, "mood": mood } });
        let answer = a.graphql(Some(&token), CHECK_IN, input).await;
        let done = &answer["data"]["checkIn"];
        assert_eq!(done["errors"], json!([]), "{answer}");
        json!({ "checkInId": done["checkIn"]["id"], "refetch": false })
    };
    let recorded = check_in(3).await;
    assert_eq!(heard(&mut tablet).await, recorded);

    nats.stop();
    are_connected([&a, &b], false).await;
    check_in(4).await;
    nats.start_again();
    // What was missed is not told; that something was is, once to every phone.
    let refetch = json!({ "checkInId": null, "refetch": true });
    assert_eq!(heard(&mut tablet).await, refetch);
    are_connected([&a, &b], true).await;
    let recorded = check_in(5).await;
    // The other server's return may have told the tablet to read again.
    let mut told = heard(&mut tablet).await;
    while told == refetch {
        told = heard(&mut tablet).await;
    }
    assert_eq!(told, recorded);
}

async fn heard(tablet: &mut Socket) -> Value {
    let message = tablet.next().await;
    assert_eq!(message["type"], "next", "{message}");
    message["payload"]["data"]["checkInRecorded"].clone()
}

async fn are_connected(servers: [&TestServer; 2], wanted: bool) {
    let wanted = format!("belay_bus_connected {}", u8::from(wanted));
    eventually("the servers hear each other, or do not", async || {
        let mut all = true;
        for server in servers {
            all &= metrics(server).await.contains(&wanted);
        }
        all
    })
    .await;
}

async fn listens(server: &TestServer, phones: u32) {
    let wanted = format!("belay_bus_subscriptions {phones}");
    eventually("the phone listens", async || {
        metrics(server).await.contains(&wanted)
    })
    .await;
}

async fn metrics(server: &TestServer) -> String {
    server.get("/metrics").await.text().await.unwrap()
}
