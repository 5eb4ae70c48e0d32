//! The open connections of a listener, and which one is closed if there are too many.
//!
//! Every connection takes a file descriptor, and a process has only so many. One address may hold a share of them. All
//! connections together leave enough for the rest of the process.
//!
//! A connection above these limits replaces another one. The replaced connection is one of the address that holds most.
//! If the new connection's own address then holds as many, it is one of that address. There, it is the one that has
//! been idle, or busy without credentials, for longest, so that the newest have time to send theirs.
//!
//! The latest `OF_ONE` connections of a member or a known device are never closed while they are busy. If no other
//! connection can be closed, the new one is not served.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::write_progress::WriteProgress;
use crate::account::network;
use crate::config::{HttpConfig, Proxies};

/// The most connections that count as those of one member or known device: the latest ones. Without this bound one
/// account could hold every place with requests that never end.
const OF_ONE: usize = 16;

/// The limits on the number of connections.
#[derive(Clone, Debug)]
pub struct Bounds {
    in_all: usize,
    per_address: usize,
    proxies: Proxies,
    /// Whether every connection comes from a proxy.
    behind_proxies: bool,
}

impl Bounds {
    /// The limits of the API: `in_all` together, of which one address gets at most half.
    pub fn of_api(config: &HttpConfig, in_all: usize) -> Self {
        let configured = usize::try_from(config.connections_per_address).unwrap_or(usize::MAX);
        Self {
            in_all,
            per_address: configured.min(in_all.div_ceil(2)),
            proxies: config.proxies.clone(),
            behind_proxies: config.proxies.is_empty() && config.trusted_proxies > 0,
        }
    }

    /// The limits of the operators' address, which has few clients.
    pub fn of_operators() -> Self {
        Self {
            in_all: 64,
            per_address: 64,
            proxies: Proxies::default(),
            behind_proxies: false,
        }
    }

    /// Returns the network that the connection counts for. `None` for a proxy, because many members are behind it.
    fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        let is_proxy = self.behind_proxies || self.proxies.contains(peer);
        (!is_proxy).then(|| network(peer))
    }
}

/// The connections of one listener. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The counter that numbers connections and turns.
    next: u64,
    seats: HashMap<u64, Entry>,
    networks: HashMap<IpAddr, Network>,
    /// The networks, ordered by their number of connections.
    sizes: BTreeSet<(usize, IpAddr)>,
    /// The idle connections: from the turn in which each became idle to its number.
    idle: BTreeMap<u64, u64>,
    /// For each member or known device its connections, the latest one last.
    known: HashMap<Uuid, VecDeque<u64>>,
}

#[derive(Debug)]
struct Entry {
    network: Option<IpAddr>,
    /// The number of requests and sockets that are open on it.
    busy: u32,
    /// Its position among the idle connections, or among the busy ones without credentials.
    turn: u64,
    /// The member or known device whose credentials it has shown.
    known: Option<Uuid>,
    idle_since: Instant,
    /// The bytes that had been read from it when it became idle.
    heard: u64,
    end: CancellationToken,
}

#[derive(Debug, Default)]
struct Network {
    open: usize,
    /// Turn and number of the idle connections.
    idle: BTreeSet<(u64, u64)>,
    /// Turn and number of the busy connections without credentials.
    strangers: BTreeSet<(u64, u64)>,
}

/// A connection's place. It is given back when the last copy is dropped.
#[derive(Clone, Debug)]
pub struct Seat(Arc<SeatParts>);

#[derive(Debug)]
struct SeatParts {
    number: u64,
    end: CancellationToken,
    of: Connections,
}

/// Marks a connection as busy with a request or a socket until this is dropped.
#[derive(Debug)]
#[must_use = "the connection is idle again once this is dropped"]
pub struct Busy {
    seat: Seat,
    progress: WriteProgress,
}

/// An idle connection.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    /// How long it has been idle.
    pub lasts: Duration,
    /// The bytes that had been read from it when it became idle.
    pub heard: u64,
}

impl Connections {
    /// Starts without connections.
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Shared {
            bounds,
            state: Mutex::default(),
        }))
    }

    /// Admits a connection. Returns `None` if there are too many and none of them can be closed.
    pub fn take(&self, peer: IpAddr) -> Option<Seat> {
        let bounds = &self.0.bounds;
        let network = bounds.counted(peer);
        let mut state = self.state();
        if let Some(network) = network
            && state.open_of(network) >= bounds.per_address
        {
            let one = state.dispensable_of(network)?;
            state.end(one);
        }
        if state.seats.len() >= bounds.in_all {
            let one = state.dispensable(network)?;
            state.end(one);
        }
        let (number, end) = state.enter(network);
        drop(state);
        Some(Seat(Arc::new(SeatParts {
            number,
            end,
            of: self.clone(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn open_of(&self, network: IpAddr) -> usize {
        self.networks.get(&network).map_or(0, |of| of.open)
    }

    /// Returns the connection to close for a new one from this network.
    fn dispensable(&self, network: Option<IpAddr>) -> Option<u64> {
        let own = network.map_or(0, |network| self.open_of(network));
        let of_heaviest = || {
            let (open, heaviest) = self.sizes.last().copied()?;
            // `own + 1` includes the new connection.
            (open > own + 1).then(|| self.dispensable_of(heaviest))?
        };
        let of_own = || network.and_then(|network| self.dispensable_of(network));
        let of_all = || self.idle.first_key_value().map(|(_, number)| *number);
        of_heaviest().or_else(of_own).or_else(of_all)
    }

    fn dispensable_of(&self, network: IpAddr) -> Option<u64> {
        let of = self.networks.get(&network)?;
        let oldest = of
            .idle
            .first()
            .into_iter()
            .chain(of.strangers.first())
            .min();
        oldest.map(|(_, number)| *number)
    }

    /// Changes the number of a network's connections.
    fn resize(&mut self, network: IpAddr, by: isize) {
        let of = self.networks.entry(network).or_default();
        self.sizes.remove(&(of.open, network));
        of.open = of.open.saturating_add_signed(by);
        if of.open == 0 {
            self.networks.remove(&network);
        } else {
            self.sizes.insert((of.open, network));
        }
    }

    fn enter(&mut self, network: Option<IpAddr>) -> (u64, CancellationToken) {
        let (number, end) = (self.turn(), CancellationToken::new());
        let entry = Entry {
            network,
            busy: 0,
            turn: number,
            known: None,
            idle_since: Instant::now(),
            heard: 0,
            end: end.clone(),
        };
        self.seats.insert(number, entry);
        if let Some(network) = network {
            self.resize(network, 1);
        }
        self.put_among_idle(number);
        (number, end)
    }

    fn put_among_idle(&mut self, number: u64) {
        let Some(entry) = self.seats.get(&number) else {
            return;
        };
        self.idle.insert(entry.turn, number);
        if let Some(of) = entry.network.and_then(|of| self.networks.get_mut(&of)) {
            of.idle.insert((entry.turn, number));
        }
    }

    fn forget_turn(&mut self, number: u64) {
        let Some(entry) = self.seats.get(&number) else {
            return;
        };
        self.idle.remove(&entry.turn);
        if let Some(of) = entry.network.and_then(|of| self.networks.get_mut(&of)) {
            of.idle.remove(&(entry.turn, number));
            of.strangers.remove(&(entry.turn, number));
        }
    }

    fn begin(&mut self, number: u64) {
        let turn = self.turn();
        let Some(entry) = self.seats.get_mut(&number) else {
            return;
        };
        entry.busy += 1;
        if entry.busy > 1 {
            return;
        }
        self.forget_turn(number);
        if let Some(entry) = self.seats.get_mut(&number) {
            entry.turn = turn;
            if let Some(of) = entry.network.and_then(|of| self.networks.get_mut(&of))
                && entry.known.is_none()
            {
                of.strangers.insert((turn, number));
            }
        }
    }

    fn mark_known(&mut self, number: u64, whose: Uuid) {
        let Some(entry) = self.seats.get_mut(&number) else {
            return;
        };
        if entry.known.is_some() {
            return;
        }
        entry.known = Some(whose);
        if let Some(of) = entry.network.and_then(|of| self.networks.get_mut(&of)) {
            of.strangers.remove(&(entry.turn, number));
        }
        let his = self.known.entry(whose).or_default();
        his.push_back(number);
        if his.len() > OF_ONE
            && let Some(first) = his.pop_front()
        {
            self.forget_known(first);
        }
    }

    /// Counts it as a connection without credentials again.
    fn forget_known(&mut self, number: u64) {
        let Some(entry) = self.seats.get_mut(&number) else {
            return;
        };
        entry.known = None;
        if let Some(of) = entry.network.and_then(|of| self.networks.get_mut(&of))
            && entry.busy > 0
        {
            of.strangers.insert((entry.turn, number));
        }
    }

    fn rest(&mut self, number: u64, heard: u64) {
        let turn = self.turn();
        let Some(entry) = self.seats.get_mut(&number) else {
            return;
        };
        entry.busy = entry.busy.saturating_sub(1);
        if entry.busy > 0 {
            return;
        }
        self.forget_turn(number);
        if let Some(entry) = self.seats.get_mut(&number) {
            (entry.turn, entry.heard) = (turn, heard);
            entry.idle_since = Instant::now();
            self.put_among_idle(number);
        }
    }

    fn leave(&mut self, number: u64) -> Option<Entry> {
        self.forget_turn(number);
        let entry = self.seats.remove(&number)?;
        if let Some(network) = entry.network {
            self.resize(network, -1);
        }
        if let Some(whose) = entry.known
            && let Some(his) = self.known.get_mut(&whose)
        {
            his.retain(|other| *other != number);
            if his.is_empty() {
                self.known.remove(&whose);
            }
        }
        Some(entry)
    }

    /// Removes a connection from the counts and tells it to close.
    fn end(&mut self, number: u64) {
        if let Some(entry) = self.leave(number) {
            metrics::counter!("belay_http_connections_ended_total").increment(1);
            entry.end.cancel();
        }
    }
}

impl Seat {
    /// Waits until another connection needs this place.
    pub async fn needed_by_another(&self) {
        self.0.end.cancelled().await;
    }

    /// Marks the connection as busy.
    pub fn begin(&self, progress: &WriteProgress) -> Busy {
        self.0.of.state().begin(self.0.number);
        Busy {
            seat: self.clone(),
            progress: progress.clone(),
        }
    }

    /// Records that the connection has shown the credentials of a member or of a known device.
    pub fn mark_known(&self, whose: Uuid) {
        self.0.of.state().mark_known(self.0.number, whose);
    }

    /// Returns how long the connection has been idle, or `None` if it is busy.
    pub fn idle(&self) -> Option<Idle> {
        let state = self.0.of.state();
        let entry = state.seats.get(&self.0.number)?;
        (entry.busy == 0).then(|| Idle {
            lasts: entry.idle_since.elapsed(),
            heard: entry.heard,
        })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let parts = &self.seat.0;
        parts.of.state().rest(parts.number, self.progress.heard());
    }
}

impl Drop for SeatParts {
    fn drop(&mut self) {
        self.of.state().leave(self.number);
    }
}

#[cfg(test)]
mod tests;
