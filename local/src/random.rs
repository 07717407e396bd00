//! Random bytes of the operating system's, for keys, secrets and ids.

use ring::rand::{SecureRandom, SystemRandom};

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
