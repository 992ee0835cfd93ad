//! Keeping the memory of a process that holds secrets to itself.

/// Lets the system write no core dump of this process, and no other process of the same user read its
/// memory. A program that we start decides for itself.
pub(crate) fn forbid() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // It fails only for a behaviour that is unknown.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
