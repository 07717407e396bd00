//! `GET /v1/videos/{task_id}/content`: the way to a video, wherever it is.

use jiff::Timestamp;
use lambda_http::http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Request, RequestExt, Response};
use shared::api::{ApiError, http};
use shared::task::{Code, Status, Task};

/// A video has no thumbnail and no sprite sheet here, and there is nothing else to choose.
pub(super) fn refuse_variants(request: &Request) -> Result<(), ApiError> {
    let parameters = request.query_string_parameters_ref();
    match parameters.and_then(|parameters| parameters.iter().find(|it| *it != ("variant", "video")))
    {
        None => Ok(()),
        Some(("variant", _)) => {
            let message = "Of a video there is only `variant=video` here.";
            Err(ApiError::new(Code::VariantNotAvailable, message).at("variant"))
        }
        Some((name, _)) => {
            let message = format!("There is no query parameter `{name}`, only `variant`.");
            Err(ApiError::invalid(name, message))
        }
    }
}

/// Leads to the video of a task. SDKs follow, and leave the API key behind where the address
/// is another origin's, as a vendor's always is.
pub(super) fn lead_to(task: &Task, now: Timestamp) -> Result<Response<Body>, ApiError> {
    let error = |code, message: &str| Err(ApiError::new(code, message).at("task_id"));
    match task.status {
        Status::Queued | Status::Processing => {
            return error(
                Code::VideoNotReady,
                "The video is not ready yet; ask for the task first.",
            );
        }
        Status::Failed => {
            return error(
                Code::VideoFailed,
                "There is no video: the task failed. Its error says why.",
            );
        }
        Status::Succeeded => {}
    }
    let is_dead = task.url_expires_at.is_some_and(|dies_at| dies_at <= now);
    let url = task.url.as_deref().filter(|_| !is_dead);
    let Some(Ok(location)) = url.map(HeaderValue::from_str) else {
        return error(Code::VideoExpired, "The vendor's address of the video has died.");
    };
    let mut response = http::done();
    *response.status_mut() = StatusCode::FOUND;
    *response.body_mut() = Body::Empty;
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some vendors refuse who comes from elsewhere.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}
