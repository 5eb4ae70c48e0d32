//! Clients that read slowly, do not read, or fall silent.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Socket, eventually, slow_line};
use tokio_tungstenite::tungstenite::Message;

use super::server;

#[tokio::test]
async fn events_wait_for_a_client_that_does_not_read() {
    let server = server("").await;
    let mut socket = Socket::narrow(&server, None).await;
    let grown = server.peak_growth_from_here();
    let query = "subscription { floods(size: 20000) }";
    for id in 0..20 {
        socket.subscribe(&id.to_string(), query, json!({})).await;
    }
    // If they were buffered, the events of this time would take gigabytes.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let grown = grown.bytes();
    assert!(grown < 64 << 20, "{grown} bytes more");

    // Now the client reads. It is answered, and has missed nothing.
    socket.send(&json!({ "type": "ping" })).await;
    let mut last = HashMap::<String, u64>::new();
    loop {
        let message = socket.next().await;
        if message["type"] == "pong" {
            break;
        }
        let id = message["id"].as_str().unwrap().to_owned();
        let text = message["payload"]["data"]["floods"].as_str();
        let text = text.unwrap_or_else(|| panic!("{message}"));
        let number: u64 = text.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(last.insert(id, number).unwrap_or_default() + 1, number);
    }
}

#[tokio::test]
async fn a_slow_client_is_kept_and_a_client_that_does_not_read_is_dropped() {
    let server = server("[http]\nsocket_ping_seconds = 2").await;
    // The message takes five seconds to arrive. Without progress the socket would be closed after four.
    let line = slow_line(&server, 200_000).await;
    let mut slow = Socket::by_way_of(&line, &server).await;
    let mut absent = Socket::narrow(&server, None).await;
    let flood = "subscription { floods(size: 1000000) }";
    for socket in [&mut slow, &mut absent] {
        socket.subscribe("1", flood, json!({})).await;
    }
    let began = Instant::now();
    let message = slow.next().await;
    let text = message["payload"]["data"]["floods"].as_str();
    let text = text.unwrap_or_else(|| panic!("{message}"));
    assert!(text.len() > 1_000_000);
    assert!(
        began.elapsed() > Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    eventually("the other socket is closed", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_sockets_closed_total{code=\"reset\"} 1\n")
    })
    .await;
}

#[tokio::test]
async fn a_silent_client_gets_three_pings_and_is_dropped() {
    let server = server("[http]\nsocket_ping_seconds = 1").await;
    let mut lively = Socket::open(&server, None).await;
    lively
        .subscribe(
            "1",
            "subscription { ticks(every: 100, count: 70) }",
            json!({}),
        )
        .await;
    let goes_on = async move { while lively.next().await["type"] != "complete" {} };

    let silent = async |pings: bool| {
        let mut socket = Socket::open(&server, None).await;
        let mut asked = 0;
        while let Some(message) = socket.silently().await {
            assert_eq!(message, json!({ "type": "ping" }));
            asked += 1;
            assert!(asked < 20, "the socket is never closed");
            // A ping frame shows that the network works, not that the app does.
            if pings {
                socket.tries_to_say(Message::Ping(Vec::new().into())).await;
            }
        }
        asked
    };
    let (asked, asked_with_pings, ()) = tokio::join!(silent(false), silent(true), goes_on);
    assert_eq!((asked, asked_with_pings), (3, 3));
}

#[tokio::test]
async fn pings_of_a_client_that_does_not_read_take_no_memory() {
    let server = server("").await;
    let ping = json!({ "type": "ping", "payload": { "a": "x".repeat(900) } });
    let ping = Message::text(ping.to_string());
    let grown = server.peak_growth_from_here();
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = Socket::narrow(&server, None).await;
        // Up to a thousand, or as many as the server accepts.
        let flood = async {
            for _ in 0..1000 {
                socket.say(ping.clone()).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), flood).await;
        sockets.push(socket);
    }
    let grown = grown.bytes();
    assert!(grown < 10 << 20, "{grown} bytes more");
}
