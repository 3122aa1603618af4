//! Running the command line in tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command left behind.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A path below the package's `tests` folder.
pub fn tests(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// Runs `cresset` in a folder, without colours.
pub fn cresset(dir: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cresset"));
    let output = command.args(args).current_dir(dir).env("NO_COLOR", "1").output().expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

impl Ran {
    /// Stdout of a command that succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Stderr of a command that ended with a diagnostic: status 1, nothing on stdout, no panic.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!((self.status, self.stdout.as_str()), (Some(1), ""), "{}", self.stderr);
        assert!(self.stderr.starts_with("error[E") && !self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }
}
