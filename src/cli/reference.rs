//! The built-in reference: ops, passes, codes.

use super::Outcome;
use clap::Args;
use cresset_ir::op::{ALL, Count, OpDef, formula};
use cresset_ir::{Diagnostic, codes};

/// `cresset ops`
#[derive(Args)]
pub struct Ops {
    /// Only the op of this name, with its formula and attributes.
    name: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Ops {
    pub fn run(&self) -> Outcome {
        let chosen: Vec<&'static OpDef> =
            ALL.iter().copied().filter(|op| self.name.as_ref().is_none_or(|n| n == op.name)).collect();
        if let (Some(name), true) = (&self.name, chosen.is_empty()) {
            return Err(vec![
                Diagnostic::error(codes::BAD_OPTION, format!("there is no op `{name}`")).hint("`cresset ops` lists them"),
            ]);
        }
        if self.json {
            outln!("{}", serde_json::Value::Array(chosen.into_iter().map(json).collect()));
            return Ok(());
        }
        for op in chosen {
            outln!("{}\n    {}", signature(op), op.doc);
            if let Some(formula) = formula(op) {
                outln!("    {}", formula.replace('\n', "\n    "));
            }
        }
        Ok(())
    }
}

/// `softmax(x) {dim: int}`
pub fn signature(op: &OpDef) -> String {
    let operand = |o: &cresset_ir::op::Operand| match o.count {
        Count::One => o.name.to_owned(),
        Count::Optional => format!("{}?", o.name),
        Count::Many => format!("{}...", o.name),
    };
    let operands: Vec<String> = op.operands.iter().map(operand).collect();
    let attrs: Vec<String> = op
        .attrs
        .iter()
        .map(|a| match a.default {
            Some(default) => format!("{}: {} = {}", a.name, a.kind.name(), default()),
            None => format!("{}: {}", a.name, a.kind.name()),
        })
        .collect();
    let attrs = if attrs.is_empty() { String::new() } else { format!(" {{{}}}", attrs.join(", ")) };
    format!("{}({}){attrs}", op.name, operands.join(", "))
}

fn json(op: &'static OpDef) -> serde_json::Value {
    serde_json::json!({
        "name": op.name,
        "signature": signature(op),
        "doc": op.doc,
        "formula": formula(op),
    })
}

/// `cresset passes`
pub fn passes() -> Outcome {
    for pass in cresset_passes::PIPELINE {
        outln!("{:<20} {}", pass.name, pass.why);
    }
    Ok(())
}

/// `cresset explain`
#[derive(Args)]
pub struct Explain {
    /// A code, E0301.
    code: String,
}

impl Explain {
    pub fn run(&self) -> Outcome {
        let Some(e) = codes::explain(&self.code) else {
            let text = format!("there is no code `{}`", self.code);
            return Err(vec![Diagnostic::error(codes::BAD_OPTION, text).hint("codes are printed in brackets: error[E0301]")]);
        };
        outln!("{}: {}\n\n{}", e.code, e.title, e.text);
        Ok(())
    }
}
