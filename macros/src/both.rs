//! Tests on both databases.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, FnArg, ItemFn, Result, ReturnType};

pub(crate) fn expand(arguments: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(
            arguments,
            "`#[both]` takes no arguments",
        ));
    }
    let mut body: ItemFn = syn::parse2(item)?;
    check(&body)?;
    let (of_tests, of_body) = std::mem::take(&mut body.attrs)
        .into_iter()
        .partition(is_of_tests);
    body.attrs = of_body;
    let conditions = body.attrs.iter().filter(|it| it.path().is_ident("cfg"));
    let name = &body.sig.ident;
    let tests = [quote!(sqlite), quote!(postgres)].map(|engine| test(name, &engine, &of_tests));
    Ok(quote! {
        #body

        #(#conditions)*
        mod #name {
            #(#tests)*
        }
    })
}

fn test(name: &syn::Ident, engine: &TokenStream, attributes: &[Attribute]) -> TokenStream {
    quote! {
        #(#attributes)*
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn #engine() {
            ::support::run(::support::TestDatabase::#engine().await, super::#name).await;
        }
    }
}

fn is_of_tests(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.is_ident("ignore") || path.is_ident("should_panic")
}

/// Says in the words of tests what would otherwise be an error inside the two that are made.
fn check(body: &ItemFn) -> Result<()> {
    let signature = &body.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(
            signature.fn_token,
            "`#[both]` is for async functions",
        ));
    }
    let is_typed = |argument: Option<&FnArg>| matches!(argument, Some(FnArg::Typed(_)));
    if signature.inputs.len() != 1 || !is_typed(signature.inputs.first()) {
        return Err(Error::new_spanned(
            &signature.ident,
            "a test on both databases has one parameter, whose type implements `FromDatabase`",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a test on both databases is not generic",
        ));
    }
    match &signature.output {
        ReturnType::Default => Ok(()),
        ReturnType::Type(..) => Err(Error::new_spanned(
            &signature.output,
            "a test on both databases returns nothing",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: TokenStream) -> String {
        expand(&TokenStream::new(), item).unwrap().to_string()
    }

    fn refusal(item: TokenStream) -> String {
        expand(&TokenStream::new(), item).unwrap_err().to_string()
    }

    #[test]
    fn attributes_go_where_they_take_effect() {
        let made = expanded(quote! {
            /// Why.
            #[cfg(unix)]
            #[ignore = "takes hours"]
            #[expect(clippy::too_many_lines, reason = "one list")]
            async fn it_holds(app: TestApp) {}
        });
        let times = |what: &str| made.matches(what).count();
        assert_eq!(times("Why."), 1);
        assert_eq!(times("too_many_lines"), 1);
        assert_eq!(times("cfg (unix)"), 2);
        assert_eq!(times("takes hours"), 2);
        let body = made.find("async fn it_holds").unwrap();
        assert!(made.find("takes hours").unwrap() > body, "{made}");
    }

    #[test]
    fn invalid_tests_are_refused_with_the_reason() {
        let is_refused = |item, words| {
            let refusal = refusal(item);
            assert!(refusal.contains(words), "{refusal}");
        };
        is_refused(
            quote!(
                fn f(app: TestApp) {}
            ),
            "async",
        );
        is_refused(
            quote!(
                async fn f() {}
            ),
            "one parameter",
        );
        is_refused(
            quote!(
                async fn f(a: A, b: B) {}
            ),
            "one parameter",
        );
        is_refused(
            quote!(
                async fn f<T>(app: T) {}
            ),
            "generic",
        );
        is_refused(
            quote!(
                async fn f(app: TestApp) -> u8 {
                    1
                }
            ),
            "returns",
        );
        is_refused(
            quote!(
                struct Body;
            ),
            "expected",
        );
        let arguments = quote!(sqlite);
        let refused = expand(
            &arguments,
            quote!(
                async fn f(app: TestApp) {}
            ),
        );
        let refusal = refused.unwrap_err().to_string();
        assert!(refusal.contains("no arguments"), "{refusal}");
    }
}
