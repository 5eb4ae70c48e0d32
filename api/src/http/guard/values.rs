//! Estimates from a field's arguments how many items it answers, and measures the size of values.

use std::collections::HashMap;

use async_graphql::parser::types::{Field, OperationDefinition};
use async_graphql::{Name, Value as Constant, Variables};
use async_graphql_value::{Number, Value};

use crate::page::{MAX_PAGE, PAGE};

/// The variables of an operation, with their defaults.
pub struct Values<'a> {
    given: &'a Variables,
    defaults: HashMap<&'a str, &'a Constant>,
    /// The number of parts of each variable that was sent. The library copies a variable wherever it is used.
    parts: HashMap<&'a str, u64>,
}

impl<'a> Values<'a> {
    /// Reads the defaults of these operations and the variables that were sent.
    pub fn new(
        given: &'a Variables,
        operations: impl Iterator<Item = &'a OperationDefinition>,
    ) -> Self {
        let defaults = operations
            .flat_map(|operation| &operation.variable_definitions)
            .filter_map(|variable| {
                let default = variable.node.default_value.as_ref()?;
                Some((variable.node.name.node.as_str(), &default.node))
            });
        let parts = given
            .iter()
            .map(|(name, value)| (name.as_str(), constant_parts(value)));
        Self {
            given,
            defaults: defaults.collect(),
            parts: parts.collect(),
        }
    }

    fn variable(&self, name: &Name) -> Option<&Constant> {
        self.given
            .get(name)
            .or_else(|| self.defaults.get(name.as_str()).copied())
    }

    /// Returns the page size that `first` or `last` ask for, or `None` if neither is there. An invalid size, which will
    /// be refused later, counts as the greatest.
    pub fn page(&self, field: &Field) -> Option<u64> {
        let sizes = ["first", "last"].map(|name| {
            let value = &field.get_argument(name)?.node;
            Some(match value {
                Value::Null => None,
                Value::Number(number) => Some(page_size(number)),
                Value::Variable(name) => match self.variable(name) {
                    None | Some(Constant::Null) => None,
                    Some(Constant::Number(number)) => Some(page_size(number)),
                    Some(_) => Some(MAX_PAGE),
                },
                _ => Some(MAX_PAGE),
            })
        });
        // The outer `Option` says whether the argument is there, the inner one whether it has a value.
        let there = sizes.iter().any(Option::is_some);
        let asked = sizes.into_iter().flatten().flatten().max();
        there.then(|| asked.unwrap_or(PAGE))
    }

    /// Returns the number of `ids` that a field is given, or `None` if it has no such argument.
    pub fn ids(&self, field: &Field) -> Option<u64> {
        let items = match &field.get_argument("ids")?.node {
            Value::List(items) => items.len(),
            Value::Variable(name) => match self.variable(name) {
                Some(Constant::List(items)) => items.len(),
                _ => 1,
            },
            // A single value stands for a list of one (GraphQL §3.11, input coercion).
            _ => 1,
        };
        Some(u64::try_from(items).unwrap_or(u64::MAX))
    }

    /// Returns the number of parts of a value, with its variables in their place.
    pub fn parts(&self, value: &Value) -> u64 {
        let mut parts = 0_u64;
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            parts = parts.saturating_add(match value {
                Value::Variable(name) => 1 + self.parts.get(name.as_str()).copied().unwrap_or(0),
                Value::String(text) => text_parts(text.len()),
                _ => 1,
            });
            match value {
                Value::List(items) => waiting.extend(items),
                Value::Object(fields) => waiting.extend(fields.values()),
                _ => {}
            }
        }
        parts
    }
}

/// Returns the number of parts of a value without variables.
pub fn constant_parts(value: &Constant) -> u64 {
    let mut parts = 0_u64;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        parts = parts.saturating_add(match value {
            Constant::String(text) => text_parts(text.len()),
            _ => 1,
        });
        match value {
            Constant::List(items) => waiting.extend(items),
            Constant::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    parts
}

/// A long text counts as several parts, because it is copied.
fn text_parts(bytes: usize) -> u64 {
    1 + u64::try_from(bytes / 256).unwrap_or(u64::MAX - 1)
}

fn page_size(number: &Number) -> u64 {
    number
        .as_u64()
        .filter(|size| *size <= MAX_PAGE)
        .unwrap_or(MAX_PAGE)
}
