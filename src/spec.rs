//! Input specifications: the type of an input with symbolic sizes, `tokens=i64[B, T]`, and the range of a size, `T=1..128`.

use cresset_ir::{DType, Diagnostic, Dim, Range, Result, Sym, Type, codes, source};

/// An input and its type.
#[derive(Clone, PartialEq, Debug)]
pub struct InputSpec {
    /// The parameter's name, or its position.
    pub name: String,
    pub ty: Type,
}

impl InputSpec {
    /// Parses `name=dtype[size, ...]`; a size is a number or a name.
    ///
    /// # Errors
    /// `E0802` with the place in the text, `E0302` for a dtype outside the allowed set.
    pub fn parse(text: &str) -> Result<InputSpec> {
        let at = Place::new("--input-spec", text);
        let (name, ty) = text.split_once('=').ok_or_else(|| at.error(0..text.len(), "expected NAME=TYPE"))?;
        let open = ty.find('[').ok_or_else(|| at.error(name.len() + 1..text.len(), "expected a type like f32[B, 3]"))?;
        let dtype = ty[..open].trim();
        let start = name.len() + 1;
        let dtype = DType::parse(dtype).ok_or_else(|| forbidden(dtype).at(at.span(start..start + open), "this dtype"))?;
        let inner = ty[open + 1..].trim_end().strip_suffix(']');
        let inner = inner.ok_or_else(|| at.error(start + open..text.len(), "the bracket is never closed"))?;
        let sizes = inner.split(',').map(str::trim).filter(|s| !s.is_empty());
        let shape = sizes
            .map(|s| size(s).ok_or_else(|| at.error(start + open..text.len(), &format!("`{s}` is no size"))))
            .collect::<Result<Vec<_>>>()?;
        let spec = InputSpec { name: name.trim().to_owned(), ty: Type::new(dtype, shape) };
        spec.ty.check().map_err(|d| d.or_at(at.span(0..text.len())))?;
        Ok(spec)
    }
}

/// A number of at least 0, or an identifier.
fn size(text: &str) -> Option<Dim> {
    if let Ok(n) = text.parse::<i64>() {
        return (n >= 0).then(|| n.into());
    }
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    (first && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| Dim::sym(text))
}

fn forbidden(dtype: &str) -> Diagnostic {
    let all: Vec<_> = DType::all().map(DType::name).collect();
    Diagnostic::error(codes::DTYPE_FORBIDDEN, format!("`{dtype}` is not a dtype"))
        .hint(format!("the dtypes are {}", all.join(", ")))
}

/// Parses `NAME=MIN..MAX`; either end may be left out.
///
/// # Errors
/// `E0802` with the place in the text.
pub fn parse_range(text: &str) -> Result<(Sym, Range)> {
    let at = Place::new("--dim", text);
    let bad = || at.error(0..text.len(), "expected NAME=MIN..MAX");
    let (name, range) = text.split_once('=').ok_or_else(bad)?;
    let (min, max) = range.split_once("..").ok_or_else(bad)?;
    let number = |s: &str| s.trim().parse::<i64>().ok().filter(|&n| n >= 0).ok_or_else(bad);
    let min = if min.trim().is_empty() { 0 } else { number(min)? };
    let max = if max.trim().is_empty() { None } else { Some(number(max)?) };
    if max.is_some_and(|m| m < min) || size(name.trim()).is_none_or(|d| d.known().is_some()) {
        return Err(bad());
    }
    Ok((Sym::new(name.trim()), Range { min, max }))
}

/// A command-line text as a source, so that diagnostics can point into it.
struct Place {
    file: cresset_ir::FileId,
}

impl Place {
    fn new(option: &str, text: &str) -> Place {
        Place { file: source::register(format!("<{option}>"), text) }
    }

    fn span(&self, range: std::ops::Range<usize>) -> cresset_ir::Span {
        cresset_ir::Span::new(self.file, range.start, range.end)
    }

    fn error(&self, range: std::ops::Range<usize>, what: &str) -> Diagnostic {
        Diagnostic::error(codes::BAD_OPTION, format!("cannot read the option: {what}")).at(self.span(range), "here")
    }
}

/// The type of an input: `spec!(f32["B", 784])`. Sizes are numbers or names.
#[macro_export]
macro_rules! spec {
    ($dtype:ident [$($size:expr),* $(,)?]) => {
        $crate::ir::Type::new($crate::spec::dtype(stringify!($dtype)), vec![$($crate::spec::SpecSize::dim($size)),*])
    };
}

/// The dtype of an IR name, for [`spec!`](crate::spec!).
///
/// # Panics
/// For a name that is no dtype: the macro is given a literal.
pub fn dtype(name: &str) -> DType {
    DType::parse(name).unwrap_or_else(|| panic!("spec! knows bool, u8, i8, i16, i32, i64, f16, bf16, f32 and f64, not {name}"))
}

/// A size in [`spec!`](crate::spec!).
pub trait SpecSize {
    fn dim(self) -> Dim;
}

impl SpecSize for &str {
    fn dim(self) -> Dim {
        Dim::sym(self)
    }
}

impl SpecSize for i32 {
    fn dim(self) -> Dim {
        i64::from(self).into()
    }
}

impl SpecSize for usize {
    fn dim(self) -> Dim {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_parse() {
        let spec = InputSpec::parse("tokens=i64[B, T]").unwrap();
        assert_eq!((spec.name.as_str(), spec.ty.to_string().as_str()), ("tokens", "i64[B, T]"));
        assert_eq!(InputSpec::parse("0=f32[]").unwrap().ty.rank(), 0);
        assert_eq!(parse_range("T=1..128").unwrap().1, Range { min: 1, max: Some(128) });
        assert_eq!(parse_range("T=4..").unwrap().1, Range { min: 4, max: None });
    }

    #[test]
    fn nonsense_is_refused_with_a_place() {
        for bad in ["x", "x=f32", "x=f32[1", "x=f32[-1]", "x=f32[a b]", "x=c64[1]", "x=f32[99999999999,99999999999]"] {
            let d = InputSpec::parse(bad).unwrap_err();
            assert!(!d.labels().is_empty(), "{bad}");
        }
        for bad in ["T", "T=1", "T=5..2", "3=1..2", "T=a..b"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }
}
