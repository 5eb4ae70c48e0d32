//! Content negotiation: the media types that the client accepts (RFC 9110 §12.5.1, GraphQL over HTTP §6.1).

use http::HeaderMap;
use http::header::ACCEPT;
use mediatype::names::{_STAR, APPLICATION, JSON, Q, TEXT};
use mediatype::{MediaType, MediaTypeList, Name, ReadParams as _};

/// The media type of a single answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says whether the request was carried out.
    Response,
    /// `application/json`, for older clients: the status says only whether the request could be read.
    Json,
}

/// The media types that a client accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The preferred type for a single answer, or `None` if the client accepts none of them.
    pub whole: Option<Media>,
    /// Whether the client accepts `text/event-stream`.
    pub events: bool,
}

const EVENTS: MediaType<'_> = MediaType::new(TEXT, Name::new_unchecked("event-stream"));
const EVERY_APPLICATION: MediaType<'_> = MediaType::new(APPLICATION, _STAR);
const EVERYTHING: MediaType<'_> = MediaType::new(_STAR, _STAR);

impl Media {
    const RESPONSE: MediaType<'_> = MediaType::from_parts(
        APPLICATION,
        Name::new_unchecked("graphql-response"),
        Some(JSON),
        &[],
    );
    const JSON: MediaType<'_> = MediaType::new(APPLICATION, JSON);

    fn of(media: &MediaType<'_>) -> Option<Self> {
        if *media == Self::RESPONSE {
            Some(Self::Response)
        } else if *media == Self::JSON {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// Reads the `Accept` header. Without one, or if only a wildcard matches, the answer is plain JSON, which every client
/// reads. Among equally preferred types the first one wins. Unreadable entries and other types are skipped: phones ask
/// for `multipart/mixed` first.
pub fn accepted(headers: &HeaderMap) -> Accepted {
    let mut given = headers.get_all(ACCEPT).iter().peekable();
    if given.peek().is_none() {
        return Accepted {
            whole: Some(Media::Json),
            events: false,
        };
    }
    let (mut named, mut json, mut events) = (Vec::new(), None, 0.0);
    let (mut every_application, mut everything) = (None, None);
    for line in given {
        let line = line.to_str().unwrap_or_default();
        for media in MediaTypeList::new(line).flatten() {
            let Some(quality) = quality(&media) else {
                continue;
            };
            let essence = media.essence();
            if let Some(ours) = Media::of(&essence) {
                named.push((quality, ours));
                if ours == Media::Json {
                    json = Some(quality);
                }
            } else if essence == EVENTS {
                events = quality;
            } else if essence == EVERY_APPLICATION {
                every_application = Some(quality);
            } else if essence == EVERYTHING {
                everything = Some(quality);
            }
        }
    }
    // A wildcard does not override what the client says about JSON itself.
    if json.is_none() {
        named.extend(
            every_application
                .or(everything)
                .map(|quality| (quality, Media::Json)),
        );
    }

    let mut best = (0.0, None);
    for (quality, media) in named {
        if quality > best.0 {
            best = (quality, Some(media));
        }
    }
    Accepted {
        whole: best.1,
        events: events > 0.0,
    }
}

/// Returns the quality, from 0 to 1 (RFC 9110 §12.4.2), or `None` if the parameter is invalid.
fn quality(media: &MediaType<'_>) -> Option<f32> {
    let Some(given) = media.get_param(Q) else {
        return Some(1.0);
    };
    let quality = given.as_str().parse().ok()?;
    (0.0..=1.0).contains(&quality).then_some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(lines: &[&str]) -> Accepted {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, line.parse().unwrap());
        }
        accepted(&headers)
    }

    fn whole(line: &str) -> Option<Media> {
        accept(&[line]).whole
    }

    #[test]
    fn common_clients_get_a_media_type_they_can_read() {
        let ios = "multipart/mixed;boundary=\"graphql\";deferSpec=20220824,\
                   application/graphql-response+json,application/json";
        let kotlin = "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json";
        assert_eq!(whole(ios), Some(Media::Response));
        assert_eq!(whole(kotlin), Some(Media::Response));
        let urql = accept(&[
            "application/graphql-response+json, application/graphql+json, \
                         application/json, text/event-stream, multipart/mixed",
        ]);
        assert_eq!((urql.whole, urql.events), (Some(Media::Response), true));
        assert_eq!(whole("application/json;charset=utf-8"), Some(Media::Json));
    }

    #[test]
    fn quality_outranks_order_and_wildcards_mean_plain_json() {
        let (response, json) = ("application/graphql-response+json", "application/json");
        assert_eq!(
            whole(&format!("{response};q=0.5, {json}")),
            Some(Media::Json)
        );
        assert_eq!(whole(&format!("{json}, {response}")), Some(Media::Json));
        assert_eq!(whole(&format!("{response}, {json}")), Some(Media::Response));
        assert_eq!(whole("*/*"), Some(Media::Json));
        assert_eq!(whole("text/html, application/*;q=0.3"), Some(Media::Json));
        assert_eq!(
            whole(&format!("*/*;q=0.1, {response};q=0.2")),
            Some(Media::Response)
        );
        assert_eq!(whole(&format!("*/*, {json};q=0")), None);
        assert_eq!(accept(&[]).whole, Some(Media::Json));
        assert_eq!(accept(&[json, response]).whole, Some(Media::Json));
    }

    #[test]
    fn unsupported_media_types_are_not_acceptable() {
        for line in [
            "text/html",
            "application/xml",
            "",
            "nonsense",
            "application/json;q=2",
        ] {
            assert_eq!(whole(line), None, "{line}");
        }
        let events = accept(&["text/event-stream"]);
        assert_eq!((events.whole, events.events), (None, true));
    }
}
