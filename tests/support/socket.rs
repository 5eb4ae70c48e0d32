//! A client of the GraphQL over WebSocket protocol, for one socket.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::TestServer;

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// An open socket. Pings of the server are answered when they are come upon.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a socket with these headers; nothing was said on it yet.
    pub async fn connect(
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        Self::over(stream, server, headers).await
    }

    /// As a phone whose memory is small: what it does not read is soon in the way.
    pub async fn narrow(server: &TestServer, token: Option<&str>) -> Self {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(4096).unwrap();
        let stream = tcp.connect(server.address().parse().unwrap()).await;
        let mut socket = Self::over(stream.unwrap(), server, &PROTOCOL)
            .await
            .unwrap();
        socket.introduce(token).await;
        socket
    }

    /// Opens a socket for nobody by another way than the server's own address.
    pub async fn by_way_of(address: &str, server: &TestServer) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut socket = Self::over(stream, server, &PROTOCOL).await.unwrap();
        socket.introduce(None).await;
        socket
    }

    async fn over(
        stream: TcpStream,
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let address = format!("ws://{}/graphql", server.address());
        let mut request = address.into_client_request().unwrap();
        for (name, value) in headers {
            let value = value.parse().unwrap();
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    /// Opens a socket, introduces nobody or a member, and waits until he is let in.
    pub async fn open(server: &TestServer, token: Option<&str>) -> Self {
        let mut socket = Self::connect(server, &PROTOCOL).await.unwrap();
        socket.introduce(token).await;
        socket
    }

    async fn introduce(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        let payload = payload.unwrap_or_default();
        self.send(&json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(self.next().await, json!({ "type": "connection_ack" }));
    }

    /// Says something, which may be anything.
    pub async fn say(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Sends a message of the protocol.
    pub async fn send(&mut self, message: &Value) {
        self.say(Message::text(message.to_string())).await;
    }

    /// Sends an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        let message = json!({ "type": "subscribe", "id": id, "payload": payload });
        self.send(&message).await;
    }

    /// Wants no more of an operation.
    pub async fn complete(&mut self, id: &str) {
        self.send(&json!({ "type": "complete", "id": id })).await;
    }

    /// The next message, even if it is a ping, which is not answered; `None` if the connection is gone.
    pub async fn silently(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message.expect("the server says something")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Pong(_)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => return None,
            }
        }
    }

    /// Says something, as often as it is taken; whether it was.
    pub async fn tries_to_say(&mut self, message: Message) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// The next message that is not a ping.
    pub async fn next(&mut self) -> Value {
        self.heard()
            .await
            .unwrap_or_else(|why| panic!("closed: {why:?}"))
    }

    /// Reads until the server closes the socket; the code and the reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(why) = self.heard().await {
                let why = why.expect("a reason");
                return (why.code.into(), why.reason.to_string());
            }
        }
    }

    /// Sends an operation that is larger than a message may be, and waits for the end, which may come before all of
    /// it is sent.
    pub async fn overwhelm(mut self, query: &str) {
        let message = json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
        let sent = self.0.send(Message::text(message.to_string())).await;
        let end = async {
            while let Some(Ok(message)) = self.0.next().await {
                assert!(!message.is_text(), "it is answered: {message}");
            }
        };
        if sent.is_ok() {
            let ended = tokio::time::timeout(PATIENCE, end).await;
            ended.expect("the server closes the socket");
        }
    }

    /// The next message that is not a ping, or why the server has closed the socket, if it says so.
    pub async fn heard(&mut self) -> Result<Value, Option<CloseFrame>> {
        let heard = tokio::time::timeout(PATIENCE, self.heard_at_last()).await;
        heard.expect("the server says something")
    }

    async fn heard_at_last(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let message = self.0.next().await.ok_or(None)?;
            match message.map_err(|fault| panic_or_none(&fault))? {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).unwrap();
                    if said["type"] != "ping" {
                        return Ok(said);
                    }
                    self.send(&json!({ "type": "pong" })).await;
                }
                Message::Close(why) => return Err(why),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn panic_or_none(fault: &Error) -> Option<CloseFrame> {
    match fault {
        Error::ConnectionClosed | Error::AlreadyClosed => None,
        other => panic!("{other}"),
    }
}

/// The header that asks for the protocol.
pub const PROTOCOL: [(&str, &str); 1] = [("sec-websocket-protocol", "graphql-transport-ws")];
