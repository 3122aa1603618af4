//! Generates the parser from `src/lang/grammar.lalrpop`.

fn main() {
    println!("cargo:rerun-if-changed=src/lang/grammar.lalrpop");
    lalrpop::Configuration::new().use_cargo_dir_conventions().process().expect("the grammar is LR(1)");
}
