//! Lists of tasks: the page that a client asks for, and the answer that it gets, on both surfaces.

use lambda_http::{Request, RequestExt};
use serde::Serialize;

use super::error::ApiError;
use crate::task::{Status, Task, TaskId};

const MOST: usize = 100;
const USUAL: usize = 20;

/// The tasks that a client wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many at most.
    pub limit: usize,
    pub direction: Direction,
    /// Where the last page ended. An id is a time, so the task need not be there.
    pub after: Option<TaskId>,
    /// Tasks of this status only.
    pub status: Option<Status>,
    /// Tasks of this model only, by the name that their client used.
    pub model: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    NewestFirst,
    OldestFirst,
}

impl Page {
    /// The page that a query string asks for; `status_of` knows the surface's words for statuses.
    pub fn read(
        request: &Request,
        status_of: impl Fn(&str) -> Option<Status>,
    ) -> Result<Self, ApiError> {
        let mut page = Self {
            limit: USUAL,
            direction: Direction::NewestFirst,
            after: None,
            status: None,
            model: None,
        };
        let parameters = request.query_string_parameters_ref();
        for (name, value) in parameters.into_iter().flat_map(|parameters| parameters.iter()) {
            let invalid = |message: String| ApiError::invalid(name, message);
            if parameters.is_some_and(|it| it.all(name).is_some_and(|all| all.len() > 1)) {
                return Err(invalid(format!("`{name}` is given more than once.")));
            }
            match name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    page.limit = limit.ok_or_else(|| {
                        invalid(format!("`limit` must be a whole number from 1 to {MOST}."))
                    })?;
                }
                "order" => {
                    page.direction = match value {
                        "desc" => Direction::NewestFirst,
                        "asc" => Direction::OldestFirst,
                        _ => return Err(invalid("`order` must be `desc` or `asc`.".to_owned())),
                    }
                }
                "after" => {
                    let id = TaskId::read(value);
                    page.after = Some(id.ok_or_else(|| {
                        invalid("`after` must be the id of a task: a page's `last_id`.".to_owned())
                    })?);
                }
                "status" => {
                    let status = status_of(value);
                    page.status = Some(status.ok_or_else(|| {
                        invalid(format!("`status` is no status that a task has: {value:?}."))
                    })?);
                }
                "model" => page.model = Some(value.to_owned()),
                _ => {
                    return Err(invalid(format!(
                        "There is no query parameter `{name}`, only `limit`, `order`, `after`, \
                         `status` and `model`."
                    )));
                }
            }
        }
        Ok(page)
    }

    /// Whether every task of the key is wanted.
    pub fn wants_all(&self) -> bool {
        self.status.is_none() && self.model.is_none()
    }

    pub fn wants(&self, task: &Task) -> bool {
        self.status.is_none_or(|status| status == task.status)
            && self.model.as_ref().is_none_or(|model| *model == task.model)
    }
}

/// The answer to a question for tasks.
#[derive(Debug, Serialize)]
pub struct List<T> {
    object: &'static str,
    data: Vec<T>,
    first_id: Option<String>,
    /// Where the next page begins: the last task that was looked at.
    last_id: Option<String>,
    has_more: bool,
}

/// As JSON. Lambda hands over 6 MB, in which a quotation mark is two characters more; a task
/// may have a note of 256 KB.
const LARGEST: usize = 1 << 21;

impl<T: Serialize> List<T> {
    /// The views of tasks, as many as fit; `last` was looked at last, and `has_more` says whether
    /// there may be more behind it.
    pub fn new(
        views: impl Iterator<Item = (String, T)>,
        last: Option<String>,
        has_more: bool,
    ) -> Self {
        let mut list =
            Self { object: "list", data: Vec::new(), first_id: None, last_id: last, has_more };
        let (mut size, mut end) = (0, None);
        for (id, view) in views {
            size += serde_json::to_string(&view).map_or(0, |text| text.len());
            if size > LARGEST && end.is_some() {
                list.last_id = end;
                list.has_more = true;
                break;
            }
            list.first_id.get_or_insert_with(|| id.clone());
            list.data.push(view);
            end = Some(id);
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::task::testing::task;

    fn read(query: &[(&str, &str)]) -> Result<Page, ApiError> {
        let query = query.iter().map(|(name, value)| (name.to_string(), vec![value.to_string()]));
        let request =
            Request::default().with_query_string_parameters(query.collect::<HashMap<_, _>>());
        Page::read(&request, |word| (word == "done").then_some(Status::Succeeded))
    }

    #[test]
    fn a_query_string_is_a_page() {
        let usual = read(&[]).unwrap();
        assert_eq!((usual.limit, usual.direction), (20, Direction::NewestFirst));
        assert!(usual.wants_all() && usual.after.is_none());
        let id = "a".repeat(32);
        let after = ("after", &*format!("video_{id}"));
        let page = read(&[("limit", "100"), ("order", "asc"), after, ("status", "done")]).unwrap();
        assert_eq!((page.limit, page.direction), (100, Direction::OldestFirst));
        assert_eq!(page.after.map(|it| it.to_string()), Some(id));
        assert_eq!(page.status, Some(Status::Succeeded));
        assert!(!read(&[("model", "viduq1")]).unwrap().wants_all());
    }

    #[test]
    fn a_page_wants_the_tasks_that_fit_all_it_names() {
        let task = Task { status: Status::Succeeded, ..task() };
        let page = |status, model: Option<&str>| Page {
            status,
            model: model.map(str::to_owned),
            ..read(&[("order", "desc")]).unwrap()
        };
        let (done, failed) = (Some(Status::Succeeded), Some(Status::Failed));
        let rows = [
            (page(None, None), true),
            (page(done, None), true),
            (page(failed, None), false),
            (page(None, Some("viduq1")), true),
            (page(None, Some("viduq2")), false),
            (page(done, Some("viduq1")), true),
            (page(failed, Some("viduq1")), false),
            (page(done, Some("viduq2")), false),
        ];
        for (page, wanted) in rows {
            assert_eq!(page.wants(&task), wanted, "{page:?}");
        }
        let query = HashMap::from([("limit".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
        let request = Request::default().with_query_string_parameters(query);
        let error = Page::read(&request, |_| None).expect_err("which one?");
        assert_eq!(error.body.param.as_deref(), Some("limit"));
    }

    #[test]
    fn what_is_no_page_is_refused_by_its_name() {
        for (name, value) in [
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "2.5"),
            ("limit", ""),
            ("limit", "1,2"),
            ("order", "newest"),
            ("after", ""),
            ("after", "nonsense"),
            ("status", "succeeded"),
            ("offset", "20"),
        ] {
            let error = read(&[(name, value)]).expect_err(value);
            assert_eq!(error.status(), 400, "{name}={value}");
            assert_eq!(error.body.param.as_deref(), Some(name), "{name}={value}");
        }
    }

    #[test]
    fn a_list_ends_where_no_more_fits() {
        let views = |size: usize| (0..5).map(move |number| (number.to_string(), "x".repeat(size)));
        let list = |size| json!(List::new(views(size), Some("9".to_owned()), false));
        let whole = list(10);
        assert_eq!(whole["data"].as_array().map(Vec::len), Some(5));
        assert_eq!((&whole["first_id"], &whole["last_id"]), (&json!("0"), &json!("9")));
        assert_eq!(whole["has_more"], false);
        let cut = list(900_000);
        assert_eq!(cut["data"].as_array().map(Vec::len), Some(2));
        assert_eq!((&cut["last_id"], &cut["has_more"]), (&json!("1"), &json!(true)));
        let one = list(3_000_000);
        assert_eq!(one["data"].as_array().map(Vec::len), Some(1), "one is always told");
        let none = json!(List::<String>::new(std::iter::empty(), None, false));
        assert_eq!(
            none,
            json!({
                "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false,
            })
        );
    }
}
