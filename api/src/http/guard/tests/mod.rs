//! Documents that are refused, and documents that must be accepted.

mod attacks;
mod friendly;
mod parser;
mod properties;
mod schema;
mod subscriptions;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use serde_json::{Value, json};

use super::price::Price;
use super::refusal::Measure;
use super::{Limits, TooMuch, price};
use crate::graphql::code::Code;

/// Prices a document with the given variables, whatever its length.
fn priced(text: &str, variables: Value) -> Result<Price, TooMuch> {
    let document = parse_query(text).expect("it parses");
    let variables = Variables::from_json(variables);
    price(&document, None, &variables, &Limits::STANDARD)
}

fn price_of(text: &str) -> Price {
    priced(text, json!({})).expect("it is not too much")
}

fn exceeded(refused: Result<impl std::fmt::Debug, TooMuch>) -> (Measure, u64) {
    match refused {
        Err(TooMuch::Over { measure, found, .. }) => (measure, found),
        other => panic!("not over a limit: {other:?}"),
    }
}
