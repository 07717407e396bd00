//! The endpoints of both designs, as a task keeps them and as paths.

/// The endpoints of the new design have their model behind a slash.
pub(super) fn is_new(endpoint: &str) -> bool {
    endpoint.contains('/')
}

pub(super) fn create_path(endpoint: &str) -> String {
    if is_new(endpoint) { format!("/{endpoint}") } else { format!("/v1/videos/{endpoint}") }
}
