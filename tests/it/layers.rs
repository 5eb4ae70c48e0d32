//! The order of the modules: each names only those before it, so that there is no cycle among them.

use std::collections::{BTreeMap, BTreeSet};

use support::{Source, sources};

/// The modules in the order of `api/src/lib.rs`, from the bottom to the top, with their places.
fn ranks() -> BTreeMap<String, usize> {
    let all = sources();
    let lib = all.iter().find(|source| module(source) == "lib").unwrap();
    let lines = lib.text.lines().map(|line| line.trim_start_matches("pub "));
    let names = lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let ranks = names
        .enumerate()
        .map(|(rank, name)| (name.to_owned(), rank));
    ranks.collect()
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
        let Some(rank) = ranks.get(&own) else {
            found.push(format!("{own} has no place in the order"));
            continue;
        };
        let above = |name: &&String| ranks.get(*name).is_some_and(|other| other > rank);
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
