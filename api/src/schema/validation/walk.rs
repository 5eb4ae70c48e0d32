//! Walks each definition of a document once. Checks everything that one definition shows, and notes what needs several
//! definitions: the variables used and the fragments spread.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, DirectiveLocation, ExecutableDocument, Field, OperationDefinition, OperationType,
    Selection, SelectionSet, Type, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use super::types::{Input, TypeSystem, named};
use super::{Errors, root};

/// A use of a variable.
pub struct Use<'a> {
    pub name: &'a str,
    pub pos: Pos,
    /// The type that is expected there, if it is known.
    pub ty: Option<&'a Type>,
    pub has_default: bool,
}

/// The uses and spreads of one definition.
#[derive(Default)]
pub struct Part<'a> {
    pub uses: Vec<Use<'a>>,
    pub spreads: Vec<&'a str>,
}

impl<'a> Part<'a> {
    /// Returns an operation and the fragments that it spreads, directly or through others. Adds their names to `names`.
    pub fn reachable<'p>(
        operation: &'p Self,
        fragments: &'p HashMap<&'a str, Self>,
        names: &mut HashSet<&'a str>,
    ) -> Vec<&'p Self> {
        let (mut parts, mut seen) = (vec![operation], HashSet::new());
        let mut next = 0;
        while let Some(part) = parts.get(next) {
            next += 1;
            for name in part.spreads.clone() {
                if seen.insert(name) {
                    names.insert(name);
                    parts.extend(fragments.get(name));
                }
            }
        }
        parts
    }
}

/// The walk, with the definition it is in.
pub struct Walk<'a, 'e> {
    pub types: &'a TypeSystem,
    document: &'a ExecutableDocument,
    pub errors: &'e mut Errors,
    suggests: bool,
    pub part: Part<'a>,
}

impl<'a, 'e> Walk<'a, 'e> {
    pub fn new(
        types: &'a TypeSystem,
        document: &'a ExecutableDocument,
        errors: &'e mut Errors,
        suggests: bool,
    ) -> Self {
        Self {
            types,
            document,
            errors,
            suggests,
            part: Part::default(),
        }
    }

    /// Walks all fragments.
    pub fn fragments(&mut self) -> HashMap<&'a str, Part<'a>> {
        let mut parts = HashMap::new();
        for (name, fragment) in &self.document.fragments {
            let fragment = &fragment.node;
            self.directives(&fragment.directives, DirectiveLocation::FragmentDefinition);
            let of = self.condition(&fragment.type_condition);
            self.selections(&fragment.selection_set.node, of);
            parts.insert(name.as_str(), std::mem::take(&mut self.part));
        }
        parts
    }

    /// Walks all operations.
    pub fn operations(&mut self) -> Vec<(&'a Positioned<OperationDefinition>, Part<'a>)> {
        let mut parts = Vec::new();
        for (_, operation) in self.document.operations.iter() {
            let kind = operation.node.ty;
            let location = match kind {
                OperationType::Query => DirectiveLocation::Query,
                OperationType::Mutation => DirectiveLocation::Mutation,
                OperationType::Subscription => DirectiveLocation::Subscription,
            };
            self.directives(&operation.node.directives, location);
            self.definitions(&operation.node.variable_definitions);
            self.selections(&operation.node.selection_set.node, Some(root(kind)));
            parts.push((operation, std::mem::take(&mut self.part)));
        }
        parts
    }

    fn selections(&mut self, set: &'a SelectionSet, of: Option<&'a str>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.field(field, of),
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    self.directives(&inline.directives, DirectiveLocation::InlineFragment);
                    let of = match &inline.type_condition {
                        None => of,
                        Some(condition) => {
                            let inner = self.condition(condition);
                            self.can_be(of, inner, condition.pos);
                            inner
                        }
                    };
                    self.selections(&inline.selection_set.node, of);
                }
                Selection::FragmentSpread(spread) => {
                    let (spread, pos) = (&spread.node, spread.pos);
                    self.directives(&spread.directives, DirectiveLocation::FragmentSpread);
                    let name = &spread.fragment_name.node;
                    self.part.spreads.push(name.as_str());
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let inner = fragment.node.type_condition.node.on.node.as_str();
                        let inner = Some(inner).filter(|of| self.types.is_composite(of));
                        self.can_be(of, inner, pos);
                    } else {
                        let message = format!("Unknown fragment: \"{name}\"");
                        self.errors.add(spread.fragment_name.pos, message);
                    }
                }
            }
        }
    }

    /// Returns the type of a fragment, or `None` if no fields can be selected on it.
    fn condition(&mut self, condition: &'a Positioned<TypeCondition>) -> Option<&'a str> {
        let name = condition.node.on.node.as_str();
        if self.types.is_composite(name) {
            return Some(name);
        }
        let message = if self.types.kind(name).is_none() {
            format!("Unknown type \"{name}\"")
        } else {
            format!("A fragment cannot be on \"{name}\", which has no fields")
        };
        self.errors.add(condition.node.on.pos, message);
        None
    }

    fn can_be(&mut self, outer: Option<&str>, inner: Option<&str>, pos: Pos) {
        if let (Some(outer), Some(inner)) = (outer, inner)
            && self.types.is_composite(outer)
            && !self.types.overlap(outer, inner)
        {
            let message =
                format!("An object of the type \"{outer}\" can never be of the type \"{inner}\"");
            self.errors.add(pos, message);
        }
    }

    fn field(&mut self, field: &'a Positioned<Field>, of: Option<&'a str>) {
        let (field, pos) = (&field.node, field.pos);
        let name = field.name.node.as_str();
        self.directives(&field.directives, DirectiveLocation::Field);
        let definition = of.and_then(|of| self.types.field(of, name));
        let what = format!("field \"{name}\"");
        let arguments = definition.map(|field| field.arguments.as_slice());
        self.arguments(&field.arguments, arguments, &what, pos);
        let Some(definition) = definition else {
            if let Some(of) = of {
                let names = self.types.fields(of);
                let suggestion = self.suggestion(name, names);
                let message = format!("Unknown field \"{name}\" on type \"{of}\".{suggestion}");
                self.errors.add(pos, message);
            }
            return self.selections(&field.selection_set.node, None);
        };
        let ty = named(&definition.ty);
        let is_empty = field.selection_set.node.items.is_empty();
        let is_composite = self.types.is_composite(ty);
        if is_composite && is_empty {
            let message =
                format!("The field \"{name}\" of type \"{ty}\" must have a selection of subfields");
            return self.errors.add(pos, message);
        }
        if !is_composite && !is_empty {
            let message = format!(
                "The field \"{name}\" of type \"{ty}\" cannot have a selection of subfields"
            );
            return self.errors.add(pos, message);
        }
        let ty = is_composite.then_some(ty);
        self.selections(&field.selection_set.node, ty);
    }

    /// Checks the directives of one place.
    pub fn directives(
        &mut self,
        directives: &'a [Positioned<Directive>],
        location: DirectiveLocation,
    ) {
        let mut before = HashSet::new();
        for directive in directives {
            let (pos, name) = (directive.pos, directive.node.name.node.as_str());
            let definition = self.types.directive(name);
            let what = format!("directive \"@{name}\"");
            let arguments = definition.map(|directive| directive.arguments.as_slice());
            self.arguments(&directive.node.arguments, arguments, &what, pos);
            let Some(definition) = definition else {
                let suggestion = self.suggestion(name, self.types.directives());
                let message = format!("Unknown directive \"{name}\"{suggestion}");
                self.errors.add(pos, message);
                continue;
            };
            if !definition.locations.contains(&location) {
                let message = format!("The {what} is not allowed here");
                self.errors.add(pos, message);
            }
            if !before.insert(name) {
                let message = format!("The {what} is allowed here only once");
                self.errors.add(pos, message);
            }
        }
    }

    /// Checks the arguments of a field or a directive. `wanted` is `None` if the field or directive is unknown.
    fn arguments(
        &mut self,
        given: &'a [(Positioned<Name>, Positioned<Value>)],
        wanted: Option<&'a [Input]>,
        what: &str,
        pos: Pos,
    ) {
        let mut before = HashSet::new();
        for (name, value) in given {
            let (pos, name) = (name.pos, name.node.as_str());
            if !before.insert(name) {
                let message = format!("There can only be one argument named \"{name}\"");
                self.errors.add(pos, message);
            }
            let input = wanted.and_then(|all| all.iter().find(|input| input.name == name));
            if let (Some(wanted), None) = (wanted, input) {
                let names = wanted.iter().map(|input| input.name.as_str());
                let suggestion = self.suggestion(name, names);
                let message = format!("Unknown argument \"{name}\" on {what}.{suggestion}");
                self.errors.add(pos, message);
            }
            let place = format!("argument \"{name}\"");
            self.argument(&value.node, input, &place, value.pos);
        }
        for input in wanted.unwrap_or_default() {
            if input.is_required() && !before.contains(input.name.as_str()) {
                let (name, ty) = (&input.name, &input.ty);
                let message = format!("The {what} needs the argument \"{name}\" of type \"{ty}\"");
                self.errors.add(pos, message);
            }
        }
    }

    /// Returns a sentence that suggests the nearest known name; empty if there is none near.
    pub fn suggestion<'n>(&self, name: &str, names: impl Iterator<Item = &'n str>) -> String {
        if !self.suggests {
            return String::new();
        }
        let most = name.chars().count() / 3 + 1;
        let near = names.filter_map(|known| {
            let distance = strsim::damerau_levenshtein(name, known);
            (distance <= most).then_some((distance, known))
        });
        let nearest = near.min();
        nearest.map_or_else(String::new, |(_, known)| {
            format!(" Did you mean \"{known}\"?")
        })
    }
}
