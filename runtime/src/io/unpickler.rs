//! Unpickler: a stack machine that turns a pickle, protocols 2 to 5, into inert nodes. It calls nothing.
//!
//! Each instruction makes at most one node and moves what it takes off the stack, so the work and the memory are in proportion
//! to the input; the number of nodes is bounded besides.

use super::file::DataFile;
use super::globals::{self, Meaning};
use super::pickle::{Id, Node, Pickle};
use cresset_ir::{Diagnostic, Result, codes};
use std::collections::HashMap;

/// The most nodes that a pickle may build: a state dict of 300 000 tensors.
const MAX_NODES: usize = 8 << 20;

/// Runs the pickle called `name` in `file`. With `scripted`, classes under `__torch__` are known too: TorchScript's modules.
pub fn unpickle<'a>(file: &DataFile, name: &str, input: &'a [u8], scripted: bool) -> Result<Pickle<'a>> {
    let (nodes, stack, marks) = (vec![], vec![], vec![]);
    let mut machine = Machine { file, name, scripted, input, at: 0, nodes, stack, marks, memo: HashMap::new() };
    while !machine.step()? {}
    let root = machine.pop()?;
    Ok(Pickle { nodes: machine.nodes, root })
}

struct Machine<'a, 'f> {
    file: &'f DataFile,
    name: &'f str,
    scripted: bool,
    input: &'a [u8],
    at: usize,
    nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack at each open mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a, '_> {
    /// Executes one opcode; true at the end of the pickle.
    fn step(&mut self) -> Result<bool> {
        let opcode = self.u8()?;
        match opcode {
            b'.' => return Ok(true),
            0x80 => self.protocol()?,
            0x95 => drop(self.take(8)?), // FRAME: a hint for buffered readers
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(self.top()?),
            b'h' => self.get_memo(Self::u8_index)?,
            b'j' => self.get_memo(Self::u32)?,
            b'q' => self.put_memo(Self::u8_index)?,
            b'r' => self.put_memo(Self::u32)?,
            0x94 => self.put_memo(|m| Ok(m.memo.len() as u32))?,
            b'c' => self.global()?,
            0x93 => self.stack_global()?,
            b'R' | 0x81 => self.reduce()?, // NEWOBJ is a call of the class
            b'b' => self.build()?,
            b'Q' => self.wrap(Node::Persistent)?,
            b'a' | b'e' | b'd' | b's' | b'u' | b'l' | b't' | 0x85..=0x87 | 0x90 | 0x91 => self.container(opcode)?,
            _ => {
                let atom = self.atom(opcode)?;
                self.push(atom)?;
            }
        }
        Ok(false)
    }

    fn protocol(&mut self) -> Result<()> {
        match self.u8()? {
            2..=5 => Ok(()),
            version => {
                let what = format!("{} is written in pickle protocol {version}; 2 to 5 are read", self.name);
                Err(self.file.unsupported(what))
            }
        }
    }

    /// Opcodes that push a value of their own.
    fn atom(&mut self, opcode: u8) -> Result<Node<'a>> {
        Ok(match opcode {
            b'N' => Node::None,
            0x88 => Node::Bool(true),
            0x89 => Node::Bool(false),
            b'K' => Node::Int(i64::from(self.u8()?)),
            b'M' => Node::Int(i64::from(u16::from_le_bytes(self.array()?))),
            b'J' => Node::Int(i64::from(i32::from_le_bytes(self.array()?))),
            0x8a => self.long(|m| Ok(u64::from(m.u8()?)))?,
            0x8b => self.long(|m| Ok(u64::from(m.u32()?)))?,
            b'G' => Node::Float(f64::from_be_bytes(self.array()?)),
            0x8c | b'U' => self.text(|m| Ok(u64::from(m.u8()?)))?,
            b'X' | b'T' => self.text(|m| Ok(u64::from(m.u32()?)))?,
            0x8d => self.text(Self::u64)?,
            b'C' => self.bytes(|m| Ok(u64::from(m.u8()?)))?,
            b'B' => self.bytes(|m| Ok(u64::from(m.u32()?)))?,
            0x8e | 0x96 => self.bytes(Self::u64)?,
            b']' => Node::List(vec![]),
            b')' => Node::Tuple(vec![]),
            b'}' => Node::Dict(vec![]),
            0x8f => Node::Set(vec![]),
            _ => return Err(self.fail(format!("the opcode 0x{opcode:02x} does not occur in checkpoints"))),
        })
    }

    /// Opcodes that make or fill a tuple, list, dict or set.
    fn container(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(opcode - 0x84)).filter(|&n| n >= self.floor());
                let first = first.ok_or_else(|| self.underflow())?;
                let items = self.stack.split_off(first);
                self.push(Node::Tuple(items))
            }
            b't' => self.collect(|_, items| Ok(Node::Tuple(items))),
            b'l' => self.collect(|_, items| Ok(Node::List(items))),
            0x91 => self.collect(|_, items| Ok(Node::Set(items))),
            b'd' => self.collect(|m, items| Ok(Node::Dict(m.pairs(items)?))),
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(vec![key, value])
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.insert(items)
            }
            // APPENDS and ADDITEMS
            _ => {
                let items = self.pop_mark()?;
                self.extend(items)
            }
        }
    }

    fn collect(&mut self, make: impl Fn(&Self, Vec<Id>) -> Result<Node<'a>>) -> Result<()> {
        let items = self.pop_mark()?;
        let node = make(self, items)?;
        self.push(node)
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<()> {
        let target = self.top()?;
        match &mut self.nodes[target.0 as usize] {
            Node::List(list) | Node::Set(list) => list.extend(items),
            _ => return Err(self.fail("items are added to something that is neither list nor set")),
        }
        Ok(())
    }

    fn insert(&mut self, items: Vec<Id>) -> Result<()> {
        let (pairs, target) = (self.pairs(items)?, self.top()?);
        match &mut self.nodes[target.0 as usize] {
            Node::Dict(dict) => dict.extend(pairs),
            _ => return Err(self.fail("keys are set in something that is not a dict")),
        }
        Ok(())
    }

    fn pairs(&self, items: Vec<Id>) -> Result<Vec<(Id, Id)>> {
        match items.as_chunks::<2>() {
            (pairs, []) => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
            _ => Err(self.fail("a key without a value")),
        }
    }

    /// GLOBAL: module and name, a line each.
    fn global(&mut self) -> Result<()> {
        let (module, name) = (self.line()?, self.line()?);
        self.named(module, name)
    }

    fn stack_global(&mut self) -> Result<()> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (&self.nodes[module.0 as usize], &self.nodes[name.0 as usize]) {
            (&Node::Str(module), &Node::Str(name)) => self.named(module, name),
            _ => Err(self.fail("a global whose name is not a string")),
        }
    }

    fn named(&mut self, module: &'a str, name: &'a str) -> Result<()> {
        let script_class = self.scripted && (module == "__torch__" || module.starts_with("__torch__."));
        let known = if script_class { Some(Meaning::Inert) } else { globals::meaning(module, name) };
        match known {
            Some(meaning) => self.push(Node::Global { module, name, meaning }),
            None => Err(self.forbidden(module, name)),
        }
    }

    fn reduce(&mut self) -> Result<()> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let Node::Tuple(items) = &self.nodes[arguments.0 as usize] else {
            return Err(self.fail("a call whose arguments are not a tuple"));
        };
        match self.nodes[callee.0 as usize] {
            Node::Global { meaning: Meaning::OrderedDict, .. } if items.is_empty() => self.push(Node::Dict(vec![])),
            Node::Global { meaning: Meaning::OrderedDict, .. } => {
                Err(self.fail("an OrderedDict that is not filled after it is made"))
            }
            Node::Global { .. } => self.push(Node::Call { callee, arguments, state: None }),
            _ => Err(self.fail("a call of something that is neither class nor function")),
        }
    }

    fn build(&mut self) -> Result<()> {
        let (new_state, target) = (self.pop()?, self.top()?);
        match &mut self.nodes[target.0 as usize] {
            Node::Call { state, .. } => *state = Some(new_state),
            // A state dict carries its modules' versions as an attribute: of no use here.
            Node::Dict(_) => {}
            _ => return Err(self.fail("a state is set on something that is not an object")),
        }
        Ok(())
    }

    fn get_memo(&mut self, index: impl Fn(&mut Self) -> Result<u32>) -> Result<()> {
        let index = index(self)?;
        let id = *self.memo.get(&index).ok_or_else(|| self.fail(format!("the memo has no entry {index}")))?;
        self.stack.push(id);
        Ok(())
    }

    fn put_memo(&mut self, index: impl Fn(&mut Self) -> Result<u32>) -> Result<()> {
        let (index, id) = (index(self)?, self.top()?);
        self.memo.insert(index, id);
        Ok(())
    }

    // The stack.

    fn push(&mut self, node: Node<'a>) -> Result<()> {
        if self.nodes.len() == MAX_NODES {
            return Err(self.file.excessive(format!("{} builds more than {MAX_NODES} objects", self.name)));
        }
        self.stack.push(Id(self.nodes.len() as u32));
        self.nodes.push(node);
        Ok(())
    }

    fn wrap(&mut self, make: impl Fn(Id) -> Node<'a>) -> Result<()> {
        let id = self.pop()?;
        self.push(make(id))
    }

    /// The height below which the innermost open mark forbids to pop.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id> {
        let above = self.stack.len() > self.floor();
        self.stack.last().copied().filter(|_| above).ok_or_else(|| self.underflow())
    }

    fn pop(&mut self) -> Result<Id> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let floor = self.marks.pop().ok_or_else(|| self.fail("an end without a mark"))?;
        Ok(self.stack.split_off(floor))
    }

    // The input.

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let rest = &self.input[self.at..];
        let taken = usize::try_from(len).ok().and_then(|n| rest.get(..n)).ok_or_else(|| {
            self.file.truncated(format!("{} ends at byte {}, inside an instruction", self.name, self.input.len()))
        })?;
        self.at += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(*self.take(N as u64)?.first_chunk().expect("take gives what was asked"))
    }

    fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn u8_index(&mut self) -> Result<u32> {
        Ok(u32::from(self.u8()?))
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.input[self.at..];
        let len = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let line = self.take(len as u64)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| self.fail("a name that is not UTF-8"))
    }

    fn bytes(&mut self, len: impl Fn(&mut Self) -> Result<u64>) -> Result<Node<'a>> {
        let len = len(self)?;
        Ok(Node::Bytes(self.take(len)?))
    }

    fn text(&mut self, len: impl Fn(&mut Self) -> Result<u64>) -> Result<Node<'a>> {
        let len = len(self)?;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(Node::Str).map_err(|_| self.fail("a string that is not UTF-8"))
    }

    /// An integer of any length, little-endian, two's complement.
    fn long(&mut self, len: impl Fn(&mut Self) -> Result<u64>) -> Result<Node<'a>> {
        let len = len(self)?;
        let bytes = self.take(len)?;
        let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        let Some(low) = wide.get_mut(..bytes.len()) else {
            return Err(self.file.unsupported(format!("{} holds an integer of {len} bytes; 8 are read", self.name)));
        };
        low.copy_from_slice(bytes);
        Ok(Node::Int(i64::from_le_bytes(wide)))
    }

    // Errors.

    fn fail(&self, what: impl AsRef<str>) -> Diagnostic {
        self.file.corrupt(format!("{}, byte {}: {}", self.name, self.at, what.as_ref()))
    }

    fn underflow(&self) -> Diagnostic {
        self.fail("an instruction takes more from the stack than is there")
    }

    fn forbidden(&self, module: &str, name: &str) -> Diagnostic {
        let what = format!("{} wants {module}.{name}, which is not on the list of what a checkpoint may name", self.name);
        self.file
            .error(codes::FORBIDDEN_GLOBAL, what)
            .note("loading it the usual way would import that module and run its code")
            .hint("save only the tensors: torch.save(model.state_dict(), path)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(input: &[u8]) -> Result<Pickle<'_>> {
        unpickle(&DataFile::from_bytes("x.pt", b"").unwrap(), "data.pkl", input, false)
    }

    fn check_error(input: &[u8], expected: &str) {
        assert_eq!(parse(input).err().expect("the pickle is refused").to_string(), expected);
    }

    #[test]
    fn integers_of_every_width() {
        let check = |input: &[u8], n| assert!(matches!(parse(input), Ok(p) if matches!(p[p.root], Node::Int(m) if m == n)));
        check(b"\x80\x02K\xff.", 255);
        check(b"M\x01\x02.", 513);
        check(b"J\xff\xff\xff\xff.", -1);
        check(b"\x8a\x02\x00\xff.", -256);
        check(b"\x8a\x00.", 0);
        check_error(b"\x8a\x09123456789.", "error[E0407]: x.pt: data.pkl holds an integer of 9 bytes; 8 are read");
    }

    #[test]
    fn shared_lists_are_filled_once() {
        // [l, l] with l = [1]: memoised before it is filled.
        let p = parse(b"](]q\x00(K\x01eh\x00e.").unwrap();
        let Node::List(items) = &p[p.root] else { panic!("a list") };
        assert_eq!(items[0], items[1]);
        assert!(matches!(&p[items[0]], Node::List(one) if one.len() == 1));
    }

    #[test]
    fn nothing_is_called() {
        check_error(
            b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
            "error[E0406]: x.pt: data.pkl wants os.system, which is not on the list of what a checkpoint may name",
        );
        check_error(
            b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
            "error[E0406]: x.pt: data.pkl wants builtins.eval, which is not on the list of what a checkpoint may name",
        );
    }

    #[test]
    fn broken_pickles_are_explained() {
        check_error(b"", "error[E0405]: x.pt: data.pkl ends at byte 0, inside an instruction");
        check_error(b"X\xff\xff\xff\xff", "error[E0405]: x.pt: data.pkl ends at byte 5, inside an instruction");
        check_error(b".", "error[E0404]: x.pt: data.pkl, byte 1: an instruction takes more from the stack than is there");
        check_error(b"K\x01(0.", "error[E0404]: x.pt: data.pkl, byte 4: an instruction takes more from the stack than is there");
        check_error(b"t", "error[E0404]: x.pt: data.pkl, byte 1: an end without a mark");
        check_error(b"h\x07", "error[E0404]: x.pt: data.pkl, byte 2: the memo has no entry 7");
        check_error(b"K\x01K\x02K\x03s", "error[E0404]: x.pt: data.pkl, byte 7: keys are set in something that is not a dict");
        check_error(b"\x82\x01", "error[E0404]: x.pt: data.pkl, byte 1: the opcode 0x82 does not occur in checkpoints");
        check_error(b"\x80\x01", "error[E0407]: x.pt: data.pkl is written in pickle protocol 1; 2 to 5 are read");
    }

    #[test]
    fn deep_nesting_does_not_recurse() {
        let mut input = vec![b']'; 1 << 20];
        input.extend(vec![b'a'; (1 << 20) - 1]);
        input.push(b'.');
        drop(parse(&input).unwrap());
    }
}
