//! The `GraphiQL` page, for trying the API in development.

use async_graphql::http::GraphiQLSource;
use axum::body::Body;
use axum::response::{Html, IntoResponse as _};
use http::{HeaderValue, Response, header};

/// Serves the `GraphiQL` page.
pub async fn page() -> Response<Body> {
    let page = GraphiQLSource::build()
        .endpoint("/graphql")
        .subscription_endpoint("/graphql")
        .title("Belay")
        .finish();
    let mut response = Html(page).into_response();
    // The page fetches its script from a content delivery network.
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("frame-ancestors 'none'"),
    );
    response
}
