//! The types of a schema, read from the schema definition language.

use std::collections::{HashMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, DirectiveLocation, FieldDefinition, InputValueDefinition, Type, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};

/// The introspection part of a schema (GraphQL §4.2).
const INTROSPECTION: &str = include_str!("introspection.graphql");
/// The type that holds the additional fields of every object and of the query root.
const META: &str = "__Meta";
/// The name of the query root type.
pub const QUERY: &str = "Query";

/// The types and directives of a schema.
#[derive(Debug, Default)]
pub struct TypeSystem {
    kinds: HashMap<String, Kind>,
    directives: HashMap<String, Directive>,
    /// For each interface and union the objects that it can be.
    possible: HashMap<String, HashSet<String>>,
}

/// The kind of a type.
#[derive(Debug)]
pub enum Kind {
    Scalar,
    Enum(HashSet<String>),
    Input(Vec<Input>),
    Object(HashMap<String, Field>),
    Interface(HashMap<String, Field>),
    Union,
}

/// A field of an object or an interface.
#[derive(Debug)]
pub struct Field {
    pub ty: Type,
    pub arguments: Vec<Input>,
}

/// An argument, or a field of an input object.
#[derive(Debug)]
pub struct Input {
    pub name: String,
    pub ty: Type,
    pub has_default: bool,
}

impl Input {
    /// Whether it must be given.
    pub const fn is_required(&self) -> bool {
        !self.ty.nullable && !self.has_default
    }
}

/// A directive. None of ours is repeatable, although the library's parser reports every directive as repeatable.
#[derive(Debug)]
pub struct Directive {
    pub arguments: Vec<Input>,
    pub locations: Vec<DirectiveLocation>,
}

impl TypeSystem {
    /// Reads a schema. Unreadable parts are left out; a test checks that our schema is readable.
    pub fn read(sdl: &str) -> Self {
        let mut types = Self::default();
        for scalar in ["Int", "Float", "String", "Boolean", "ID"] {
            types.kinds.insert(scalar.to_owned(), Kind::Scalar);
        }
        for text in [sdl, INTROSPECTION] {
            let document = async_graphql::parser::parse_schema(text);
            for definition in document.map(|read| read.definitions).unwrap_or_default() {
                types.take_in(definition);
            }
        }
        types
    }

    fn take_in(&mut self, definition: TypeSystemDefinition) {
        match definition {
            TypeSystemDefinition::Type(definition) => self.take_in_type(definition.node),
            TypeSystemDefinition::Directive(definition) => {
                let definition = definition.node;
                let directive = Directive {
                    arguments: inputs(definition.arguments),
                    locations: definition.locations.iter().map(|at| at.node).collect(),
                };
                self.directives
                    .insert(definition.name.to_string(), directive);
            }
            TypeSystemDefinition::Schema(_) => {}
        }
    }

    fn take_in_type(&mut self, definition: TypeDefinition) {
        let name = definition.name.to_string();
        let kind = match definition.kind {
            TypeKind::Scalar => Kind::Scalar,
            TypeKind::Enum(of) => {
                let values = of.values.into_iter();
                Kind::Enum(values.map(|value| value.node.value.to_string()).collect())
            }
            TypeKind::InputObject(of) => Kind::Input(inputs(of.fields)),
            TypeKind::Object(of) => {
                for interface in of.implements {
                    self.can_be(interface.to_string(), &name);
                }
                Kind::Object(fields(of.fields))
            }
            TypeKind::Interface(of) => Kind::Interface(fields(of.fields)),
            TypeKind::Union(of) => {
                for member in of.members {
                    self.can_be(name.clone(), member.node.as_str());
                }
                Kind::Union
            }
        };
        self.kinds.insert(name, kind);
    }

    fn can_be(&mut self, of: String, object: &str) {
        self.possible
            .entry(of)
            .or_default()
            .insert(object.to_owned());
    }

    /// Returns the kind of the type with this name, or `None` if there is no such type.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name).filter(|_| name != META)
    }

    /// Returns the directive with this name, or `None` if there is no such directive.
    pub fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.get(name)
    }

    /// Returns the names of all directives.
    pub fn directives(&self) -> impl Iterator<Item = &str> {
        self.directives.keys().map(String::as_str)
    }

    /// Returns a field of a type, or `None` if the type has no field with this name.
    pub fn field(&self, of: &str, name: &str) -> Option<&Field> {
        let is_meta = match name {
            "__typename" => self.is_composite(of),
            "__schema" | "__type" => of == QUERY,
            _ => false,
        };
        let of = if is_meta { META } else { of };
        match self.kinds.get(of)? {
            Kind::Object(fields) | Kind::Interface(fields) => fields.get(name),
            _ => None,
        }
    }

    /// Returns the names of a type's fields.
    pub fn fields(&self, of: &str) -> impl Iterator<Item = &str> {
        let fields = match self.kinds.get(of) {
            Some(Kind::Object(fields) | Kind::Interface(fields)) => Some(fields),
            _ => None,
        };
        fields
            .into_iter()
            .flat_map(HashMap::keys)
            .map(String::as_str)
    }

    /// Whether fields can be selected on it.
    pub fn is_composite(&self, name: &str) -> bool {
        let kind = self.kind(name);
        matches!(
            kind,
            Some(Kind::Object(_) | Kind::Interface(_) | Kind::Union)
        )
    }

    /// Whether it is an object type, so that its values are of no other object type.
    pub fn is_object(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(Kind::Object(_)))
    }

    /// Whether it is an input type.
    pub fn is_input(&self, name: &str) -> bool {
        let kind = self.kind(name);
        matches!(kind, Some(Kind::Scalar | Kind::Enum(_) | Kind::Input(_)))
    }

    /// Whether an object can be of both types.
    pub fn overlap(&self, one: &str, other: &str) -> bool {
        if one == other {
            return true;
        }
        let possible = |name: &str| self.possible.get(name);
        match (self.is_object(one), self.is_object(other)) {
            (true, true) => false,
            (true, false) => possible(other).is_some_and(|all| all.contains(one)),
            (false, true) => possible(one).is_some_and(|all| all.contains(other)),
            (false, false) => match (possible(one), possible(other)) {
                (Some(one), Some(other)) => !one.is_disjoint(other),
                _ => false,
            },
        }
    }
}

/// Returns the name of a type without its lists.
pub fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(of) => named(of),
    }
}

fn inputs(definitions: Vec<Positioned<InputValueDefinition>>) -> Vec<Input> {
    let inputs = definitions.into_iter().map(|definition| Input {
        name: definition.node.name.to_string(),
        ty: definition.node.ty.node,
        has_default: definition.node.default_value.is_some(),
    });
    inputs.collect()
}

fn fields(definitions: Vec<Positioned<FieldDefinition>>) -> HashMap<String, Field> {
    let fields = definitions.into_iter().map(|definition| {
        let field = Field {
            ty: definition.node.ty.node,
            arguments: inputs(definition.node.arguments),
        };
        (definition.node.name.to_string(), field)
    });
    fields.collect()
}
