//! What becomes of a key: pure, on the records of its API keys.
//!
//! Every one of them that has not been replaced is current; there is one, unless
//! somebody wrote into the table by hand.

use jiff::{SignedDuration, Timestamp};
use shared::crypto::Secret;
use shared::task::{ApiKey, KeyHash, Limits};

/// What of a key is to be another; what is absent stays.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) name: Option<String>,
    pub(crate) models: Option<Vec<String>>,
    /// Inside: absent when it is never to expire.
    pub(crate) expires_at: Option<Option<Timestamp>>,
    pub(crate) creates_per_minute: Option<Option<u32>>,
    pub(crate) unfinished: Option<Option<u32>>,
    pub(crate) disabled: Option<bool>,
}

impl Changes {
    pub(crate) fn apply(&self, key: &ApiKey) -> ApiKey {
        let mut key = key.clone();
        if let Some(name) = &self.name {
            key.name.clone_from(name);
        }
        if let Some(models) = &self.models {
            key.models.clone_from(models);
        }
        match self.expires_at {
            // Giving a key more time must not bring an old API key back.
            Some(at) if key.replaced_at.is_some() => key.expires_at = earlier(key.expires_at, at),
            Some(at) => key.expires_at = at,
            None => {}
        }
        key.limits = Limits {
            creates_per_minute: self.creates_per_minute.unwrap_or(key.limits.creates_per_minute),
            unfinished: self.unfinished.unwrap_or(key.limits.unfinished),
        };
        key.disabled = self.disabled.unwrap_or(key.disabled);
        key
    }
}

/// The newest current API key, which speaks for the key. Absent when there is none.
pub(crate) fn current<'a>(records: impl IntoIterator<Item = &'a ApiKey>) -> Option<&'a ApiKey> {
    records.into_iter().max_by_key(|record| (record.replaced_at.is_none(), record.created_at))
}

/// A new API key in the place of all those before, which stay valid for a while
/// at most: nobody is waiting for those of a disabled key.
pub(crate) fn rotate(
    records: &[&ApiKey],
    sha256: KeyHash,
    grace: Option<SignedDuration>,
    now: Timestamp,
) -> Result<(ApiKey, Vec<ApiKey>), String> {
    const GRACE: SignedDuration = SignedDuration::from_hours(24);
    let current = current(records.iter().copied()).ok_or("there is no such key")?;
    let id = &current.id;
    if let Some(at) = current.expires_at.filter(|at| *at <= now) {
        return Err(format!(
            "{id} expired at {at}; give it time first: filmgate keys change {id} --expires 90d"
        ));
    }
    let grace = match (current.disabled, grace) {
        (true, Some(grace)) if !grace.is_zero() => {
            return Err(format!(
                "{id} is disabled, so its old API key ends at once; leave --grace out"
            ));
        }
        (true, _) => SignedDuration::ZERO,
        (false, grace) => grace.unwrap_or(GRACE),
    };
    let new = ApiKey { sha256, created_at: Some(now), replaced_at: None, ..current.clone() };
    let old = records.iter().map(|&record| ApiKey {
        expires_at: earlier(record.expires_at, Some(now + grace)),
        replaced_at: record.replaced_at.or(Some(now)),
        ..record.clone()
    });
    Ok((new, old.collect()))
}

/// Another secret for the key's webhooks. For a while the one before signs them too.
pub(crate) fn rotate_webhook_secret(
    record: &ApiKey,
    secret: &Secret,
    grace: SignedDuration,
    now: Timestamp,
) -> ApiKey {
    let previous = record.webhook_secret.clone().filter(|_| !grace.is_zero());
    ApiKey {
        webhook_secret: Some(secret.clone()),
        previous_webhook_secret_until: previous.is_some().then(|| now + grace),
        previous_webhook_secret: previous,
        ..record.clone()
    }
}

/// The earlier of two ends, of which an absent one never comes.
fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + hour * 3600).unwrap()
    }

    fn record(name: &str) -> ApiKey {
        ApiKey {
            sha256: KeyHash::of(name),
            id: "key_1".to_owned(),
            name: "acme".to_owned(),
            models: vec!["vidu*".to_owned()],
            created_at: Some(at(-100)),
            replaced_at: None,
            disabled: false,
            expires_at: None,
            webhook_secret: Some(Secret::try_from("whsec_old".to_owned()).unwrap()),
            previous_webhook_secret: None,
            previous_webhook_secret_until: None,
            limits: Limits { creates_per_minute: Some(5), unfinished: None },
        }
    }

    #[test]
    fn the_old_api_key_lasts_for_a_while_and_no_longer_than_before() {
        let hours = SignedDuration::from_hours;
        let rows = [
            (None, None, Some(at(24)), "a day, unless something else is said"),
            (None, Some(hours(2)), Some(at(2)), "what is said"),
            (None, Some(hours(0)), Some(at(0)), "not at all"),
            (Some(at(1)), None, Some(at(1)), "it would have expired sooner"),
        ];
        for (expires_at, grace, expected, why) in rows {
            let old = ApiKey { expires_at, ..record("old") };
            let (new, changed) = rotate(&[&old], KeyHash::of("new"), grace, at(0)).unwrap();
            assert_eq!(changed[0].expires_at, expected, "{why}");
            assert_eq!(changed[0].replaced_at, Some(at(0)), "{why}");
            assert_eq!(new.expires_at, expires_at, "the key itself lasts as long as before: {why}");
            assert_eq!((new.created_at, new.replaced_at), (Some(at(0)), None), "{why}");
            assert_eq!((&new.id, new.limits), (&old.id, old.limits), "{why}");
        }
    }

    #[test]
    fn one_that_was_replaced_already_stays_so() {
        let oldest =
            ApiKey { replaced_at: Some(at(-50)), expires_at: Some(at(-26)), ..record("oldest") };
        let (_, changed) =
            rotate(&[&oldest, &record("old")], KeyHash::of("new"), None, at(0)).unwrap();
        assert_eq!(changed[0].expires_at, Some(at(-26)));
        assert_eq!(changed[0].replaced_at, Some(at(-50)));
        assert_eq!(changed[1].replaced_at, Some(at(0)));
    }

    #[test]
    fn a_disabled_key_is_rotated_without_grace_and_an_expired_one_not_at_all() {
        let disabled = ApiKey { disabled: true, ..record("old") };
        let (new, old) = rotate(&[&disabled], KeyHash::of("new"), None, at(0)).unwrap();
        assert!(new.disabled, "enabling it is another step");
        assert_eq!(old[0].expires_at, Some(at(0)), "enabling it must not bring the old one back");
        let grace = Some(SignedDuration::from_hours(1));
        let refused = rotate(&[&disabled], KeyHash::of("new"), grace, at(0)).err().unwrap();
        assert!(refused.contains("--grace"), "{refused}");

        let expired = ApiKey { expires_at: Some(at(-1)), ..record("old") };
        let refused = rotate(&[&expired], KeyHash::of("new"), None, at(0)).err().unwrap();
        assert!(refused.contains("keys change key_1 --expires"), "{refused}");
    }

    #[test]
    fn more_time_for_a_key_is_none_for_what_was_replaced() {
        let replaced =
            ApiKey { replaced_at: Some(at(-2)), expires_at: Some(at(2)), ..record("old") };
        let rows = [
            (Some(at(9)), Some(at(9)), Some(at(2))),
            (Some(at(1)), Some(at(1)), Some(at(1))),
            (None, None, Some(at(2))),
        ];
        for (given, current, old) in rows {
            let changes = Changes { expires_at: Some(given), ..Changes::default() };
            assert_eq!(changes.apply(&record("new")).expires_at, current, "{given:?}");
            assert_eq!(changes.apply(&replaced).expires_at, old, "{given:?}");
        }
    }

    #[test]
    fn what_is_not_named_stays() {
        let changes = Changes { unfinished: Some(Some(3)), ..Changes::default() };
        let key = changes.apply(&record("key"));
        assert_eq!(key.limits, Limits { creates_per_minute: Some(5), unfinished: Some(3) });
        assert_eq!((key.name.as_str(), key.disabled, key.expires_at), ("acme", false, None));
        let changes = Changes { creates_per_minute: Some(None), ..Changes::default() };
        assert!(changes.apply(&record("key")).limits.is_none());
    }

    #[test]
    fn the_webhook_secret_before_signs_for_a_while() {
        let new = Secret::try_from("whsec_new".to_owned()).unwrap();
        let reveal = |secret: &Option<Secret>| secret.as_ref().map(|it| it.reveal().to_owned());
        let hour = SignedDuration::from_hours(1);
        let without = ApiKey { webhook_secret: None, ..record("key") };
        let rows = [
            (record("key"), hour, Some("whsec_old"), Some(at(1))),
            (record("key"), SignedDuration::ZERO, None, None),
            (without, hour, None, None),
        ];
        for (key, grace, previous, until) in rows {
            let key = rotate_webhook_secret(&key, &new, grace, at(0));
            assert_eq!(reveal(&key.webhook_secret).as_deref(), Some("whsec_new"));
            assert_eq!(reveal(&key.previous_webhook_secret).as_deref(), previous);
            assert_eq!(key.previous_webhook_secret_until, until);
        }
    }
}
