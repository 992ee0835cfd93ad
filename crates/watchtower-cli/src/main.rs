//! The command `watchtower`.

use std::process::ExitCode;

fn main() -> ExitCode {
    watchtower_cli::main()
}
