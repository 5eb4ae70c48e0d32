//! A document for any field, out of what introspection says of it.

use serde_json::Value;
use support::Schema;

/// Deep enough for the things on a page of a list that hangs under `me`.
const DEPTH: usize = 4;

/// A document that asks for a field with its arguments as variables, as the schema has them.
pub fn document(schema: &Schema, root: &str, field: &Value) -> String {
    let name = field["name"].as_str().unwrap();
    let arguments = field["args"].as_array().unwrap();
    let of = |argument: &Value| argument["name"].as_str().unwrap().to_owned();
    // A list is asked for without its page.
    let arguments: Vec<_> = arguments
        .iter()
        .filter(|argument| argument["type"]["kind"] == "NON_NULL")
        .collect();
    let declared: Vec<String> = arguments
        .iter()
        .map(|argument| format!("${}: {}", of(argument), written(&argument["type"])))
        .collect();
    let passed: Vec<String> = arguments
        .iter()
        .map(|argument| format!("{0}: ${0}", of(argument)))
        .collect();
    let brackets = |inner: &[String]| match inner {
        [] => String::new(),
        inner => format!("({})", inner.join(", ")),
    };
    let selection = selection(schema, innermost(&field["type"]).1, DEPTH);
    let root = root.to_lowercase();
    format!(
        "{root}{} {{ {name}{} {selection} }}",
        brackets(&declared),
        brackets(&passed)
    )
}

fn written(of: &Value) -> String {
    match of["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => of["name"].as_str().unwrap().to_owned(),
    }
}

fn innermost(of: &Value) -> (&str, &str) {
    match of["name"].as_str() {
        Some(name) => (of["kind"].as_str().unwrap(), name),
        None => innermost(&of["ofType"]),
    }
}

/// Everything that can be asked of a type without arguments, so deep. Of what a mutation answers not the bare values:
/// they say what was sent.
fn selection(schema: &Schema, of: &str, depth: usize) -> String {
    let kind = schema.types().find(|kind| kind["name"] == of);
    let Some(fields) = kind.and_then(|kind| kind["fields"].as_array()) else {
        return String::new();
    };
    let is_payload = of.ends_with("Payload");
    let required = |argument: &Value| {
        argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
    };
    let asked = fields.iter().filter_map(|field| {
        let name = field["name"].as_str().unwrap();
        let arguments = field["args"].as_array().unwrap();
        let (kind, inner) = innermost(&field["type"]);
        let is_leaf = ["SCALAR", "ENUM"].contains(&kind);
        if arguments.iter().any(required) || (is_leaf && is_payload) || (!is_leaf && depth == 0) {
            return None;
        }
        Some(if is_leaf {
            name.to_owned()
        } else {
            format!("{name} {}", selection(schema, inner, depth - 1))
        })
    });
    let asked: Vec<String> = asked.collect();
    format!("{{ __typename {} }}", asked.join(" "))
}

/// Where a field takes something of this type, in an argument or in its input: as JSON pointers into its variables.
pub fn places(schema: &Schema, field: &Value, of: &str) -> Vec<String> {
    let mut places = Vec::new();
    for argument in field["args"].as_array().unwrap() {
        let (kind, name) = innermost(&argument["type"]);
        let argument = argument["name"].as_str().unwrap();
        if name == of {
            places.push(format!("/{argument}"));
        }
        let input = schema
            .types()
            .find(|of| kind == "INPUT_OBJECT" && of["name"] == name);
        let fields = input.and_then(|input| input["inputFields"].as_array());
        for field in fields.into_iter().flatten() {
            if innermost(&field["type"]).1 == of {
                let field = field["name"].as_str().unwrap();
                places.push(format!("/{argument}/{field}"));
            }
        }
    }
    places
}
