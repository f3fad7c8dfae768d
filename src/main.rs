//! `looc-tui`: see the library `looc` for what it does and how.

use std::process::ExitCode;

fn main() -> ExitCode {
    looc::cli::main()
}
