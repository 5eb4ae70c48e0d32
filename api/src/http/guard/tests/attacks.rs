//! Small documents with a high cost.

use std::fmt::Write as _;

use super::*;
use crate::config::LEAST_POINTS;
use crate::http::guard::scan;

/// A field, through `levels` fragments that each spread the next one `times` times.
fn nested_fragments(levels: usize, times: usize) -> String {
    let mut text = "{ ...F0 }".to_owned();
    for level in 0..levels {
        let next = format!(" ...F{}", level + 1).repeat(times);
        write!(text, " fragment F{level} on Query {{{next} }}").unwrap();
    }
    write!(text, " fragment F{levels} on Query {{ serverTime }}").unwrap();
    text
}

#[test]
fn every_spread_of_a_fragment_counts() {
    for (levels, times, fields) in [(22, 2, 1 << 22), (26, 2, 1 << 26), (5, 20, 3_200_000)] {
        let text = nested_fragments(levels, times);
        assert!(text.len() < 1500);
        assert_eq!(scan(&text, &Limits::STANDARD), Ok(()));
        let refused = exceeded(priced(&text, json!({})));
        assert_eq!(refused, (Measure::Fields, fields), "{levels} × {times}");
    }
    // The count saturates. Unused fragments count, and so do fragments that end in an unknown one.
    let most = exceeded(priced(&nested_fragments(30, 20), json!({})));
    assert_eq!(most, (Measure::Fields, u64::MAX));
    let unused = nested_fragments(22, 2).replacen("...F0", "serverTime", 1);
    assert_eq!(exceeded(priced(&unused, json!({}))).0, Measure::Fields);
    let nothing = nested_fragments(22, 2).replacen("F22 on", "other on", 1);
    assert_eq!(exceeded(priced(&nothing, json!({}))).0, Measure::Fields);
    let inline = format!("{} serverTime {}", "... {".repeat(9), "}".repeat(9));
    let inline = nested_fragments(9, 2).replace("serverTime", &inline);
    assert_eq!(exceeded(priced(&inline, json!({}))).0, Measure::Parts);
}

#[test]
fn fragment_cycles_are_invalid() {
    let circle = "{ ...A } fragment A on Query { me { ...B } } fragment B on Query { ...A }";
    let unused = "{ a } fragment A on Query { ...A }";
    for text in [circle, unused] {
        let refused = priced(text, json!({})).unwrap_err();
        assert!(matches!(refused, TooMuch::FragmentCycle(_)), "{text}");
        assert_eq!(refused.code(), Code::ValidationFailed);
    }
}

#[test]
fn a_long_fragment_chain_exceeds_the_nesting_limit() {
    assert_eq!(
        exceeded(priced(&nested_fragments(1_000, 1), json!({}))).0,
        Measure::Nesting
    );
    // Each fragment is weighed from its end, so the recursion stays short.
    let price = |levels| priced(&nested_fragments(levels, 1), json!({}));
    assert!(price(30).is_ok());
    assert_eq!(exceeded(price(31)), (Measure::Nesting, 33));
}

#[test]
fn aliases_and_directives_are_limited_before_parsing() {
    let repeated = |part: &str, times| format!("{{ {} }}", part.repeat(times));
    for (text, measure) in [
        (repeated("a:b ", 31), Measure::Aliases),
        (repeated("a @b ", 21), Measure::Directives),
    ] {
        assert_eq!(exceeded(scan(&text, &Limits::STANDARD)).0, measure);
    }
    let arguments = format!(
        "query({}) {{ a(b: {{ {} }}) }}",
        "$a: Int ".repeat(20),
        "c: 1 ".repeat(20)
    );
    let remarks = "{ a # :::::::::::::::::::::::::::::::::@@@@@@@@@@@@@@@@@@@@@@@@@\n }";
    for text in [&repeated("a:b ", 30), &arguments, remarks] {
        assert_eq!(scan(text, &Limits::STANDARD), Ok(()), "{text}");
    }
}

#[test]
fn a_refusal_names_the_exceeded_limit() {
    let repeated = |part: &str, times| format!("{{ {} }}", part.repeat(times));
    let deep = |levels| format!("{{ {} b {} }}", "a {".repeat(levels), "}".repeat(levels));
    let numbered =
        |times: usize, part: fn(usize) -> String| -> String { (0..times).map(part).collect() };
    let operations = numbered(1_001, |n| format!("query Q{n} {{ a }} "));
    let variables = numbered(101, |n| format!("$v{n}: Int "));
    let arguments = numbered(11, |n| format!("a{n}: 1 "));
    let cases = [
        (repeated("a ", 1_001), Measure::Fields, 1_001),
        (operations, Measure::Fields, 1_001),
        (deep(12), Measure::Depth, 13),
        (
            format!("query({variables}) {{ a }}"),
            Measure::Variables,
            101,
        ),
        (format!("{{ a({arguments}) }}"), Measure::Arguments, 11),
        (format!("{{ a @b({arguments}) }}"), Measure::Arguments, 11),
        (
            format!("{{ a(b: [{}]) }}", "$c ".repeat(5_000)),
            Measure::Parts,
            5_002,
        ),
    ];
    for (text, measure, found) in cases {
        assert_eq!(exceeded(priced(&text, json!({}))), (measure, found));
    }
    let refused = priced(&deep(12), json!({})).unwrap_err();
    assert_eq!(refused.code(), Code::QueryTooComplex);
    let message = refused.message();
    assert!(
        message.contains("13") && message.contains("12"),
        "{message}"
    );
    assert!(price_of(&deep(11)).depth == 12);
}

#[test]
fn every_use_of_a_variable_counts() {
    let text = |times: usize| format!("query($v: [Int]) {{ {} }}", "a(b: $v) ".repeat(times));
    let items = json!({ "v": vec![1; 1_000] });
    assert!(priced(&text(4), items.clone()).is_ok());
    assert_eq!(exceeded(priced(&text(5), items)).0, Measure::Parts);
    let long = json!({ "v": "x".repeat(256 * 1_000) });
    assert!(priced(&text(4), long.clone()).is_ok());
    assert_eq!(exceeded(priced(&text(5), long)).0, Measure::Parts);
}

#[test]
fn nested_pages_multiply() {
    let nested =
        "query($n: Int) { a(first: $n) { nodes { b(last: 49) { edges { node { c } } } } } }";
    let price = |n| priced(nested, json!({ "n": n }));
    // 100 items in the outer page, and 49 for each of them.
    assert_eq!(price(json!(100)).unwrap().nodes, 5_000);
    // The field will refuse an invalid page size. Here it counts as the largest.
    for n in [
        json!(101),
        json!(-1),
        json!("7"),
        json!(1.5),
        json!(u64::MAX),
    ] {
        assert_eq!(price(n).unwrap().nodes, 5_000);
    }
    assert_eq!(price(json!(null)).unwrap().nodes, 20 + 20 * 49);
    assert_eq!(price(json!(0)).unwrap().nodes, 0);
    let three = "{ a(first: 100) { nodes { b(first: 100) { nodes { c } } } } }";
    assert_eq!(exceeded(priced(three, json!({}))), (Measure::Nodes, 10_100));
    let wide = format!(
        "{{ a(first: 100) {{ nodes {{ b {{ {} }} }} }} }}",
        "c ".repeat(600)
    );
    assert_eq!(exceeded(priced(&wide, json!({}))).0, Measure::Values);
}

#[test]
fn nodes_multiply_with_the_number_of_ids() {
    let text = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Member { circles { nodes { id } } } } }";
    let ids = |n: usize| json!({ "ids": vec!["x"; n] });
    assert_eq!(priced(text, ids(3)).unwrap().nodes, 3 + 3 * 20);
    assert_eq!(exceeded(priced(text, ids(500))), (Measure::Nodes, 500 * 21));
    assert_eq!(price_of("{ nodes(ids: [1, 2]) { id } }").nodes, 2);
    assert_eq!(price_of("{ nodes(ids: 1) { id } }").nodes, 1);
}

#[test]
fn introspection_has_its_own_limits() {
    let deep = |levels| {
        let of = "ofType {".repeat(levels);
        format!(
            "{{ __type(name: \"A\") {{ {of} name {} }} }}",
            "}".repeat(levels)
        )
    };
    assert_eq!(price_of(&deep(18)).depth, 1);
    assert_eq!(
        exceeded(priced(&deep(19), json!({}))),
        (Measure::IntrospectionDepth, 21)
    );
    // Lists within lists, also through a fragment.
    let lists = "{ __schema { types { fields { type { ...T } } } } }
        fragment T on __Type { interfaces { fields { args { name } } } }";
    assert_eq!(
        exceeded(priced(lists, json!({}))),
        (Measure::IntrospectionLists, 4)
    );
}

#[test]
fn the_cost_limit_fits_into_the_smallest_bucket() {
    // `of_each` objects for each of 2,000 items.
    let objects = |of_each: usize| {
        let fields = "o { a } ".repeat(of_each);
        let page = format!("a(first: 100) {{ nodes {{ {fields} }} }} ");
        format!("{{ {} }}", page.repeat(20))
    };
    assert!(price_of(&objects(8)).cost <= LEAST_POINTS);
    let (measure, cost) = exceeded(priced(&objects(9), json!({})));
    assert_eq!(measure, Measure::Cost);
    assert!(cost > LEAST_POINTS);
    let changes = "mutation { a { b } }";
    assert_eq!(price_of(changes).cost, 11);
}
