//! A client of the GraphQL over WebSocket protocol.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::TestServer;

/// The limit of each wait. It is long, because the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// An open socket. It answers the server's pings when it reads them.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a socket with these headers. Sends nothing on it.
    pub async fn connect(
        server: &TestServer,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        Self::over(stream, server, headers).await
    }

    /// Opens a socket with a small receive buffer, which soon fills up if the client does not read.
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

    /// Opens an anonymous socket through another address, such as a proxy's.
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

    /// Opens a socket, anonymously or with a member's token. Waits until the server accepts it.
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

    /// Sends any WebSocket message.
    pub async fn say(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Sends a protocol message.
    pub async fn send(&mut self, message: &Value) {
        self.say(Message::text(message.to_string())).await;
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        let message = json!({ "type": "subscribe", "id": id, "payload": payload });
        self.send(&message).await;
    }

    /// Stops an operation.
    pub async fn complete(&mut self, id: &str) {
        self.send(&json!({ "type": "complete", "id": id })).await;
    }

    /// Returns the next message, or `None` if the connection is gone. Returns pings too, and does not answer them.
    pub async fn silently(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message.expect("the server sends a message in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Pong(_)) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => return None,
            }
        }
    }

    /// Tries to send any WebSocket message. Returns whether it was sent.
    pub async fn tries_to_say(&mut self, message: Message) -> bool {
        self.0.send(message).await.is_ok()
    }

    /// Returns the next message that is not a ping.
    pub async fn next(&mut self) -> Value {
        self.heard()
            .await
            .unwrap_or_else(|why| panic!("the server closed the socket: {why:?}"))
    }

    /// Reads until the server closes the socket. Returns the close code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(why) = self.heard().await {
                let why = why.expect("the close has a reason");
                return (why.code.into(), why.reason.to_string());
            }
        }
    }

    /// Sends an operation that exceeds the message size limit. Waits until the server closes the socket, which may
    /// happen before all data is sent.
    pub async fn overwhelm(mut self, query: &str) {
        let message = json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
        let sent = self.0.send(Message::text(message.to_string())).await;
        let end = async {
            while let Some(Ok(message)) = self.0.next().await {
                assert!(!message.is_text(), "the server answers: {message}");
            }
        };
        if sent.is_ok() {
            let ended = tokio::time::timeout(PATIENCE, end).await;
            ended.expect("the server closes the socket");
        }
    }

    /// Returns the next message that is not a ping, or the server's close frame if it sent one.
    pub async fn heard(&mut self) -> Result<Value, Option<CloseFrame>> {
        let heard = tokio::time::timeout(PATIENCE, self.heard_at_last()).await;
        heard.expect("the server sends a message in time")
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
