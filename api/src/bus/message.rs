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
pub(super) enum Said {
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
    said: S,
}

/// Writes a message.
pub(super) fn write(from: Uuid, said: &Said) -> Result<Vec<u8>, serde_json::Error> {
    let version = VERSION;
    serde_json::to_vec(&Message {
        version,
        from,
        said,
    })
}

/// Reads a message and its sender. Returns `None` if this version does not know the message.
pub(super) fn read(message: &[u8]) -> Option<(Uuid, Said)> {
    let message: Message<Said> = serde_json::from_slice(message).ok()?;
    (message.version == VERSION).then_some((message.from, message.said))
}

#[cfg(test)]
mod tests {
    use entity::{CheckInId, MemberId};
    use serde_json::{Value, json};

    use super::*;

    const PROCESS: Uuid = Uuid::from_u128(1);

    fn said() -> Said {
        let event = Event::CheckInRecorded {
            member: MemberId(Uuid::from_u128(2)),
            check_in: CheckInId(Uuid::from_u128(3)),
            updated_at: "2026-03-10T12:00:00.000001Z".parse().unwrap(),
        };
        Said::Event { event }
    }

    #[test]
    fn an_event_is_ids_and_times_and_comes_back_whole() {
        let written = write(PROCESS, &said()).unwrap();
        assert_eq!(read(&written), Some((PROCESS, said())));
        let id = |n| Uuid::from_u128(n).to_string();
        let expected = json!({ "version": 1, "from": id(1), "said": "event", "event": {
            "kind": "check_in_recorded", "member": id(2), "check_in": id(3),
            "updated_at": "2026-03-10T12:00:00.000001Z",
        } });
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), expected);
    }

    #[test]
    fn ended_sessions_are_ids_and_a_time() {
        let ended = Said::Ended {
            sessions: vec![SessionId(Uuid::from_u128(4))],
            at: "2026-03-10T12:00:00Z".parse().unwrap(),
        };
        let written = write(PROCESS, &ended).unwrap();
        assert_eq!(read(&written), Some((PROCESS, ended)));
    }

    #[test]
    fn what_a_later_version_says_is_passed_over() {
        let written: Value = serde_json::from_slice(&write(PROCESS, &said()).unwrap()).unwrap();
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
