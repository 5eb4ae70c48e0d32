//! Who asks.

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};

/// A member on one of his devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who he is.
    pub member: MemberId,
    /// The session the request was made in.
    pub session: SessionId,
}

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who may act with it.
    pub who: SignedIn,
    /// How many refresh tokens of its session came before the one it was issued with; `None` in a token of an earlier
    /// release.
    pub generation: Option<i32>,
    /// From then on it is good no more.
    pub ends_at: DateTime<Utc>,
}

/// Who a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody has signed in.
    Anonymous,
    /// A member has.
    Member(SignedIn),
}

impl Viewer {
    /// The member, when there is one.
    pub const fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(signed_in) => Some(signed_in.member),
            Self::Anonymous => None,
        }
    }
}
