//! Validates documents (GraphQL §5) by the rules of the reference implementation: it accepts exactly what `validate` of
//! graphql-js accepts.
//!
//! Each text is validated once, before anything of it runs. The GraphQL library's own rules lack some of the
//! specification's. They also check values only while a request has variables for them, so that the result depended on
//! earlier requests. Every definition is walked once. [`crate::http`] has already refused documents that are too large.

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

/// The most errors that are gathered: nobody reads more.
const MOST_ERRORS: usize = 20;

static TYPES: LazyLock<TypeSystem> = LazyLock::new(|| TypeSystem::read(&super::sdl()));

/// Returns the errors of a document; none if it is valid. With `suggests`, errors suggest names of the schema; set it
/// only for callers that may see the whole schema.
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

/// Returns the first of the given variables that stands where null is not allowed, or `None`. Such a variable is valid
/// because it has a default. If it were null, the GraphQL library would drop the whole answer, even after the change
/// was committed.
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

/// Returns the name of an operation's root type.
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
