//! The caller of a request.

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};

/// A member on one of the member's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The member.
    pub member: MemberId,
    /// The session of the request.
    pub session: SessionId,
}

/// The content of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The member and the session that the token is for.
    pub who: SignedIn,
    /// How many refresh tokens of the session came before the one it was issued with. `None` in a token of an earlier
    /// release.
    pub generation: Option<i32>,
    /// When it expires.
    pub ends_at: DateTime<Utc>,
}

/// The caller of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody is signed in.
    Anonymous,
    /// A signed-in member.
    Member(SignedIn),
}

impl Viewer {
    /// Returns the member, or `None` if nobody is signed in.
    pub const fn member(self) -> Option<MemberId> {
        match self {
            Self::Member(signed_in) => Some(signed_in.member),
            Self::Anonymous => None,
        }
    }
}
