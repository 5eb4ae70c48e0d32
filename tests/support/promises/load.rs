//! Many phones at once, and what they were promised.

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
/// Who gives his seat back does so when about so much else has been done.
const LATER: usize = 60;

const CHECK_IN: &str = "mutation($input: CheckInInput!) {
    payload: checkIn(input: $input) { checkIn { mood } errors { code } } }";
const RSVP: &str = "mutation($input: RsvpInput!) {
    payload: rsvp(input: $input) { occurrence { viewerAnswer } errors { code } } }";

/// Something a member does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// He checks in.
    CheckIn {
        /// Who.
        who: SignedIn,
        /// The check-in's id, of his phone.
        id: CheckInId,
        /// From 1 to 5.
        mood: i32,
    },
    /// He answers to a meeting.
    Answer {
        /// Who.
        who: SignedIn,
        /// To which.
        to: OccurrenceId,
        /// What he answers.
        answer: Answer,
        /// Whether he takes it back when it was taken.
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

/// What was promised, and what is still to be done.
#[derive(Debug, Default)]
pub struct Book {
    /// The last comes first.
    fresh: Vec<Act>,
    /// To be sent again before anything else.
    unanswered: Vec<Act>,
    answered: usize,
    /// Every answer that was lost, and when that was noticed.
    pub(super) lost: Vec<(Act, DateTime<Utc>)>,
    /// The check-ins that were acknowledged, with their mood.
    pub(super) check_ins: HashMap<CheckInId, (MemberId, i32)>,
    /// The last answer of each that was acknowledged.
    pub(super) answers: HashMap<(MemberId, OccurrenceId), Answer>,
    /// Who was told that every seat is taken.
    pub(super) refused: HashSet<(MemberId, OccurrenceId)>,
}

impl Book {
    /// Notes an answer, which must be a proper one.
    fn note(&mut self, act: Act, answer: &Value) {
        let payload = &answer["data"]["payload"];
        let told = (&answer["errors"], &payload["errors"]);
        let proper = (&Value::Null, &json!([]));
        self.answered += 1;
        match act {
            Act::CheckIn { who, id, mood } => {
                assert_eq!(told, proper, "{act:?}: {answer}");
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
                if given == Answer::Going && told == (&Value::Null, &full) {
                    self.refused.insert(seat);
                    return;
                }
                assert_eq!(told, proper, "{act:?}: {answer}");
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

/// The phones.
pub struct Load {
    http: reqwest::Client,
    book: Mutex<Book>,
}

impl Load {
    /// Has all this to do.
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

    /// Has all phones ask a server, one thing after another each, until it does not answer.
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

    /// Has what was begun brought to its end, with nothing new; the book, closed.
    pub async fn settle(self: &Arc<Self>, server: &TestServer) -> Book {
        let left = std::mem::take(&mut self.book().fresh);
        assert!(!left.is_empty(), "there was too little to do");
        self.put_on(server).tasks.join_all().await;
        let book = std::mem::take(&mut *self.book());
        assert!(book.unanswered.is_empty(), "{:?}", book.unanswered);
        book
    }

    pub(super) fn next(&self) -> Option<Act> {
        let mut book = self.book();
        book.unanswered.pop().or_else(|| book.fresh.pop())
    }

    /// Returns when the request was begun that got no answer.
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

    /// The answer, when it was read to its end.
    async fn ask(&self, url: &str, act: &Act) -> Option<Value> {
        let answer = self.request(url, act).send().await.ok()?;
        let answer = answer.text().await.ok()?;
        Some(serde_json::from_str(&answer).unwrap())
    }

    pub(super) fn request(&self, url: &str, act: &Act) -> RequestBuilder {
        let token = TestServer::token(act.who());
        self.http.post(url).bearer_auth(token).json(&act.request())
    }

    /// Notes what was done, which was answered properly.
    pub(super) fn done(&self, act: Act, answer: &Value) {
        self.book().note(act, answer);
    }

    /// Notes that an answer was lost or was a fault: the phone sends the same again.
    pub(super) fn undone(&self, act: Act) {
        let mut book = self.book();
        book.unanswered.push(act);
        book.lost.push((act, Clock::system().now()));
    }
}

/// The phones, asking.
pub struct Clients {
    load: Arc<Load>,
    before: usize,
    tasks: JoinSet<Option<Instant>>,
}

/// What became of the requests to one server.
#[derive(Debug)]
pub struct Seen {
    /// Requests that were answered.
    pub answered: usize,
    /// Sent before the kill.
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
