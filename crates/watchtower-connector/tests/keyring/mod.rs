//! Where sessions are kept that outlast the process.

/// Whether the kernel lets us have the user's keyring. Many containers do not.
pub(crate) fn is_there() -> bool {
    #[cfg(target_os = "linux")]
    {
        use linux_keyutils::{KeyRing, KeyRingIdentifier};
        KeyRing::get_persistent(KeyRingIdentifier::Thread).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    false
}
