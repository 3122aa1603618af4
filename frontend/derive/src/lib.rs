//! `#[derive(Module)]`: tracks the parameters, buffers and submodules of a Rust struct.
//!
//! The generated `visit` goes through the fields in order and lets the type of each decide: parameters, modules, and options and
//! vectors of them are tracked; everything else is a plain field. Written without a parser crate: a struct's field names are all it needs.

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// Implements `cresset::nn::Module` for a struct with named fields.
#[proc_macro_derive(Module)]
pub fn module(input: TokenStream) -> TokenStream {
    match expand(input) {
        Ok(code) => code,
        Err(message) => format!("compile_error!({message:?});").parse().expect("a macro call with a string is Rust"),
    }
}

fn expand(input: TokenStream) -> Result<TokenStream, &'static str> {
    const NAMED: &str = "derive(Module) needs a struct with named fields and no generics";
    let mut tokens = input.into_iter().skip_while(|t| t.to_string() != "struct").skip(1);
    let name = tokens.next().ok_or(NAMED)?.to_string();
    let body = match tokens.next() {
        Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => g.stream(),
        _ => return Err(NAMED),
    };
    let visits: String = field_names(body)
        .iter()
        .map(|field| format!("(&track::Field(&self.{field})).track({:?}, f);", field.trim_start_matches("r#")))
        .collect();
    let krate = "::cresset";
    let code = format!(
        "impl {krate}::nn::Module for {name} {{
            fn visit<'a>(&'a self, f: &mut dyn FnMut(&str, {krate}::nn::Item<'a>)) {{
                #[allow(unused_imports)]
                use {krate}::nn::track::{{self, Tracked as _, Untracked as _}};
                {visits}
            }}
        }}"
    );
    code.parse().map_err(|_| "derive(Module) wrote code that does not parse")
}

/// The identifier before the first `:` of each field; commas inside angle brackets belong to a type.
fn field_names(body: TokenStream) -> Vec<String> {
    let (mut names, mut last, mut depth, mut in_type) = (vec![], String::new(), 0usize, false);
    for token in body {
        match &token {
            TokenTree::Punct(p) if in_type && p.as_char() == '<' => depth += 1,
            TokenTree::Punct(p) if in_type && p.as_char() == '>' => depth = depth.saturating_sub(1),
            TokenTree::Punct(p) if !in_type && p.as_char() == ':' => {
                names.push(std::mem::take(&mut last));
                in_type = true;
            }
            TokenTree::Punct(p) if p.as_char() == ',' && depth == 0 => in_type = false,
            TokenTree::Ident(ident) if !in_type => last = ident.to_string(),
            _ => {}
        }
    }
    names
}
