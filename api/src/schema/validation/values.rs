//! Checks that literal values fit their types (GraphQL §5.6).

use async_graphql::parser::types::{BaseType, DirectiveLocation, Type, VariableDefinition};
use async_graphql::{Pos, Positioned};
use async_graphql_value::{ConstValue, Value};

use super::types::{Input, Kind, named};
use super::walk::{Use, Walk};
use crate::graphql::code::Code;
use crate::graphql::scalars;

impl<'a> Walk<'a, '_> {
    /// Checks the value of an argument, and notes the variables in it.
    pub fn argument(&mut self, value: &'a Value, input: Option<&'a Input>, what: &str, pos: Pos) {
        let ty = input.map(|input| &input.ty);
        let has_default = input.is_some_and(|input| input.has_default);
        if let Err(misfit) = self.value(value, ty, has_default, pos) {
            let message = format!("Invalid value for {what}: {misfit}");
            self.errors.coded(Code::BadUserInput, pos, message);
        }
    }

    /// Checks the variables that an operation declares.
    pub fn definitions(&mut self, definitions: &'a [Positioned<VariableDefinition>]) {
        for definition in definitions {
            let definition = &definition.node;
            self.directives(
                &definition.directives,
                DirectiveLocation::VariableDefinition,
            );
            let (name, pos) = (&definition.name.node, definition.var_type.pos);
            let ty = named(&definition.var_type.node);
            if self.types.kind(ty).is_none() {
                self.errors.add(pos, format!("Unknown type \"{ty}\""));
                continue;
            }
            if !self.types.is_input(ty) {
                let message = format!("The variable \"${name}\" cannot be of the type \"{ty}\"");
                self.errors.add(pos, message);
                continue;
            }
            if let Some(default) = &definition.default_value
                && let Err(misfit) = self.constant(&default.node, &definition.var_type.node)
            {
                let message = format!("Invalid default value for variable \"${name}\": {misfit}");
                self.errors.add(default.pos, message);
            }
        }
    }

    /// Returns the first misfit. Visits the whole value nevertheless, to note the variables in it.
    fn value(
        &mut self,
        value: &'a Value,
        ty: Option<&'a Type>,
        has_default: bool,
        pos: Pos,
    ) -> Result<(), String> {
        if let Value::Variable(name) = value {
            self.part.uses.push(Use {
                name: name.as_str(),
                pos,
                ty,
                has_default,
            });
            return Ok(());
        }
        let Some(ty) = ty else {
            self.within(value, pos);
            return Ok(());
        };
        if *value == Value::Null {
            return non_null(ty);
        }
        match (&ty.base, value) {
            (BaseType::List(of), Value::List(items)) => {
                let mut all = Ok(());
                for item in items {
                    all = all.and(self.value(item, Some(of), false, pos));
                }
                all
            }
            // A single value stands for a list of one (GraphQL §3.11).
            (BaseType::List(of), one) => self.value(one, Some(of), false, pos),
            (BaseType::Named(name), _) => self.of_named(value, name.as_str(), pos),
        }
    }

    fn of_named(&mut self, value: &'a Value, name: &str, pos: Pos) -> Result<(), String> {
        match self.types.kind(name) {
            None => {
                self.within(value, pos);
                Ok(())
            }
            Some(Kind::Input(inputs)) => {
                let Value::Object(given) = value else {
                    self.within(value, pos);
                    return Err(format!("wanted an object of the type \"{name}\""));
                };
                let mut all = Ok(());
                for (key, value) in given {
                    let input = inputs.iter().find(|input| input.name == key.as_str());
                    let ty = input.map(|input| &input.ty);
                    let has_default = input.is_some_and(|input| input.has_default);
                    all = all.and(self.value(value, ty, has_default, pos));
                    if input.is_none() {
                        all = all.and(Err(format!("\"{name}\" has no field \"{key}\"")));
                    }
                }
                all.and(missing(inputs, name, |field| given.contains_key(field)))
            }
            Some(kind) => {
                if let Some(value) = value.clone().into_const() {
                    return leaf(kind, name, &value);
                }
                self.within(value, pos);
                Err(format!("wanted a value of the type \"{name}\""))
            }
        }
    }

    /// Notes the variables within a value of unknown type.
    fn within(&mut self, value: &'a Value, pos: Pos) {
        match value {
            Value::List(items) => {
                for item in items {
                    // Without a type every value fits.
                    let _ = self.value(item, None, false, pos);
                }
            }
            Value::Object(fields) => {
                for field in fields.values() {
                    let _ = self.value(field, None, false, pos);
                }
            }
            _ => {}
        }
    }

    fn constant(&self, value: &ConstValue, ty: &Type) -> Result<(), String> {
        if *value == ConstValue::Null {
            return non_null(ty);
        }
        let name = match (&ty.base, value) {
            (BaseType::List(of), ConstValue::List(items)) => {
                return items.iter().try_for_each(|item| self.constant(item, of));
            }
            (BaseType::List(of), one) => return self.constant(one, of),
            (BaseType::Named(name), _) => name.as_str(),
        };
        match self.types.kind(name) {
            None => Ok(()),
            Some(Kind::Input(inputs)) => {
                let ConstValue::Object(given) = value else {
                    return Err(format!("wanted an object of the type \"{name}\""));
                };
                for (key, value) in given {
                    let input = inputs.iter().find(|input| input.name == key.as_str());
                    let input =
                        input.ok_or_else(|| format!("\"{name}\" has no field \"{key}\""))?;
                    self.constant(value, &input.ty)?;
                }
                missing(inputs, name, |field| given.contains_key(field))
            }
            Some(kind) => leaf(kind, name, value),
        }
    }
}

fn non_null(ty: &Type) -> Result<(), String> {
    if ty.nullable {
        Ok(())
    } else {
        Err("null is not allowed".to_owned())
    }
}

fn missing(inputs: &[Input], name: &str, has: impl Fn(&str) -> bool) -> Result<(), String> {
    let missing = inputs
        .iter()
        .find(|input| input.is_required() && !has(&input.name));
    match missing {
        Some(input) => Err(format!("\"{name}\" needs the field \"{}\"", input.name)),
        None => Ok(()),
    }
}

/// Checks a literal of an enum or a scalar. The form of a literal tells its kind: a string is not an enum value, and
/// `1.0` is not a whole number.
fn leaf(kind: &Kind, name: &str, value: &ConstValue) -> Result<(), String> {
    let fits = match (kind, name, value) {
        (Kind::Enum(values), _, ConstValue::Enum(word)) => values.contains(word.as_str()),
        (Kind::Enum(_), ..) => false,
        (_, "Int", ConstValue::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        (_, "Float", ConstValue::Number(_))
        | (_, "String" | "ID", ConstValue::String(_))
        | (_, "Boolean", ConstValue::Boolean(_)) => true,
        (_, "ID", ConstValue::Number(number)) => !number.is_f64(),
        (_, "Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
        _ => return scalars::check(name, value),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("wanted a value of the type \"{name}\""))
    }
}
