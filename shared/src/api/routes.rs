//! The paths of the API, as the template has them. A test holds the two against each other.

pub const GENERATIONS: &str = "/v1/video/generations";
pub const GENERATION: &str = "/v1/video/generations/{task_id}";
pub const EVENTS: &str = "/v1/video/generations/{task_id}/events";
pub const CALLBACK: &str = "/v1/callbacks/{vendor}/{token}";
pub const CONTRACT: &str = "/openapi.json";
pub const DOCS: &str = "/docs";

pub const ALL: [&str; 6] = [GENERATIONS, GENERATION, EVENTS, CALLBACK, CONTRACT, DOCS];
