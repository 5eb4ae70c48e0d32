//! Flattens the root of a subscription to its single field. The root must be one field (GraphQL §5.2.4.1), which may
//! stand in fragments. The library runs only fields that stand directly at the root, so a field in a fragment would
//! never answer.

use std::collections::HashSet;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType,
    Selection, TypeCondition,
};
use async_graphql::{Name, Positioned};

use super::refusal::TooMuch;

/// The name of the root type in the schema.
const ROOT: &str = "Subscription";

/// Moves the single field of the selected subscription to the root, and removes the fragments that only led to it. Does
/// nothing to queries and mutations.
pub fn single_root(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
) -> Result<(), TooMuch> {
    let Some(operation) = asked(&mut document.operations, operation_name) else {
        return Ok(());
    };
    let mut root = std::mem::take(&mut operation.selection_set.node);
    let mut led_there = HashSet::new();
    let field = collect(&root.items, document, &mut led_there)?;
    root.items = vec![Positioned::new(Selection::Field(field.clone()), field.pos)];
    if let Some(operation) = asked(&mut document.operations, operation_name) {
        operation.selection_set.node = root;
    }
    let used = used_fragments(document);
    let needless = |name: &Name| led_there.contains(name) && !used.contains(name);
    document.fragments.retain(|name, _| !needless(name));
    Ok(())
}

fn asked<'a>(
    operations: &'a mut DocumentOperations,
    wanted: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    let wanted = wanted.filter(|name| !name.is_empty());
    let operation = match (operations, wanted) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(name),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values_mut().next(),
        _ => None,
    };
    operation
        .map(|operation| &mut operation.node)
        .filter(|operation| operation.ty == OperationType::Subscription)
}

/// Returns the single root field with everything selected of it (GraphQL §6.3.2, `CollectFields`). Adds the fragments
/// it came through to `led_there`.
fn collect(
    items: &[Positioned<Selection>],
    document: &ExecutableDocument,
    led_there: &mut HashSet<Name>,
) -> Result<Positioned<Field>, TooMuch> {
    let mut found: Option<Positioned<Field>> = None;
    let mut open = vec![items.iter()];
    while let Some(items) = open.last_mut() {
        let Some(selection) = items.next() else {
            open.pop();
            continue;
        };
        no_directives(selection.node.directives())?;
        match &selection.node {
            Selection::Field(field) => merge(&mut found, field)?,
            Selection::InlineFragment(inline) => {
                if let Some(condition) = &inline.node.type_condition {
                    of_the_root(condition)?;
                }
                open.push(inline.node.selection_set.node.items.iter());
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = document.fragments.get(name).ok_or(TooMuch::NotOneField(
                    "here is a fragment that the document does not have",
                ))?;
                no_directives(&fragment.node.directives)?;
                of_the_root(&fragment.node.type_condition)?;
                if led_there.insert(name.clone()) {
                    open.push(fragment.node.selection_set.node.items.iter());
                }
            }
        }
    }
    found.ok_or(TooMuch::NotOneField("here is none"))
}

/// Refuses directives at the root. `@skip` and `@include` could leave no field; others mean nothing here.
fn no_directives(directives: &[Positioned<Directive>]) -> Result<(), TooMuch> {
    if directives.is_empty() {
        Ok(())
    } else {
        Err(TooMuch::NotOneField("here are directives"))
    }
}

fn of_the_root(condition: &Positioned<TypeCondition>) -> Result<(), TooMuch> {
    if condition.node.on.node == ROOT {
        Ok(())
    } else {
        Err(TooMuch::NotOneField("here is a fragment on another type"))
    }
}

fn merge(found: &mut Option<Positioned<Field>>, field: &Positioned<Field>) -> Result<(), TooMuch> {
    if field.node.name.node.starts_with("__") {
        return Err(TooMuch::NotOneField("here is introspection"));
    }
    let Some(first) = found else {
        *found = Some(field.clone());
        return Ok(());
    };
    if first.node.response_key().node != field.node.response_key().node {
        return Err(TooMuch::NotOneField("here are several"));
    }
    // After the merge, validation cannot compare the two fields (GraphQL §5.3.2), so this does.
    let same_arguments = first.node.arguments.len() == field.node.arguments.len()
        && first.node.arguments.iter().all(|(name, value)| {
            field.node.get_argument(&name.node).map(|other| &other.node) == Some(&value.node)
        });
    if first.node.name.node != field.node.name.node || !same_arguments {
        return Err(TooMuch::NotOneField(
            "here are two of one name that ask for different things",
        ));
    }
    let more = field.node.selection_set.node.items.iter().cloned();
    first.node.selection_set.node.items.extend(more);
    Ok(())
}

/// Returns the fragments that the document's operations spread, directly or through others.
fn used_fragments(document: &ExecutableDocument) -> HashSet<Name> {
    let mut used = HashSet::new();
    let mut waiting: Vec<_> = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set.node)
        .collect();
    while let Some(set) = waiting.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => waiting.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => waiting.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if used.insert(name.clone())
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        waiting.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    used
}
