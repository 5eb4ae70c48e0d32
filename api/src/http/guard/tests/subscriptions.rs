//! The root of a subscription.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::*;
use crate::http::guard::single_root;

fn selection_text(set: &SelectionSet) -> String {
    let texts = set.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) => {
            let field = &field.node;
            let within = &field.selection_set.node;
            let name = &field.response_key().node;
            if within.items.is_empty() {
                name.to_string()
            } else {
                format!("{name} {{ {} }}", selection_text(within))
            }
        }
        Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        Selection::InlineFragment(inline) => {
            format!(
                "... {{ {} }}",
                selection_text(&inline.node.selection_set.node)
            )
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// Returns the selection of the selected operation, and the names of the fragments that are left.
fn rewritten(text: &str, name: Option<&str>) -> Result<(String, Vec<String>), TooMuch> {
    let mut document = parse_query(text).expect("it parses");
    single_root(&mut document, name)?;
    let ExecutableDocument {
        operations,
        fragments,
    } = document;
    let asked =
        |found: Option<&async_graphql::Name>| found.map(async_graphql::Name::as_str) == name;
    let (_, operation) = operations.iter().find(|(found, _)| asked(*found)).unwrap();
    let mut left: Vec<_> = fragments.keys().map(ToString::to_string).collect();
    left.sort();
    Ok((selection_text(&operation.node.selection_set.node), left))
}

#[test]
fn the_root_field_is_found_in_fragments_and_its_selections_are_merged() {
    let text = "subscription { ...A ... { ping { c } } ... on Subscription { ...A } }
        fragment A on Subscription { ...B ping { ...Rest } }
        fragment B on Subscription { ping { a ... { b } } }
        fragment Rest on Ping { d } fragment Unused on Ping { e }";
    let (selection, left) = rewritten(text, None).unwrap();
    assert_eq!(selection, "ping { a ... { b } ...Rest c }");
    // Nothing spreads A and B any more. Validation still reports the fragment that was unused before.
    assert_eq!(left, ["Rest", "Unused"]);

    let plain = rewritten("subscription { it: ping { a } }", None);
    assert_eq!(plain, Ok(("it: ping { a }".replace(": ping", ""), vec![])));
}

#[test]
fn only_the_selected_subscription_is_rewritten() {
    let text = "query Q { ...A } subscription S { ...P } subscription T { ...P }
        fragment P on Subscription { ping } fragment A on Query { a b }";
    let fragments = ["A", "P"].map(str::to_owned).to_vec();
    let asked = |name| rewritten(text, Some(name)).unwrap();
    assert_eq!(asked("S"), ("ping".to_owned(), fragments.clone()));
    assert_eq!(asked("Q"), ("...A".to_owned(), fragments));
}

#[test]
fn a_root_without_exactly_one_field_is_refused() {
    let root = |selection: &str| {
        let text = format!(
            "subscription {{ {selection} }} fragment F on Subscription {{ ping }}
             fragment M on Member {{ ping }} fragment R on Subscription {{ ...R }}"
        );
        rewritten(&text, None)
    };
    for several in [
        "ping pong",
        "ping it: ping",
        "...F pong",
        "... { ping } ... { pong }",
    ] {
        let refused = root(several).unwrap_err();
        assert_eq!(refused.code(), Code::ValidationFailed);
        assert!(refused.message().contains("several"), "{several}");
    }
    for other in [
        "__typename",
        "ping __typename",
        "...R",
        "...None",
        "...M",
        "... on Query { ping }",
        "it: ping it: pong",
        "ping(a: 1) ping(a: 2)",
        "ping(a: 1) ping",
        "ping @skip(if: false)",
        "...F @include(if: $v)",
        "... @include(if: true) { ping }",
        "ping ping @skip(if: true)",
    ] {
        let refused = root(other).expect_err(other);
        assert_eq!(refused.code(), Code::ValidationFailed, "{other}");
    }
    assert!(root("ping(a: 1, b: 2) ping(b: 2, a: 1)").is_ok());
}
