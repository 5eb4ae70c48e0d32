//! The schema as apps find it out: by introspection (GraphQL §4).

use std::collections::HashMap;

use serde_json::Value;

/// What introspection answers.
pub struct Schema(Value);

const INTROSPECTION: &str = "{ __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types {
        kind name description specifiedByURL
        fields(includeDeprecated: true) {
            name description isDeprecated deprecationReason type { ...of }
            args(includeDeprecated: true) { name description type { ...of } }
        }
        inputFields(includeDeprecated: true) { name description defaultValue type { ...of } }
        enumValues(includeDeprecated: true) { name description }
        interfaces { name }
        possibleTypes { name }
    }
} }
fragment of on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// What only the tests' build of the service has.
const CONFORMANCE: [&str; 7] = [
    "echo",
    "fails",
    "failsAfter",
    "floods",
    "hangs",
    "panics",
    "ticks",
];

impl Schema {
    /// Asks for everything.
    pub async fn introspect() -> Self {
        let schema = api::graphql::schema::builder().finish();
        let response = schema.execute(INTROSPECTION).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        let mut schema = response.data.into_json().expect("data is JSON");
        let types = schema["__schema"]["types"].as_array_mut();
        for kind in types.expect("a list of types") {
            if let Some(fields) = kind["fields"].as_array_mut() {
                fields.retain(|field| !CONFORMANCE.contains(&name(field)));
            }
        }
        Self(schema)
    }

    /// The types that are ours, by their order in the schema: without those that GraphQL itself brings.
    pub fn types(&self) -> impl Iterator<Item = &Value> {
        let built_in = ["Boolean", "Float", "ID", "Int", "String"];
        list(&self.0["__schema"]["types"]).filter(move |kind| {
            let name = name(kind);
            !name.starts_with("__") && !built_in.contains(&name)
        })
    }

    /// Everything that can carry a description, with its place, such as `Query.node(id:)`.
    pub fn described(&self) -> Vec<(String, &Value)> {
        let mut all = Vec::new();
        for kind in self.types() {
            let of = name(kind);
            all.push((of.to_owned(), kind));
            for field in list(&kind["fields"]) {
                let place = format!("{of}.{}", name(field));
                for argument in list(&field["args"]) {
                    all.push((format!("{place}({}:)", name(argument)), argument));
                }
                all.push((place, field));
            }
            for inner in list(&kind["inputFields"]).chain(list(&kind["enumValues"])) {
                all.push((format!("{of}.{}", name(inner)), inner));
            }
        }
        all
    }

    /// The fields of the roots, each with the root's name.
    pub fn root_fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let types: HashMap<_, _> = self.types().map(|kind| (name(kind), kind)).collect();
        ["queryType", "mutationType", "subscriptionType"]
            .into_iter()
            .flat_map(move |root| {
                let root = name(&self.0["__schema"][root]);
                list(&types[root]["fields"]).map(move |field| (root, field))
            })
    }
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap_or_default()
}
