//! What a resolver may ask its context for.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::errors::{GqlError, GqlResult};
use crate::app::App;
use crate::viewer::{SignedIn, Viewer};

/// Who sent a request, and from where: data of every request.
#[derive(Debug)]
pub struct Sender {
    viewer: Mutex<Viewer>,
    address: IpAddr,
}

impl Sender {
    /// A viewer at an address, for limits per address.
    pub const fn new(viewer: Viewer, address: IpAddr) -> Self {
        Self {
            viewer: Mutex::new(viewer),
            address,
        }
    }
}

/// The three things every resolver needs, without a word about types.
pub trait Context<'a> {
    /// What everything is given.
    fn app(&self) -> &'a App;
    /// Who asks. In a mutation that signs somebody in, it is he from there on: what its payload shows of him
    /// is his to see.
    fn viewer(&self) -> Viewer;
    /// Who asks, when only a member may.
    fn member(&self) -> GqlResult<SignedIn>;
    /// From here on it is this member who asks.
    fn signed_in(&self, who: SignedIn);
    /// Where the request came from.
    fn client_address(&self) -> IpAddr;
}

impl<'a> Context<'a> for async_graphql::Context<'a> {
    fn app(&self) -> &'a App {
        self.data_unchecked()
    }

    fn viewer(&self) -> Viewer {
        let viewer = &self.data_unchecked::<Sender>().viewer;
        *viewer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn member(&self) -> GqlResult<SignedIn> {
        match self.viewer() {
            Viewer::Member(signed_in) => Ok(signed_in),
            Viewer::Anonymous => Err(GqlError::Unauthenticated),
        }
    }

    fn signed_in(&self, who: SignedIn) {
        let viewer = &self.data_unchecked::<Sender>().viewer;
        *viewer.lock().unwrap_or_else(PoisonError::into_inner) = Viewer::Member(who);
    }

    fn client_address(&self) -> IpAddr {
        self.data_unchecked::<Sender>().address
    }
}
