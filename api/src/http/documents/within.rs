//! The variables that stand within a value of a document, such as `{ mood: $mood }`. The GraphQL library looks at such
//! an argument only while it knows a value for each of its variables, and for those of the operation that is asked
//! for; otherwise whatever else is wrong with it goes by.

use std::collections::HashSet;

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

/// Which variables stand within values.
#[derive(Debug)]
pub struct Within {
    names: HashSet<Name>,
    /// Whether the document has one operation, which is always the one asked for.
    is_single: bool,
}

impl Within {
    /// Of a document.
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut within = Self {
            names: HashSet::new(),
            is_single: document.operations.iter().count() == 1,
        };
        for (_, operation) in document.operations.iter() {
            within.directives(&operation.node.directives);
            within.selections(&operation.node.selection_set.node);
        }
        for fragment in document.fragments.values() {
            within.directives(&fragment.node.directives);
            within.selections(&fragment.node.selection_set.node);
        }
        within
    }

    /// Whether all of them have a value, so that validation looks at every argument.
    pub fn are_known(&self, variables: &Variables) -> bool {
        let is_known = |name| variables.contains_key(name);
        self.names.is_empty() || self.is_single && self.names.iter().all(is_known)
    }

    fn selections(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(inline) => {
                    self.selections(&inline.node.selection_set.node);
                }
                // Every fragment is looked at by itself.
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Field) {
        for (_, value) in &field.arguments {
            self.argument(&value.node);
        }
        self.selections(&field.selection_set.node);
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            for (_, value) in &directive.node.arguments {
                self.argument(&value.node);
            }
        }
    }

    fn argument(&mut self, value: &Value) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            let inner: Vec<&Value> = match value {
                Value::List(items) => items.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => continue,
            };
            for value in inner {
                if let Value::Variable(name) = value {
                    self.names.insert(name.clone());
                }
                waiting.push(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_argument_is_looked_at_when_all_within_it_is_known() {
        let one = "query($x: Int) { a(b: $x, c: 1) @include(if: $x) { d } }";
        let object = "query($x: Int, $y: Int) { a(b: { c: [{ d: $x }] }, e: $y) }";
        let fragment = "query($x: Int) { ...f } fragment f on Query { a { b @c(d: [$x]) } }";
        let two = "query A { a } query B($x: Int) { a(b: [$x]) }";
        for (text, variables, known) in [
            (one, json!({}), true),
            (object, json!({}), false),
            (object, json!({ "y": 1 }), false),
            (object, json!({ "x": null }), true),
            (fragment, json!({}), false),
            (fragment, json!({ "x": 1 }), true),
            (two, json!({ "x": 1 }), false),
            ("query A { a(b: [1]) } query B { b }", json!({}), true),
        ] {
            let within = Within::of(&parse_query(text).unwrap());
            let variables = Variables::from_json(variables);
            assert_eq!(within.are_known(&variables), known, "{text}");
        }
    }
}
