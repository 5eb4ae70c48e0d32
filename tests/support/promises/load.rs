//! Many concurrent phones, and what the service promised them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use api::clock::Clock;
use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::{DateTime, Utc};
use entity::rsvp::Answer;
use entity::{CheckInId, MemberId, OccurrenceId};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{TestServer, eventually};

pub(super) const CLIENTS: usize = 16;
/// A seat is given back after about this many other acts.
const LATER: usize = 60;

const CHECK_IN: &str = "mutation($input: CheckInInput!) {
    payload: checkIn(input: $input) { checkIn { mood } errors { code } } }";
const RSVP: &str = "mutation($input: RsvpInput!) {
    payload: rsvp(input: $input) { occurrence { viewerAnswer } errors { code } } }";

/// Something a member does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Checks in.
    CheckIn {
        /// The member.
        who: SignedIn,
        /// The check-in's id, from the member's phone.
        id: CheckInId,
        /// The mood, from 1 to 5.
        mood: i32,
    },
    /// Answers a meeting.
    Answer {
        /// The member.
        who: SignedIn,
        /// The meeting's occurrence.
        to: OccurrenceId,
        /// The answer.
        answer: Answer,
        /// Whether the member takes the answer back after it was accepted.
        leaves: bool,
    },
}

impl Act {
    const fn who(&self) -> SignedIn {
        match self {
            Self::CheckIn { who, .. } | Self::Answer { who, .. } => *who,
        }
    }

    fn request(&self) -> Value {
        match self {
            Self::CheckIn { id, mood, .. } => json!({
                "query": CHECK_IN,
                "variables": { "input": { "id": id, "mood": mood } },
            }),
            Self::Answer { to, answer, .. } => json!({
                "query": RSVP,
                "variables": { "input": { "occurrenceId": to.global(), "answer": word(*answer) } },
            }),
        }
    }
}

const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::Going => "GOING",
        Answer::NotGoing => "NOT_GOING",
    }
}

/// The acknowledged acts, and the acts still to do.
#[derive(Debug, Default)]
pub struct Book {
    /// New acts. The last is done first.
    fresh: Vec<Act>,
    /// Acts without an answer. They are sent again before new acts.
    unanswered: Vec<Act>,
    answered: usize,
    /// The acts whose answer was lost, and when the phone noticed.
    pub(super) lost: Vec<(Act, DateTime<Utc>)>,
    /// The acknowledged check-ins, with member and mood.
    pub(super) check_ins: HashMap<CheckInId, (MemberId, i32)>,
    /// The last acknowledged answer of each member to each meeting.
    pub(super) answers: HashMap<(MemberId, OccurrenceId), Answer>,
    /// The answers that were refused because the meeting is full.
    pub(super) refused: HashSet<(MemberId, OccurrenceId)>,
}

impl Book {
    /// Records an answer. Panics if it has an error other than `FULL`.
    fn note(&mut self, act: Act, answer: &Value) {
        let payload = &answer["data"]["payload"];
        let errors = (&answer["errors"], &payload["errors"]);
        let no_errors = (&Value::Null, &json!([]));
        self.answered += 1;
        match act {
            Act::CheckIn { who, id, mood } => {
                assert_eq!(errors, no_errors, "{act:?}: {answer}");
                assert_eq!(payload["checkIn"]["mood"], mood, "{act:?}: {answer}");
                self.check_ins.insert(id, (who.member, mood));
            }
            Act::Answer {
                who,
                to,
                answer: given,
                leaves,
            } => {
                let seat = (who.member, to);
                let full = json!([{ "code": "FULL" }]);
                if given == Answer::Going && errors == (&Value::Null, &full) {
                    self.refused.insert(seat);
                    return;
                }
                assert_eq!(errors, no_errors, "{act:?}: {answer}");
                let stands = &payload["occurrence"]["viewerAnswer"];
                assert_eq!(stands, word(given), "{act:?}: {answer}");
                self.answers.insert(seat, given);
                if leaves {
                    let later = self.fresh.len().saturating_sub(LATER);
                    let leave = Act::Answer {
                        who,
                        to,
                        answer: Answer::NotGoing,
                        leaves: false,
                    };
                    self.fresh.insert(later, leave);
                }
            }
        }
    }
}

/// The phones, and their book.
pub struct Load {
    http: reqwest::Client,
    book: Mutex<Book>,
}

impl Load {
    /// Creates a load of these acts. The last act is done first.
    pub fn new(acts: Vec<Act>) -> Self {
        Self {
            http: reqwest::Client::new(),
            book: Mutex::new(Book {
                fresh: acts,
                ..Book::default()
            }),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// Starts all phones. Each sends one act after another to the server, until the server does not answer.
    pub fn put_on(self: &Arc<Self>, server: &TestServer) -> Clients {
        let url = server.url("/graphql");
        let before = self.book().answered;
        let mut tasks = JoinSet::new();
        for _ in 0..CLIENTS {
            tasks.spawn(Arc::clone(self).client(url.clone()));
        }
        let load = Arc::clone(self);
        Clients {
            load,
            before,
            tasks,
        }
    }

    /// Sends the unanswered acts again, and no new ones. Returns the final book.
    pub async fn settle(self: &Arc<Self>, server: &TestServer) -> Book {
        let left = std::mem::take(&mut self.book().fresh);
        assert!(!left.is_empty(), "the load ran out of acts before the end");
        self.put_on(server).tasks.join_all().await;
        let book = std::mem::take(&mut *self.book());
        assert!(book.unanswered.is_empty(), "{:?}", book.unanswered);
        book
    }

    pub(super) fn next(&self) -> Option<Act> {
        let mut book = self.book();
        book.unanswered.pop().or_else(|| book.fresh.pop())
    }

    /// Returns when the unanswered request began, or `None` if no acts are left.
    async fn client(self: Arc<Self>, url: String) -> Option<Instant> {
        while let Some(act) = self.next() {
            let begun = Instant::now();
            let Some(answer) = self.ask(&url, &act).await else {
                self.undone(act);
                return Some(begun);
            };
            self.done(act, &answer);
        }
        None
    }

    /// Sends an act. Returns the answer, or `None` if it did not arrive completely.
    async fn ask(&self, url: &str, act: &Act) -> Option<Value> {
        let answer = self.request(url, act).send().await.ok()?;
        let answer = answer.text().await.ok()?;
        Some(serde_json::from_str(&answer).unwrap())
    }

    pub(super) fn request(&self, url: &str, act: &Act) -> RequestBuilder {
        let token = TestServer::token(act.who());
        self.http.post(url).bearer_auth(token).json(&act.request())
    }

    /// Records an answered act.
    pub(super) fn done(&self, act: Act, answer: &Value) {
        self.book().note(act, answer);
    }

    /// Records a lost or failed answer. The act is sent again.
    pub(super) fn undone(&self, act: Act) {
        let mut book = self.book();
        book.unanswered.push(act);
        book.lost.push((act, Clock::system().now()));
    }
}

/// The phones while they send acts.
pub struct Clients {
    load: Arc<Load>,
    before: usize,
    tasks: JoinSet<Option<Instant>>,
}

/// The results of the requests to one server.
#[derive(Debug)]
pub struct Seen {
    /// Answered requests.
    pub answered: usize,
    /// Unanswered requests that were sent before the kill.
    pub unanswered: usize,
}

impl Clients {
    /// Waits for the first answer.
    pub async fn answered(&self) {
        let answered = || self.load.book().answered > self.before;
        eventually("a request is answered", async || answered()).await;
    }

    /// Waits until every phone has noticed the kill.
    pub async fn ended(self, killed: Instant) -> Seen {
        let begun = self.tasks.join_all().await;
        let unanswered = begun.into_iter().flatten();
        Seen {
            answered: self.load.book().answered - self.before,
            unanswered: unanswered.filter(|begun| *begun < killed).count(),
        }
    }
}
