//! Whether a document is valid (GraphQL §5), by the rules of the reference implementation: what graphql-js's `validate`
//! takes is taken, and nothing else.
//!
//! It is asked once for each text, before anything of it runs. The GraphQL library has rules of its own, which lack some
//! of the specification's and look at values only while a request has variables for them, so that an answer depended on
//! what had been asked before. Every definition is walked once. [`crate::http`] has refused before what would be too
//! much to look at.

mod overlap;
mod types;
mod values;
mod variables;
mod walk;

use std::collections::HashSet;
use std::sync::LazyLock;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{ErrorExtensionValues, Pos, ServerError};

use self::types::TypeSystem;
use self::walk::{Part, Walk};
use crate::graphql::code::Code;

/// Errors that are gathered at most: nobody reads more.
const MOST_ERRORS: usize = 20;

static TYPES: LazyLock<TypeSystem> = LazyLock::new(|| TypeSystem::read(&super::sdl()));

/// What is wrong with a document; nothing if it is valid. Names of the schema are suggested to those who may see all of
/// them.
pub fn validate(document: &ExecutableDocument, suggests: bool) -> Vec<ServerError> {
    of(&TYPES, document, suggests)
}

fn of(types: &TypeSystem, document: &ExecutableDocument, suggests: bool) -> Vec<ServerError> {
    let mut errors = Errors::default();
    let mut walk = Walk::new(types, document, &mut errors, suggests);
    let fragments = walk.fragments();
    let operations = walk.operations();
    let mut reachable = HashSet::new();
    for (operation, part) in &operations {
        let parts = Part::reachable(part, &fragments, &mut reachable);
        variables::check(types, operation, &parts, &mut errors);
        if operation.node.ty == OperationType::Subscription {
            overlap::single_root(types, document, operation, &mut errors);
        }
        overlap::check(types, document, operation, &mut errors);
    }
    for (name, fragment) in &document.fragments {
        if !reachable.contains(name.as_str()) {
            let message = format!("Fragment \"{name}\" is never used");
            errors.add(fragment.pos, message);
        }
    }
    errors.0
}

/// The first of these variables of an operation that stands where null may not. It is valid there for the default that it
/// has; told that it is null, the GraphQL library would take the whole answer away, with what was committed.
pub fn first_that_must_not_be_null<'n>(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &[&'n str],
) -> Option<&'n str> {
    let mut errors = Errors::default();
    let mut walk = Walk::new(&TYPES, document, &mut errors, false);
    let fragments = walk.fragments();
    let operations = walk.operations();
    let (_, part) = operations
        .iter()
        .find(|(other, _)| std::ptr::eq(&raw const other.node, operation))?;
    let parts = Part::reachable(part, &fragments, &mut HashSet::new());
    let mut names = variables.iter().copied();
    names.find(|name| variables::needs_a_value(name, &parts))
}

/// The name of the type at an operation's root.
const fn root(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => types::QUERY,
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

#[derive(Default)]
struct Errors(Vec<ServerError>);

impl Errors {
    fn add(&mut self, pos: Pos, message: impl Into<String>) {
        self.coded(Code::ValidationFailed, pos, message);
    }

    fn coded(&mut self, code: Code, pos: Pos, message: impl Into<String>) {
        if self.0.len() >= MOST_ERRORS {
            return;
        }
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        self.0.push(ServerError {
            extensions: Some(extensions),
            ..ServerError::new(message, Some(pos))
        });
    }
}

#[cfg(test)]
mod tests;
