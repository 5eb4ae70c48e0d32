//! The schema as apps read it, by introspection (GraphQL §4).

use std::collections::{HashMap, HashSet};

use api::schema::conformance::{ConformanceQuery, ConformanceSubscription};
use async_graphql::EmptyMutation;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::Value;

/// The result of introspection.
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

/// The released schema, without the fields that only test builds have.
const RELEASED: &str = include_str!("../../schema.graphql");

impl Schema {
    /// Introspects the whole schema. Drops the fields that only test builds have.
    pub async fn introspect() -> Self {
        let schema = api::schema::builder().finish();
        let response = schema.execute(INTROSPECTION).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        let mut schema = response.data.into_json().expect("data is JSON");
        let (ours, released) = (fields_of_conformance(), released_fields());
        let types = schema["__schema"]["types"].as_array_mut();
        for kind in types.expect("types are a list") {
            let of = name(kind).to_owned();
            if let Some(fields) = kind["fields"].as_array_mut() {
                // A released field of the same name stays.
                fields.retain(|field| {
                    let field = (of.clone(), name(field).to_owned());
                    released.contains(&field) || !ours.contains(&field)
                });
            }
        }
        Self(schema)
    }

    /// Returns the types in the order of the schema, without GraphQL's built-in types.
    pub fn types(&self) -> impl Iterator<Item = &Value> {
        let built_in = ["Boolean", "Float", "ID", "Int", "String"];
        list(&self.0["__schema"]["types"]).filter(move |kind| {
            let name = name(kind);
            !name.starts_with("__") && !built_in.contains(&name)
        })
    }

    /// Returns everything that can have a description, with its place, such as `Query.node(id:)`.
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

    /// Returns the fields of the root types, each with the root's name.
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

/// Returns the fields that exist only for the clients' tests, each with the name of its root.
fn fields_of_conformance() -> HashSet<(String, String)> {
    let schema =
        async_graphql::Schema::new(ConformanceQuery, EmptyMutation, ConformanceSubscription);
    let roots = ["Query", "Subscription"].map(|root| (format!("Conformance{root}"), root));
    fields(&schema.sdl())
        .filter_map(|(of, field)| {
            let (_, root) = roots.iter().find(|(conformance, _)| *conformance == of)?;
            Some(((*root).to_owned(), field))
        })
        .collect()
}

fn released_fields() -> HashSet<(String, String)> {
    fields(RELEASED).collect()
}

/// Returns the fields of the object types in an SDL document, each with the name of its type.
fn fields(sdl: &str) -> impl Iterator<Item = (String, String)> {
    let document = async_graphql::parser::parse_schema(sdl).expect("the schema parses");
    document.definitions.into_iter().flat_map(|definition| {
        let TypeSystemDefinition::Type(of) = definition else {
            return Vec::new();
        };
        let TypeKind::Object(object) = of.node.kind else {
            return Vec::new();
        };
        let of = of.node.name.node.to_string();
        let names = object.fields.iter();
        names
            .map(|field| (of.clone(), field.node.name.node.to_string()))
            .collect()
    })
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn name(of: &Value) -> &str {
    of["name"].as_str().unwrap_or_default()
}
