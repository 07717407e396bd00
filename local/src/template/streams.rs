//! Which changes of which table start a function.

use std::num::NonZeroUsize;

use serde_json::Value;

use super::{Filter, Template, TemplateError, resources::StreamProperties};

/// Changes of a table that start a function.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The logical id of the table.
    pub table: String,
    /// How many records it is given at most at once.
    pub batch_size: NonZeroUsize,
    /// One of them has to match a record.
    pub filters: Vec<Filter>,
}

impl Stream {
    pub(super) fn read(properties: StreamProperties) -> Stream {
        let StreamProperties { stream, batch_size, filter_criteria, .. } = properties;
        let filters = filter_criteria.filters.into_iter().map(|filter| filter.pattern);
        Stream { table: stream.0, batch_size, filters: filters.collect() }
    }

    /// Whether a record of the table's stream is one that the function wants.
    pub fn wants(&self, record: &Value) -> bool {
        self.filters.iter().any(|filter| filter.matches(record))
    }
}

/// Whoever follows a table must find it, and find it with a stream.
pub(super) fn check(template: &Template) -> Result<(), TemplateError> {
    for function in &template.functions {
        for Stream { table, .. } in &function.streams {
            if !template.tables.iter().any(|it| it.id == *table && it.has_stream()) {
                let why = format!(
                    "its stream's table `{table}` is not in the template, or has no stream"
                );
                return Err(TemplateError::at(&format!("`{}`", function.id), why));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_end_that_is_owed_to_a_client_is_what_notify_wants() {
        let template = Template::read(include_str!("../../../template.yaml")).unwrap();
        let notify = template.functions.iter().find(|function| function.id == "Notify");
        let [stream] = notify.expect("it is in the template").streams.as_slice() else {
            panic!("expected one stream");
        };
        assert_eq!(stream.table, "Tasks");
        let image = |status: &str, shard: Option<&str>| {
            let mut image = json!({ "status": { "S": status } });
            if let Some(shard) = shard {
                image["webhook_due_shard"] = json!({ "S": shard });
            }
            image
        };
        let (open, owed) = (image("processing", Some("vidu/1")), Some("webhooks/1"));
        for (old, new, wanted, why) in [
            (Some(&open), image("succeeded", owed), true, "it ended"),
            (Some(&open), image("failed", owed), true, "it ended badly"),
            (Some(&open), image("failed", None), false, "nobody wants to know"),
            (Some(&open), image("processing", Some("vidu/1")), false, "it did not end"),
            (Some(&image("failed", owed)), image("failed", owed), false, "it had ended before"),
            (None, image("succeeded", owed), false, "nothing ends as it begins"),
        ] {
            let mut record = json!({ "eventName": "MODIFY", "dynamodb": { "NewImage": new } });
            if let Some(old) = old {
                record["dynamodb"]["OldImage"] = old.clone();
            }
            assert_eq!(stream.wants(&record), wanted, "{why}");
        }
    }
}
