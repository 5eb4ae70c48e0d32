//! Phones that keep sending during a fault. They retry failed requests after a pause, at the next server if there are
//! several.

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

/// The pause before a phone retries a failed request.
const AGAIN: Duration = Duration::from_millis(300);
/// How long a phone waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The service is healthy if nothing has failed for this long.
const CALM: Duration = Duration::from_secs(2);

/// The number of phones, and their pace.
#[derive(Clone, Copy, Debug)]
pub struct Members {
    /// The number of concurrent phones.
    pub count: usize,
    /// The pause between two requests of a phone.
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

/// The phones. They keep sending until [`Steady::end`].
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
    /// The fault that the phone saw, or `None` if the request was answered.
    fault: Option<String>,
}

/// The effects of a fault, as the phones saw them.
#[derive(Debug)]
pub struct Weathered {
    /// Answered requests.
    pub answered: usize,
    /// The number of failed requests by fault.
    pub faults: BTreeMap<String, usize>,
    /// The longest time in which no request was answered.
    pub silence: Duration,
    /// The time from the end of the fault to the last failed request.
    pub recovered: Duration,
    /// The 99th percentile of the duration of answered requests during the fault.
    pub p99: Duration,
}

impl Load {
    /// Starts all phones. They send to these servers until [`Steady::end`].
    pub fn keep_up(self: &Arc<Self>, members: Members, servers: &[&TestServer]) -> Steady {
        let (over, is_over) = watch::channel(false);
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
            let (shared, is_over) = (Arc::clone(&steady.shared), is_over.clone());
            steady.phones.spawn(shared.phone(number, is_over));
        }
        steady
    }
}

impl Steady {
    /// Makes the phones send to these servers from now on.
    pub fn ask(&self, servers: &[&TestServer]) {
        let urls = servers.iter().map(|server| server.url("/graphql"));
        *lock(&self.shared.servers) = urls.collect();
    }

    /// Waits until each phone has had about two answers since this time, and nothing has failed for two
    /// seconds.
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

    /// Stops each phone after its current request. Returns the effects of the fault, which lasted from `began`
    /// to `healed`.
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
        // `FULL` is a valid answer. A wrong clock causes other refusals, which count as faults.
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
