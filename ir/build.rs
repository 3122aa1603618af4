//! Generates the parser from `src/text/grammar.lalrpop`.

fn main() {
    println!("cargo:rerun-if-changed=src/text/grammar.lalrpop");
    lalrpop::Configuration::new().use_cargo_dir_conventions().process().expect("the grammar is LR(1)");
}
