//! Attribute macros for the code that every list and every mutation of the schema repeats.

mod page_args;
mod payload;

use proc_macro::TokenStream;
use syn::{ItemImpl, ItemStruct, parse_macro_input};

/// Gives lists their four arguments: `first`, `after`, `last` and `before`.
///
/// It must stand above `#[Object]` or `#[ComplexObject]`. In each function that takes a `PageArgs`, that parameter is
/// replaced by the four arguments with their descriptions. The body can use the parameter as before. (async-graphql 8
/// cannot flatten an argument, and expands its own attribute before a macro inside could.)
#[proc_macro_attribute]
pub fn page_args(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemImpl);
    page_args::expand(item).into()
}

/// Makes a struct the payload of a mutation whose `errors` may have the given codes: `#[payload(INVALID, NOT_FOUND)]`.
///
/// The codes become part of the description. The struct derives `SimpleObject` and `Default`, and gets
/// `refused(problems)`, which makes a payload that has only errors.
#[proc_macro_attribute]
pub fn payload(codes: TokenStream, item: TokenStream) -> TokenStream {
    let codes = parse_macro_input!(codes as payload::Codes);
    let item = parse_macro_input!(item as ItemStruct);
    payload::expand(&codes, &item)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
