//! Random ids and secrets of a new key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use shared::crypto::digest::hex;

pub(crate) fn new_id() -> String {
    format!("key_{}", hex(&random::<6>()))
}

pub(crate) fn new_api_key() -> String {
    format!("sk-{}", hex(&random::<24>()))
}

/// A signing secret as Standard Webhooks has it.
pub(crate) fn new_webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random::<32>()))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
