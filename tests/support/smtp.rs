//! A mail server for tests. It speaks enough SMTP (RFC 5321) to accept letters, and refuses some on request.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running mail server. It stops when this is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    /// The answers to the next recipients, instead of 250. An empty line means no answer.
    answers: VecDeque<&'static str>,
    receivers: Vec<String>,
    letters: Vec<String>,
    connections: usize,
    hangs: bool,
}

impl SmtpSink {
    /// Starts a mail server on a free loopback port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    // An error here means that the client has closed the connection.
                    let _ = converse(stream, &shared).await;
                });
            }
        });
        Self {
            address,
            state,
            server,
        }
    }

    /// Returns the configuration that sends mail to this server.
    pub fn toml(&self) -> String {
        format!(
            "[mail]\ntransport = \"smtp\"\n[mail.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \
             \"none\"\ntimeout_seconds = 1\n",
            self.address.port()
        )
    }

    /// Answers the next recipient with this line. If the line is empty, the client gets no answer.
    pub fn answer_next(&self, line: &'static str) {
        self.state.lock().unwrap().answers.push_back(line);
    }

    /// Stops answering.
    pub fn hang(&self) {
        self.state.lock().unwrap().hangs = true;
    }

    /// Starts answering again. Commands received in between stay unanswered.
    pub fn go_on(&self) {
        self.state.lock().unwrap().hangs = false;
    }

    /// Returns the recipients of all letters in order, accepted or refused.
    pub fn receivers(&self) -> Vec<String> {
        self.state.lock().unwrap().receivers.clone()
    }

    /// Returns the accepted letters, with headers.
    pub fn letters(&self) -> Vec<String> {
        self.state.lock().unwrap().letters.clone()
    }

    /// Returns how many connections clients have opened.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink.example.org\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        if state.lock().unwrap().hangs {
            continue;
        }
        let verb: String = line.chars().take(4).collect::<String>().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink.example.org\r\n250 8BITMIME",
            "RCPT" => {
                let mut state = state.lock().unwrap();
                state
                    .receivers
                    .push(line[8..].trim_matches(['<', '>']).to_owned());
                state.answers.pop_front().unwrap_or("250 so be it")
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut letter = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    letter.push_str(line.strip_prefix('.').unwrap_or(&line));
                    letter.push('\n');
                }
                state.lock().unwrap().letters.push(letter);
                "250 taken"
            }
            "QUIT" => {
                return write.write_all(b"221 so long\r\n").await;
            }
            _ => "250 so be it",
        };
        if !answer.is_empty() {
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
    Ok(())
}
