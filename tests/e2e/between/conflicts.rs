//! Writes that are under way, and which of them real DynamoDB would not have at once: of those of
//! one item, a transaction and any other.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::Value;

use super::{Call, Refusal};

/// The items that are being written.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<BTreeMap<String, Writers>>);

#[derive(Clone, Copy, Debug, Default)]
struct Writers {
    single: usize,
    in_transactions: usize,
}

/// A call whose writes are under way until it is dropped.
#[derive(Debug)]
pub(super) struct Open<'a> {
    under_way: &'a UnderWay,
    items: Vec<String>,
    is_transaction: bool,
}

impl UnderWay {
    /// Begins the writes of a call, unless others are in their way.
    pub(super) fn open(&self, call: &Call) -> Result<Open<'_>, Refusal> {
        let (items, is_transaction) = written(call);
        let mut all = self.0.lock().expect("nothing panics holding it");
        let in_the_way = items.iter().enumerate().filter(|(_, item)| {
            let writers = all.get(*item).copied().unwrap_or_default();
            writers.in_transactions > 0 || (is_transaction && writers.single > 0)
        });
        let in_the_way: Vec<_> = in_the_way.map(|(index, _)| index).collect();
        if !in_the_way.is_empty() {
            return Err(Refusal::Conflict(in_the_way));
        }
        for item in &items {
            let writers = all.entry(item.clone()).or_default();
            *writers.count(is_transaction) += 1;
        }
        Ok(Open { under_way: self, items, is_transaction })
    }
}

impl Writers {
    fn count(&mut self, is_transaction: bool) -> &mut usize {
        if is_transaction { &mut self.in_transactions } else { &mut self.single }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut all = self.under_way.0.lock().expect("nothing panics holding it");
        for item in &self.items {
            let writers = all.get_mut(item).expect("it was entered");
            *writers.count(self.is_transaction) -= 1;
            if writers.single + writers.in_transactions == 0 {
                all.remove(item);
            }
        }
    }
}

/// The items that a call writes, and whether it is a transaction.
fn written(call: &Call) -> (Vec<String>, bool) {
    if let Some(writes) = call.request["TransactItems"].as_array() {
        let parts = writes.iter().flat_map(|write| write.as_object().into_iter().flatten());
        return (parts.map(|(_, part)| item(part)).collect(), true);
    }
    let is_write = matches!(call.operation.as_str(), "PutItem" | "UpdateItem" | "DeleteItem");
    (is_write.then(|| item(&call.request)).into_iter().collect(), false)
}

/// The table and the key of what is written.
fn item(write: &Value) -> String {
    let whole = if write["Key"].is_object() { &write["Key"] } else { &write["Item"] };
    let keys = ["id", "sha256", "owner", "what"].map(|name| whole[name]["S"].as_str());
    // A task has an owner, too, but is known by its id.
    let keys = if keys[0].is_some() { &keys[..1] } else { &keys[..] };
    format!("{}/{keys:?}", write["TableName"].as_str().expect("a table"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(operation: &str, request: Value) -> Call {
        Call { caller: String::new(), operation: operation.to_owned(), request }
    }

    fn update(id: &str) -> Value {
        json!({ "TableName": "Tasks", "Key": { "id": { "S": id } } })
    }

    fn transaction(ids: &[&str]) -> Call {
        let writes: Vec<_> = ids.iter().map(|id| json!({ "Update": update(id) })).collect();
        call("TransactWriteItems", json!({ "TransactItems": writes }))
    }

    #[test]
    fn a_transaction_and_any_other_write_of_an_item_are_in_each_others_way() {
        let under_way = UnderWay::default();
        let single = |id: &str| call("UpdateItem", update(id));
        let put =
            json!({ "TableName": "Tasks", "Item": { "id": { "S": "1" }, "owner": { "S": "x" } } });
        let put = call("PutItem", put);
        let first = under_way.open(&single("1")).expect("nobody is there");
        let second = under_way.open(&put).expect("single writes wait for each other");
        let refused = under_way.open(&transaction(&["0", "1"])).err();
        assert_eq!(refused, Some(Refusal::Conflict(vec![1])));
        drop((first, second));
        let transaction_of_both = transaction(&["0", "1"]);
        let open = under_way.open(&transaction_of_both).expect("they are gone");
        assert!(under_way.open(&single("0")).is_err());
        assert!(under_way.open(&put).is_err());
        assert!(under_way.open(&transaction(&["2", "0"])).is_err());
        assert!(under_way.open(&call("GetItem", update("0"))).is_ok(), "it only reads");
        assert!(under_way.open(&single("2")).is_ok());
        drop(open);
        assert!(under_way.open(&single("0")).is_ok());
    }
}
