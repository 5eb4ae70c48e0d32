//! Prices a parsed document.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Positioned, Variables};

use super::Limits;
use super::refusal::{Measure, TooMuch};
use super::values::{Values, constant_parts};
use super::weight::{Answers, Weight};
use crate::page::PAGE;

/// The additional points of a root field of a mutation.
const CHANGE: u64 = 10;

/// The price and the size of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The points that the caller pays: see [`super`].
    pub cost: u64,
    /// The fields of the whole document, with every fragment in its place.
    pub fields: u64,
    /// The items of pages and of lists of ids that the operation may answer.
    pub nodes: u64,
    /// The levels of nested fields of the whole document.
    pub depth: usize,
}

/// Prices a document, or refuses it. The size counts all of the document, because validation visits all of it. The
/// answers count only for the selected operation. If no operation or several have that name, which will be refused
/// later, the most expensive one counts.
pub fn price(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
    limits: &Limits,
) -> Result<Price, TooMuch> {
    // Some clients send an empty name instead of none.
    let wanted = operation_name.filter(|name| !name.is_empty());
    let operations = || {
        document.operations.iter().map(|(name, operation)| {
            let asked = wanted.is_none_or(|wanted| name.is_some_and(|name| name == wanted));
            (asked, &operation.node)
        })
    };
    let asked = operations().filter_map(|(asked, operation)| asked.then_some(operation));
    let mut scales = Scales {
        document,
        limits,
        values: Values::new(variables, asked),
        fragments: HashMap::new(),
    };
    let mut whole = Weight::default();
    let (mut cost, mut answers) = (1, Answers::default());
    for (asked, operation) in operations() {
        let weight = scales.operation(operation)?;
        whole = whole.plus(weight);
        if asked {
            let own = weight.once.plus(weight.each);
            answers = Answers {
                objects: answers.objects.max(own.objects),
                nodes: answers.nodes.max(own.nodes),
                values: answers.values.max(own.values),
            };
            let changes = match operation.ty {
                OperationType::Mutation => weight.roots.saturating_mul(CHANGE),
                OperationType::Query | OperationType::Subscription => 0,
            };
            cost = cost.max(own.objects.saturating_add(changes));
        }
    }
    for name in document.fragments.keys() {
        if !scales.fragments.contains_key(name.as_str()) {
            whole = whole.plus(scales.fragment(name, 0)?);
        }
    }
    let variables = operations().map(|(_, operation)| operation.variable_definitions.len());
    Measure::Variables.check(variables.sum::<usize>(), limits.variables)?;
    Measure::Nesting.check(whole.nesting, limits.nesting)?;
    Measure::Depth.check(whole.depth, limits.depth)?;
    Measure::Fields.check(whole.fields, limits.fields)?;
    Measure::Parts.check(whole.parts, limits.parts)?;
    Measure::Nodes.check(answers.nodes, limits.nodes)?;
    Measure::Values.check(answers.values, limits.values)?;
    Measure::Cost.check(cost, limits.cost)?;
    Ok(Price {
        cost,
        fields: whole.fields,
        nodes: answers.nodes,
        depth: whole.depth,
    })
}

struct Scales<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    values: Values<'a>,
    /// The weights of fragments; `None` while a fragment is being weighed, which reveals cycles.
    fragments: HashMap<&'a str, Option<Weight>>,
}

impl<'a> Scales<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Weight, TooMuch> {
        let mut parts = self.directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            let default = variable.node.default_value.as_ref();
            let default = default.map_or(0, |value| constant_parts(&value.node));
            parts = parts
                .saturating_add(1 + default)
                .saturating_add(self.directives(&variable.node.directives)?);
        }
        let selected = self.selections(&operation.selection_set.node, 0)?;
        Ok(selected.plus(Weight::of_parts(parts)))
    }

    /// Weighs a selection. `level` is the number of selections around it; it is checked here because the recursion
    /// starts here.
    fn selections(&mut self, set: &'a SelectionSet, level: usize) -> Result<Weight, TooMuch> {
        let level = level + 1;
        Measure::Nesting.check(level, self.limits.nesting)?;
        let mut sum = Weight::default();
        for selection in &set.items {
            let one = match &selection.node {
                Selection::Field(field) => self.field(&field.node, level)?,
                Selection::InlineFragment(inline) => {
                    let parts = 1 + self.directives(&inline.node.directives)?;
                    self.selections(&inline.node.selection_set.node, level)?
                        .plus(Weight::of_parts(parts))
                }
                Selection::FragmentSpread(spread) => {
                    let parts = 1 + self.directives(&spread.node.directives)?;
                    self.fragment(&spread.node.fragment_name.node, level)?
                        .plus(Weight::of_parts(parts))
                }
            };
            sum = sum.plus(one);
        }
        sum.nesting += 1;
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str, level: usize) -> Result<Weight, TooMuch> {
        match self.fragments.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(TooMuch::FragmentCycle(name.to_owned())),
            None => {}
        }
        let Some(definition) = self.document.fragments.get(name) else {
            // Validation will refuse it. Until then it must count, or spreads of unknown fragments would be free.
            return Ok(Weight {
                fields: 1,
                ..Weight::default()
            });
        };
        self.fragments.insert(name, None);
        let parts = self.directives(&definition.node.directives)?;
        let weight = self
            .selections(&definition.node.selection_set.node, level)?
            .plus(Weight::of_parts(parts));
        self.fragments.insert(name, Some(weight));
        Ok(weight)
    }

    fn field(&mut self, field: &'a Field, level: usize) -> Result<Weight, TooMuch> {
        let parts = 1_u64
            .saturating_add(self.directives(&field.directives)?)
            .saturating_add(self.arguments(&field.arguments)?);
        let is_object = !field.selection_set.node.items.is_empty();
        let within = if is_object {
            self.selections(&field.selection_set.node, level)?
        } else {
            Weight::default()
        };

        let asked = self.values.page(field);
        let page = asked.or(within.of_page.then_some(PAGE));
        let itself = Answers {
            objects: u64::from(is_object),
            nodes: page.unwrap_or(0),
            values: 1,
        };
        let each = within.each.times(page.unwrap_or(1));
        let mut answers = itself.plus(within.once).plus(each);
        if let Some(ids) = self.values.ids(field) {
            answers = answers.times(ids);
            answers.nodes = answers.nodes.saturating_add(ids);
        }

        let name = field.name.node.as_str();
        let is_items = matches!(name, "edges" | "nodes");
        let (once, each) = if is_items {
            (Answers::default(), answers)
        } else {
            (answers, Answers::default())
        };
        let weight = Weight {
            fields: within.fields.saturating_add(1),
            roots: 1,
            parts: within.parts.saturating_add(parts),
            depth: within.depth + 1,
            lists: within.lists + usize::from(is_introspection_list(name)),
            nesting: within.nesting,
            once,
            each,
            of_page: is_items || matches!(name, "pageInfo" | "totalCount"),
        };
        self.introspection(name, weight)
    }

    /// Checks `__schema` and `__type` against limits of their own. The usual query for a whole schema is deep and costs
    /// little. But `types { fields { type { fields {` and so on grows by the size of the schema each time. Compare
    /// `MaxIntrospectionDepthRule` of graphql-js.
    fn introspection(&self, name: &str, weight: Weight) -> Result<Weight, TooMuch> {
        if !matches!(name, "__schema" | "__type") {
            return Ok(weight);
        }
        Measure::IntrospectionDepth.check(weight.depth, self.limits.introspection_depth)?;
        Measure::IntrospectionLists.check(weight.lists, self.limits.introspection_lists)?;
        Ok(Weight {
            depth: 1,
            lists: 0,
            ..weight
        })
    }

    fn arguments<N>(
        &self,
        arguments: &[(N, Positioned<async_graphql_value::Value>)],
    ) -> Result<u64, TooMuch> {
        Measure::Arguments.check(arguments.len(), self.limits.arguments)?;
        let values = arguments.iter().map(|(_, value)| &value.node);
        Ok(values.fold(0, |sum, value| sum.saturating_add(self.values.parts(value))))
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<u64, TooMuch> {
        let mut parts = 0_u64;
        for directive in directives {
            parts = parts
                .saturating_add(1)
                .saturating_add(self.arguments(&directive.node.arguments)?);
        }
        Ok(parts)
    }
}

fn is_introspection_list(name: &str) -> bool {
    matches!(
        name,
        "args" | "enumValues" | "fields" | "inputFields" | "interfaces" | "possibleTypes"
    )
}
