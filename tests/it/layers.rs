//! The order of the modules: each names only those before it, so that there is no cycle among them.

use std::collections::{BTreeMap, BTreeSet};

use support::{Source, sources};

/// From the bottom to the top. A new module says where it stands.
const LAYERS: [(&str, &str); 6] = [
    (
        "kernel: time, chance, text, configuration, keys, the database, the bus",
        "clock entropy problem text waiting files error security zones config descriptors telemetry keys shutdown \
         page node_id travel_gate dev_outbox wake viewer locale patch revocations confirmations \
         mail db bus",
    ),
    (
        "rules and ways out that domains share",
        "days proposal vocabulary notification_kind push passphrase",
    ),
    (
        "the unit of work: what a transaction writes last, and what follows it",
        "tx secret_check fact installation app visibility jobs feed outbox work",
    ),
    (
        "domains",
        "sync consent profile account device circle matching checkin pact commitment meeting ladder",
    ),
    (
        "above the domains: policy, and what follows from facts",
        "notification zone_change consequences",
    ),
    (
        "edges: GraphQL, HTTP, the worker, the developer's tools, the command line",
        "graphql schema http worker dev cli",
    ),
];

/// The places of the modules in the order.
fn ranks() -> BTreeMap<&'static str, usize> {
    let names = LAYERS
        .iter()
        .flat_map(|(_, names)| names.split_whitespace());
    names.enumerate().map(|(rank, name)| (name, rank)).collect()
}

fn module(source: &Source) -> String {
    let first = source.path.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of the crate that a file's program names, in its `use` lines and in its text.
fn named(source: &Source) -> BTreeSet<String> {
    let lines = source.program().lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n");
    let word = |text: &str| -> String {
        let letters = text.chars();
        letters
            .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect()
    };
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        // The first words of a list: what stands in braces within it belongs to one of them.
        let (mut depth, mut begins) = (0, true);
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                letter if begins && letter.is_ascii_alphabetic() => {
                    names.insert(word(&list[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// Each use of a module by one that stands before it, or nowhere.
fn upward(sources: &[Source]) -> Vec<String> {
    let ranks = ranks();
    let mut found = Vec::new();
    for source in sources {
        let own = module(source);
        if ["lib", "main"].contains(&own.as_str()) {
            continue;
        }
        let Some(rank) = ranks.get(own.as_str()) else {
            found.push(format!("{own} has no place in the order"));
            continue;
        };
        let above = |name: &&String| ranks.get(name.as_str()).is_some_and(|other| other > rank);
        let path = source.path.display();
        found.extend(
            named(source)
                .iter()
                .filter(above)
                .map(|name| format!("{path} names {name}")),
        );
    }
    found
}

#[test]
fn each_module_names_only_those_before_it() {
    let sources = sources();
    assert!(sources.len() > 300, "{}", sources.len());
    assert_eq!(upward(&sources), [""; 0]);
    // No name in the order is of a module that is gone.
    let modules: BTreeSet<String> = sources.iter().map(module).collect();
    let gone: Vec<_> = ranks()
        .into_keys()
        .filter(|name| !modules.contains(*name))
        .collect();
    assert_eq!(gone, [""; 0]);
}

#[test]
fn a_use_of_what_stands_above_is_found() {
    let planted = |path: &str, text: &str| Source {
        path: path.into(),
        text: text.to_owned(),
    };
    let one = planted("profile/service.rs", "use crate::circle::service;\n");
    assert_eq!(upward(&[one]), ["profile/service.rs names circle"]);
    let grouped = planted(
        "checkin/mod.rs",
        "use crate::{\n    app::{App, Parts},\n    db, ladder::{self, model},\n};\n",
    );
    assert_eq!(upward(&[grouped]), ["checkin/mod.rs names ladder"]);
    let inline = planted("db/mod.rs", "fn app(app: &crate::app::App) {}\n");
    assert_eq!(upward(&[inline]), ["db/mod.rs names app"]);
    let new = planted("blocks.rs", "");
    assert_eq!(upward(&[new]), ["blocks has no place in the order"]);
    let in_words = planted(
        "db/mod.rs",
        "// crate::app\n/// [`App`](crate::app::App)\nuse crate::clock;\n",
    );
    assert_eq!(upward(&[in_words]), [""; 0]);
}
