//! What resolvers read from their context.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::errors::{GqlError, GqlResult};
use crate::app::App;
use crate::viewer::{SignedIn, Viewer};

/// The caller of a request and its address. Every request carries this as data.
#[derive(Debug)]
pub struct Sender {
    viewer: Mutex<Viewer>,
    address: IpAddr,
}

impl Sender {
    /// A viewer at an address. The address is for limits per address.
    pub const fn new(viewer: Viewer, address: IpAddr) -> Self {
        Self {
            viewer: Mutex::new(viewer),
            address,
        }
    }
}

/// What resolvers need from their context, without naming types.
pub trait Context<'a> {
    /// Returns the application.
    fn app(&self) -> &'a App;
    /// Returns the viewer. After a sign-in within a mutation this is the new member, who may see the fields of the
    /// payload.
    fn viewer(&self) -> Viewer;
    /// Returns the signed-in member, or an error if nobody is signed in.
    fn member(&self) -> GqlResult<SignedIn>;
    /// Makes this member the viewer from now on.
    fn signed_in(&self, who: SignedIn);
    /// Returns the address that the request came from.
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
