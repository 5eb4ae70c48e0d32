//! The payload of a mutation.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Error, Fields, GenericArgument, ItemStruct, PathArguments, Result, Token, Type, parse_quote,
};

/// The codes of a payload, in the spelling of the schema.
pub(crate) struct Codes(Vec<Ident>);

impl Parse for Codes {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let codes = Punctuated::<Ident, Token![,]>::parse_terminated(input)?;
        let codes: Vec<Ident> = codes.into_iter().collect();
        if !codes.is_sorted() {
            return Err(input.error("the codes must be in alphabetical order"));
        }
        Ok(Self(codes))
    }
}

pub(crate) fn expand(codes: &Codes, item: &ItemStruct) -> Result<TokenStream> {
    let error = error_of(item)?;
    let name = &item.ident;
    let names: Vec<String> = codes.0.iter().map(Ident::to_string).collect();
    let variants = codes.0.iter().map(variant);
    let listed = names.iter().map(|code| format!("`{code}`"));
    let listed = listed.collect::<Vec<_>>().join(", ");
    let description = if names.is_empty() {
        "It has no errors so far.".to_owned()
    } else {
        format!("The codes of its errors: {listed}.")
    };
    // After the item's own documentation.
    let mut item = item.clone();
    item.attrs.push(parse_quote!(#[doc = ""]));
    item.attrs.push(parse_quote!(#[doc = #description]));
    Ok(quote! {
        #[derive(Default, async_graphql::SimpleObject)]
        #item

        // An unknown code does not compile.
        const _: &[crate::problem::ProblemCode] = &[#(crate::problem::ProblemCode::#variants),*];

        impl #name {
            /// Makes a payload that has only errors.
            fn refused(problems: Vec<crate::problem::Problem>) -> Self {
                Self {
                    errors: crate::graphql::errors::user_errors::<#error>(problems),
                    ..Self::default()
                }
            }
        }
    })
}

/// Returns the type of the errors: that of the field `errors: Vec<…>`.
fn error_of(item: &ItemStruct) -> Result<Type> {
    let fault = || Error::new_spanned(item, "a payload has `errors: Vec<…Error>`");
    let Fields::Named(fields) = &item.fields else {
        return Err(fault());
    };
    let is_errors = |field: &&syn::Field| field.ident.as_ref().is_some_and(|name| name == "errors");
    let errors = fields.named.iter().find(is_errors).ok_or_else(fault)?;
    let Type::Path(of) = &errors.ty else {
        return Err(fault());
    };
    let last = of.path.segments.last().ok_or_else(fault)?;
    match &last.arguments {
        PathArguments::AngleBracketed(inner) => match inner.args.first() {
            Some(GenericArgument::Type(error)) => Ok(error.clone()),
            _ => Err(fault()),
        },
        _ => Err(fault()),
    }
}

/// Returns the variant of a code: `NOT_FOUND` is `NotFound`.
fn variant(code: &Ident) -> Ident {
    let code = code.to_string().to_lowercase();
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(usize::from(!word.is_empty()));
        first.to_uppercase() + rest
    });
    format_ident!("{}", words.collect::<String>())
}
