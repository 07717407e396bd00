//! Where new tasks count against their key's limits, exactly: never more than a limit, and as
//! many as it allows.
//!
//! A limit is divided into parts, each an item of its own. A request counts in the parts of its
//! tasks; when those are full, it reads all parts once and takes room from wherever there is
//! some. It is refused only when they have too little together.
//!
//! What is unfinished is counted where its task has its place, whatever part the room came
//! from, so that room moves to where it is used. A part's room is of one limit; when an operator
//! has changed that, one transaction gives all parts together as much more or less.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::tasks::Tasks;
use super::transaction::{Transacted, attempt};
use super::usage::{self, UNFINISHED};
use crate::task::{Limits, Parts, Task};

const ACTION: &str = "counting new tasks";

/// How many tasks, by part.
type Division = BTreeMap<u8, u32>;

/// Where the tasks of one request are counted, as far as their key has limits.
pub(super) struct Counts<'a> {
    tasks: &'a [Task],
    owner: &'a str,
    minute: Option<MinuteCount>,
    unfinished: Option<UnfinishedCount>,
}

/// What is made in a minute, which nothing gives back.
struct MinuteCount {
    parts: Parts,
    what: String,
    ttl: Timestamp,
    counted: Division,
}

struct UnfinishedCount {
    parts: Parts,
    /// Where the tasks have their places.
    places: Division,
    /// Where their room comes from.
    taken: Division,
}

/// What a limit leaves to a request that it was in the way of.
pub(super) enum Found {
    /// Room was found, and may be gone the next moment.
    Room,
    TooLittle,
    /// The parts are being divided anew.
    Moving,
}

/// A part of a minute.
#[derive(Deserialize)]
pub(super) struct MinutePart {
    what: String,
    #[serde(default)]
    pub(super) creates: u32,
}

/// A part of what may be unfinished.
#[derive(Deserialize)]
pub(super) struct UnfinishedPart {
    pub(super) what: String,
    /// How many more may begin.
    #[serde(default)]
    room: i64,
    /// The limit that the room is of. A part lacks it only when its item was deleted by hand.
    most: Option<u32>,
}

impl<'a> Counts<'a> {
    /// Each task in its own part.
    pub(super) fn new(tasks: &'a [Task], owner: &'a str, limits: Limits, now: Timestamp) -> Self {
        let minute = limits.creates_per_minute.map(|limit| {
            let parts = Parts::of(limit);
            let (what, ttl) = usage::minute(now);
            let first = tasks.first().map_or(0, |task| parts.of_task(&task.id));
            let counted = Division::from([(first, count(tasks))]);
            MinuteCount { parts, what, ttl, counted }
        });
        let unfinished = limits.unfinished.map(|limit| {
            let mut places = Division::new();
            for place in tasks.iter().filter_map(|task| task.place) {
                *places.entry(place).or_default() += 1;
            }
            UnfinishedCount { parts: Parts::of(limit), taken: places.clone(), places }
        });
        Self { tasks, owner, minute, unfinished }
    }

    /// How many items the minute is counted in, which come first.
    pub(super) fn minute_items(&self) -> usize {
        self.minute.as_ref().map_or(0, |minute| minute.counted.len())
    }

    /// The first part that tasks are counted in.
    fn first(&self) -> u8 {
        self.tasks.first().and_then(|task| task.place).unwrap_or_default()
    }
}

impl Tasks {
    /// The writes that count, each as long as its part has room.
    pub(super) fn count(&self, counts: &Counts<'_>) -> Vec<UpdateBuilder> {
        let minute = counts.minute.iter().flat_map(|minute| {
            let part = |(part, creates)| self.count_minute(counts.owner, minute, part, creates);
            minute.counted.iter().map(|(part, creates)| (*part, *creates)).map(part)
        });
        let unfinished = counts.unfinished.iter().flat_map(|unfinished| {
            let UnfinishedCount { places, taken, .. } = unfinished;
            let mut both: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
            places.iter().for_each(|(part, tasks)| both.entry(*part).or_default().0 = *tasks);
            taken.iter().for_each(|(part, room)| both.entry(*part).or_default().1 = *room);
            both.into_iter().map(|(part, (tasks, room))| {
                self.count_unfinished(counts.owner, unfinished.parts, part, tasks, room)
            })
        });
        minute.chain(unfinished).collect()
    }

    fn count_minute(
        &self,
        owner: &str,
        minute: &MinuteCount,
        part: u8,
        creates: u32,
    ) -> UpdateBuilder {
        let MinuteCount { parts, what, ttl, .. } = minute;
        let room = i64::from(parts.share(parts.limit, part)) - i64::from(creates);
        self.part(owner, what, part)
            .update_expression("ADD #creates :creates SET #ttl = :ttl")
            .condition_expression(match room {
                0.. => "attribute_not_exists(#creates) OR #creates <= :room",
                _ => "#creates <= :room",
            })
            .expression_attribute_names("#creates", "creates")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":creates", number(creates))
            .expression_attribute_values(":room", number(room))
            .expression_attribute_values(":ttl", number(ttl.as_second()))
    }

    /// Counts tasks in their part, and takes room from it. Where there is only one part, the
    /// first task finds none, and makes it.
    fn count_unfinished(
        &self,
        owner: &str,
        parts: Parts,
        part: u8,
        tasks: u32,
        room: u32,
    ) -> UpdateBuilder {
        let has_room = "#most = :most AND #room >= :taken";
        let condition = match parts.count {
            1 => format!("attribute_not_exists(#what) OR ({has_room})"),
            _ => has_room.to_owned(),
        };
        let update = self
            .part(owner, UNFINISHED, part)
            .update_expression(
                "SET #most = :most, #room = if_not_exists(#room, :most) - :taken ADD #tasks :tasks",
            )
            .condition_expression(condition)
            .expression_attribute_names("#most", "most")
            .expression_attribute_names("#room", "room")
            .expression_attribute_names("#tasks", "tasks")
            .expression_attribute_values(":most", number(parts.limit))
            .expression_attribute_values(":taken", number(room))
            .expression_attribute_values(":tasks", number(tasks));
        if parts.count == 1 { update.expression_attribute_names("#what", "what") } else { update }
    }

    /// Finds room for creates that their parts of the minute had none for.
    pub(super) async fn find_minute(&self, counts: &mut Counts<'_>) -> Result<Found, StoreError> {
        let Some(minute) = &mut counts.minute else { return Ok(Found::TooLittle) };
        let found: Vec<MinutePart> = self.parts(counts.owner, &minute.what).await?;
        let mut room: Division = (0..minute.parts.count)
            .map(|part| (part, minute.parts.share(minute.parts.limit, part)))
            .collect();
        for MinutePart { what, creates } in found {
            if let Some(room) = usage::part(&what).and_then(|part| room.get_mut(&part)) {
                *room = room.saturating_sub(creates);
            }
        }
        let first = minute.counted.keys().next().copied().unwrap_or_default();
        let Some(counted) = divide(&room, first, count(counts.tasks)) else {
            return Ok(Found::TooLittle);
        };
        minute.counted = counted;
        Ok(Found::Room)
    }

    /// Finds room for tasks that their parts had none for.
    pub(super) async fn find_unfinished(
        &self,
        counts: &mut Counts<'_>,
    ) -> Result<Found, StoreError> {
        let first = counts.first();
        let Some(unfinished) = &mut counts.unfinished else { return Ok(Found::TooLittle) };
        let (parts, tasks) = (unfinished.parts, unfinished.places.values().sum());
        let found: Vec<UnfinishedPart> = self.parts(counts.owner, UNFINISHED).await?;
        let found: BTreeMap<u8, UnfinishedPart> = found
            .into_iter()
            .filter_map(|found| Some((usage::part(&found.what)?, found)))
            .collect();
        let is_of_limit =
            |part: u8| found.get(&part).is_some_and(|it| it.most == Some(parts.limit));
        let room: Division = if (0..parts.count).chain(found.keys().copied()).all(is_of_limit) {
            let room = |part: &UnfinishedPart| u32::try_from(part.room).unwrap_or_default();
            found.iter().map(|(part, found)| (*part, room(found))).collect()
        } else {
            // As many are unfinished as may be, or more than that since the limit was lowered.
            let Some(free) = free(parts, &found).filter(|free| *free >= tasks) else {
                return Ok(Found::TooLittle);
            };
            if !self.divide_anew(counts.owner, parts, &found, free).await? {
                return Ok(Found::Moving);
            }
            (0..parts.count).map(|part| (part, parts.share(free, part))).collect()
        };
        let Some(taken) = divide(&room, first, tasks) else { return Ok(Found::TooLittle) };
        unfinished.taken = taken;
        Ok(Found::Room)
    }

    /// Gives the parts the room of another limit, evenly, unless somebody else has done so
    /// meanwhile. Whatever begins and ends beside it, all parts together get the difference of
    /// the limits, because each changes by what it was found to lack.
    async fn divide_anew(
        &self,
        owner: &str,
        parts: Parts,
        found: &BTreeMap<u8, UnfinishedPart>,
        free: u32,
    ) -> Result<bool, StoreError> {
        let unused = found.keys().copied().filter(|part| *part >= parts.count);
        let mut writes = Vec::new();
        for part in (0..parts.count).chain(unused) {
            let before = found.get(&part);
            let room = before.map_or(0, |before| before.room);
            let change = i64::from(parts.share(free, part)) - room;
            let mut condition = vec!["attribute_not_exists(#most)"];
            let mut write = self
                .part(owner, UNFINISHED, part)
                .update_expression("SET #most = :most ADD #room :change")
                .expression_attribute_names("#most", "most")
                .expression_attribute_names("#room", "room")
                .expression_attribute_values(":most", number(parts.limit))
                .expression_attribute_values(":change", number(change));
            if let Some(most) = before.and_then(|before| before.most) {
                condition = vec!["#most = :before"];
                write = write.expression_attribute_values(":before", number(most));
            }
            if change < 0 {
                condition.push("#room >= :taken");
                write = write.expression_attribute_values(":taken", number(-change));
            }
            let write = write.condition_expression(condition.join(" AND ")).build();
            let write = write.map_err(|error| StoreError::incomplete(ACTION, &error))?;
            writes.push(TransactWriteItem::builder().update(write).build());
        }
        Ok(matches!(attempt(&self.client, ACTION, &writes, None).await?, Transacted::Done))
    }

    /// All parts of a count, in one read.
    pub(super) async fn parts<T: DeserializeOwned>(
        &self,
        owner: &str,
        what: &str,
    ) -> Result<Vec<T>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.usage_table)
            .key_condition_expression("#owner = :owner AND begins_with(#what, :what)")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#what", "what")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":what", AttributeValue::S(format!("{what}/")))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service(ACTION, error))?;
        serde_dynamo::from_items(answer.items.unwrap_or_default())
            .map_err(|error| StoreError::item(ACTION, &error))
    }

    fn part(&self, owner: &str, what: &str, part: u8) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.usage_table)
            .key("owner", AttributeValue::S(owner.to_owned()))
            .key("what", AttributeValue::S(format!("{what}/{part}")))
    }
}

/// How much room there is under a limit, when what was found is of another; none when more
/// tasks are unfinished than it allows.
pub(super) fn free(parts: Parts, found: &BTreeMap<u8, UnfinishedPart>) -> Option<u32> {
    let before = found.values().find_map(|part| part.most).unwrap_or_default();
    let room: i64 = found.values().map(|part| part.room).sum();
    u32::try_from(room + i64::from(parts.limit) - i64::from(before)).ok()
}

/// Takes so many from parts with room, beginning with one; none when they have too little.
fn divide(room: &Division, first: u8, mut tasks: u32) -> Option<Division> {
    let mut taken = Division::new();
    for (part, room) in room.range(first..).chain(room.range(..first)) {
        let here = tasks.min(*room);
        if here > 0 {
            taken.insert(*part, here);
            tasks -= here;
        }
    }
    (tasks == 0).then_some(taken)
}

fn count(tasks: &[Task]) -> u32 {
    u32::try_from(tasks.len()).unwrap_or(u32::MAX)
}

fn number(number: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_from_ones_own_part_first_and_then_from_the_next() {
        let room = Division::from([(0, 2), (1, 0), (2, 3), (7, 1)]);
        for (first, tasks, expected) in [
            (2, 3, Some(vec![(2, 3)])),
            (2, 4, Some(vec![(2, 3), (7, 1)])),
            (2, 5, Some(vec![(0, 1), (2, 3), (7, 1)])),
            (1, 1, Some(vec![(2, 1)])),
            (9, 1, Some(vec![(0, 1)])),
            (0, 6, Some(vec![(0, 2), (2, 3), (7, 1)])),
            (0, 7, None),
        ] {
            let taken = divide(&room, first, tasks).map(Vec::from_iter);
            assert_eq!(taken, expected, "{tasks} from {first}");
        }
    }

    #[test]
    fn another_limit_leaves_the_room_that_its_tasks_do_not_take() {
        let part = |room, most| UnfinishedPart { what: String::new(), room, most };
        let of_40 = [part(12, Some(40)), part(3, Some(40))];
        let rows = [
            (vec![], 400, Some(400), "nothing was ever counted"),
            (of_40.into(), 400, Some(375), "25 of 40 are taken"),
            (vec![part(12, Some(40)), part(3, Some(40))], 25, Some(0), "just as many as may be"),
            (vec![part(12, Some(40)), part(3, Some(40))], 24, None, "more than may be"),
            (vec![part(1, None)], 40, Some(41), "an end after its item was deleted"),
        ];
        for (found, limit, expected, why) in rows {
            let found = (0..).zip(found).collect();
            assert_eq!(free(Parts::of(limit), &found), expected, "{why}");
        }
    }
}
