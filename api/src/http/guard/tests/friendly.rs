//! The documents of apps and their tools.

use super::*;
use crate::http::guard::scan;

const HOME: &str = include_str!("home.graphql");
/// The introspection query of graphql-js 16, with every option on.
const INTROSPECTION: &str = include_str!("introspection.graphql");

#[test]
fn a_home_screen_is_far_from_every_limit() {
    let limits = &Limits::STANDARD;
    assert_eq!(scan(HOME, limits), Ok(()));
    let price = priced(HOME, json!({ "meetings": 3 })).unwrap();
    let home = Price {
        // me, profile, progress; three connections; 7 check-ins, 10 notifications; 3 meetings with their edge and their
        // occurrence; the page info.
        cost: 3 + 3 + 7 + 10 + 3 * 3 + 1,
        fields: 37,
        nodes: 7 + 3 + 10,
        depth: 6,
    };
    assert_eq!(price, home);
    assert!(price.fields * 10 < limits.fields && price.nodes * 10 < limits.nodes);
}

#[test]
fn tools_can_introspect_the_whole_schema() {
    assert_eq!(scan(INTROSPECTION, &Limits::STANDARD), Ok(()));
    let price = price_of(INTROSPECTION);
    assert_eq!((price.nodes, price.depth), (0, 1));
    assert!(price.fields < Limits::STANDARD.fields / 2);
}

#[test]
fn items_of_a_page_count_once_in_edges_and_nodes() {
    let both = price_of("{ a(first: 5) { edges { node { id } } nodes { id } } }");
    assert_eq!((both.nodes, both.cost), (5, 1 + 5 + 5 + 5));
    // A page is recognised by its fields.
    for asked in [
        "nodes { id }",
        "edges { cursor }",
        "totalCount",
        "pageInfo { endCursor }",
        "...P",
    ] {
        let text = format!("{{ a {{ {asked} }} }} fragment P on AConnection {{ nodes {{ id }} }}");
        assert_eq!(price_of(&text).nodes, 20, "{asked}");
    }
    // One fragment in pages of different sizes.
    let text =
        "{ a(first: 2) { ...P } b(first: 3) { ...P } } fragment P on C { nodes { c { d } } }";
    assert_eq!(price_of(text).nodes, 5);
    assert_eq!(price_of(text).cost, 2 + 2 * 2 + 3 * 2);
}

#[test]
fn an_operation_costs_at_least_one_and_mutations_cost_more() {
    let cost = |text| price_of(text).cost;
    assert_eq!(cost("{ serverTime }"), 1);
    assert_eq!(
        cost("mutation { rsvp(input: 1) { errors { code } } }"),
        10 + 2
    );
    let both = "mutation { ...Both } fragment Both on Mutation { a { id } b { id } }";
    assert_eq!(cost(both), 2 * (10 + 1));
}

#[test]
fn only_the_selected_operation_is_priced_and_the_fields_of_all_are_counted() {
    let text = "query A($n: Int = 50) { ...P } query B($n: Int = 2) { ...P }
        fragment P on Query { a(first: $n) { nodes { id } } }";
    let document = parse_query(text).unwrap();
    let ask = |name, variables| {
        let variables = Variables::from_json(variables);
        price(&document, name, &variables, &Limits::STANDARD).unwrap()
    };
    assert_eq!(ask(Some("A"), json!({})).cost, 51);
    assert_eq!(ask(Some("B"), json!({})).cost, 3);
    assert_eq!(ask(Some("B"), json!({ "n": 9 })).cost, 10);
    assert_eq!(ask(Some("B"), json!({})).fields, 6);
}
