//! Attribute macros for the code that every list and every mutation of the schema repeats.

mod both;
mod page_args;
mod payload;

use proc_macro::TokenStream;
use quote::quote;
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

/// Runs an async test function on SQLite and on PostgreSQL, as the tests `<name>::sqlite` and `<name>::postgres`. The
/// type of its one parameter says what it is given (`support::FromDatabase`).
///
/// ```ignore
/// #[both]
/// async fn a_check_in_counts_once(app: TestApp) { /* ... */ }
/// ```
///
/// The function keeps its attributes. Those that say how a test runs (`ignore`, `should_panic`) move to the two tests,
/// and `cfg` applies to all three.
#[proc_macro_attribute]
pub fn both(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let (arguments, item) = (arguments.into(), proc_macro2::TokenStream::from(item));
    both::expand(&arguments, item.clone())
        .unwrap_or_else(|error| {
            // The function stays, so that nothing else in the file seems wrong.
            let error = error.into_compile_error();
            quote!(#error #item)
        })
        .into()
}
