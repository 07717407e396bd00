//! Which dialect speaks with which vendor.

use std::sync::Arc;

use serde_json::Value;

use super::contract::Dialect;
use super::facts::Facts;
use super::{jimeng, kling, vidu};
use crate::task::Vendor;

/// The dialect that speaks to a vendor with this account.
pub fn open(vendor: Vendor, account: Value) -> serde_json::Result<Arc<dyn Dialect>> {
    Ok(match vendor {
        Vendor::Jimeng => Arc::new(serde_json::from_value::<jimeng::Jimeng>(account)?),
        Vendor::Kling => Arc::new(serde_json::from_value::<kling::Kling>(account)?),
        Vendor::Vidu => Arc::new(serde_json::from_value::<vidu::Vidu>(account)?),
    })
}

/// The facts about a vendor, as its folder says them.
pub fn facts(vendor: Vendor) -> &'static Facts {
    match vendor {
        Vendor::Jimeng => &jimeng::FACTS,
        Vendor::Kling => &kling::FACTS,
        Vendor::Vidu => &vidu::FACTS,
    }
}

/// The vendor whose models are called like this; of two beginnings the longer one counts.
pub fn vendor_of(model: &str) -> Option<Vendor> {
    let beginnings = Vendor::ALL.into_iter().flat_map(|vendor| {
        let prefixes = facts(vendor).prefixes.iter();
        prefixes
            .filter(|prefix| model.starts_with(**prefix))
            .map(move |prefix| (prefix.len(), vendor))
    });
    beginnings.max_by_key(|(length, _)| *length).map(|(_, vendor)| vendor)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::dialects::contract::Handle;
    use crate::dialects::translate::Model;
    use crate::task::{Fault, FaultKind, RETENTION};

    #[test]
    fn every_sample_is_a_model_of_its_vendor() {
        for vendor in Vendor::ALL {
            let facts = facts(vendor);
            assert!(!facts.samples.is_empty(), "{vendor}");
            let names = facts.samples.iter().copied();
            let names = names.chain(facts.models.iter().map(|model| model.name));
            for name in names.filter(|name| *name != "*") {
                assert_eq!(vendor_of(name), Some(vendor), "{name}");
            }
        }
        assert_eq!(vendor_of("sora-2"), None);
    }

    #[test]
    fn a_refusal_is_about_the_model_where_the_vendor_says_so() {
        use FaultKind::{BadRequest, NotFound};
        let rows = [
            (Vendor::Kling, NotFound, "1203", "model is not supported", true),
            (Vendor::Kling, BadRequest, "1201", "model_name value 'kling-v9' is invalid", true),
            (Vendor::Kling, BadRequest, "1201", "duration value '7' is invalid", false),
            (Vendor::Kling, BadRequest, "1300", "the model refused it", false),
            (Vendor::Vidu, BadRequest, "ModelUnavailable", "", true),
            (Vendor::Vidu, BadRequest, "FieldInvalid", "the model is fine", false),
            (Vendor::Jimeng, BadRequest, "50215", "Input invalid: req_key", true),
            (Vendor::Jimeng, BadRequest, "50215", "Input invalid for this service.", false),
            (Vendor::Jimeng, FaultKind::Credentials, "50400", "no right to the req_key", false),
        ];
        for (vendor, kind, code, message, expected) in rows {
            let account = match vendor {
                Vendor::Jimeng => serde_json::json!({ "access_key": "a", "secret_key": "s" }),
                Vendor::Kling | Vendor::Vidu => serde_json::json!({ "api_key": "k" }),
            };
            let dialect = open(vendor, account).expect("an account");
            let code = Some(code.to_owned());
            let fault = Fault { code, ..Fault::with_message(kind, message) };
            assert_eq!(dialect.refuses_model(&fault), expected, "{vendor}: {message}");
        }
    }

    #[test]
    fn an_account_serves_every_model_unless_its_credentials_do_not() {
        let key = serde_json::json!({ "api_key": "k" });
        let pair = serde_json::json!({ "access_key": "a", "secret_key": "s" });
        let rows = [
            (Vendor::Kling, &key, "kling-v1", true),
            (Vendor::Kling, &key, "kling-3.0", true),
            (Vendor::Kling, &pair, "kling-v1", true),
            (Vendor::Kling, &pair, "kling-3.0", false),
            (Vendor::Vidu, &key, "viduq1", true),
            (Vendor::Jimeng, &pair, "jimeng_v30", true),
        ];
        for (vendor, account, model, expected) in rows {
            let dialect = open(vendor, account.clone()).expect("an account");
            assert_eq!(dialect.serves(model), expected, "{model} {account}");
        }
    }

    #[test]
    fn only_vidu_stops_a_task() {
        for (vendor, account) in [
            (Vendor::Kling, serde_json::json!({ "api_key": "k" })),
            (Vendor::Jimeng, serde_json::json!({ "access_key": "a", "secret_key": "s" })),
            (Vendor::Vidu, serde_json::json!({ "api_key": "k" })),
        ] {
            let dialect = open(vendor, account).expect("an account");
            let handle = Handle { vendor_task_id: "1", endpoint: "text2video" };
            let request = dialect.cancel(&handle, Timestamp::UNIX_EPOCH);
            assert_eq!(request.is_some(), vendor == Vendor::Vidu, "{vendor}");
        }
    }

    #[test]
    fn a_task_is_given_up_well_before_its_vendor_forgets_it() {
        for vendor in Vendor::ALL {
            let facts = facts(vendor);
            let margin = SignedDuration::from_hours(1);
            if let Some(lifetime) = facts.record_lifetime {
                assert!(facts.pace.deadline + margin <= lifetime, "{vendor}");
                // A link that died is renewed from the record.
                assert!(facts.link_lifetime <= lifetime, "{vendor}");
            }
            assert!(facts.pace.shortest <= facts.pace.longest, "{vendor}");
        }
    }

    #[test]
    fn a_task_is_kept_for_longer_than_any_vendor_may_take() {
        assert_eq!(RETENTION, SignedDuration::from_hours(30 * 24), "clients are promised so");
        for vendor in Vendor::ALL {
            let deadline = facts(vendor).pace.deadline;
            // After its end a webhook is tried for more than a day, and then there is time to ask.
            assert!(deadline + SignedDuration::from_hours(7 * 24) < RETENTION, "{vendor}");
        }
    }

    #[test]
    fn every_table_of_models_ends_in_rules_for_all_others() {
        for vendor in Vendor::ALL {
            let models = facts(vendor).models;
            assert_eq!(Model::named(models, "nobody-knows").name, "*", "{vendor}");
            for (index, model) in models.iter().enumerate() {
                assert_eq!(Model::named(models, model.name).name, model.name);
                for other in &models[index + 1..] {
                    assert_ne!(other.name, model.name, "written once");
                    let is_other = model.title.is_empty() || other.title != model.title;
                    assert!(is_other, "{}", model.title);
                }
                assert_eq!(model.title.is_empty(), model.name.ends_with('*'), "{}", model.name);
            }
        }
    }
}
