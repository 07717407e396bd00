//! Reads `template.yaml`, the deployment, for what the local stack needs of it: functions and
//! their variables, tables and indexes, routes, schedules and streams.
//!
//! A resource, key or CloudFormation function that is neither used nor named here as something
//! for the deployment only is an error: the local stack never differs from the template in silence.
//! What it leaves out on purpose: who may start a function, log groups, alarms, memory sizes and
//! builds.

mod document;
mod filter;
#[cfg(test)]
mod operations;
mod policies;
mod properties;
mod resources;
mod route_key;
mod routes;
mod streams;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod yaml;

use std::{collections::BTreeMap, fmt, time::Duration};

pub use filter::Filter;
pub use policies::{Permission, Policy};
pub use routes::{Found, Routes};
pub use streams::Stream;
pub use tables::Table;
pub use text::Reference;

use document::Document;
use policies::Roles;
use resources::{Event, FunctionProperties, Resource};
use text::Text;

/// The part of the template that the local stack plays; each list is sorted by logical id.
#[derive(Debug)]
pub struct Template {
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
    pub routes: Routes,
    /// The logical ids of the secrets.
    pub secrets: Vec<String>,
}

/// A Lambda function.
#[derive(Debug)]
pub struct Function {
    /// The logical id of a function, such as `Create`.
    pub id: String,
    /// The cargo binary that it is built from, such as `create`.
    pub binary: String,
    pub timeout: Duration,
    /// How often each of its schedules starts it.
    pub schedules: Vec<Duration>,
    /// The tables whose changes start it.
    pub streams: Vec<Stream>,
    /// What the function may do.
    pub policy: Policy,
    variables: BTreeMap<String, Text>,
}

/// Why the template cannot be played; one line that names the place.
#[derive(Debug, PartialEq)]
pub struct TemplateError(String);

/// What Lambda gives a function that has none of its own.
const LAMBDA_TIMEOUT: Duration = Duration::from_secs(3);

impl Template {
    pub fn read(yaml: &str) -> Result<Template, TemplateError> {
        let document = Document::read(yaml::read(yaml)?)?;
        let mut template = Template {
            functions: Vec::new(),
            tables: Vec::new(),
            routes: Routes::read(&document.resources)?,
            secrets: Vec::new(),
        };
        let roles = document.resources.iter().filter_map(|(id, resource)| match resource {
            Resource::Role { properties } => Some((id, properties)),
            _ => None,
        });
        let mut roles = Roles::read(roles)?;
        for (id, resource) in document.resources {
            match resource {
                Resource::Function { metadata, mut properties } => {
                    let binary = metadata.build_properties.binary;
                    let policy = roles.take(properties.role.take());
                    let policy =
                        policy.map_err(|why| TemplateError::at(&format!("`{id}`"), why))?;
                    let (globals, defaults) = (&document.globals, &document.defaults);
                    let function =
                        Function::read(id, binary, policy, properties, globals, defaults);
                    template.functions.push(function);
                }
                Resource::Table { properties, .. } => {
                    template.tables.push(Table::read(id, properties))
                }
                Resource::Secret { .. } => template.secrets.push(id),
                // `Roles` and `Routes` have read the first three; the rest only matters to AWS.
                Resource::Role { .. }
                | Resource::Route { .. }
                | Resource::Integration { .. }
                | Resource::Api { .. }
                | Resource::Stage { .. }
                | Resource::Permission
                | Resource::LogGroup
                | Resource::Alarm
                | Resource::Dashboard { .. }
                | Resource::Topic
                | Resource::Subscription
                | Resource::Queue { .. } => {}
            }
        }
        streams::check(&template)?;
        policies::check(&template)?;
        Ok(template)
    }
}

impl Function {
    fn read(
        id: String,
        binary: String,
        policy: Policy,
        own: FunctionProperties,
        globals: &FunctionProperties,
        defaults: &BTreeMap<String, Text>,
    ) -> Function {
        let timeout = own.timeout.or(globals.timeout);
        let variables = globals.environment.variables.iter();
        let variables = variables.chain(&own.environment.variables);
        let (mut schedules, mut streams) = (Vec::new(), Vec::new());
        for event in own.events.into_values() {
            match event {
                Event::Schedule { rate, .. } | Event::ScheduleV2 { rate, .. } => {
                    schedules.push(rate.0);
                }
                Event::Stream(stream) => streams.push(Stream::read(stream)),
            }
        }
        Function {
            id,
            binary,
            timeout: timeout.map_or(LAMBDA_TIMEOUT, Duration::from_secs),
            schedules,
            streams,
            policy,
            variables: variables
                .map(|(name, text)| (name.clone(), text.with_defaults(defaults)))
                .collect(),
        }
    }

    /// The environment that the function starts with.
    ///
    /// Parameters stand for their defaults already; `attribute_of` answers for what a deployment
    /// would make: a resource's name (no attribute), its attribute, or a pseudo parameter such as
    /// `AWS::Region`.
    pub fn variables(
        &self,
        attribute_of: impl Fn(&Reference) -> Option<String>,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let resolve = |(name, text): (&String, &Text)| {
            let value = text.resolve(&attribute_of).map_err(|unknown| {
                let place = format!("variable `{name}` of `{}`", self.id);
                TemplateError::at(&place, format!("nothing answers for `{unknown}`"))
            })?;
            Ok((name.clone(), value))
        };
        self.variables.iter().map(resolve).collect()
    }
}

impl TemplateError {
    fn at(place: &str, why: impl fmt::Display) -> TemplateError {
        TemplateError(format!("{place}: {why}"))
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template.yaml: {}", self.0)
    }
}

impl std::error::Error for TemplateError {}
