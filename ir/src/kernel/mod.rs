//! The kernel IR: one language for what is computed (stages) and how (loops), for both targets.

pub mod expr;
pub mod loops;
pub mod reduce;
pub mod scalar_op;
pub mod stage;
pub mod walk;

pub use expr::{AxisId, BufId, Ex, ExprId, Exprs, Node, VarId};
pub use loops::{Fold, LoopKind, Loops, Stmt};
pub use reduce::Reducer;
pub use scalar_op::ScalarOp;
pub use stage::{Buffer, Contraction, Kernel, Role, Stage};
pub use walk::Rewriter;
