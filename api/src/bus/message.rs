//! The messages that processes send each other: JSON, with a version.

use chrono::{DateTime, Utc};
use entity::SessionId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Event;

/// Messages of another version are ignored. A new kind of event does not need a new version: a process that does not
/// know the kind ignores it, and has no listeners for it.
const VERSION: u32 = 1;

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub(super) enum Payload {
    /// An event happened.
    Event { event: Event },
    /// These sessions were ended.
    Ended {
        sessions: Vec<SessionId>,
        at: DateTime<Utc>,
    },
    /// The first message on each connection. It is sent again whenever events were dropped.
    Here {
        /// How many connections the sender has had, including this one.
        connection: u64,
        /// Whether events of the sender may have been lost.
        lost: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Message<S> {
    version: u32,
    from: Uuid,
    #[serde(flatten)]
    payload: S,
}

/// Writes a message.
pub(super) fn write(from: Uuid, payload: &Payload) -> Result<Vec<u8>, serde_json::Error> {
    let version = VERSION;
    serde_json::to_vec(&Message {
        version,
        from,
        payload,
    })
}

/// Reads a message and its sender. Returns `None` if this version does not know the message.
pub(super) fn read(message: &[u8]) -> Option<(Uuid, Payload)> {
    let message: Message<Payload> = serde_json::from_slice(message).ok()?;
    (message.version == VERSION).then_some((message.from, message.payload))
}

#[cfg(test)]
mod tests {
    use entity::{CheckInId, MemberId};
    use serde_json::{Value, json};

    use super::*;

    const PROCESS: Uuid = Uuid::from_u128(1);

    fn payload() -> Payload {
        let event = Event::CheckInRecorded {
            member: MemberId(Uuid::from_u128(2)),
            check_in: CheckInId(Uuid::from_u128(3)),
            updated_at: "2026-03-10T12:00:00.000001Z".parse().unwrap(),
        };
        Payload::Event { event }
    }

    #[test]
    fn an_event_holds_only_ids_and_times_and_round_trips() {
        let written = write(PROCESS, &payload()).unwrap();
        assert_eq!(read(&written), Some((PROCESS, payload())));
        let id = |n| Uuid::from_u128(n).to_string();
        let expected = json!({ "version": 1, "from": id(1), "said": "event", "event": {
            "kind": "check_in_recorded", "member": id(2), "check_in": id(3),
            "updated_at": "2026-03-10T12:00:00.000001Z",
        } });
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected);
    }

    #[test]
    fn ended_sessions_round_trip() {
        let ended = Payload::Ended {
            sessions: vec![SessionId(Uuid::from_u128(4))],
            at: "2026-03-10T12:00:00Z".parse().unwrap(),
        };
        let written = write(PROCESS, &ended).unwrap();
        assert_eq!(read(&written), Some((PROCESS, ended)));
    }

    #[test]
    fn messages_of_later_versions_are_ignored() {
        let written: Value = serde_json::from_slice(&write(PROCESS, &payload()).unwrap()).unwrap();
        for (place, value) in [
            ("/version", json!(2)),
            ("/said", json!("more")),
            ("/event/kind", json!("more")),
        ] {
            let mut later = written.clone();
            *later.pointer_mut(place).unwrap() = value;
            assert_eq!(read(later.to_string().as_bytes()), None, "{place}");
        }
        let mut with_more = written;
        with_more["event"]["more"] = json!(1);
        assert!(read(with_more.to_string().as_bytes()).is_some());
        assert_eq!(read(b"hello"), None);
    }
}
