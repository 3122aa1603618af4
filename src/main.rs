//! The command line of cresset.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
