//! The program people run; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    axonscope::cli::main()
}
