//! Checks that fields with the same response name can be merged (GraphQL §5.3.2), and that a subscription has one root
//! field (§5.2.4.1).
//!
//! graphql-js compares all fields with one response name in pairs. Comparing each with the first of its group gives the
//! same result, because likeness is transitive. First, all fields with one response name must have answers of one
//! shape, whatever type they are selected on. Then, those that one object could answer together must have the same name
//! and arguments.

use std::collections::{BTreeMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};

use super::types::{TypeSystem, named};
use super::{Errors, root};
use crate::graphql::code::Code;

/// The most comparisons. Documents of real apps need some hundreds. Only fragments on many objects that are nested
/// level by level need more comparisons than there are fields.
const MOST: usize = 100_000;

/// A field, and the type it is selected on.
#[derive(Clone, Copy)]
struct Entry<'a> {
    of: Option<&'a str>,
    field: &'a Positioned<Field>,
    ty: Option<&'a Type>,
}

struct Overlaps<'a> {
    types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    left: usize,
}

/// Why fields cannot be merged, or cannot be checked.
enum Conflict<'a> {
    Between(&'a Positioned<Field>, &'static str),
    TooMany,
}

/// Checks the fields of one operation.
pub fn check(
    types: &TypeSystem,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    errors: &mut Errors,
) {
    let mut overlaps = Overlaps {
        types,
        document,
        left: MOST,
    };
    let fields = overlaps.root(operation);
    let found = overlaps
        .shapes(&fields)
        .and_then(|()| overlaps.together(&fields));
    match found {
        Ok(()) => {}
        Err(Conflict::Between(field, how)) => {
            let key = &field.node.response_key().node;
            let message = format!(
                "Fields \"{key}\" conflict because they {how}. Use different aliases on the fields to fetch both if \
                 this was intentional"
            );
            errors.add(field.pos, message);
        }
        Err(Conflict::TooMany) => {
            let message = "There are too many fields with the same response name to compare";
            errors.coded(Code::QueryTooComplex, operation.pos, message);
        }
    }
}

/// Checks the root of a subscription.
pub fn single_root(
    types: &TypeSystem,
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    errors: &mut Errors,
) {
    let overlaps = Overlaps {
        types,
        document,
        left: MOST,
    };
    let fields = overlaps.root(operation);
    let keys: HashSet<&str> = fields.iter().map(Entry::key).collect();
    let is_meta = |entry: &Entry<'_>| entry.field.node.name.node.starts_with("__");
    if keys.len() > 1 || fields.iter().any(is_meta) {
        let message = "The root of a subscription must be a single field";
        errors.add(operation.pos, message);
    }
}

impl Entry<'_> {
    fn key(&self) -> &str {
        self.field.node.response_key().node.as_str()
    }
}

impl<'a> Overlaps<'a> {
    fn root(&self, operation: &'a Positioned<OperationDefinition>) -> Vec<Entry<'a>> {
        let mut fields = Vec::new();
        let (of, set) = (root(operation.node.ty), &operation.node.selection_set.node);
        self.collect(set, Some(of), &mut fields, &mut HashSet::new());
        fields
    }

    /// Collects the fields of a selection and of its fragments, each fragment once.
    fn collect(
        &self,
        set: &'a SelectionSet,
        of: Option<&'a str>,
        fields: &mut Vec<Entry<'a>>,
        seen: &mut HashSet<&'a str>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    let definition = of.and_then(|of| self.types.field(of, name));
                    let ty = definition.map(|definition| &definition.ty);
                    fields.push(Entry { of, field, ty });
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let of = condition.map_or(of, |on| Some(on.node.on.node.as_str()));
                    self.collect(&inline.node.selection_set.node, of, fields, seen);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && seen.insert(name.as_str())
                    {
                        let of = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(&fragment.node.selection_set.node, Some(of), fields, seen);
                    }
                }
            }
        }
    }

    /// Collects everything that is selected below several fields.
    fn below(&self, entries: &[Entry<'a>]) -> Vec<Entry<'a>> {
        let (mut fields, mut seen) = (Vec::new(), HashSet::new());
        for entry in entries {
            let of = entry.ty.map(named);
            let set = &entry.field.node.selection_set.node;
            self.collect(set, of, &mut fields, &mut seen);
        }
        fields
    }

    /// Checks that all fields with one response name have answers of one shape.
    fn shapes(&mut self, entries: &[Entry<'a>]) -> Result<(), Conflict<'a>> {
        for group in by_key(entries) {
            self.spend(group.len())?;
            let mut known = group.iter().filter_map(|entry| Some((entry, entry.ty?)));
            if let Some((_, first)) = known.next() {
                for (entry, ty) in known {
                    if !self.are_of_one_shape(first, ty) {
                        return Err(Conflict::Between(entry.field, "return conflicting types"));
                    }
                }
            }
            let below = self.below(&group);
            self.shapes(&below)?;
        }
        Ok(())
    }

    fn are_of_one_shape(&self, one: &Type, other: &Type) -> bool {
        if one.nullable != other.nullable {
            return false;
        }
        match (&one.base, &other.base) {
            (BaseType::List(one), BaseType::List(other)) => self.are_of_one_shape(one, other),
            (BaseType::Named(one), BaseType::Named(other)) => {
                one == other || self.types.is_composite(one) && self.types.is_composite(other)
            }
            _ => false,
        }
    }

    /// Checks that fields with one response name are the same field, if one object could answer them together.
    fn together(&mut self, entries: &[Entry<'a>]) -> Result<(), Conflict<'a>> {
        for group in by_key(entries) {
            let is_of_object =
                |entry: &Entry<'_>| entry.of.is_some_and(|of| self.types.is_object(of));
            let (of_objects, of_any): (Vec<_>, Vec<_>) = group.into_iter().partition(is_of_object);
            let mut objects: BTreeMap<_, Vec<Entry<'a>>> = BTreeMap::new();
            for entry in of_objects {
                objects.entry(entry.of).or_default().push(entry);
            }
            if objects.is_empty() {
                self.are_one(&of_any)?;
            }
            for mut same in objects.into_values() {
                same.extend(&of_any);
                self.are_one(&same)?;
            }
        }
        Ok(())
    }

    fn are_one(&mut self, group: &[Entry<'a>]) -> Result<(), Conflict<'a>> {
        self.spend(group.len())?;
        if let Some((first, others)) = group.split_first() {
            for other in others {
                let (one, field) = (&first.field.node, other.field);
                if one.name.node != field.node.name.node {
                    return Err(Conflict::Between(field, "are different fields"));
                }
                if !have_same_arguments(one, &field.node) {
                    return Err(Conflict::Between(field, "have differing arguments"));
                }
            }
        }
        let below = self.below(group);
        self.together(&below)
    }

    fn spend(&mut self, steps: usize) -> Result<(), Conflict<'a>> {
        self.left = self.left.checked_sub(steps).ok_or(Conflict::TooMany)?;
        Ok(())
    }
}

fn by_key<'a>(entries: &[Entry<'a>]) -> Vec<Vec<Entry<'a>>> {
    let mut groups: BTreeMap<&str, Vec<Entry<'a>>> = BTreeMap::new();
    for entry in entries {
        let key = entry.field.node.response_key().node.as_str();
        groups.entry(key).or_default().push(*entry);
    }
    groups.into_values().collect()
}

fn have_same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| {
            let same = other.get_argument(name.node.as_str());
            same.is_some_and(|other| other.node == value.node)
        })
}
