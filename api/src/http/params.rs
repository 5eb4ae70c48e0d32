//! The parameters of a request, on every transport (GraphQL over HTTP §5.1).

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Number, Positioned, Value, Variables};
use http::StatusCode;
use serde::{Deserialize, Deserializer};

use super::json_limit::is_within_limit;
use super::refusal::Refusal;

/// The parameters of an operation.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    /// The document, or `None` if the request names it by its hash or id.
    #[serde(default)]
    pub query: Option<String>,
    /// The name of the operation in the document. Some clients send an empty name instead of none.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// The values of the variables.
    #[serde(default, deserialize_with = "variables")]
    pub variables: Variables,
    /// A known document: `sha256:` and the hash, or the id in the manifest of trusted documents (GraphQL over HTTP,
    /// appendix on persisted documents).
    #[serde(default)]
    pub document_id: Option<String>,
    /// Extensions of the specification.
    #[serde(default)]
    pub extensions: Option<ParamExtensions>,
}

/// The supported extensions of a request. Others are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParamExtensions {
    /// Apollo's automatic persisted queries.
    #[serde(default)]
    pub persisted_query: Option<PersistedQuery>,
}

/// A document by its hash.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersistedQuery {
    /// The version of the protocol: 1.
    pub version: u32,
    /// The SHA-256 of the document's text, in hexadecimal digits.
    pub sha256_hash: String,
}

impl Params {
    /// Reads the body of a POST request.
    pub fn of_body(body: &[u8]) -> Result<Self, Refusal> {
        // A list is a batch, or serde would read it as the fields in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Err(bad(
                "Send one operation per request: batches are not supported.",
            ));
        }
        modest(body)?;
        serde_json::from_slice(body)
            .map_err(|_| bad("The request is not a JSON object with GraphQL parameters."))
    }

    /// Gives each omitted variable its default. The GraphQL library does so for arguments but not for directives:
    /// `@include(if: $x)` would leave the field out.
    pub fn fill_in(&mut self, definitions: &[Positioned<VariableDefinition>]) {
        for definition in definitions {
            let name = &definition.node.name.node;
            if let Some(default) = &definition.node.default_value
                && !self.variables.contains_key(name)
            {
                self.variables.insert(name.clone(), default.node.clone());
            }
        }
    }

    /// Whether the request names a document in any way.
    pub fn ask_for_something(&self) -> bool {
        let persisted = self.extensions.as_ref();
        let persisted = persisted.is_some_and(|extensions| extensions.persisted_query.is_some());
        self.query.is_some() || self.document_id.is_some() || persisted
    }

    /// Reads the query string of a GET request.
    pub fn of_query(query: &str) -> Result<Self, Refusal> {
        let mut params = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "query" => params.query = Some(value.into_owned()),
                "operationName" => params.operation_name = Some(value.into_owned()),
                "documentId" => params.document_id = Some(value.into_owned()),
                // Some clients send an empty value instead of none.
                "variables" | "extensions" if value.is_empty() => {}
                "variables" => {
                    modest(value.as_bytes())?;
                    let mut json = serde_json::Deserializer::from_str(&value);
                    params.variables = variables(&mut json)
                        .and_then(|variables| json.end().map(|()| variables))
                        .map_err(|_| bad("`variables` is not a JSON object."))?;
                }
                "extensions" => {
                    modest(value.as_bytes())?;
                    params.extensions = serde_json::from_str(&value)
                        .map_err(|_| bad("`extensions` is not a JSON object."))?;
                }
                _ => {}
            }
        }
        Ok(params)
    }
}

/// Reads variables. JSON has only one kind of number, so one with an empty fractional part, such as `4.0`, is an
/// integer input value (GraphQL §3.5, Input Coercion).
fn variables<'de, D: Deserializer<'de>>(de: D) -> Result<Variables, D::Error> {
    let mut variables = Variables::deserialize(de)?;
    for value in variables.values_mut() {
        make_whole(value);
    }
    Ok(variables)
}

fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole(number) {
                *number = whole.into();
            }
        }
        Value::List(items) => items.iter_mut().for_each(make_whole),
        Value::Object(fields) => fields.values_mut().for_each(make_whole),
        _ => {}
    }
}

/// Returns the same number as an integer, if it was written with an empty fraction. Above 2^53 a float cannot tell a
/// fraction from none, and no integer of the schema is that large.
fn whole(number: &Number) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "it has no fraction, and is small enough"
    )]
    (float.fract() == 0.0 && float.abs() <= LARGEST).then_some(float as i64)
}

fn modest(json: &[u8]) -> Result<(), Refusal> {
    if is_within_limit(json) {
        return Ok(());
    }
    Err(Refusal::http(
        StatusCode::PAYLOAD_TOO_LARGE,
        "The request has too many values in it.",
    ))
}

fn bad(message: &str) -> Refusal {
    Refusal::http(StatusCode::BAD_REQUEST, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_object_of_the_right_shape() {
        for body in [
            r#"["{ a }"]"#,
            r#"[{"query": "{ a }"}]"#,
            r#"{"query": 1}"#,
            r#"{"query": "{ a }", "variables": [1]}"#,
            r#"{"query": "{ a }", "extensions": "x"}"#,
            r#"{"query": "{ a }", "operationName": 3}"#,
            r#"{"query": "{ a }""#,
            "3",
            "",
        ] {
            assert!(Params::of_body(body.as_bytes()).is_err(), "{body}");
        }
        let nulls =
            r#"{"query": "{ a }", "variables": null, "operationName": null, "extensions": null}"#;
        assert!(Params::of_body(nulls.as_bytes()).is_ok());
    }

    #[test]
    fn a_number_with_a_zero_fraction_is_an_integer() {
        let read = |number: &str| {
            let body =
                format!(r#"{{"query": "{{ a }}", "variables": {{"a": [{{"b": {number}}}]}}}}"#);
            let params = Params::of_body(body.as_bytes()).unwrap();
            serde_json::to_string(&params.variables["a"]).unwrap()
        };
        let list = |number: &str| format!(r#"[{{"b":{number}}}]"#);
        for (written, number) in [
            ("4.0", "4"),
            ("-4.0", "-4"),
            ("4", "4"),
            ("4e0", "4"),
            ("1.5e1", "15"),
            ("-0.0", "0"),
            ("4.5", "4.5"),
            ("3000000000.0", "3000000000"),
            ("1e300", "1e+300"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(read(written), list(number), "{written}");
        }
        let params = Params::of_query("query=%7Ba%7D&variables=%7B%22n%22%3A4.0%7D").unwrap();
        assert_eq!(params.variables["n"], Value::from(4));
        assert!(Params::of_query("variables=%7B%7D%7B%7D").is_err());
    }

    #[test]
    fn a_query_string_is_decoded() {
        let query = "query=query+A%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D\
                     &extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22ab%22%7D%7D";
        let params = Params::of_query(query).unwrap();
        assert_eq!(params.query.as_deref(), Some("query A{a}"));
        assert_eq!(params.operation_name.as_deref(), Some("A"));
        assert_eq!(params.variables["n"], Value::from(1));
        let persisted = params.extensions.unwrap().persisted_query.unwrap();
        assert_eq!(
            (persisted.version, persisted.sha256_hash.as_str()),
            (1, "ab")
        );
        assert!(Params::of_query("query=%7Ba%7D&variables=3").is_err());
        assert!(Params::of_query("variables=&extensions=").is_ok());
    }
}
