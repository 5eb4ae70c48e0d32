//! Checks that the names the guard relies on are right in the schema.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition,
};

use super::*;

/// Returns the fields of every type, each with the type's name.
fn fields() -> Vec<(String, FieldDefinition)> {
    let schema = parse_schema(crate::schema::sdl()).expect("it parses");
    let mut all = Vec::new();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(of) = definition else {
            continue;
        };
        if let TypeKind::Object(object) = of.node.kind {
            let name = of.node.name.node.to_string();
            all.extend(
                object
                    .fields
                    .into_iter()
                    .map(|field| (name.clone(), field.node)),
            );
        }
    }
    all
}

fn type_name(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(items) => type_name(items),
    }
}

#[test]
fn every_connection_is_priced_as_a_page_by_each_of_its_fields() {
    let fields = fields();
    let mut pages = 0;
    for (of, field) in &fields {
        let name = &field.name.node;
        let takes = |name| {
            field
                .arguments
                .iter()
                .any(|argument| argument.node.name.node == name)
        };
        let to = type_name(&field.ty.node);
        let is_page = to.ends_with("Connection");
        // Changes are read forwards only, and always with a number.
        let is_feed = to == "ChangePage";
        assert_eq!(takes("first"), is_page || is_feed, "{of}.{name}");
        assert_eq!(takes("last"), is_page, "{of}.{name}");
        let takes_many = field.arguments.len() as u64 > Limits::STANDARD.arguments;
        assert!(!takes_many, "{of}.{name}");
        if is_feed {
            let text = format!("{{ {name}(first: 20) {{ edges {{ node {{ id }} }} }} }}");
            let each = price_of(&text).cost - price_of("{ a }").cost;
            assert!(each >= 2 * 20, "{text}");
        }
        if is_page {
            pages += 1;
            for (_, within) in fields.iter().filter(|(of, _)| of == to) {
                let text = format!("{{ {name} {{ {} }} }}", within.name.node);
                assert_eq!(price_of(&text).nodes, 20, "{text}");
            }
        }
    }
    assert!(pages > 0);
}
