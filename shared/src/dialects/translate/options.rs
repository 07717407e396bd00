//! A vendor's own options: what `metadata` may hold, as rows of data.
//!
//! The name of an option is the vendor's own, so what was read is sent under it.

use serde_json::{Map, Value};

use super::model::{Opt, OptKind, one_of};
use super::reader::Reader;
use crate::api::{ApiError, Fields, Image, shortened};

impl Reader {
    /// Every option that the model takes with this input, checked and as it is sent.
    pub fn options(&mut self) -> Result<Map<String, Value>, ApiError> {
        let mut read = Map::new();
        for option in self.row.options().filter(|option| option.with.contains(&self.input)) {
            let param = self.options.param(option.name);
            let value = take(option, &mut self.options)?;
            match value.filter(|value| !(option.required && value.as_str() == Some(""))) {
                Some(mut value) => {
                    self.check(option.kind, &mut value, &param)?;
                    read.insert(option.name.to_owned(), value);
                }
                None if option.required => {
                    let message = format!("{} needs `{param}`.", self.model);
                    return Err(ApiError::missing(&param, message));
                }
                None => {}
            }
        }
        Ok(read)
    }

    fn check(&self, kind: OptKind, value: &mut Value, param: &str) -> Result<(), ApiError> {
        let message = match (kind, value) {
            (OptKind::Word(words), Value::String(word)) if words.refuses(|it| it == word) => {
                format!("`{param}` must be {}, not {:?}.", one_of(words.values()), shortened(word))
            }
            (OptKind::Text(Some(longest)), Value::String(text)) => {
                return self.check_length(text, longest, param);
            }
            (OptKind::Number(least, most), Value::Number(number))
                if !number.as_f64().is_some_and(|number| (least..=most).contains(&number)) =>
            {
                let number = number.as_f64().unwrap_or_default();
                format!("`{param}` must be {least} to {most}, not {number}.")
            }
            (OptKind::Whole(numbers), Value::Number(number))
                if !number.as_i64().is_some_and(|number| numbers.allow(number)) =>
            {
                format!("`{param}` must be {numbers}, not {number}.")
            }
            (OptKind::Image, Value::String(text)) => {
                *text = self.encode(Image::read(text, param)?, param)?;
                return Ok(());
            }
            (OptKind::Images, Value::Array(images)) => {
                let mut images = images.iter_mut().enumerate();
                return images.try_for_each(|(index, image)| {
                    self.check(OptKind::Image, image, &format!("{param}[{index}]"))
                });
            }
            (OptKind::Objects(Some(most), _), Value::Array(items)) if items.len() > most => {
                format!("`{param}` takes up to {most}, not {}.", items.len())
            }
            (OptKind::Objects(_, members), Value::Array(items)) => {
                let mut items = items.iter_mut().enumerate();
                return items.try_for_each(|(index, item)| {
                    self.check_members(members, item, &format!("{param}[{index}]"))
                });
            }
            // Members of objects come as they were written.
            (OptKind::Text(_) | OptKind::Image, value) if !value.is_string() => {
                format!("`{param}` must be a string.")
            }
            (OptKind::Images, _) => format!("`{param}` must be a list of strings."),
            _ => return Ok(()),
        };
        Err(ApiError::invalid(param, message))
    }

    fn check_members(
        &self,
        members: &[Opt],
        item: &mut Value,
        param: &str,
    ) -> Result<(), ApiError> {
        let object = item
            .as_object_mut()
            .ok_or_else(|| ApiError::invalid(param, format!("`{param}` must be an object.")))?;
        members.iter().try_for_each(|member| match object.get_mut(member.name) {
            Some(value) => self.check(member.kind, value, &format!("{param}.{}", member.name)),
            None => Ok(()),
        })
    }
}

fn take(option: &Opt, fields: &mut Fields) -> Result<Option<Value>, ApiError> {
    let Opt { name, kind, .. } = *option;
    Ok(match kind {
        OptKind::Word(_) | OptKind::Text(_) | OptKind::Image => {
            fields.take_text(name)?.map(Value::from)
        }
        OptKind::Flag => fields.take_flag(name)?.map(Value::from),
        OptKind::Number(..) => fields.take_number(name)?.map(Value::from),
        OptKind::Whole(_) => fields.take_whole(name)?.map(Value::from),
        OptKind::Texts | OptKind::Images => fields.take_texts(name)?.map(Value::from),
        OptKind::Object => fields.take_object(name)?.map(Value::from),
        OptKind::Objects(..) => fields.take_list(name)?.map(Value::from),
    })
}
