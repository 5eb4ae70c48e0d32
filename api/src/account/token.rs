//! Access tokens: short-lived, signed, and checked without asking the database.
//!
//! A JSON Web Token (RFC 7519) signed with HMAC-SHA-256. It names the member and the session, and says nothing else
//! about the member. The service's own clock decides whether it has expired.

use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::keys::Keys;
use crate::viewer::{Access, SignedIn};

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: MemberId,
    sid: SessionId,
    /// How many refresh tokens of the session came before the one it was issued with. `None` in tokens of earlier
    /// releases.
    #[serde(rename = "gen", default, skip_serializing_if = "Option::is_none")]
    generation: Option<i32>,
    /// Seconds since the epoch.
    exp: i64,
}

/// Signs an access token for a session's generation.
pub fn issue(
    keys: &Keys,
    signed_in: SignedIn,
    generation: i32,
    ends: DateTime<Utc>,
) -> Result<String, Fault> {
    let claims = Claims {
        sub: signed_in.member,
        sid: signed_in.session,
        generation: Some(generation),
        exp: ends.timestamp(),
    };
    let key = EncodingKey::from_secret(keys.access_token());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|_| Fault::Broken("an access token can be signed"))
}

/// Returns the member and session of a token, and when it expires. Returns `None` if it is not ours or has expired.
pub fn verify(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Access> {
    let mut validation = Validation::new(Algorithm::HS256);
    // The library would use the system's clock.
    validation.validate_exp = false;
    let mut keys = keys
        .access_tokens()
        .map(|key| DecodingKey::from_secret(key));
    let read = keys.find_map(|key| jsonwebtoken::decode::<Claims>(token, &key, &validation).ok());
    let claims = read?.claims;
    let ends_at = DateTime::from_timestamp(claims.exp, 0)?;
    (ends_at > now).then_some(Access {
        who: SignedIn {
            member: claims.sub,
            session: claims.sid,
        },
        generation: claims.generation,
        ends_at,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_valid_until_it_expires_and_refused_under_other_keys() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let others = Keys::derive(&"fedcba9876543210fedcba9876543210".into());
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let who = SignedIn {
            member: MemberId(Uuid::from_u128(1)),
            session: SessionId(Uuid::from_u128(2)),
        };
        let ends = now + TimeDelta::minutes(10);
        let token = issue(&keys, who, 3, ends).unwrap();
        let access = Access {
            who,
            generation: Some(3),
            ends_at: ends,
        };
        assert_eq!(verify(&keys, &token, now), Some(access));
        let a_moment = TimeDelta::microseconds(1);
        assert_eq!(verify(&keys, &token, ends - a_moment), Some(access));
        assert_eq!(verify(&keys, &token, ends), None);
        assert_eq!(verify(&others, &token, now), None);
        // A token that an earlier release issued.
        let claims =
            serde_json::json!({ "sub": who.member, "sid": who.session, "exp": ends.timestamp() });
        let key = EncodingKey::from_secret(keys.access_token());
        let older = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        let generation = None;
        let without = Access {
            generation,
            ..access
        };
        assert_eq!(verify(&keys, &older, now), Some(without));
        let (old, new) = (
            "0123456789abcdef0123456789abcdef".into(),
            "fedcba9876543210fedcba9876543210".into(),
        );
        let after = Keys::with_former(&new, &[old]);
        assert_eq!(verify(&after, &token, now), Some(access));
        let renewed = issue(&after, who, 3, ends).unwrap();
        assert_eq!(verify(&keys, &renewed, now), None);
        let unsigned = token.rsplit_once('.').unwrap().0;
        assert_eq!(verify(&keys, &format!("{unsigned}."), now), None);
    }
}
