//! The addresses that a process listens on. They are reserved first, so that a used address is found out before
//! anything else is done, and opened once the service can answer.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::Failure;
use super::serve::Roles;
use crate::config::Config;

/// How many connections may wait to be accepted. The same as in `TcpListener::bind`.
const BACKLOG: u32 = 1024;

/// The addresses of a process.
pub struct Doors {
    /// For members' apps.
    pub api: Option<Door>,
    /// For operators' machines.
    pub operations: Option<Door>,
}

impl Doors {
    /// Reserves the addresses that the roles need.
    pub fn reserve(config: &Config, roles: Roles) -> Result<Self, Failure> {
        let operations = config.operations.bind;
        let operations = operations.map(|wanted| Door::reserve("operations.bind", wanted));
        let api = roles
            .api
            .then(|| Door::reserve("http.bind", config.http.bind));
        Ok(Self {
            api: api.transpose()?,
            operations: operations.transpose()?,
        })
    }
}

/// An address that is reserved but does not accept connections yet.
pub struct Door {
    socket: TcpSocket,
    wanted: SocketAddr,
    key: &'static str,
}

impl Door {
    fn reserve(key: &'static str, wanted: SocketAddr) -> Result<Self, Failure> {
        let reserved = || {
            let socket = match wanted {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            // A server that ended a moment ago may have left connections behind, which are no reason to wait.
            socket.set_reuseaddr(true)?;
            socket.bind(wanted)?;
            io::Result::Ok(socket)
        };
        match reserved() {
            Ok(socket) => Ok(Self {
                socket,
                wanted,
                key,
            }),
            Err(error) => Err(taken(key, wanted, &error)),
        }
    }

    /// Accepts connections. Returns the address, because port 0 means any free port.
    pub fn open(self) -> Result<(TcpListener, SocketAddr), Failure> {
        let Self {
            socket,
            wanted,
            key,
        } = self;
        let opened = socket.listen(BACKLOG).and_then(|listener| {
            let address = listener.local_addr()?;
            Ok((listener, address))
        });
        opened.map_err(|error| taken(key, wanted, &error))
    }
}

fn taken(key: &str, wanted: SocketAddr, error: &io::Error) -> Failure {
    Failure::message(format!(
        "The address {wanted} cannot be listened on: {error}.\nSet {key} to a free ADDRESS:PORT of this machine, such as \
         with {}={}; port 0 takes any that is free.",
        crate::config::variable(key),
        SocketAddr::new(wanted.ip(), wanted.port().wrapping_add(1)),
    ))
}
