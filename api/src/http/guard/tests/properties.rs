//! Properties that hold for every document.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const NAMES: [&str; 8] = [
    "a",
    "b",
    "edges",
    "nodes",
    "node",
    "totalCount",
    "fields",
    "__type",
];
const ARGUMENTS: [&str; 6] = [
    "",
    "(first: 3)",
    "(last: $n)",
    "(first: null)",
    "(ids: [1, 2])",
    "(ids: [1], first: 2)",
];

#[derive(Clone, Debug)]
enum Part {
    Field(&'static str, &'static str, Vec<Part>),
    Inline(Vec<Part>),
    /// A spread of a later fragment.
    Spread(Index),
}

fn any_parts() -> impl Strategy<Value = Vec<Part>> {
    let field = (select(&NAMES[..]), select(&ARGUMENTS[..]));
    let leaf = prop_oneof![
        3 => field.clone().prop_map(|(name, arguments)| Part::Field(name, arguments, Vec::new())),
        1 => any::<Index>().prop_map(Part::Spread),
    ];
    let part = leaf.prop_recursive(3, 16, 3, move |inner| {
        let inner = prop::collection::vec(inner, 1..4);
        prop_oneof![
            2 => (field.clone(), inner.clone())
                .prop_map(|((name, arguments), inner)| Part::Field(name, arguments, inner)),
            1 => inner.prop_map(Part::Inline),
        ]
    });
    prop::collection::vec(part, 1..4)
}

/// The bodies of the operation and its fragments. The operation comes first.
#[derive(Clone, Debug)]
struct Document(Vec<Vec<Part>>);

fn any_document() -> impl Strategy<Value = Document> {
    prop::collection::vec(any_parts(), 1..5).prop_map(Document)
}

impl Document {
    /// Writes the document, with its fragments spread or inlined.
    fn text(&self, spread: bool) -> String {
        let mut used = BTreeSet::new();
        let operation = self.body(0, spread, &mut used);
        let mut text = format!("query($n: Int = 4) {{{operation} }}");
        while let Some(fragment) = used.pop_first() {
            let body = self.body(fragment, spread, &mut used);
            text.extend([format!(" fragment F{fragment} on Query {{{body} }}")]);
        }
        text
    }

    fn body(&self, of: usize, spread: bool, used: &mut BTreeSet<usize>) -> String {
        self.parts(&self.0[of], of, spread, used)
    }

    fn parts(&self, parts: &[Part], of: usize, spread: bool, used: &mut BTreeSet<usize>) -> String {
        let written = parts.iter().map(|part| match part {
            Part::Field(name, arguments, inner) if inner.is_empty() => {
                format!(" {name}{arguments}")
            }
            Part::Field(name, arguments, inner) => {
                format!(
                    " {name}{arguments} {{{} }}",
                    self.parts(inner, of, spread, used)
                )
            }
            Part::Inline(inner) => format!(" ... {{{} }}", self.parts(inner, of, spread, used)),
            Part::Spread(index) => match self.later_fragment(of, *index) {
                None => " a".to_owned(),
                Some(fragment) if spread => {
                    used.insert(fragment);
                    format!(" ...F{fragment}")
                }
                Some(fragment) => {
                    format!(" ... on Query {{{} }}", self.body(fragment, false, used))
                }
            },
        });
        written.collect()
    }

    fn later_fragment(&self, of: usize, index: Index) -> Option<usize> {
        let later = self.0.len() - of - 1;
        (later > 0).then(|| of + 1 + index.index(later))
    }

    /// Adds a part to one of the selections.
    fn with_part(mut self, part: Part, body: Index, place: Index) -> Self {
        let body = body.index(self.0.len());
        let mut place = place.index(selections(&self.0[body]));
        insert(&mut self.0[body], part, &mut place);
        self
    }

    fn price(&self, spread: bool) -> Price {
        let document = parse_query(self.text(spread)).unwrap();
        price(&document, None, &Variables::default(), &BOUNDLESS).unwrap()
    }
}

fn inner(part: &Part) -> Option<&Vec<Part>> {
    match part {
        Part::Field(_, _, inner) if inner.is_empty() => None,
        Part::Field(_, _, inner) | Part::Inline(inner) => Some(inner),
        Part::Spread(_) => None,
    }
}

fn selections(set: &[Part]) -> usize {
    let within = set.iter().filter_map(inner);
    1 + within.map(|set| selections(set)).sum::<usize>()
}

/// Inserts the part into the selection number `place`, counted from here. Returns the part if there are too few.
fn insert(set: &mut Vec<Part>, part: Part, place: &mut usize) -> Option<Part> {
    if *place == 0 {
        set.push(part);
        return None;
    }
    *place -= 1;
    let mut part = Some(part);
    for one in set {
        if inner(one).is_some()
            && let Part::Field(_, _, set) | Part::Inline(set) = one
        {
            part = insert(set, part?, place);
        }
    }
    part
}

const BOUNDLESS: Limits = Limits {
    document_bytes: usize::MAX,
    words: usize::MAX,
    name_bytes: usize::MAX,
    nesting: usize::MAX,
    depth: usize::MAX,
    introspection_depth: usize::MAX,
    introspection_lists: usize::MAX,
    fields: u64::MAX,
    parts: u64::MAX,
    nodes: u64::MAX,
    values: u64::MAX,
    cost: u64::MAX,
    aliases: usize::MAX,
    directives: usize::MAX,
    variables: u64::MAX,
    arguments: u64::MAX,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_fragment_costs_the_same_spread_or_inlined(document in any_document()) {
        prop_assert_eq!(document.price(true), document.price(false));
    }

    #[test]
    fn adding_a_selection_never_lowers_the_price(
        document in any_document(), part in any_parts(), body: Index, place: Index
    ) {
        let before = document.price(true);
        let more = document.with_part(Part::Inline(part), body, place);
        let after = more.price(true);
        prop_assert!(before.cost <= after.cost && before.fields <= after.fields, "{}", more.text(true));
        prop_assert!(before.nodes <= after.nodes && before.depth <= after.depth, "{}", more.text(true));
    }
}
