//! What a resolver may ask its context for.

use std::net::IpAddr;

use super::errors::{GqlError, GqlResult};
use crate::account::Viewer;
use crate::app::App;

/// Where a request came from, for limits per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The three things every resolver needs, without a word about types.
pub trait Context<'a> {
    /// What everything is given.
    fn app(&self) -> &'a App;
    /// Who asks.
    fn viewer(&self) -> Viewer;
    /// Who asks, when only a member may.
    fn member(&self) -> GqlResult<crate::account::SignedIn>;
    /// Where the request came from.
    fn client_address(&self) -> IpAddr;
}

impl<'a> Context<'a> for async_graphql::Context<'a> {
    fn app(&self) -> &'a App {
        self.data_unchecked()
    }

    fn viewer(&self) -> Viewer {
        self.data_opt().copied().unwrap_or(Viewer::Anonymous)
    }

    fn member(&self) -> GqlResult<crate::account::SignedIn> {
        match self.viewer() {
            Viewer::Member(signed_in) => Ok(signed_in),
            Viewer::Anonymous => Err(GqlError::Unauthenticated),
        }
    }

    fn client_address(&self) -> IpAddr {
        // A request that did not come over a socket is the program's own.
        let ClientAddress(address) = self
            .data_opt()
            .copied()
            .unwrap_or(ClientAddress(IpAddr::from([127, 0, 0, 1])));
        address
    }
}
