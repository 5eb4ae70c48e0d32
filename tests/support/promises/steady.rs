//! Phones that go on through a fault: what fails is sent again after a moment, at the next server when there are several.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::load::{Act, CLIENTS, Load};
use crate::{TestServer, eventually};

/// Before a phone sends again what failed.
const AGAIN: Duration = Duration::from_millis(300);
/// How long a phone waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nothing has failed for so long: the service is healthy.
const CALM: Duration = Duration::from_secs(2);

/// How many phones there are, and how busy.
#[derive(Clone, Copy, Debug)]
pub struct Members {
    /// Phones that ask side by side.
    pub count: usize,
    /// Between two requests of a phone.
    pub pace: Duration,
}

impl Default for Members {
    fn default() -> Self {
        Self {
            count: CLIENTS,
            pace: Duration::from_millis(100),
        }
    }
}

/// The phones. They go on until [`Steady::end`].
pub struct Steady {
    shared: Arc<Shared>,
    phones: JoinSet<()>,
    over: watch::Sender<bool>,
}

struct Shared {
    load: Arc<Load>,
    members: Members,
    servers: Mutex<Vec<String>>,
    seen: Mutex<Vec<Seen>>,
}

/// A request that has ended.
struct Seen {
    begun: Instant,
    ended: Instant,
    /// What the phone saw of it; `None` if it was answered.
    fault: Option<String>,
}

/// What phones saw of a fault.
#[derive(Debug)]
pub struct Weathered {
    /// Requests that were answered.
    pub answered: usize,
    /// Those that were not, by what their phones saw.
    pub faults: BTreeMap<String, usize>,
    /// The longest time in which nobody was answered.
    pub silence: Duration,
    /// From the end of the fault to the last that failed.
    pub recovered: Duration,
    /// What 99 of a hundred good requests took at most during the fault.
    pub p99: Duration,
}

impl Load {
    /// Has all phones ask these servers until they are told to stop.
    pub fn keep_up(self: &Arc<Self>, members: Members, servers: &[&TestServer]) -> Steady {
        let (over, told) = watch::channel(false);
        let shared = Arc::new(Shared {
            load: Arc::clone(self),
            members,
            servers: Mutex::default(),
            seen: Mutex::default(),
        });
        let steady = Steady {
            shared,
            phones: JoinSet::new(),
            over,
        };
        steady.ask(servers);
        let mut steady = steady;
        for number in 0..members.count {
            let (shared, told) = (Arc::clone(&steady.shared), told.clone());
            steady.phones.spawn(shared.phone(number, told));
        }
        steady
    }
}

impl Steady {
    /// From now on these servers are asked.
    pub fn ask(&self, servers: &[&TestServer]) {
        let urls = servers.iter().map(|server| server.url("/graphql"));
        *lock(&self.shared.servers) = urls.collect();
    }

    /// Waits until every phone has been answered about twice since an instant, and nothing has failed for a while.
    pub async fn is_calm(&self, since: Instant) {
        let calm = || {
            let seen = lock(&self.shared.seen);
            let good = seen
                .iter()
                .filter(|seen| seen.fault.is_none() && seen.begun > since);
            let failed = seen.iter().rev().find(|seen| seen.fault.is_some());
            let calm = failed.is_none_or(|seen| seen.ended.elapsed() > CALM);
            calm && since.elapsed() > CALM && good.count() >= 2 * self.shared.members.count
        };
        eventually("the service is healthy", async || calm()).await;
    }

    /// Has the phones stop, each once it has its answer; what they saw of a fault that began and ended then.
    pub async fn end(self, began: Instant, healed: Instant) -> Weathered {
        self.over.send_replace(true);
        self.phones.join_all().await;
        let mut seen = std::mem::take(&mut *lock(&self.shared.seen));
        seen.sort_by_key(|seen| seen.ended);
        let mut faults = BTreeMap::new();
        for fault in seen.iter().filter_map(|seen| seen.fault.clone()) {
            *faults.entry(fault).or_default() += 1;
        }
        let good: Vec<_> = seen.iter().filter(|seen| seen.fault.is_none()).collect();
        let pauses = good.iter().zip(good.iter().skip(1));
        let pauses = pauses.filter(|(_, next)| next.ended > began);
        let silence = pauses.map(|(one, next)| next.ended - one.ended).max();
        let failed = seen.iter().rev().find(|seen| seen.fault.is_some());
        let meanwhile = good
            .iter()
            .filter(|seen| seen.ended > began && seen.begun < healed);
        let mut took: Vec<_> = meanwhile.map(|seen| seen.ended - seen.begun).collect();
        took.sort();
        Weathered {
            answered: good.len(),
            faults,
            silence: silence.unwrap_or_default(),
            recovered: failed.map_or(Duration::ZERO, |seen| {
                seen.ended.saturating_duration_since(healed)
            }),
            p99: took.get(took.len() * 99 / 100).copied().unwrap_or_default(),
        }
    }
}

impl Shared {
    async fn phone(self: Arc<Self>, number: usize, over: watch::Receiver<bool>) {
        let mut turn = number;
        while !*over.borrow() {
            let Some(act) = self.load.next() else {
                return;
            };
            let url = {
                let servers = lock(&self.servers);
                servers[turn % servers.len()].clone()
            };
            let begun = Instant::now();
            let answer = self.ask(&url, &act).await;
            let fault = match answer {
                Ok(answer) => {
                    self.load.done(act, &answer);
                    None
                }
                Err(fault) => {
                    self.load.undone(act);
                    turn += 1;
                    Some(fault)
                }
            };
            let pause = if fault.is_some() {
                AGAIN
            } else {
                self.members.pace
            };
            lock(&self.seen).push(Seen {
                begun,
                ended: Instant::now(),
                fault,
            });
            sleep(pause).await;
        }
    }

    async fn ask(&self, url: &str, act: &Act) -> Result<Value, String> {
        let request = self.load.request(url, act).timeout(PATIENCE);
        let network = |why: reqwest::Error| {
            let what = if why.is_timeout() {
                "no answer"
            } else if why.is_connect() {
                "refused connection"
            } else {
                "lost connection"
            };
            what.to_owned()
        };
        let answer = request.send().await.map_err(network)?;
        let status = answer.status();
        let answer: Value = answer.json().await.map_err(network)?;
        // That every seat is taken is an answer; by a clock that is wrong there are others, which are none.
        let refused = answer.pointer("/data/payload/errors/0/code");
        if let Some(code) = refused.and_then(Value::as_str)
            && code != "FULL"
        {
            return Err(format!("refused as {code}"));
        }
        match answer.pointer("/errors/0/extensions/code") {
            None => Ok(answer),
            Some(code) => Err(format!(
                "{} {}",
                status.as_u16(),
                code.as_str().unwrap_or("?")
            )),
        }
    }
}

impl fmt::Display for Weathered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered", self.answered)?;
        for (fault, count) in &self.faults {
            write!(f, ", {count} × {fault}")?;
        }
        Ok(())
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no phone panics")
}
