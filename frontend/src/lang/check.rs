//! Statements that stand where they mean nothing: `return` outside of a function, `break` outside of a loop.

use super::ast::*;
use super::scope::Scope;
use cresset_ir::{Diagnostic, codes};

/// What a block stands in.
#[derive(Clone, Copy, Default)]
struct Around {
    function: bool,
    looping: bool,
}

/// The diagnostics of a module's statements.
pub fn block(body: &[Stmt]) -> Vec<Diagnostic> {
    let mut errors = vec![];
    if Scope::of_block(body).is_generator {
        stray_yield(body, &mut errors);
    }
    statements(body, Around::default(), &mut errors);
    errors
}

fn statements(body: &[Stmt], around: Around, errors: &mut Vec<Diagnostic>) {
    for stmt in body {
        statement(stmt, around, errors);
    }
}

fn statement(stmt: &Stmt, around: Around, errors: &mut Vec<Diagnostic>) {
    let mut error = |message: &str| errors.push(Diagnostic::error(codes::SYNTAX, message).at(stmt.span, ""));
    match &stmt.kind {
        StmtKind::Return(_) if !around.function => error("'return' outside of a function"),
        StmtKind::Break if !around.looping => error("'break' outside of a loop"),
        StmtKind::Continue if !around.looping => error("'continue' outside of a loop"),
        StmtKind::Function(def) => statements(&def.body, Around { function: true, looping: false }, errors),
        StmtKind::Class(def) => {
            if def.scope.is_generator {
                stray_yield(&def.body, errors);
            }
            // A class body is no part of the function around it.
            statements(&def.body, Around::default(), errors);
        }
        StmtKind::For(s) => {
            statements(&s.body, Around { looping: true, ..around }, errors);
            statements(&s.orelse, around, errors);
        }
        StmtKind::While { body, orelse, .. } => {
            statements(body, Around { looping: true, ..around }, errors);
            statements(orelse, around, errors);
        }
        kind => kind.each_block(&mut |block| statements(block, around, errors)),
    }
}

/// The first statement of a block that is no function's and yields.
fn stray_yield(body: &[Stmt], errors: &mut Vec<Diagnostic>) {
    let stmt = body.iter().find(|s| Scope::of_block(std::slice::from_ref(s)).is_generator);
    errors.extend(stmt.map(|s| Diagnostic::error(codes::SYNTAX, "'yield' outside of a function").at(s.span, "")));
}
