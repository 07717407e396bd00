//! The fixtures of the dialects, replayed against the simulators: what a dialect is tested with, a
//! simulator answers, to the member and the value. So neither can misspell a field alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::testing::FOR_EVER;

/// Where the dialects keep their fixtures, a folder in each vendor's.
const DIALECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/src/dialects");

/// Any fixture of a vendor's, by its name.
pub(super) fn fixture(vendor: &str, name: &str) -> Value {
    let path = Path::new(DIALECTS).join(format!("{vendor}/fixtures/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The requests of a vendor's fixtures with their answers.
pub(super) struct Exchanges {
    by_name: BTreeMap<String, Exchange>,
    /// The paths of all members that any answer has.
    members: BTreeSet<String>,
}

#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) request: Value,
    status: u16,
    answer: Value,
}

/// A task that is made before a request for it: by which fixture, of what prompt, and how old it
/// is then, in percent of its pace.
pub(super) struct Before(pub(super) &'static str, pub(super) String, pub(super) i64);

impl Exchanges {
    pub(super) fn of(vendor: &str) -> Self {
        let folder = Path::new(DIALECTS).join(vendor).join("fixtures");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()));
        let fixtures = names.map(|name| (fixture(vendor, &name), name));
        let mut exchanges = Self { by_name: BTreeMap::new(), members: BTreeSet::new() };
        for (fixture, name) in fixtures.filter(|(fixture, _)| fixture["request"].is_object()) {
            let (request, response) = (fixture["request"].clone(), &fixture["response"]);
            let status = response["status"].as_u64().unwrap().try_into().unwrap();
            let exchange = Exchange { request, status, answer: response["body"].clone() };
            exchange.collect_members(&mut exchanges.members);
            exchanges.by_name.insert(name, exchange);
        }
        exchanges
    }

    pub(super) fn get(&self, name: &str) -> &Exchange {
        &self.by_name[name]
    }

    /// All but those that the simulator cannot be brought to answer, each with its reason.
    pub(super) fn except(&self, left_out: &[(&str, &str)]) -> Vec<(&str, Exchange)> {
        for (name, reason) in left_out {
            assert!(self.by_name.contains_key(*name), "no fixture: {name} ({reason})");
        }
        let all = self.by_name.iter().map(|(name, exchange)| (name.as_str(), exchange.clone()));
        all.filter(|(name, _)| left_out.iter().all(|(other, _)| other != name)).collect()
    }

    /// Holds an answer against the fixture's. Members that are `free` may have other values of
    /// the same type. What only other fixtures have may be there, too; what none has may not.
    pub(super) fn check(&self, name: &str, (status, answer): &(u16, Value), free: &[&str]) {
        let expected = self.get(name);
        assert_eq!(*status, expected.status, "{name}: {answer}");
        self.compare(name, "", &expected.answer, answer, free);
    }

    fn compare(&self, name: &str, path: &str, expected: &Value, found: &Value, free: &[&str]) {
        let message = format!("{name}: {path} is {found}, not {expected}");
        match (expected, found) {
            (Value::Object(expected), Value::Object(found)) => {
                for (member, expected) in expected {
                    let found = found.get(member);
                    let found = found.unwrap_or_else(|| panic!("{name}: no {path}.{member}"));
                    self.compare(name, &format!("{path}.{member}"), expected, found, free);
                }
                for member in found.keys().map(|member| format!("{path}.{member}")) {
                    assert!(self.members.contains(&member), "{name}: no fixture has {member}");
                }
            }
            (Value::Array(expected), Value::Array(found)) => {
                assert_eq!(expected.len(), found.len(), "{message}");
                for (expected, found) in expected.iter().zip(found) {
                    self.compare(name, path, expected, found, free);
                }
            }
            (Value::String(expected), Value::String(found)) if is_free(path, free) => {
                assert_eq!(expected.is_empty(), found.is_empty(), "{message}");
            }
            (Value::Number(_), Value::Number(_)) if is_free(path, free) => {}
            _ => assert_eq!(expected, found, "{message}"),
        }
    }
}

fn is_free(path: &str, free: &[&str]) -> bool {
    path.rsplit('.').next().is_some_and(|member| free.contains(&member))
}

impl Exchange {
    pub(super) fn method(&self) -> &str {
        self.request["method"].as_str().unwrap()
    }

    /// The path with its query.
    pub(super) fn path(&self) -> String {
        let path = self.request["path"].as_str().unwrap();
        let query = self.request["query"].as_object().into_iter().flatten();
        let query: Vec<_> =
            query.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }

    pub(super) fn body(&self) -> String {
        let body = &self.request["body"];
        if body.is_null() { String::new() } else { body.to_string() }
    }

    /// A request with other members of its body; what is `null` is taken out.
    pub(super) fn with(mut self, members: Value) -> Self {
        for (name, value) in members.as_object().unwrap() {
            let body = self.request["body"].as_object_mut().unwrap();
            if value.is_null() {
                assert!(body.remove(name).is_some(), "there is no {name}");
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
        self
    }

    pub(super) fn with_prompt(self, prompt: &str) -> Self {
        self.with(json!({ "prompt": prompt }))
    }

    /// A request for another task than the one that the fixture `created` tells of.
    pub(super) fn about(mut self, created: &Self, task_id: &str) -> Self {
        let text = self.request.to_string().replace(id_of(&created.answer), task_id);
        self.request = serde_json::from_str(&text).unwrap();
        self
    }

    fn collect_members(&self, members: &mut BTreeSet<String>) {
        fn collect(path: &str, value: &Value, members: &mut BTreeSet<String>) {
            match value {
                Value::Object(object) => {
                    for (member, value) in object {
                        let path = format!("{path}.{member}");
                        collect(&path, value, members);
                        members.insert(path);
                    }
                }
                Value::Array(items) => {
                    items.iter().for_each(|item| collect(path, item, members));
                }
                _ => {}
            }
        }
        collect("", &self.answer, members);
    }
}

/// The id of the task that a submission's answer tells of.
pub(super) fn id_of(answer: &Value) -> &str {
    let ids = ["/task_id", "/data/task_id", "/data/id"];
    ids.iter().find_map(|pointer| answer.pointer(pointer)?.as_str()).unwrap()
}

/// Makes a task in the ledger so old, in percent of [`FOR_EVER`].
pub(super) fn grow_old(ledger: &Ledger, vendor: &str, task_id: &str, percent: i64) {
    let created_at = Timestamp::now().as_second() - FOR_EVER.as_secs() as i64 * percent / 100;
    let created_at = Timestamp::from_second(created_at).unwrap();
    let age = |task: &mut Value| task["timeline"]["created_at"] = json!(created_at);
    ledger.change(vendor, task_id, age).unwrap().expect("the task is in the ledger");
}
