//! Hashing of passwords: slow on purpose, so never on the network's threads and never more at once than the machine
//! bears.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use shouwang_proto::{clock::World, refusal::Refusal};
use tokio::sync::Semaphore;
use tonic::Code;

use super::password::Password;

/// Passwords hashed at once: each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 2;
/// Callers that may wait for their turn before others are told to come again.
const WAITING: usize = 32;

/// Hashes and checks passwords. A clone shares the queue.
#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Checked when there is no account, so that an answer takes as long as if there were one.
    nobody: Arc<str>,
    world: World,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hasher").finish_non_exhaustive()
    }
}

impl Hasher {
    /// With the salt of this world.
    #[must_use]
    pub fn new(world: World) -> Self {
        let (turns, places) = (Semaphore::new(AT_ONCE), Semaphore::new(AT_ONCE + WAITING));
        // Nothing hashes to this: it is not the hash of any password, only of the right form.
        let nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5aXNoZXJlMDAwMA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            .into();
        Self { turns: turns.into(), places: places.into(), nobody, world }
    }

    /// The hash of a new password, in PHC form.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (SIGN_IN_BUSY) when too many wait; INTERNAL when the machine has no memory left.
    pub async fn hash(&self, password: Password) -> Result<String, Refusal> {
        let salt: [u8; 16] = self.world.random();
        let hashed = self.in_turn(move || {
            argon2().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string())
        });
        hashed.await?.map_err(|error| failed(&error))
    }

    /// Is this the password? Without a hash, because there is no such account, the same work is done for nothing.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED (SIGN_IN_BUSY) when too many wait.
    pub async fn fits(&self, typed: String, hash: Option<&str>) -> Result<bool, Refusal> {
        let is_real = hash.is_some();
        let hash = hash.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let checked = self.in_turn(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().verify_password(typed.as_bytes(), &hash).is_ok())
        });
        Ok(checked.await? && is_real)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let _turn = self.turns.acquire().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}

/// Argon2id with 19 MiB, two passes, one lane: the first choice of OWASP's password storage recommendations.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn busy() -> Refusal {
    Refusal::new(
        Code::ResourceExhausted,
        "SIGN_IN_BUSY",
        "too many people sign in at this moment, try again in a few seconds （登录人数较多，请几秒后再试）",
    )
}

fn failed(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a password could not be hashed");
    Refusal::new(Code::Internal, "HASH_FAILED", "the password could not be checked （密码暂时无法校验）")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::password;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::new(World::system());
        let hash = hasher.hash(password::check("correct horse battery", "").unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.fits("correct horse battery".to_owned(), Some(&hash)).await.unwrap());
        assert!(!hasher.fits("correct horse batterz".to_owned(), Some(&hash)).await.unwrap());
        assert!(!hasher.fits("anything".to_owned(), None).await.unwrap());
        PasswordHash::new(&hasher.nobody).unwrap();
    }
}
