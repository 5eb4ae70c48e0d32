//! The HTTP edge in the test's process, without a socket. A test's documents pass the same checks as an app's: access
//! token, budget, price, validation and masking of faults.

use std::net::{IpAddr, SocketAddr};

use api::account::token;
use api::app::App;
use api::db::Stats;
use api::http::address::Peer;
use api::http::{HttpState, api};
use api::schema::BelaySchema;
use api::shutdown::Shutdown;
use api::viewer::SignedIn;
use axum::Router;
use axum::body::Body;
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{Answer, ListedCodes};

/// The HTTP edge. Clones share the same state.
#[derive(Clone)]
pub(crate) struct Edge {
    state: HttpState,
    routes: Router,
    codes: ListedCodes,
}

impl Edge {
    pub(crate) fn new(app: App, schema: BelaySchema, codes: ListedCodes) -> Self {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let state = HttpState::with_schema(app, schema, Shutdown::default(), metrics);
        let state = state.unwrap_or_else(|error| panic!("{error}"));
        let routes = api(&state, Router::new());
        Self {
            state,
            routes,
            codes,
        }
    }

    /// Sends a document from this address, with a new access token of the member's session or anonymously.
    pub(crate) async fn post(
        &self,
        who: Option<SignedIn>,
        from: IpAddr,
        document: &str,
        variables: Value,
    ) -> Answer {
        let body = json!({ "query": document, "variables": variables });
        let mut request = Request::post("/graphql")
            .extension(Peer(SocketAddr::new(from, 49_152)))
            .header(ACCEPT, "application/graphql-response+json")
            .header(CONTENT_TYPE, "application/json");
        if let Some(who) = who {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token(who)));
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        self.codes.assert_listed();
        let statements = response
            .extensions()
            .get::<Stats>()
            .map_or(0, |stats| stats.snapshot().statements);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        let errors = match body["errors"].take() {
            Value::Array(errors) => errors,
            _ => Vec::new(),
        };
        Answer {
            data: body["data"].take(),
            errors,
            statements,
        }
    }

    fn token(&self, who: SignedIn) -> String {
        let app = &self.state.app;
        let ends = app.clock.now() + TimeDelta::minutes(10);
        token::issue(&app.keys, who, 0, ends).unwrap()
    }
}
