//! torch in the language. Each file of `tests/torch` asserts its own values, and passes under PyTorch as it is.

use cresset_frontend::eval::Interp;
use cresset_frontend::torch::Session;
use cresset_ir::eval::Reference;
use std::path::Path;
use std::rc::Rc;

fn check(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch").join(name);
    let error = Interp::on_big_stack(|| {
        let mut session = Session::new(&[], Rc::new(Reference));
        let module = session.it.load_file(&file);
        module.and_then(|module| session.it.run_module(&module)).err()
    });
    if let Some(error) = error {
        panic!("{}", error.render(false));
    }
}

macro_rules! programs {
    ($($name:ident)*) => { $(#[test] fn $name() { check(concat!(stringify!($name), ".py")); })* };
}

programs! { promotion views inplace indexing reductions draws shapes creation functions printing statistics }
