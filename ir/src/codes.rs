//! The registry of diagnostic codes: what `cresset explain` prints.
//!
//! Codes are grouped by stage and never reused: E01 syntax, E02 Python evaluation, E03 types and shapes, E04 checkpoints
//! and data files, E05 running, E06 IR text and verification, E07 lowering and code generation, E08 command line and files.

use std::fmt;

/// A stable number, printed `E0203`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E{:04}", self.0)
    }
}

/// What a code means, for `cresset explain`.
pub struct Explanation {
    pub code: Code,
    pub title: &'static str,
    pub text: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $text:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($number);)*

        /// All codes, in rising order.
        pub const ALL: &[Explanation] = &[$(Explanation { code: $name, title: $title, text: $text }),*];
    };
}

codes! {
    // E01: syntax
    SYNTAX = 101, "invalid syntax", "The text is not valid Python 3.12 syntax. The message names what was found and what could stand there.";
    INDENTATION = 102, "inconsistent indentation", "A line is indented in a way that matches no enclosing block, or mixes tabs and spaces ambiguously.";
    UNTERMINATED = 103, "unterminated literal or bracket", "A string, or a bracket, is opened and never closed.";
    BAD_LITERAL = 104, "invalid literal", "A number, string escape or character that Python does not know.";

    // E02: Python evaluation
    UNDEFINED_NAME = 201, "undefined name", "A name is used that is bound nowhere, or not yet: `NameError`.";
    NO_ATTRIBUTE = 202, "no such attribute", "An object does not have the attribute that is asked of it: `AttributeError`.";
    PYTHON_TYPE = 203, "wrong type", "A function, operator or statement got a value of a type that it is not defined for, or the wrong arguments: `TypeError`.";
    PYTHON_VALUE = 204, "wrong value", "A value has the right type and a content that makes no sense here: `ValueError`, `KeyError`, `IndexError`, `ZeroDivisionError`, `OverflowError`.";
    ASSERTION = 205, "assertion failed", "An `assert` of the program does not hold.";
    UNSUPPORTED = 210, "feature not supported", "The text is valid Python, and the evaluator does not run this part of the language. It is rejected only when it is reached.";
    NOT_FOUND = 211, "import not found", "A module is found neither on the search path nor among those provided, and something of it was used.";
    RECURSION = 212, "recursion too deep", "Functions call each other more than a thousand levels deep: `RecursionError`.";
    NO_END = 213, "no end in sight", "The evaluation took more steps than its budget: most likely a loop that never ends.";
    RAISED = 214, "exception raised", "The program raised an exception that nothing caught.";
    TRACED_CONDITION = 220, "condition not known while tracing", "Control flow depends on the value of a tensor or on a size that is known only when the program runs.";
    TRACED_VALUE = 221, "value not known while tracing", "A number is needed that only the running program has: the value of a tensor, a size that was declared symbolic, a random number.";
    TRACED_STATE = 222, "state changes between calls", "`forward` writes to something that is older than the call - an attribute, a buffer, an element of a list, a global - and the next call reads it, so that calls would not be alike. What is written and not read before it is written again, as attention weights that are kept for inspection are, is allowed; so is what is computed once and is the same in every call, as a cached mask is.";

    // E03: types and shapes
    SHAPE_MISMATCH = 301, "shapes disagree", "Two operands of an op have sizes that cannot be combined. Both are labelled with their types.";
    DTYPE_FORBIDDEN = 302, "dtype not allowed", "The IR knows bool, u8, i8, i16, i32, i64, f16, bf16, f32 and f64. Nothing else has a meaning here.";
    DTYPE_MISMATCH = 303, "dtypes disagree", "An op got an operand of a dtype that it is not defined for.";
    RANK_MISMATCH = 304, "wrong rank", "An op got an operand with too few or too many dimensions.";
    BAD_ATTRIBUTE = 305, "attribute out of range", "An attribute of an op (a dimension, a size, a stride) has a value that makes no sense for its operands.";
    TOO_LARGE = 306, "tensor too large", "A tensor would need more elements than memory can hold.";
    ARITY = 307, "wrong number of operands", "An op got more or fewer operands than it is defined for.";

    // E04: checkpoints and data files
    FILE_UNREADABLE = 401, "file cannot be read", "The file does not exist, is a directory, or the system refuses to open it.";
    FILE_UNWRITABLE = 402, "file cannot be written", "The folder does not exist or the system refuses to write there. An existing file is left as it was.";
    UNKNOWN_FORMAT = 403, "unknown file format", "Tensors are read from safetensors, .npy, .npz and torch.save files, recognised by their first bytes, and written as safetensors, .npy or .npz, chosen by extension.";
    CORRUPT_FILE = 404, "corrupt file", "The file contradicts itself: a header that does not parse, sizes that disagree, data outside the file.";
    TRUNCATED_FILE = 405, "truncated file", "The file ends before the data that its header promises; often an interrupted download or copy.";
    FORBIDDEN_GLOBAL = 406, "pickle names something that is not data", "Checkpoints are read without executing anything. Only tensors and plain containers are known; any other class or function named by a pickle is refused.";
    UNSUPPORTED_FILE = 407, "unsupported kind of file", "The file is well formed but uses a variant that is not read: the message says which, the hint how to save it again.";
    NO_TENSORS = 408, "not a set of named tensors", "The file holds something else than a dict from names to tensors.";
    EXCESSIVE_FILE = 409, "file asks for too much", "The file would expand to far more memory than its size explains, as a decompression bomb does.";
    CHECKPOINT_MISMATCH = 410, "checkpoint does not fit the module", "Names that the module has and the checkpoint lacks, names that the module does not have, or shapes that disagree: all of them are listed at once.";

    // E05: running
    INPUT_MISMATCH = 501, "input does not fit", "A method was called with tensors of other number, dtype or shape than it was compiled for. The message names the input, and what was declared.";
    GUARD_FAILED = 502, "sizes break a condition", "The sizes of a call break a relation that the model needs: it was asserted in the source, or an op cannot work without it.";
    OUT_OF_BOUNDS = 503, "index outside a tensor", "An element is asked for that the tensor does not have: a kernel in an IR text reads past the end of a buffer, or a caller past that of a tensor.";
    MISSING_WEIGHT = 504, "weight missing", "The program reads an entry of its store for which no tensor of the declared type was given.";
    INDEX_OUT_OF_RANGE = 505, "index out of range", "A value that is used as an index lies outside of what it indexes, as a token id above the size of the vocabulary does: PyTorch's `IndexError: index out of range in self`. Inputs are checked at each call, before anything runs; values that are known are checked when they are used. The message names the element, its value and the range.";

    // E06: IR text and verification
    INVALID_GRAPH = 601, "invalid graph", "A graph breaks one of the verifier's numbered rules: it was written by hand, or a pass has a bug.";
    IR_SYNTAX = 602, "invalid IR text", "The text does not follow the grammar of IR texts. The message names what was found and what could stand there.";
    IR_UNKNOWN = 603, "unknown name in an IR text", "A value, size, op, attribute, dtype or function of this name does not exist.";
    IR_DUPLICATE = 604, "name defined twice in an IR text", "A value, size, buffer or entry is defined where another of the same name can be seen.";
    IR_VALUE = 605, "wrong kind of value in an IR text", "Something stands where something else is needed: a string for a size, too many types, an attribute of another kind.";
    IR_LIMIT = 606, "IR text too large", "Nesting or sizes beyond what any program needs; the text is refused before it costs memory or time.";

    // E07: lowering and code generation
    ILLEGAL_KERNEL = 701, "kernel cannot be compiled", "A kernel reached the code generator in a form that it does not take. Passes legalise kernels first, so this is a bug of the compiler, not of the model.";
    CODE_GENERATOR = 702, "code generator failed", "Cranelift refused a function or this machine, or memory for code could not be had.";

    // E08: command line and files
    BAD_MODEL = 801, "no such model", "The model argument names a file, an artifact or an expression that does not give a module with a forward method.";
    BAD_OPTION = 802, "option cannot be read", "The value of a command-line option does not have the form that the option takes.";
    NOT_AVAILABLE = 803, "not available", "The device, the stage or the combination of options exists in the design but not in this build.";
    NO_INPUTS = 804, "types of the inputs are not known", "Tracing needs the dtype and the sizes of every tensor argument: from --inputs, or from --input-spec.";
}

/// The explanation of a code written `E0203` or `203`.
pub fn explain(text: &str) -> Option<&'static Explanation> {
    let number: u16 = text.trim_start_matches(['E', 'e']).parse().ok()?;
    ALL.iter().find(|e| e.code.0 == number)
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_rise() {
        assert!(super::ALL.windows(2).all(|w| w[0].code < w[1].code));
    }
}
