//! The paths of the API, as the template has them. A test holds the two against each other.

use crate::task::Surface;

pub const GENERATIONS: &str = "/v1/video/generations";
pub const GENERATION: &str = "/v1/video/generations/{task_id}";
pub const EVENTS: &str = "/v1/video/generations/{task_id}/events";
pub const CANCEL_GENERATION: &str = "/v1/video/generations/{task_id}/cancel";
pub const VIDEOS: &str = "/v1/videos";
pub const VIDEO: &str = "/v1/videos/{task_id}";
pub const CONTENT: &str = "/v1/videos/{task_id}/content";
pub const CANCEL_VIDEO: &str = "/v1/videos/{task_id}/cancel";
pub const REMIX: &str = "/v1/videos/{task_id}/remix";
pub const EDITS: &str = "/v1/videos/edits";
pub const EXTENSIONS: &str = "/v1/videos/extensions";
pub const CHARACTERS: &str = "/v1/videos/characters";
pub const MODELS: &str = "/v1/models";
pub const MODEL: &str = "/v1/models/{model}";
pub const VIDEO_MODELS: &str = "/v1/video/models";
/// The same as [`VIDEO_MODELS`], where clients of `/v1/videos` look for it.
pub const VIDEOS_MODELS: &str = "/v1/videos/models";
pub const CALLBACK: &str = "/v1/callbacks/{vendor}/{token}";
pub const CONTRACT: &str = "/openapi.json";
pub const DOCS: &str = "/docs";

pub const ALL: [&str; 19] = [
    GENERATIONS,
    GENERATION,
    EVENTS,
    CANCEL_GENERATION,
    VIDEOS,
    VIDEO,
    CONTENT,
    CANCEL_VIDEO,
    REMIX,
    EDITS,
    EXTENSIONS,
    CHARACTERS,
    MODELS,
    MODEL,
    VIDEO_MODELS,
    VIDEOS_MODELS,
    CALLBACK,
    CONTRACT,
    DOCS,
];

/// The surface that a route belongs to.
pub fn surface(route: &str) -> Surface {
    if route.starts_with(VIDEOS) { Surface::Videos } else { Surface::Generations }
}

/// The route that a path is for; what is literal comes before what is variable.
pub fn find(path: &str) -> Option<&'static str> {
    let variables = |route: &&str| route.matches('{').count();
    ALL.into_iter().filter(|route| fits(path, route)).min_by_key(variables)
}

fn fits(path: &str, route: &str) -> bool {
    let mut segments = path.split('/');
    let fits = route.split('/').all(|wanted| {
        let fits =
            |segment| segment == wanted || (wanted.starts_with('{') && !str::is_empty(segment));
        segments.next().is_some_and(fits)
    });
    fits && segments.next().is_none()
}

/// The methods that a route takes, as the header `Allow` names them.
pub fn methods(route: &str) -> &'static str {
    match route {
        GENERATIONS | VIDEOS => "GET, HEAD, POST",
        GENERATION | VIDEO => "DELETE, GET, HEAD",
        EVENTS | CONTENT | MODELS | MODEL | VIDEO_MODELS | VIDEOS_MODELS | CONTRACT | DOCS => {
            "GET, HEAD"
        }
        _ => "POST",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_all_its_methods_and_its_surface() {
        let reads = [EVENTS, CONTENT, MODELS, MODEL, VIDEO_MODELS, VIDEOS_MODELS, CONTRACT, DOCS];
        let of_videos = [
            VIDEOS,
            VIDEO,
            CONTENT,
            CANCEL_VIDEO,
            REMIX,
            EDITS,
            EXTENSIONS,
            CHARACTERS,
            VIDEOS_MODELS,
        ];
        for route in ALL {
            let allowed = if [GENERATIONS, VIDEOS].contains(&route) {
                "GET, HEAD, POST"
            } else if [GENERATION, VIDEO].contains(&route) {
                "DELETE, GET, HEAD"
            } else if reads.contains(&route) {
                "GET, HEAD"
            } else {
                "POST"
            };
            assert_eq!(methods(route), allowed, "{route}");
            let is_of_videos = surface(route) == Surface::Videos;
            assert_eq!(is_of_videos, of_videos.contains(&route), "{route}");
        }
    }

    #[test]
    fn a_path_is_for_the_most_literal_route() {
        let rows = [
            ("/v1/video/generations", Some(GENERATIONS)),
            ("/v1/video/generations/0198", Some(GENERATION)),
            ("/v1/video/generations/0198/events", Some(EVENTS)),
            ("/v1/video/generations/0198/cancel", Some(CANCEL_GENERATION)),
            ("/v1/videos", Some(VIDEOS)),
            ("/v1/videos/video_0198", Some(VIDEO)),
            ("/v1/videos/edits", Some(EDITS)),
            ("/v1/videos/video_0198/content", Some(CONTENT)),
            ("/v1/videos/video_0198/cancel", Some(CANCEL_VIDEO)),
            ("/v1/videos/video_0198/remix", Some(REMIX)),
            ("/films/v1/videos", None),
            ("/v1/videos/", None),
            ("v1/videos", None),
            ("/v1/videos/a/b", None),
            ("/v2/videos", None),
            ("/", None),
            ("", None),
        ];
        for (path, route) in rows {
            assert_eq!(find(path), route, "{path}");
        }
        for route in ALL {
            assert_eq!(find(route), Some(route), "each is found as it is written");
        }
    }
}
