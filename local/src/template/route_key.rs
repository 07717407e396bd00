//! The key of a route, and which requests it is for.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A route as the template has it: `ANY /v1/video/generations`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RouteKey {
    pub(super) text: String,
    /// None is `ANY`.
    method: Option<String>,
    /// None is `$default`: every path.
    path: Option<Vec<Segment>>,
}

#[derive(Clone, Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

impl RouteKey {
    /// The smaller goes first: a path before `$default`, then a literal before a parameter, and
    /// only then a method before `ANY`, which is for the methods that a path has no route for.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let segments = self.path.as_ref().map(|segments| {
            let kinds = segments.iter().map(|segment| matches!(segment, Segment::Parameter(_)));
            kinds.collect::<Vec<_>>()
        });
        (self.path.is_none(), segments, self.method.is_none())
    }

    /// The request's path parameters, if this route is for it at all.
    pub(super) fn match_request(
        &self,
        method: &str,
        path: &str,
    ) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let Some(segments) = &self.path else {
            return Some(parameters);
        };
        if self.method.as_ref().is_some_and(|only| only != method) {
            return None;
        }
        let mut values = path.strip_prefix('/')?.split('/');
        for segment in segments {
            match (segment, values.next()?) {
                (Segment::Literal(literal), value) if literal == value => {}
                (Segment::Parameter(name), value) if !value.is_empty() => {
                    let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                    parameters.insert(name.clone(), value);
                }
                _ => return None,
            }
        }
        values.next().is_none().then_some(parameters)
    }
}

impl TryFrom<String> for RouteKey {
    type Error = String;

    fn try_from(text: String) -> Result<RouteKey, String> {
        let read = || {
            if text == "$default" {
                return Some((None, None));
            }
            let (method, path) = text.split_once(" /")?;
            let segments = path.split('/').map(Segment::read).collect::<Option<_>>()?;
            match method {
                "ANY" => Some((None, Some(segments))),
                _ if METHODS.contains(&method) => Some((Some(method.to_owned()), Some(segments))),
                _ => None,
            }
        };
        match read() {
            Some((method, path)) => Ok(RouteKey { text, method, path }),
            None => Err(format!("the route `{text}` is not understood")),
        }
    }
}

impl Segment {
    /// None for half a parameter, and for `{proxy+}`.
    fn read(text: &str) -> Option<Segment> {
        let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let inner = name.unwrap_or(text);
        if inner.contains(['{', '}', '+']) {
            return None;
        }
        Some(match name {
            Some(name) => Segment::Parameter(name.to_owned()),
            None => Segment::Literal(text.to_owned()),
        })
    }
}
