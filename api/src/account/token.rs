//! Access tokens: short-lived, signed, and checked without asking the database.
//!
//! A JSON Web Token (RFC 7519) signed with HMAC-SHA-256. It names the member and the session, and
//! nothing about him. Expiry is judged by the service's own clock.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{MemberId, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::{Access, SignedIn};
use crate::error::Fault;
use crate::keys::Keys;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: MemberId,
    sid: SessionId,
    /// Seconds since the epoch.
    exp: i64,
}

/// A fresh access token and when it ends.
pub fn issue(
    keys: &Keys,
    signed_in: SignedIn,
    now: DateTime<Utc>,
    lives: TimeDelta,
) -> Result<(String, DateTime<Utc>), Fault> {
    let ends = now + lives;
    let claims = Claims {
        sub: signed_in.member,
        sid: signed_in.session,
        exp: ends.timestamp(),
    };
    let key = EncodingKey::from_secret(keys.access_token());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|_| Fault::Broken("an access token can be signed"))?;
    Ok((token, ends))
}

/// Who a token stands for, and until when; none when it is not ours or has ended.
pub fn verify(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Access> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The library would ask the system's clock.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(keys.access_token());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
        .ok()?
        .claims;
    let ends_at = DateTime::from_timestamp(claims.exp, 0)?;
    (ends_at > now).then_some(Access {
        who: SignedIn {
            member: claims.sub,
            session: claims.sid,
        },
        ends_at,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_names_its_session_until_it_ends_and_under_no_other_key() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let others = Keys::derive(&"fedcba9876543210fedcba9876543210".into());
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let who = SignedIn {
            member: MemberId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
        };
        let (token, ends) = issue(&keys, who, now, TimeDelta::minutes(10)).unwrap();
        let access = Access { who, ends_at: ends };
        assert_eq!(verify(&keys, &token, now), Some(access));
        let a_moment = TimeDelta::microseconds(1);
        assert_eq!(verify(&keys, &token, ends - a_moment), Some(access));
        assert_eq!(verify(&keys, &token, ends), None);
        assert_eq!(verify(&others, &token, now), None);
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(verify(&keys, &format!("{unsigned}."), now), None);
    }
}
