//! Control flow that depends on values which are not known yet: the hook by which a tracer records it.

use super::frame::Frame;
use super::interp::Interp;
use super::raise::Eval;
use super::stmt::Flow;
use super::value::Value;
use std::rc::Rc;

/// A branch or a loop body, to be evaluated as often as the tracer needs.
pub type Code<'a, T> = &'a mut dyn FnMut(&mut Interp) -> Eval<T>;

/// Asked only where [`Foreign::truth`](super::foreign::Foreign::truth) answers `Unknown`. Variables of the frame are read and put back with
/// [`Frame::snapshot`] and [`Frame::restore`].
pub trait Control {
    /// An `if` statement. `otherwise` holds the rest of an `elif` chain too.
    fn branch(&self, it: &mut Interp, frame: &Rc<Frame>, test: &Value, then: Code<Flow>, otherwise: Code<Flow>) -> Eval<Flow>;

    /// `then if test else otherwise`, and the operands of `and` and `or`.
    fn select(&self, it: &mut Interp, test: &Value, then: Code<Value>, otherwise: Code<Value>) -> Eval;

    /// A `while` statement, whose test was evaluated once to `first`.
    fn repeat(&self, it: &mut Interp, frame: &Rc<Frame>, first: &Value, test: Code<Value>, body: Code<Flow>) -> Eval<Flow>;

    /// A `for` statement. None for an iterable whose items are known: the evaluator then runs it.
    fn each(&self, it: &mut Interp, frame: &Rc<Frame>, iterable: &Value, body: Item) -> Eval<Option<Flow>>;

    /// An `assert` statement; its message is None where it has none.
    fn assume(&self, it: &mut Interp, test: &Value, message: Code<Value>) -> Eval<()>;
}

/// Binds the target of a `for` to an item and evaluates the body.
pub type Item<'a> = &'a mut dyn FnMut(&mut Interp, Value) -> Eval<Flow>;
