//! Checks in every answer of a test that each payload's description lists the error codes in it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::TypeSystemDefinition;
use async_graphql::{ServerResult, Value};

/// An extension of the schema that records errors of payloads whose codes the descriptions do not list. It must not
/// panic itself: the edge would turn that into the answer of a fault.
#[derive(Clone, Default)]
pub struct ListedCodes(Arc<Mutex<Vec<String>>>);

impl ListedCodes {
    /// Panics if an answer since the last call had a code that its payload does not list.
    pub fn assert_listed(&self) {
        let unlisted = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(unlisted.is_empty(), "{}", unlisted.join("; "));
    }
}

/// Returns the error codes that each type's description lists.
fn listed_codes() -> &'static HashMap<String, HashSet<String>> {
    static LISTED: LazyLock<HashMap<String, HashSet<String>>> = LazyLock::new(read);
    &LISTED
}

fn read() -> HashMap<String, HashSet<String>> {
    let schema = parse_schema(api::schema::sdl()).unwrap();
    let types = schema.definitions.into_iter().filter_map(|definition| {
        let TypeSystemDefinition::Type(kind) = definition else {
            return None;
        };
        let description = kind.node.description?.node;
        let (_, codes) = description.split_once("The codes of its errors: ")?;
        let codes = codes.split('`').skip(1).step_by(2).map(str::to_owned);
        Some((kind.node.name.node.to_string(), codes.collect()))
    });
    types.collect()
}

impl ExtensionFactory for ListedCodes {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Extension for ListedCodes {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let payload = (info.name == "errors").then(|| info.parent_type.to_owned());
        let value = next.run(ctx, info).await?;
        if let (Some(payload), Some(Value::List(errors))) = (payload, &value) {
            for error in errors {
                let Value::Object(error) = error else {
                    continue;
                };
                let Some(Value::Enum(code)) = error.get("code") else {
                    continue;
                };
                let listed = listed_codes().get(&payload);
                let is_listed = listed.is_some_and(|codes| codes.contains(code.as_str()));
                if !is_listed {
                    let unlisted = format!("the description of {payload} lists no {code}");
                    self.0.lock().unwrap().push(unlisted);
                }
            }
        }
        Ok(value)
    }
}
