//! The four arguments of a list.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{FnArg, ImplItem, ItemImpl, Pat, Type, parse_quote};

pub(crate) fn expand(mut item: ItemImpl) -> TokenStream {
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else {
            continue;
        };
        let mut inputs = Punctuated::new();
        let mut page = None;
        for input in std::mem::take(&mut function.sig.inputs) {
            let Some(name) = page_of(&input) else {
                inputs.push(input);
                continue;
            };
            page = Some(name);
            inputs.extend::<[FnArg; 4]>([
                parse_quote!(
                    #[graphql(desc = "The number of items from the front, 0 to 100; 20 without this and `last`.")]
                    first: Option<i32>
                ),
                parse_quote!(#[graphql(desc = "Only items after this cursor.")] after: Option<String>),
                parse_quote!(#[graphql(desc = "The number of items from the back, 0 to 100.")] last: Option<i32>),
                parse_quote!(#[graphql(desc = "Only items before this cursor.")] before: Option<String>),
            ]);
        }
        function.sig.inputs = inputs;
        if let Some(page) = page {
            let given = parse_quote!(let #page = PageArgs { first, after, last, before };);
            function.block.stmts.insert(0, given);
        }
    }
    quote!(#item)
}

/// Returns the name of a parameter of the type `PageArgs`, or `None` for any other parameter.
fn page_of(input: &FnArg) -> Option<Ident> {
    let FnArg::Typed(typed) = input else {
        return None;
    };
    let (Pat::Ident(name), Type::Path(of)) = (&*typed.pat, &*typed.ty) else {
        return None;
    };
    of.path.is_ident("PageArgs").then(|| name.ident.clone())
}
