//! Checks the framing and addressing of a request where the HTTP library is too lenient. Proxies and servers that read
//! such a request differently can be played against each other (request smuggling).

use std::time::Duration;

use axum::body::Body;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode, Version};

use super::{body, respond};
use crate::graphql::code::Code;

/// A fault in the framing of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// HTTP/1.1 requires exactly one `Host` (RFC 9112 §3.2).
    Host,
    /// Only `chunked` is supported (RFC 9112 §6.1).
    TransferEncoding,
}

/// Returns the fault of a request, or `None` if it has none.
pub fn fault<B>(request: &Request<B>) -> Option<Fault> {
    if request.version() > Version::HTTP_11 {
        return None;
    }
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Some(Fault::Host);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let understood = match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(one), None) => one.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    (!understood).then_some(Fault::TransferEncoding)
}

/// Reads the body, refuses the request and closes the connection: later requests on it might be read differently too.
pub async fn refuse(fault: Fault, body: Body, limit: usize, patience: Duration) -> Response<Body> {
    body::hear_out(body, limit, patience).await;
    let (status, message) = match fault {
        Fault::Host => (
            StatusCode::BAD_REQUEST,
            "The request must have exactly one Host header.",
        ),
        Fault::TransferEncoding => (
            StatusCode::NOT_IMPLEMENTED,
            "The only supported transfer coding is chunked.",
        ),
    };
    let mut response = respond::error(status, Code::BadRequest.as_str(), message);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_in(version: Version, headers: &[(&'static str, &str)]) -> Option<Fault> {
        let mut request = Request::post("/graphql").version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fault(&request.body(()).unwrap())
    }

    #[test]
    fn http_1_1_needs_exactly_one_host_and_http_1_0_at_most_one() {
        let host = ("host", "belay.example");
        assert_eq!(fault_in(Version::HTTP_11, &[host]), None);
        assert_eq!(fault_in(Version::HTTP_11, &[]), Some(Fault::Host));
        assert_eq!(fault_in(Version::HTTP_11, &[host, host]), Some(Fault::Host));
        assert_eq!(fault_in(Version::HTTP_10, &[]), None);
        assert_eq!(fault_in(Version::HTTP_10, &[host, host]), Some(Fault::Host));
        assert_eq!(fault_in(Version::HTTP_2, &[]), None);
    }

    #[test]
    fn only_the_chunked_transfer_coding_is_accepted() {
        let coded = |values: &[&'static str]| {
            let codings = values.iter().map(|value| ("transfer-encoding", *value));
            let headers: Vec<_> = codings.chain([("host", "belay.example")]).collect();
            fault_in(Version::HTTP_11, &headers)
        };
        assert_eq!(coded(&["chunked"]), None);
        assert_eq!(coded(&["Chunked"]), None);
        assert_eq!(coded(&["gzip, chunked"]), Some(Fault::TransferEncoding));
        assert_eq!(coded(&["gzip", "chunked"]), Some(Fault::TransferEncoding));
        assert_eq!(coded(&["chunked, chunked"]), Some(Fault::TransferEncoding));
    }
}
