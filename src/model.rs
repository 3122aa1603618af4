//! Model files: from `FILE.py:EXPR` to a program, and the text of every stage on the way.

use crate::compiled::{fused, optimise, target};
use crate::eager::Eager;
use crate::program::Program;
use cresset_backends::{cpu, cuda};
use cresset_frontend::eval::Interp;
use cresset_frontend::eval::value::Value;
use cresset_frontend::import;
use cresset_frontend::lang;
use cresset_frontend::torch::{Input, Session};
use cresset_ir::graph::{Graph, NodeId};
use cresset_ir::kernel::Loops;
use cresset_ir::plan::Code;
use cresset_ir::text::Style;
use cresset_ir::{Diagnostic, Facts, Range, Result, Sym, Target, Tensor, Type, codes, source, text};
use cresset_passes::{legalise, lower, schedule};
use cresset_runtime::io::load_tensors;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A model file that is to be loaded: what to construct, with which weights, and for which inputs.
#[derive(Clone)]
pub struct Loader {
    model: String,
    paths: Vec<PathBuf>,
    weights: Option<PathBuf>,
    method: String,
    inputs: IndexMap<String, Type>,
    ranges: IndexMap<Sym, Range>,
    literals: Vec<(String, String)>,
    seed: u64,
}

/// Loads a model: `net.py:Net(10)`, `net.py`, or `package.module:Net()`.
pub fn load(model: &str) -> Loader {
    Loader {
        model: model.to_owned(),
        paths: vec![],
        weights: None,
        method: "forward".into(),
        inputs: IndexMap::new(),
        ranges: IndexMap::new(),
        literals: vec![],
        seed: 0,
    }
}

impl Loader {
    /// Adds a directory to the module search path.
    #[must_use]
    pub fn path(mut self, dir: &Path) -> Loader {
        self.paths.push(dir.to_owned());
        self
    }

    /// Loads a state dict, strictly.
    #[must_use]
    pub fn weights(mut self, file: &Path) -> Loader {
        self.weights = Some(file.to_owned());
        self
    }

    /// Traces a method other than `forward`.
    #[must_use]
    pub fn method(mut self, name: &str) -> Loader {
        self.method = name.to_owned();
        self
    }

    /// The type of an input, by name or position.
    #[must_use]
    pub fn input(mut self, name: &str, ty: Type) -> Loader {
        self.inputs.insert(name.to_owned(), ty);
        self
    }

    /// The type of an input unless [`Loader::input`] says something else.
    #[must_use]
    pub fn example(mut self, name: &str, ty: Type) -> Loader {
        self.inputs.entry(name.to_owned()).or_insert(ty);
        self
    }

    /// The values that a named size may have; from 1 on if nothing is said.
    #[must_use]
    pub fn range(mut self, name: &str, range: Range) -> Loader {
        self.ranges.insert(Sym::new(name), range);
        self
    }

    /// An argument that is no tensor, as a Python expression.
    #[must_use]
    pub fn literal(mut self, name: &str, value: &str) -> Loader {
        self.literals.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Seeds random initialisation, as `torch.manual_seed`.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Loader {
        self.seed = seed;
        self
    }

    /// The file of the model, without the expression; that of a module is looked for on the search path.
    fn file(&self) -> PathBuf {
        match self.model.split_once(".py:") {
            Some((file, _)) => PathBuf::from(format!("{file}.py")),
            None if self.model.ends_with(".py") => PathBuf::from(&self.model),
            None => {
                let name = self.model.split_once(':').map_or(&*self.model, |(name, _)| name);
                import::locate(&self.paths, name).unwrap_or_else(|| PathBuf::from(name))
            }
        }
    }

    /// The syntax tree of the model file, printed.
    ///
    /// # Errors
    /// Every syntax error, or that the file cannot be read.
    pub fn parse(&self) -> Result<String, Vec<Diagnostic>> {
        let file = self.file();
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|e| {
            let hint = "a model is FILE.py:EXPR, or package.module:EXPR with its folder on the search path (--path)";
            vec![Diagnostic::error(codes::BAD_MODEL, format!("cannot read {shown}: {e}")).hint(hint)]
        })?;
        Ok(lang::print::module(&lang::parse_module(source::register(shown, text))?))
    }

    /// Instantiates the module, loads its weights and traces the method in inference mode.
    ///
    /// # Errors
    /// The first problem of any of these steps.
    pub fn program(&self) -> Result<Program> {
        let weights = self.weights.as_ref().map(|file| load_tensors(file)).transpose()?;
        Interp::on_big_stack(|| self.trace(weights.map(|w| w.tensors)))
    }

    fn trace(&self, weights: Option<IndexMap<String, Tensor>>) -> Result<Program> {
        let mut session = Session::new(&self.paths, Rc::new(Eager::default()));
        session.manual_seed(self.seed);
        let module = session.instantiate(&self.model)?;
        if let Some(weights) = weights {
            session.load_state_dict(&module, weights)?;
        }
        session.train(&module, false)?;
        let inputs = self.arguments(&mut session, &module)?;
        let traced = session.trace(&module, &self.method, inputs, self.facts())?;
        Ok(Program { weights: traced.values.all()?, ir: traced.program })
    }

    /// The arguments of the method: tensors by their types, the rest by their literals. Inputs given by position get their names.
    fn arguments(&self, session: &mut Session, module: &Value) -> Result<Vec<(String, Input)>> {
        let parameters = session.signature(module, &self.method)?;
        let mut out: Vec<(String, Input)> = vec![];
        for (key, ty) in &self.inputs {
            let by_position = key.parse::<usize>().ok().and_then(|i| parameters.get(i));
            let name = by_position.map_or(key, |p| &p.name);
            // What was declared comes first; an example says nothing new of it, whether it comes by name or by position.
            if !out.iter().any(|(n, _)| n == name) {
                out.push((name.clone(), Input::Tensor(ty.clone())));
            }
        }
        let here = session.it.load_source("--arg", source::register("<--arg>", ""))?;
        for (name, text) in &self.literals {
            out.push((name.clone(), Input::Known(session.it.eval_expr("<--arg>", text, &here)?)));
        }
        let missing: Vec<&str> = parameters
            .iter()
            .filter(|p| !p.has_default && !out.iter().any(|(n, _)| *n == p.name))
            .map(|p| p.name.as_str())
            .collect();
        if !missing.is_empty() {
            let text = format!("the type of `{}` of {} is not known", missing.join("`, `"), self.method);
            return Err(Diagnostic::error(codes::NO_INPUTS, text)
                .hint(format!("give tensors with --inputs, or types: --input-spec '{}=f32[B, 3]'", missing[0])));
        }
        // In the order of the parameters, whatever the order of the options.
        out.sort_by_key(|(name, _)| parameters.iter().position(|p| p.name == *name).unwrap_or(usize::MAX));
        Ok(out)
    }

    /// The ranges of all sizes named in the inputs: as declared, or from 1 on.
    fn facts(&self) -> Facts {
        let mut symbols = BTreeSet::new();
        self.inputs.values().flat_map(|ty| &ty.shape).for_each(|d| d.symbols(&mut symbols));
        let range = |s: &Sym| self.ranges.get(s).copied().unwrap_or(Range { min: 1, max: None });
        Facts { ranges: symbols.into_iter().map(|s| (s.clone(), range(&s))).collect() }
    }
}

/// A stage at which a program can be looked at.
#[derive(Clone, Copy)]
pub enum Stage<'a> {
    /// As traced.
    Traced,
    /// After the graph passes, or after the one named, or after so many rewrites of the one named.
    Optimised { after: Option<&'a str>, limit: Option<(&'a str, usize)> },
    /// Grouped into regions.
    Fused,
    /// What each kernel computes.
    Kernel,
    /// How each kernel computes it.
    Loops,
    /// Cranelift IR.
    Clif,
    /// Machine code.
    Asm,
    /// CUDA C++ of the loop kernels.
    Cuda,
    /// Steps and memory.
    Plan,
}

impl Program {
    /// The text of a stage on this machine.
    ///
    /// # Errors
    /// What the stages up to there say.
    pub fn dump(&self, stage: Stage) -> Result<String> {
        self.dump_for(stage, &target())
    }

    /// The text of a stage, loops and plans for a target. Cranelift IR and machine code are always this machine's.
    ///
    /// # Errors
    /// As [`Program::dump`].
    pub fn dump_for(&self, stage: Stage, target: &Target) -> Result<String> {
        Ok(match stage {
            Stage::Traced => self.ir.to_string(),
            Stage::Optimised { after, limit } => optimise(self, after, limit)?.ir.to_string(),
            Stage::Fused => fused(self)?.ir.to_string(),
            Stage::Kernel => {
                self.each_region(|graph, id, p| Ok(text::print_kernel(&lower::lower(graph, id, &p.ir.facts)?, Style::default())))?
            }
            Stage::Loops => self.each_loops(target, |l, _| Ok(text::print_loops(l, Style::default())))?,
            Stage::Cuda => self.each_loops(&Target { tile: None, block_ops: vec![], ..target.clone() }, |l, _| {
                Ok(cuda::print(l, &symbols(l)))
            })?,
            Stage::Clif => self.listing(|l| l.clif)?,
            Stage::Asm => self.listing(|l| l.assembly)?,
            Stage::Plan => {
                self.plans(target)?.iter().map(|p| text::print_plan(p, Style::default())).collect::<Vec<_>>().join("\n")
            }
        })
    }

    /// The graph of a stage in Graphviz's language.
    ///
    /// # Errors
    /// `E0803` for stages that are no graphs, and as [`Program::dump`].
    pub fn dot(&self, stage: Stage) -> Result<String> {
        let program = match stage {
            Stage::Traced => self.clone(),
            Stage::Optimised { after, limit } => optimise(self, after, limit)?,
            Stage::Fused => fused(self)?,
            _ => {
                let text = "only the graph stages have a dot form: traced, optimised, fused";
                return Err(Diagnostic::error(codes::NOT_AVAILABLE, text));
            }
        };
        Ok(program.ir.methods.values().map(text::to_dot).collect())
    }

    fn plans(&self, target: &Target) -> Result<Vec<cresset_ir::plan::Plan>> {
        cresset_passes::compile::plans(&fused(self)?.ir, target)
    }

    /// One text per region, in order; equal ones once.
    fn each_region(&self, print: impl Fn(&Graph, NodeId, &Program) -> Result<String>) -> Result<String> {
        let program = fused(self)?;
        let mut texts: Vec<String> = vec![];
        for graph in program.ir.methods.values() {
            for id in graph.live_nodes().into_iter().filter(|&n| graph.node(n).op.name == "region") {
                let text = print(graph, id, &program)?;
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        Ok(texts.join("\n"))
    }

    /// One text per loop program; where the target has tiles, contractions around the matrix routine.
    fn each_loops(&self, target: &Target, print: impl Fn(&Loops, &Code) -> Result<String>) -> Result<String> {
        self.each_region(|graph, id, p| {
            let mut kernel = lower::lower(graph, id, &p.ir.facts)?;
            legalise::legalise(&mut kernel);
            let code = schedule::schedule(kernel, target);
            let all: Vec<&Loops> = match &code {
                Code::Loops(l) => vec![l],
                Code::Contract(c) => c.programs(),
            };
            Ok(all.into_iter().map(|l| print(l, &code)).collect::<Result<Vec<_>>>()?.join("\n"))
        })
    }

    fn listing(&self, pick: impl Fn(cpu::Listing) -> String) -> Result<String> {
        let mut texts: Vec<String> = vec![];
        for plan in self.plans(&target())? {
            for code in &plan.kernels {
                for listing in cpu::listings(code, &plan.symbols())? {
                    let text = pick(listing);
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
            }
        }
        Ok(texts.join("\n"))
    }
}

/// The named sizes of the program that a loop program comes from, in rising order.
fn symbols(loops: &Loops) -> Vec<Sym> {
    loops.exprs.facts().ranges.into_keys().collect()
}
