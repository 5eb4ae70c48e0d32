use async_graphql::parser::parse_query;

use super::*;

const SDL: &str = "
    directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    enum Mood { LOW HIGH }
    input Place { name: String! at: Int mood: Mood = LOW inner: [Place!] }
    interface Named { name: String friend: Named }
    type Man implements Named { name: String friend: Man age: Int! tags: [String!] moods(of: Mood): [Mood] }
    type Dog implements Named { name: String friend: Dog age: Int owner: Man bark(loud: Boolean = true): String! }
    union Pet = Dog
    type Query { man(id: ID!): Man named(place: Place, first: Int! = 20): Named pet: Pet dates(days: [Int!]): String }
    type Subscription { ticks: Int other: Int }";

fn messages(text: &str) -> Vec<String> {
    let document = parse_query(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    let errors = of(&TypeSystem::read(SDL), &document, true);
    errors.into_iter().map(|error| error.message).collect()
}

#[track_caller]
fn valid(texts: &[&str]) {
    for text in texts {
        assert_eq!(messages(text), [""; 0], "{text}");
    }
}

#[track_caller]
fn invalid(texts: &[(&str, &str)]) {
    for (text, part) in texts {
        let messages = messages(text);
        assert!(
            messages.iter().any(|message| message.contains(part)),
            "{text}: {messages:?}"
        );
    }
}

#[test]
fn fields_with_the_same_name_must_merge_at_every_level() {
    valid(&[
        "{ named { name name ... on Man { age } ... on Dog { owner { age } } } }",
        "{ named { ... on Man { x: name } ... on Dog { x: name } } pet { __typename } named { name } }",
        "{ named { friend { ... on Man { a: age } ... on Dog { b: age } } friend { name } } }",
        "{ a: dates(days: [1, 2]) a: dates(days: [1, 2]) }",
        "{ named(place: { name: \"x\", at: 1 }) { name } named(place: { at: 1, name: \"x\" }) { name } }",
    ]);
    invalid(&[
        ("{ named { x: name x: __typename } }", "conflict"),
        (
            "{ named { friend { x: name } friend { x: __typename } } }",
            "conflict",
        ),
        (
            "{ man(id: 1) { name } man(id: 2) { name } }",
            "differing arguments",
        ),
        (
            "{ named { friend { friend { ... on Dog { bark } } } friend { friend { ... on Dog { bark(loud: false) } } } } }",
            "differing arguments",
        ),
        (
            "{ named { ... on Man { age } ... on Dog { age } } }",
            "conflicting types",
        ),
        (
            "{ named { ... on Man { x: friend { y: age } } ... on Dog { x: friend { y: name } } } }",
            "conflicting types",
        ),
        (
            "{ ...f named { x: name } } fragment f on Query { named { x: __typename } }",
            "conflict",
        ),
    ]);
}

#[test]
fn a_variable_must_fit_the_type_of_its_position() {
    valid(&[
        "query($a: ID!) { man(id: $a) { name } }",
        "query($a: ID = 1) { man(id: $a) { name } }",
        "query($a: Int) { named(first: $a) { name } }",
        "query($a: [Int!]!) { dates(days: $a) }",
        "query($a: Int!) { dates(days: [1, $a]) }",
        "query($a: Mood) { named(place: { name: \"x\", mood: $a }) { name } }",
        "query($a: Boolean!) { ...f @include(if: $a) } fragment f on Query { pet { __typename } }",
    ]);
    invalid(&[
        (
            "query($a: ID) { man(id: $a) { name } }",
            "cannot be used where",
        ),
        (
            "query($a: ID = null) { man(id: $a) { name } }",
            "cannot be used where",
        ),
        (
            "query($a: String!) { man(id: $a) { name } }",
            "cannot be used where",
        ),
        (
            "query($a: [Int]) { dates(days: $a) }",
            "cannot be used where",
        ),
        (
            "query($a: Int) { dates(days: [$a]) }",
            "cannot be used where",
        ),
        (
            "query($a: Int!) { dates(days: $a) }",
            "cannot be used where",
        ),
        (
            "query($a: String) { named(place: { name: $a }) { name } }",
            "cannot be used where",
        ),
        (
            "query($a: Int) { ...f } fragment f on Query { man(id: $a) { name } }",
            "cannot be used where",
        ),
        (
            "query A { ...f } query B($a: ID!) { ...f } fragment f on Query { man(id: $a) { name } }",
            "not defined",
        ),
        ("query($a: Int) { pet { __typename } }", "not used"),
        (
            "query($a: Int, $a: Int) { dates(days: [1, 2]) named(first: $a) { name } }",
            "only be one variable",
        ),
        (
            "query($a: Man) { man(id: $a) { name } }",
            "cannot be of the type",
        ),
        ("query($a: Nobody) { man(id: $a) { name } }", "Unknown type"),
        (
            "query($a: Int = \"x\") { named(first: $a) { name } }",
            "Invalid default value",
        ),
    ]);
}

#[test]
fn a_literal_must_fit_its_type() {
    valid(&[
        "{ named(place: { name: \"x\", mood: HIGH, inner: { name: \"y\" } }) { name } }",
        "{ dates(days: 1) man(id: 7) { moods(of: null) } }",
        "{ dates(days: [-2147483648, 2147483647]) }",
        "{ named(place: null) { name } }",
    ]);
    invalid(&[
        (
            "{ named(place: { name: \"x\", mood: \"HIGH\" }) { name } }",
            "Invalid value",
        ),
        (
            "{ named(place: { name: \"x\", mood: MIDDLING }) { name } }",
            "Invalid value",
        ),
        ("{ named(place: { at: 1 }) { name } }", "needs the field"),
        (
            "{ named(place: { name: \"x\", more: 1 }) { name } }",
            "has no field",
        ),
        (
            "{ named(place: { name: null }) { name } }",
            "null is not allowed",
        ),
        ("{ dates(days: [2147483648]) }", "Invalid value"),
        ("{ dates(days: [1.0]) }", "Invalid value"),
        ("{ dates(days: [null]) }", "null is not allowed"),
        ("{ man(id: 1.5) { name } }", "Invalid value"),
        ("{ named(first: null) { name } }", "null is not allowed"),
    ]);
}

#[test]
fn unknown_and_misplaced_names_are_reported() {
    valid(&[
        "{ __typename __schema { types { name fields(includeDeprecated: true) { name } } } __type(name: \"Man\") { kind } }",
    ]);
    invalid(&[
        ("{ man(id: 1) { nme } }", "Did you mean \"name\"?"),
        ("{ man(id: 1, more: 2) { name } }", "Unknown argument"),
        ("{ man(id: 1, id: 2) { name } }", "only be one argument"),
        ("{ man { name } }", "needs the argument"),
        ("{ __typename(a: 1) }", "Unknown argument"),
        ("{ __typename @nothing }", "Unknown directive"),
        ("{ __typename @include }", "needs the argument"),
        (
            "{ __typename @include(if: true) @include(if: true) }",
            "only once",
        ),
        (
            "query @include(if: true) { __typename }",
            "is not allowed here",
        ),
        ("{ man(id: 1) }", "must have a selection"),
        ("{ dates { x } }", "cannot have a selection"),
        ("{ ...f }", "Unknown fragment"),
        ("{ __typename } fragment f on Man { name }", "never used"),
        ("{ ... on Mood { x } }", "has no fields"),
        ("{ ... on Nobody { x } }", "Unknown type"),
        (
            "{ man(id: 1) { ... on Dog { name } } }",
            "can never be of the type",
        ),
        (
            "{ man(id: 1) { ...f } } fragment f on Pet { __typename }",
            "can never be of the type",
        ),
        ("{ pet { __schema { types { name } } } }", "Unknown field"),
        ("subscription { ticks other }", "a single field"),
        ("subscription { __typename }", "a single field"),
    ]);
}

#[test]
fn nested_fragments_validate_in_bounded_time() {
    let mut text = "name".to_owned();
    for _ in 0..10 {
        text = format!(
            "friend {{ ... on Man {{ {text} }} ... on Dog {{ name }} ... on Named {{ {text} }} }}"
        );
        if text.len() > 20_000 {
            break;
        }
    }
    let began = std::time::Instant::now();
    messages(&format!("{{ named {{ {text} }} }}"));
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn the_number_of_errors_is_limited() {
    let fields: Vec<String> = (0..500).map(|n| format!("no{n}")).collect();
    assert_eq!(
        messages(&format!("{{ {} }}", fields.join(" "))).len(),
        MOST_ERRORS
    );
}
