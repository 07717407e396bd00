//! What is kept of wishes in the same words: an item, in which each wish is an attribute, so
//! that those that come at once are in nobody's way.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

use super::error::StoreError;
use super::item::Item;
use super::tasks::Tasks;
use super::transaction;
use crate::api::wishes::{Try, Wish};
use crate::task::TaskId;

const ACTION: &str = "keeping a wish";

/// Each write pays for the whole item, so of many in the same words the oldest go. They have
/// long been answered.
const MOST: usize = 64;
const LEFT: usize = 48;

impl Tasks {
    /// Keeps a new wish, in the place of one that was refused if there is such a one. False when
    /// somebody else has taken that.
    pub async fn keep_wish(
        &self,
        place: &str,
        wish: &Wish,
        refused: Option<&Wish>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let value = serde_dynamo::to_attribute_value(wish)
            .map_err(|error| StoreError::item(ACTION, &error))?;
        let mut write = self
            .wishes_at(place)
            .expression_attribute_names("#wish", name(wish))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":wish", value)
            .expression_attribute_values(":ttl", number(Try::ttl(now).as_second()))
            .return_values(ReturnValue::AllNew);
        write = match refused {
            None => write.update_expression("SET #wish = :wish, #ttl = :ttl"),
            Some(refused) => write
                .update_expression("SET #wish = :wish, #ttl = :ttl REMOVE #refused")
                // Whose first answer was lost finds its own wish there.
                .condition_expression("attribute_exists(#refused) OR attribute_exists(#wish)")
                .expression_attribute_names("#refused", name(refused)),
        };
        let Some(item) = send(write).await? else { return Ok(false) };
        self.forget_oldest(place, &item).await;
        Ok(true)
    }

    /// The wishes that are kept there.
    pub async fn wishes(&self, place: &str) -> Result<Vec<Wish>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", AttributeValue::S(place.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service("reading wishes", error))?;
        Ok(read(&answer.item.unwrap_or_default()))
    }

    /// Takes a wish for a try of this number, which is known by a task of its own. False when
    /// somebody else was quicker. The SDK asks a second time when it lost the first answer, and
    /// then the wish is taken by the very same try.
    pub async fn claim_wish(
        &self,
        place: &str,
        wish: &Wish,
        tried: u32,
        by: &TaskId,
    ) -> Result<bool, StoreError> {
        let write = self
            .wishes_at(place)
            .update_expression("SET #wish.#tried = :tried, #wish.#by = :by")
            .condition_expression("#wish.#tried < :tried OR #wish.#by = :by")
            .expression_attribute_names("#wish", name(wish))
            .expression_attribute_names("#tried", "tried")
            .expression_attribute_names("#by", "claimed_by")
            .expression_attribute_values(":tried", number(tried.into()))
            .expression_attribute_values(":by", AttributeValue::S(by.to_string()));
        send(write).await.map(|done| done.is_some())
    }

    /// Keeps that nothing was made for a wish, whose client may try again.
    pub async fn refuse_wish(&self, place: &str, wish: &Wish) -> Result<(), StoreError> {
        let write = self
            .wishes_at(place)
            .update_expression("SET #wish.#refused = :true")
            .condition_expression("attribute_exists(#wish)")
            .expression_attribute_names("#wish", name(wish))
            .expression_attribute_names("#refused", "refused")
            .expression_attribute_values(":true", AttributeValue::Bool(true));
        send(write).await.map(drop)
    }

    fn wishes_at(&self, place: &str) -> UpdateItemFluentBuilder {
        let id = AttributeValue::S(place.to_owned());
        self.client.update_item().table_name(&self.table).key("id", id)
    }

    async fn forget_oldest(&self, place: &str, item: &Item) {
        let mut wishes = read(item);
        if wishes.len() <= MOST {
            return;
        }
        wishes.sort_by_key(Wish::came_at);
        let oldest: Vec<_> = wishes.iter().take(wishes.len() - LEFT).map(name).collect();
        let places: Vec<_> = (0..oldest.len()).map(|at| format!("#w{at}")).collect();
        let mut write = self
            .wishes_at(place)
            .update_expression(format!("REMOVE {}", places.join(", ")))
            .condition_expression("attribute_exists(id)");
        for (place, name) in places.into_iter().zip(oldest) {
            write = write.expression_attribute_names(place, name);
        }
        // The next one tries again.
        if let Err(error) = write.send().await {
            let error = StoreError::service(ACTION, error);
            tracing::warn!(%error, "old wishes could not be forgotten");
        }
    }
}

/// The item as it is then. None when the condition does not hold.
async fn send(write: UpdateItemFluentBuilder) -> Result<Option<Item>, StoreError> {
    let written = transaction::write(ACTION, 0, || write.clone().send()).await?;
    match written.map_err(SdkError::into_service_error) {
        Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
        Err(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
        Err(error) => Err(StoreError::service(ACTION, error)),
    }
}

/// The attribute of a wish: an id of its own, behind a letter that no other attribute begins with.
fn name(wish: &Wish) -> String {
    let id = wish.task_ids.first().map(ToString::to_string).unwrap_or_default();
    format!("w{id}")
}

fn read(item: &Item) -> Vec<Wish> {
    let wishes = item.iter().filter(|(name, _)| name.starts_with('w'));
    wishes.filter_map(|(_, wish)| serde_dynamo::from_attribute_value(wish.clone()).ok()).collect()
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
