//! Which function API Gateway would give a request to.

use std::collections::BTreeMap;

use super::{
    TemplateError,
    resources::Resource,
    route_key::RouteKey,
    text::{Part, Reference, Text},
};

/// The routes of the API.
#[derive(Debug)]
pub struct Routes {
    /// Of several that match, the first is the one.
    by_rank: Vec<Route>,
}

/// Where a request goes.
#[derive(Debug, PartialEq)]
pub struct Found<'a> {
    /// The logical id of the function.
    pub function: &'a str,
    /// The route as the template has it, which is what the function is told.
    pub route_key: &'a str,
    /// What stands in the path for each `{parameter}` of the route, percent-decoded.
    pub path_parameters: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Route {
    key: RouteKey,
    function: String,
}

impl Routes {
    /// None if not even `$default` is there to take it: API Gateway's own 404.
    pub fn find(&self, method: &str, path: &str) -> Option<Found<'_>> {
        self.by_rank.iter().find_map(|route| {
            Some(Found {
                function: &route.function,
                route_key: &route.key.text,
                path_parameters: route.key.match_request(method, path)?,
            })
        })
    }

    /// The routes as the template has them, such as `ANY /v1/video/generations`.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_rank.iter().map(|route| route.key.text.as_str())
    }

    pub(super) fn read(resources: &BTreeMap<String, Resource>) -> Result<Routes, TemplateError> {
        let mut apis =
            resources.iter().filter(|(_, resource)| matches!(resource, Resource::Api { .. }));
        if let (Some(_), Some((second, _))) = (apis.next(), apis.next()) {
            let place = format!("resource `{second}`");
            return Err(TemplateError::at(&place, "a second API is not understood"));
        }
        let mut by_rank = Vec::new();
        for (id, resource) in resources {
            if let Resource::Route { properties } = resource {
                let function = function_behind(&properties.target, resources);
                let function =
                    function.map_err(|why| TemplateError::at(&format!("resource `{id}`"), why))?;
                let key = properties.route_key.clone();
                by_rank.push(Route { key, function });
            }
        }
        by_rank.sort_by_key(|route| route.key.rank());
        Ok(Routes { by_rank })
    }
}

/// Follows a route's target over its integration to the function.
fn function_behind(
    target: &Text,
    resources: &BTreeMap<String, Resource>,
) -> Result<String, &'static str> {
    let integration = match target.0.as_slice() {
        [Part::Literal(literal), Part::Reference(Reference { resource, attribute: None })]
            if literal == "integrations/" =>
        {
            resources.get(resource)
        }
        _ => None,
    };
    let Some(Resource::Integration { properties }) = integration else {
        return Err("expected `integrations/${X}` as target, X being an integration");
    };
    match properties.integration_uri.0.as_slice() {
        [Part::Reference(Reference { resource, attribute: Some(attribute) })]
            if attribute == "Arn"
                && matches!(resources.get(resource), Some(Resource::Function { .. })) =>
        {
            Ok(resource.clone())
        }
        _ => Err("expected its integration's address to be a function's `Arn`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::template::Template;

    use super::*;

    /// A template with these routes, each to a function of its own: `F0`, `F1` and so on.
    fn template(keys: &[&str]) -> Result<Template, TemplateError> {
        let resources = keys.iter().enumerate().map(|(n, key)| {
            format!(
                "
  R{n}:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{RouteKey: '{key}', Target: !Sub 'integrations/${{I{n}}}'}}
  I{n}:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt F{n}.Arn
      PayloadFormatVersion: '2.0'
  F{n}:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: f}}}}
    Properties: {{Role: !GetAtt Role{n}.Arn}}
  Role{n}:
    Type: AWS::IAM::Role
    Properties: {{Policies: []}}"
            )
        });
        Template::read(&format!("Resources:{}", resources.collect::<String>()))
    }

    #[test]
    fn the_deployed_routes_lead_to_their_functions() {
        let template = Template::read(include_str!("../../../template.yaml")).unwrap();
        let (generations, videos) = ("/v1/video/generations", "/v1/videos");
        for (method, path, function, route_key, parameters, why) in [
            ("POST", generations, "Create", "POST /v1/video/generations", "", "create"),
            ("GET", generations, "Query", "ANY /v1/video/generations", "", "list"),
            ("PUT", generations, "Query", "ANY /v1/video/generations", "", "its 405"),
            (
                "GET",
                "/v1/video/generations/t1",
                "Query",
                "ANY /v1/video/generations/{task_id}",
                "task_id=t1",
                "query",
            ),
            (
                "DELETE",
                "/v1/video/generations/t1",
                "Withdraw",
                "DELETE /v1/video/generations/{task_id}",
                "task_id=t1",
                "delete",
            ),
            (
                "POST",
                "/v1/video/generations/t1/cancel",
                "Withdraw",
                "ANY /v1/video/generations/{task_id}/cancel",
                "task_id=t1",
                "cancel",
            ),
            (
                "GET",
                "/v1/video/generations/a%2Fb",
                "Query",
                "ANY /v1/video/generations/{task_id}",
                "task_id=a/b",
                "decoded late",
            ),
            ("POST", videos, "Create", "POST /v1/videos", "", "create"),
            ("GET", videos, "Query", "ANY /v1/videos", "", "list"),
            (
                "GET",
                "/v1/videos/video_1",
                "Query",
                "ANY /v1/videos/{task_id}",
                "task_id=video_1",
                "query",
            ),
            (
                "DELETE",
                "/v1/videos/video_1",
                "Withdraw",
                "DELETE /v1/videos/{task_id}",
                "task_id=video_1",
                "delete",
            ),
            (
                "GET",
                "/v1/videos/video_1/content",
                "Query",
                "ANY /v1/videos/{task_id}/content",
                "task_id=video_1",
                "the video itself",
            ),
            ("POST", "/v1/videos/edits", "Query", "ANY /v1/videos/edits", "", "no id"),
            ("DELETE", "/v1/videos/edits", "Query", "ANY /v1/videos/edits", "", "its 405"),
            ("GET", "/v1/video/generations/", "Query", "$default", "", "an empty id is none"),
            ("GET", "/v1/video/generations/t1/x", "Query", "$default", "", "too long"),
            ("GET", "/v1/video", "Query", "$default", "", "too short"),
            ("GET", "/V1/video/generations", "Query", "$default", "", "case matters"),
            ("GET", "/", "Query", "$default", "", "the root"),
            (
                "POST",
                "/v1/callbacks/vidu/abc",
                "Callback",
                "ANY /v1/callbacks/{vendor}/{token}",
                "token=abc vendor=vidu",
                "two parameters",
            ),
        ] {
            let found = template.routes.find(method, path).expect(path);
            let pairs = found.path_parameters.iter().map(|(name, value)| format!("{name}={value}"));
            assert_eq!((found.function, found.route_key), (function, route_key), "{why}");
            assert_eq!(pairs.collect::<Vec<_>>().join(" "), parameters, "{why}");
        }
    }

    #[test]
    fn the_most_specific_route_wins() {
        for (keys, method, path, expected, why) in [
            (&["ANY /a", "GET /a"][..], "GET", "/a", Some("GET /a"), "a method beats ANY"),
            (&["ANY /a", "GET /a"], "PUT", "/a", Some("ANY /a"), "ANY is for the other methods"),
            (&["GET /{x}", "GET /a"], "GET", "/a", Some("GET /a"), "a literal beats a parameter"),
            (
                &["GET /{x}", "ANY /a"],
                "GET",
                "/a",
                Some("ANY /a"),
                "the path decides before the method",
            ),
            (
                &["GET /{x}/b", "GET /a/{y}"],
                "GET",
                "/a/b",
                Some("GET /a/{y}"),
                "the first segment decides",
            ),
            (&["GET /{x}", "POST /a"], "GET", "/a", Some("GET /{x}"), "a wrong method is no match"),
            (&["$default", "ANY /{x}"], "GET", "/a", Some("ANY /{x}"), "$default comes last"),
            (&["$default", "GET /a"], "PUT", "/a", Some("$default"), "and takes any method"),
            (&["GET /a"], "PUT", "/a", None, "API Gateway's own 404"),
        ] {
            let template = template(keys).unwrap();
            let found = template.routes.find(method, path);
            assert_eq!(found.map(|found| found.route_key), expected, "{why}");
        }
    }

    #[test]
    fn routes_that_are_not_understood_are_named() {
        for (key, why) in [
            ("ANY /{proxy+}", "greedy"),
            ("FETCH /a", "no such method"),
            ("ANY a", "no path"),
            ("ANY /a/b{c}", "half a parameter"),
            ("$connect", "for WebSockets"),
        ] {
            let error = template(&[key]).expect_err(why).to_string();
            let expected =
                format!("template.yaml: resource `R0`: the route `{key}` is not understood");
            assert_eq!(error, expected, "{why}");
        }
    }
}
