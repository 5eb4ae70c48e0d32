//! Builds a document for any root field from the schema's introspection.

use serde_json::Value;
use support::Schema;

/// Deep enough to reach the nodes of a connection under `me`.
const DEPTH: usize = 4;

/// The most names in a selection. With the names of arguments, the server allows a document a thousand fields.
const MOST_NAMES: usize = 900;

/// The documents that select a root field, with its required arguments as variables. Of a query there are several if
/// one would be too large. A mutation is sent once, and selects less deeply.
pub fn documents(schema: &Schema, root: &str, field: &Value) -> Vec<String> {
    let name = field["name"].as_str().unwrap();
    let arguments = field["args"].as_array().unwrap();
    let of = |argument: &Value| argument["name"].as_str().unwrap().to_owned();
    // Optional arguments, such as those of pages, are left out.
    let arguments: Vec<_> = arguments
        .iter()
        .filter(|argument| argument["type"]["kind"] == "NON_NULL")
        .collect();
    let declared: Vec<String> = arguments
        .iter()
        .map(|argument| format!("${}: {}", of(argument), type_reference(&argument["type"])))
        .collect();
    let passed: Vec<String> = arguments
        .iter()
        .map(|argument| format!("{0}: ${0}", of(argument)))
        .collect();
    let brackets = |inner: &[String]| match inner {
        [] => String::new(),
        inner => format!("({})", inner.join(", ")),
    };
    let root = root.to_lowercase();
    let (declared, passed) = (brackets(&declared), brackets(&passed));
    let document = |selection: String| format!("{root}{declared} {{ {name}{passed} {selection} }}");
    let kind = innermost(&field["type"]).1;
    let at_depth = |depth| selected(schema, kind, depth);
    let Some(fields) = at_depth(DEPTH) else {
        return vec![document(String::new())];
    };
    if root != "mutation" {
        let parts = parts(&fields).into_iter();
        return parts.map(|part| document(braced(part))).collect();
    }
    let mut depths = (1..=DEPTH).rev().filter_map(at_depth);
    let fields = depths.find(|fields| names(fields) <= MOST_NAMES);
    vec![document(braced(&fields.expect("a payload that fits")))]
}

fn names(fields: &[String]) -> usize {
    fields
        .iter()
        .map(|field| field.split_whitespace().count())
        .sum()
}

/// Splits the fields of a selection into parts of at most [`MOST_NAMES`] names.
fn parts(fields: &[String]) -> Vec<&[String]> {
    let mut parts = Vec::new();
    let mut begin = 0;
    for at in 1..fields.len() {
        if names(&fields[begin..=at]) > MOST_NAMES {
            parts.push(&fields[begin..at]);
            begin = at;
        }
    }
    parts.push(&fields[begin..]);
    parts
}

/// The type as GraphQL writes it.
fn type_reference(of: &Value) -> String {
    match of["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", type_reference(&of["ofType"])),
        "LIST" => format!("[{}]", type_reference(&of["ofType"])),
        _ => of["name"].as_str().unwrap().to_owned(),
    }
}

fn innermost(of: &Value) -> (&str, &str) {
    match of["name"].as_str() {
        Some(name) => (of["kind"].as_str().unwrap(), name),
        None => innermost(&of["ofType"]),
    }
}

/// Selects every field of a type that needs no argument, down to `depth`. Leaves of a payload are left out: they
/// repeat the input. `None` if the type has no fields.
fn selected(schema: &Schema, of: &str, depth: usize) -> Option<Vec<String>> {
    let kind = schema.types().find(|kind| kind["name"] == of);
    let fields = kind.and_then(|kind| kind["fields"].as_array())?;
    let is_payload = of.ends_with("Payload");
    let required = |argument: &Value| {
        argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
    };
    let selected = fields.iter().filter_map(|field| {
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
            let below = selected_below(schema, inner, depth);
            format!("{name} {below}")
        })
    });
    Some(selected.collect())
}

fn selected_below(schema: &Schema, of: &str, depth: usize) -> String {
    let fields = selected(schema, of, depth - 1);
    fields.map_or_else(String::new, |fields| braced(&fields))
}

fn braced(fields: &[String]) -> String {
    format!("{{ __typename {} }}", fields.join(" "))
}

/// JSON pointers to the variables of a field that have this type, as an argument or inside an input object.
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
