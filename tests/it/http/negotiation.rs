//! Methods, kinds of answers and their statuses (GraphQL over HTTP).

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use support::{PRODUCTION, Program, TestApp, TestDatabase, TestServer, both};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

fn post(server: &TestServer, accept: &str, body: &Value) -> RequestBuilder {
    let request = server.request(Method::POST, "/graphql").json(body);
    request.header(ACCEPT, accept)
}

fn kind(answer: &Response) -> String {
    answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_status_depends_on_the_media_type_of_the_answer() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let typed = "query($id: ID!) { node(id: $id) { id } }";
    let unknown = json!({ "persistedQuery": { "version": 1, "sha256Hash": "0".repeat(64) } });
    for (body, status, code) in [
        (json!({ "query": "{ serverTime }" }), 200, None),
        (
            json!({ "query": "{ serverTime fails }" }),
            200,
            Some("INTERNAL_SERVER_ERROR"),
        ),
        (
            json!({ "query": "{ me { memberId } }" }),
            200,
            Some("UNAUTHENTICATED"),
        ),
        (
            json!({ "query": "{ serverTime" }),
            400,
            Some("GRAPHQL_PARSE_FAILED"),
        ),
        (
            json!({ "query": "{ nothing }" }),
            400,
            Some("GRAPHQL_VALIDATION_FAILED"),
        ),
        (json!({ "query": typed }), 400, Some("BAD_USER_INPUT")),
        (
            json!({ "query": typed, "variables": { "id": [1] } }),
            400,
            Some("BAD_USER_INPUT"),
        ),
        (
            json!({ "query": "query A { a } query B { b }" }),
            400,
            Some("BAD_REQUEST"),
        ),
        (
            json!({ "query": "subscription { ticks(every: 1) }" }),
            400,
            Some("BAD_REQUEST"),
        ),
        (
            json!({ "extensions": unknown }),
            200,
            Some("PERSISTED_QUERY_NOT_FOUND"),
        ),
        (
            json!({ "query": "{ panics }" }),
            500,
            Some("INTERNAL_SERVER_ERROR"),
        ),
    ] {
        for (accept, status) in [(RESPONSE, status), (JSON, 200)] {
            let answer = post(&server, accept, &body).send().await.unwrap();
            assert_eq!(answer.status(), status, "{accept} {body}");
            assert_eq!(kind(&answer), format!("{accept}; charset=utf-8"), "{body}");
            let answer: Value = answer.json().await.unwrap();
            let given = answer["errors"][0]["extensions"].get("code");
            assert_eq!(given.and_then(Value::as_str), code, "{body}: {answer}");
            let has_data = answer.get("data").is_some();
            assert_eq!(
                has_data,
                status == 200
                    && code.is_none_or(|code| {
                        ["INTERNAL_SERVER_ERROR", "UNAUTHENTICATED"].contains(&code)
                            && body["query"] != "{ panics }"
                    }),
                "{body}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_phone_that_prefers_multipart_gets_an_answer_in_one_piece() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let body = json!({ "query": "{ serverTime }" });
    let ios = "multipart/mixed;boundary=\"graphql\";deferSpec=20220824,\
               application/graphql-response+json,application/json";
    let answer = post(&server, ios, &body).send().await.unwrap();
    assert_eq!(kind(&answer), format!("{RESPONSE}; charset=utf-8"));

    let page = post(&server, "text/html", &body).send().await.unwrap();
    assert_eq!(page.status(), 406);
    assert_eq!(kind(&page), format!("{JSON}; charset=utf-8"));
}

#[both]
async fn a_query_may_come_by_get_and_a_mutation_may_not(app: TestApp) {
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let server = TestServer::start(app.database(), "").await;
    let get = async |parameters: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let request = server.request(Method::GET, &format!("/graphql?{query}"));
        request.bearer_auth(&token).send().await.unwrap()
    };

    let document = "query Who { me { memberId } } query Echo($text: String!) { echo(text: $text) }";
    let variables = r#"{"text": "a&b=c ☕"}"#;
    let answer = get(&[
        ("query", document),
        ("operationName", "Echo"),
        ("variables", variables),
    ])
    .await;
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["data"], json!({ "echo": "a&b=c ☕" }));
    let who = get(&[("query", document), ("operationName", "Who")]).await;
    let who: Value = who.json().await.unwrap();
    assert!(who["data"]["me"]["memberId"].is_string(), "{who}");

    let sign_out = "mutation { signOut { sessionId } }";
    let refused = get(&[("query", sign_out)]).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()[ALLOW]),
        (405, &"POST".parse().unwrap())
    );
    let both = format!("{document} mutation Out {{ signOut {{ sessionId }} }}");
    assert_eq!(
        get(&[("query", &both), ("operationName", "Out")])
            .await
            .status(),
        405
    );
    let who = get(&[("query", "{ me { memberId } }")]).await;
    let who: Value = who.json().await.unwrap();
    assert!(
        who["data"]["me"]["memberId"].is_string(),
        "still signed in: {who}"
    );

    for (parameters, status) in [
        (vec![], 400),
        (vec![("query", "{ serverTime }"), ("variables", "[1]")], 400),
        (vec![("query", "{ serverTime }"), ("extensions", "3")], 400),
        (vec![("query", "{ serverTime }"), ("variables", "")], 200),
    ] {
        assert_eq!(get(&parameters).await.status(), status, "{parameters:?}");
    }
    let put = server
        .request(Method::PUT, "/graphql")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (put.status().as_u16(), &put.headers()[ALLOW]),
        (405, &"GET, POST".parse().unwrap())
    );
}

#[tokio::test]
async fn a_large_answer_is_compressed_as_the_client_asks() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    let body = json!({ "query": "{ __schema { types { name description } } }" });
    let plain = post(&server, JSON, &body).send().await.unwrap();
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
    let plain = plain.bytes().await.unwrap().len();
    for how in ["gzip", "br", "zstd"] {
        let answer = post(&server, JSON, &body).header(ACCEPT_ENCODING, how);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.headers()[CONTENT_ENCODING], how);
        let packed = answer.bytes().await.unwrap().len();
        assert!(packed * 2 < plain, "{how}: {packed} of {plain}");
    }
}

#[tokio::test]
async fn internal_errors_reveal_no_details() {
    let settings = "[http]\noperation_timeout_seconds = 1";
    let server = TestServer::start(&TestDatabase::sqlite().await, settings).await;
    let ask = async |query: &str| {
        let answer = post(&server, RESPONSE, &json!({ "query": query }))
            .send()
            .await
            .unwrap();
        let id = answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        (
            answer.status().as_u16(),
            id,
            answer.json::<Value>().await.unwrap(),
        )
    };

    let (status, id, partial) = ask("{ fails serverTime }").await;
    assert_eq!((status, &partial["data"]["fails"]), (200, &Value::Null));
    assert!(partial["data"]["serverTime"].is_string(), "{partial}");
    assert_eq!(partial["errors"][0]["path"], json!(["fails"]));
    assert_eq!(partial["errors"][0]["extensions"]["requestId"], id);

    let (status, id, panicked) = ask("{ panics }").await;
    assert_eq!(
        (status, &panicked["errors"][0]["extensions"]["requestId"]),
        (500, &json!(id))
    );
    assert!(!panicked.to_string().contains("asked"), "{panicked}");

    let (status, _, hung) = ask("{ hangs }").await;
    assert_eq!(
        (status, &hung["errors"][0]["extensions"]["code"]),
        (503, &json!("TIMEOUT"))
    );
    assert_eq!(ask("{ serverTime }").await.0, 200);
}

#[tokio::test]
async fn introspection_needs_a_developers_token() {
    let token = "a developer's token, of forty characters";
    let settings = format!("[graphql]\nintrospection = \"off\"\ndeveloper_token = \"{token}\"");
    let server = TestServer::start(&TestDatabase::sqlite().await, &settings).await;
    let ask = async |developer: Option<&str>, query: &str| {
        let mut request = post(&server, JSON, &json!({ "query": query }));
        if let Some(token) = developer {
            request = request.header("x-developer-token", token);
        }
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let schema = "{ __schema { queryType { name } } }";
    for query in [
        schema,
        "{ serverTime ... on Query { __type(name: \"Me\") { name } } }",
        "{ ...f } fragment f on Query { __schema { description } }",
    ] {
        let refused = ask(None, query).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
            "{refused}"
        );
        assert_eq!(ask(Some("another"), query).await, refused);
        let allowed = ask(Some(token), query).await;
        assert!(allowed.get("errors").is_none(), "{allowed}");
    }
    assert_eq!(
        ask(None, "{ __typename }").await["data"]["__typename"],
        "Query"
    );

    let guess = ask(None, "{ servrTime }").await;
    let message = guess["errors"][0]["message"].as_str().unwrap();
    assert!(!message.contains("Did you mean"), "{message}");
}

#[tokio::test]
async fn production_hides_the_schema_and_development_shows_it() {
    for (settings, is_open) in [("", true), (PRODUCTION, false)] {
        let database = TestDatabase::sqlite().await;
        let program = Program::new("serve").database(&database).toml(settings);
        let server = TestServer::run(program).await;
        let schema = "{ __schema { queryType { name } } }";
        let schema = server.graphql(None, schema, json!({})).await;
        assert_eq!(schema["data"]["__schema"].is_object(), is_open, "{schema}");
        let guess = server.graphql(None, "{ servrTime }", json!({})).await;
        let message = guess["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message.contains("Did you mean"), is_open, "{message}");
        assert_eq!(message.contains("serverTime"), is_open, "{message}");
    }
}

#[tokio::test]
async fn a_mutation_by_head_or_get_is_answered_with_the_allowed_method() {
    let server = TestServer::start(&TestDatabase::sqlite().await, "").await;
    for (method, query, status) in [
        (Method::HEAD, "mutation{signOut{sessionId}}", 405),
        (Method::GET, "mutation{signOut{sessionId}}", 405),
        (Method::HEAD, "{serverTime}", 200),
    ] {
        let path = format!("/graphql?query={query}");
        let answer = server.request(method, &path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{query}");
        let allowed = answer.headers().get(ALLOW).map(|by| by.to_str().unwrap());
        assert_eq!(allowed, (status == 405).then_some("POST"), "{query}");
    }
}
