//! Checks that the values of an operation's variables fit their types (GraphQL §6.1.2), before anything runs.
//!
//! The GraphQL library checks a value only where the document uses it, and only while it validates the document. A
//! document that was validated before is not validated again.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::Value;
use async_graphql::parser::types::{
    BaseType, InputValueDefinition, Type, TypeKind, TypeSystemDefinition, VariableDefinition,
};
use async_graphql::{InputType, Positioned, Variables};

use crate::graphql::scalars;

/// The longest path segment that is repeated, in characters. No name in the schema is longer.
const LONGEST: usize = 64;

/// The input types of a schema.
#[derive(Debug)]
pub struct InputTypes(HashMap<String, Kind>);

#[derive(Debug)]
enum Kind {
    Enum(Vec<String>),
    Object(Vec<InputField>),
}

#[derive(Debug)]
struct InputField {
    name: String,
    ty: Type,
    has_default: bool,
}

impl InputTypes {
    /// The input types of our schema, read once in each process.
    pub fn of_our_schema() -> &'static Self {
        static OURS: LazyLock<InputTypes> = LazyLock::new(|| InputTypes::read(&super::sdl()));
        &OURS
    }

    /// Reads the input types of a schema in the schema definition language. Returns none if it is unreadable; a test
    /// checks that our schema is readable.
    pub fn read(sdl: &str) -> Self {
        let document = async_graphql::parser::parse_schema(sdl);
        let definitions = document.map(|document| document.definitions);
        let mut kinds = HashMap::new();
        for definition in definitions.unwrap_or_default() {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let kind = match definition.node.kind {
                TypeKind::Enum(of) => {
                    let values = of.values.into_iter();
                    Kind::Enum(values.map(|value| value.node.value.to_string()).collect())
                }
                TypeKind::InputObject(of) => {
                    Kind::Object(of.fields.into_iter().map(InputField::from).collect())
                }
                _ => continue,
            };
            kinds.insert(definition.node.name.to_string(), kind);
        }
        Self(kinds)
    }

    /// Checks all variables. The error names the first that does not fit its type, for the app's developer.
    pub fn check(
        &self,
        definitions: &[Positioned<VariableDefinition>],
        variables: &Variables,
    ) -> Result<(), String> {
        for definition in definitions {
            let definition = &definition.node;
            let name = &definition.name.node;
            let default = definition.default_value.as_ref().map(|value| &value.node);
            let checked = match variables.get(name) {
                // Validation has checked the default, whether it is used or not.
                given @ Some(_) if given == default => Ok(()),
                Some(value) => self.fits(value, &definition.var_type.node),
                None if definition.var_type.node.nullable || default.is_some() => Ok(()),
                None => Err(Misfit::new("a value is needed")),
            };
            checked.map_err(|misfit| misfit.into_message(name))?;
        }
        Ok(())
    }

    fn fits(&self, value: &Value, ty: &Type) -> Result<(), Misfit> {
        if *value == Value::Null {
            return if ty.nullable {
                Ok(())
            } else {
                Err(Misfit::new("null is not allowed"))
            };
        }
        let name = match (&ty.base, value) {
            (BaseType::List(of), Value::List(items)) => {
                for (at, item) in items.iter().enumerate() {
                    let fits = self.fits(item, of);
                    fits.map_err(|misfit| misfit.inside(&at.to_string()))?;
                }
                return Ok(());
            }
            // A single value stands for a list of one (GraphQL §3.11).
            (BaseType::List(of), one) => return self.fits(one, of),
            (BaseType::Named(name), _) => name.as_str(),
        };
        match self.0.get(name) {
            Some(Kind::Enum(values)) => match value {
                Value::String(text) if values.contains(text) => Ok(()),
                Value::Enum(word) if values.iter().any(|known| known == word.as_str()) => Ok(()),
                _ => Err(Misfit::new(format!("wanted a value of the enum {name}"))),
            },
            Some(Kind::Object(fields)) => self.fits_object(value, name, fields),
            None => fits_scalar(value, name),
        }
    }

    fn fits_object(&self, value: &Value, name: &str, fields: &[InputField]) -> Result<(), Misfit> {
        let Value::Object(given) = value else {
            return Err(Misfit::new(format!("wanted an object of the type {name}")));
        };
        for field in fields {
            let checked = match given.get(field.name.as_str()) {
                Some(value) => self.fits(value, &field.ty),
                None if field.ty.nullable || field.has_default => Ok(()),
                None => Err(Misfit::new("a value is needed")),
            };
            checked.map_err(|misfit| misfit.inside(&field.name))?;
        }
        let unknown = given
            .keys()
            .find(|key| !fields.iter().any(|field| field.name == key.as_str()));
        match unknown {
            Some(key) => {
                let misfit = Misfit::new(format!("{name} has no such field"));
                Err(misfit.inside(key))
            }
            None => Ok(()),
        }
    }
}

fn fits_scalar(value: &Value, name: &str) -> Result<(), Misfit> {
    fn parse<T: InputType>(value: &Value) -> bool {
        T::parse(Some(value.clone())).is_ok()
    }
    let (fits, wanted) = match name {
        "Int" => (parse::<i32>(value), "a whole number of 32 bits"),
        "Float" => (parse::<f64>(value), "a number"),
        "String" => (parse::<String>(value), "text"),
        "Boolean" => (parse::<bool>(value), "true or false"),
        "ID" => (parse::<async_graphql::ID>(value), "an id"),
        _ => return scalars::check(name, value).map_err(Misfit::new),
    };
    if fits {
        return Ok(());
    }
    Err(Misfit::new(format!("wanted {wanted} ({name})")))
}

impl From<Positioned<InputValueDefinition>> for InputField {
    fn from(definition: Positioned<InputValueDefinition>) -> Self {
        let definition = definition.node;
        Self {
            name: definition.name.to_string(),
            ty: definition.ty.node,
            has_default: definition.default_value.is_some(),
        }
    }
}

/// What does not fit, and where. The path grows from the inside out.
#[derive(Debug)]
struct Misfit {
    path: Vec<String>,
    what: String,
}

impl Misfit {
    fn new(what: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            what: what.into(),
        }
    }

    /// Adds a path segment. It may come from the client, so it is truncated to `LONGEST`.
    fn inside(mut self, segment: &str) -> Self {
        self.path.push(segment.chars().take(LONGEST).collect());
        self
    }

    /// Returns the message that names the variable and the path.
    fn into_message(mut self, variable: &str) -> String {
        self.path.push(format!("${variable}"));
        self.path.reverse();
        format!("The variable {}: {}.", self.path.join("."), self.what)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        enum Mood { LOW HIGH }
        input Inner { n: Int! note: String }
        input Outer { id: UUID!, inner: [Inner!], mood: Mood = LOW }
        type Query { x: Int }";

    fn check(declared: &str, variables: serde_json::Value) -> Result<(), String> {
        let document = parse_query(format!("query A({declared}) {{ x }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let definitions = &operation.node.variable_definitions;
        InputTypes::read(SDL).check(definitions, &Variables::from_json(variables))
    }

    #[test]
    fn values_of_the_type_pass() {
        let id = "019b0000-0000-7000-8000-000000000000";
        for (declared, variables) in [
            ("$a: Int", json!({})),
            ("$a: Int! = 3", json!({})),
            ("$a: Int", json!({ "a": null })),
            ("$a: [Int!]", json!({ "a": 3 })),
            ("$a: Float", json!({ "a": 3 })),
            ("$a: ID", json!({ "a": 3 })),
            ("$a: Mood", json!({ "a": "HIGH" })),
            (
                "$a: Outer!",
                json!({ "a": { "id": id, "inner": [{ "n": 1 }] } }),
            ),
            ("$a: Int", json!({ "b": "is nobody's" })),
        ] {
            assert_eq!(
                check(declared, variables.clone()),
                Ok(()),
                "{declared} {variables}"
            );
        }
    }

    #[test]
    fn a_value_of_another_type_is_reported_with_its_path() {
        let id = "019b0000-0000-7000-8000-000000000000";
        for (declared, variables, message) in [
            ("$a: Int!", json!({}), "$a: a value is needed"),
            ("$a: Int!", json!({ "a": null }), "$a: null is not allowed"),
            ("$a: Int", json!({ "a": "1" }), "$a: wanted a whole number"),
            (
                "$a: Int",
                json!({ "a": 3_000_000_000_u32 }),
                "$a: wanted a whole number",
            ),
            (
                "$a: Mood",
                json!({ "a": "FAIR" }),
                "$a: wanted a value of the enum Mood",
            ),
            ("$a: UUID", json!({ "a": "1" }), "$a: "),
            ("$a: [Int!]", json!({ "a": [1, null] }), "$a.1: null"),
            ("$a: Outer", json!({ "a": 1 }), "$a: wanted an object"),
            ("$a: Outer", json!({ "a": {} }), "$a.id: a value is needed"),
            (
                "$a: Outer",
                json!({ "a": { "id": id, "inner": [{ "n": "x" }] } }),
                "$a.inner.0.n: wanted",
            ),
            (
                "$a: Outer",
                json!({ "a": { "id": id, "b": 1 } }),
                "$a.b: Outer has no",
            ),
        ] {
            let fault = check(declared, variables).unwrap_err();
            assert!(fault.contains(message), "{fault}");
        }
    }

    #[test]
    fn unknown_names_are_shortened_in_messages() {
        let variables = json!({ "a": { "ö".repeat(100_000): 1, "id": "x" } });
        let message = check("$a: Outer", variables).unwrap_err();
        assert!(message.len() < 200, "{message}");
        let id = "019b0000-0000-7000-8000-000000000000";
        let variables = json!({ "a": { "id": id, "ö".repeat(100_000): 1 } });
        let message = check("$a: Outer", variables).unwrap_err();
        assert!(
            message.contains(&format!("$a.{}:", "ö".repeat(64))),
            "{message}"
        );
    }

    #[test]
    fn a_default_is_left_to_validation() {
        let fits = |value: serde_json::Value| check("$a: Int = \"x\"", json!({ "a": value }));
        assert_eq!(fits(json!("x")), Ok(()));
        assert!(fits(json!("y")).is_err());
    }
}
