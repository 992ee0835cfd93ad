//! The command `watchtower`.

use std::process::ExitCode;

// A film of 100,000 shots is a million small allocations, made on one thread and freed on others.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    watchtower_cli::main()
}
