//! Checks that an operation declares the variables that it and its fragments use, and that each is allowed in its place
//! (GraphQL §5.8).

use std::collections::{HashMap, HashSet};

use async_graphql::Positioned;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type, VariableDefinition};
use async_graphql_value::ConstValue;

use super::Errors;
use super::types::{TypeSystem, named};
use super::walk::{Part, Use};

/// Checks the variables of one operation.
pub fn check(
    types: &TypeSystem,
    operation: &Positioned<OperationDefinition>,
    parts: &[&Part<'_>],
    errors: &mut Errors,
) {
    let mut declared = HashMap::new();
    for definition in &operation.node.variable_definitions {
        let name = definition.node.name.node.as_str();
        if declared.insert(name, &definition.node).is_some() {
            let message = format!("There can only be one variable named \"${name}\"");
            errors.add(definition.pos, message);
        }
    }
    let mut used = HashSet::new();
    for variable in parts.iter().flat_map(|part| &part.uses) {
        let name = variable.name;
        match declared.get(name) {
            None => errors.add(variable.pos, format!("Variable \"${name}\" is not defined")),
            Some(definition) => {
                used.insert(name);
                if !may_stand(types, definition, variable) {
                    let of = &definition.var_type.node;
                    let wanted = variable.ty.map(ToString::to_string).unwrap_or_default();
                    let message = format!(
                        "Variable \"${name}\" of type \"{of}\" cannot be used where \"{wanted}\" is expected"
                    );
                    errors.add(variable.pos, message);
                }
            }
        }
    }
    for (name, definition) in declared {
        if !used.contains(name) {
            let message = format!("Variable \"${name}\" is not used");
            errors.add(definition.name.pos, message);
        }
    }
}

/// Whether a variable stands in a place that does not allow null and has no default.
pub fn needs_a_value(name: &str, parts: &[&Part<'_>]) -> bool {
    let mut uses = parts.iter().flat_map(|part| &part.uses);
    uses.any(|variable| {
        let wants_a_value = variable.ty.is_some_and(|wanted| !wanted.nullable);
        variable.name == name && wants_a_value && !variable.has_default
    })
}

/// `IsVariableUsageAllowed` (GraphQL §5.8.5).
fn may_stand(types: &TypeSystem, definition: &VariableDefinition, variable: &Use<'_>) -> bool {
    let (of, Some(wanted)) = (&definition.var_type.node, variable.ty) else {
        return true;
    };
    // An error in the type itself was reported already.
    if !types.is_input(named(of)) {
        return true;
    }
    if wanted.nullable || !of.nullable {
        return fits(of, wanted);
    }
    let default = definition.default_value.as_ref().map(|value| &value.node);
    let has_default = default.is_some_and(|value| *value != ConstValue::Null);
    if !has_default && !variable.has_default {
        return false;
    }
    let nullable = Type {
        base: wanted.base.clone(),
        nullable: true,
    };
    fits(of, &nullable)
}

/// `AreTypesCompatible`.
fn fits(of: &Type, wanted: &Type) -> bool {
    if of.nullable && !wanted.nullable {
        return false;
    }
    match (&of.base, &wanted.base) {
        (BaseType::List(of), BaseType::List(wanted)) => fits(of, wanted),
        (BaseType::Named(of), BaseType::Named(wanted)) => of == wanted,
        _ => false,
    }
}
