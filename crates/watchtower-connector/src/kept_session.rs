//! A session that outlasts the process, so that the next export need not log in.
//!
//! Linux has a keyring for each user in the memory of the kernel, made for what programs need that cron
//! starts (`man 7 persistent-keyring`). What is in it lies on no disk, only processes of the same user
//! can read it, and the kernel forgets it when its time is over. Where there is no such keyring, as on
//! other systems and in many containers, nothing is kept, and every export logs in.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

/// Where the session of an account is kept, and for how long.
#[derive(Debug)]
pub(crate) struct KeptSession {
    /// The name of the key, which its user can see: the tracker, the account and the server.
    name: String,
    lifetime: Duration,
}

/// What a session consists of.
#[derive(Debug, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access: SecretString,
    #[serde(default)]
    pub(crate) refresh: Option<SecretString>,
}

#[derive(Deserialize)]
struct Kept {
    #[serde(flatten)]
    tokens: Tokens,
    /// Tells whether they were got with the same password.
    proof: Proof,
}

type Proof = [u8; 32];

impl KeptSession {
    /// The place for an account's session at a server. A lifetime of zero keeps none, and forgets one that
    /// is kept.
    pub(crate) fn new(tracker: &str, account: &str, server: &Url, lifetime: Duration) -> Self {
        let name = format!("watchtower:{tracker}:{account} at {server}");
        let kept = Self { name, lifetime };
        if lifetime.is_zero() {
            kept.forget();
        }
        kept
    }

    /// The session that an earlier process kept, if that had the same password: whether another one is
    /// right is the server's to say.
    pub(crate) fn find(&self, password: &SecretString) -> Option<Tokens> {
        if self.lifetime.is_zero() {
            return None;
        }
        let text = match keyring::read(&self.name) {
            Ok(text) => text?,
            Err(error) => {
                tracing::debug!(%error, "no session can be kept between exports");
                return None;
            }
        };
        // An error of serde's could quote a token.
        let Kept { tokens, proof } = serde_json::from_str(text.expose_secret()).ok()?;
        (proof == prove(password, &tokens.access)).then(|| {
            tracing::debug!("going on with the session of an earlier export");
            tokens
        })
    }

    /// Keeps a session in the place of one that is kept already.
    pub(crate) fn keep(&self, password: &SecretString, tokens: &Tokens) {
        if self.lifetime.is_zero() {
            return;
        }
        let Tokens { access, refresh } = tokens;
        let text = json!({
            "access": access.expose_secret(),
            "refresh": refresh.as_ref().map(|it| it.expose_secret()),
            "proof": prove(password, access),
        });
        let text = SecretString::from(text.to_string());
        if let Err(error) = keyring::store(&self.name, &text, self.lifetime) {
            tracing::debug!(%error, "the session cannot be kept for the next export");
        }
    }

    /// Forgets the session that is kept, if there is one.
    pub(crate) fn forget(&self) {
        if let Err(error) = keyring::remove(&self.name) {
            tracing::debug!(%error, "no session can be forgotten");
        }
    }
}

/// What only who knows the password can say of a token.
fn prove(password: &SecretString, token: &SecretString) -> Proof {
    let mut hash = Sha256::new();
    hash.update(token.expose_secret());
    hash.update([0]);
    hash.update(password.expose_secret());
    hash.finalize().into()
}

#[cfg(target_os = "linux")]
mod keyring {
    use std::time::Duration;

    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};
    use secrecy::{ExposeSecret, SecretString};

    /// What is kept under a name.
    pub(super) fn read(name: &str) -> Result<Option<SecretString>, KeyError> {
        let bytes = match of_user()?.search(name).and_then(|key| key.read_to_vec()) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(error) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(String::from_utf8(bytes).ok().map(SecretString::from))
    }

    /// Keeps something, in the place of what is kept under that name.
    pub(super) fn store(
        name: &str,
        secret: &SecretString,
        lifetime: Duration,
    ) -> Result<(), KeyError> {
        // At least the second that makes it a limit.
        let seconds = usize::try_from(lifetime.as_secs().max(1)).unwrap_or(usize::MAX);
        // It gets its time limit where it goes when this thread does, and only then its place.
        let ours = KeyRing::from_special_id(KeyRingIdentifier::Thread, true)?;
        let key = ours.add_key(name, secret.expose_secret())?;
        key.set_timeout(seconds)?;
        of_user()?.link_key(key)
    }

    /// Forgets what is kept under a name.
    pub(super) fn remove(name: &str) -> Result<(), KeyError> {
        match of_user()?.search(name).and_then(|key| key.invalidate()) {
            Err(error) if !is_absent(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// The user's keyring. Only who possesses it may look into it: it is linked to the keyring of this
    /// thread.
    fn of_user() -> Result<KeyRing, KeyError> {
        KeyRing::get_persistent(KeyRingIdentifier::Thread)
    }

    /// Whether there is nothing, or nothing any more.
    fn is_absent(error: KeyError) -> bool {
        matches!(
            error,
            KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked
        )
    }
}

#[cfg(not(target_os = "linux"))]
mod keyring {
    use std::convert::Infallible;
    use std::time::Duration;

    use secrecy::SecretString;

    pub(super) fn read(_: &str) -> Result<Option<SecretString>, Infallible> {
        Ok(None)
    }

    pub(super) fn store(_: &str, _: &SecretString, _: Duration) -> Result<(), Infallible> {
        Ok(())
    }

    pub(super) fn remove(_: &str) -> Result<(), Infallible> {
        Ok(())
    }
}
