//! The three ways to give an image: an address, a data URL, raw base64.
//!
//! An address is passed on and never fetched. The type of inline bytes is read
//! from the bytes, whatever a data URL claims.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::error::ApiError;
use super::fields::shortened;
use crate::crypto::digest::sha256;

/// Clients forget the padding; vendors get it back.
const FORGIVING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ALPHABETS: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&base64::alphabet::STANDARD, FORGIVING),
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, FORGIVING),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Webp,
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Reads the type from the first bytes of a file.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub enum Image {
    /// An http(s) address, as the client wrote it.
    Url(String),
    /// The file itself.
    Inline {
        format: Format,
        /// In the standard alphabet, padded, without a `data:` prefix.
        base64: String,
        /// The size of the decoded file.
        bytes: usize,
    },
}

impl Image {
    pub fn read(text: &str, param: &str) -> Result<Self, ApiError> {
        let text = text.trim();
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("http" | "https") => Self::read_url(text, param),
            Some("data") => Self::read_data_url(text, param),
            Some(scheme) => Err(ApiError::invalid(
                param,
                format!(
                    "`{param}` must be an http(s) URL, a data URL or base64, not `{}:`.",
                    shortened(scheme)
                ),
            )),
            None => Self::read_base64(text, param),
        }
    }

    /// What an image is, where it is too long to be shown: `<image/png, 67 bytes, sha256 …>`.
    /// None for an address.
    pub fn summary(&self) -> Option<String> {
        let Self::Inline { format, base64, bytes } = self else { return None };
        let digest = sha256(&STANDARD.decode(base64).unwrap_or_default());
        Some(format!("<{}, {bytes} bytes, sha256 {digest}>", format.media_type()))
    }

    /// The data URL that some vendors want; an address stays one.
    pub fn to_url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Inline { format, base64, .. } => {
                format!("data:{};base64,{base64}", format.media_type())
            }
        }
    }

    fn read_url(text: &str, param: &str) -> Result<Self, ApiError> {
        match url::Url::parse(text) {
            // What is http(s) and can be parsed has a host.
            Ok(_) => Ok(Self::Url(text.to_owned())),
            Err(_) => Err(ApiError::invalid(param, format!("`{param}` is not a valid URL."))),
        }
    }

    fn read_data_url(text: &str, param: &str) -> Result<Self, ApiError> {
        match text.split_once(',') {
            Some((head, data)) if head.to_ascii_lowercase().ends_with(";base64") => {
                Self::read_base64(data, param)
            }
            _ => Err(ApiError::invalid(
                param,
                format!("`{param}` must be a base64 data URL: data:image/png;base64,…"),
            )),
        }
    }

    fn read_base64(text: &str, param: &str) -> Result<Self, ApiError> {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if compact.is_empty() {
            return Err(ApiError::invalid(param, format!("`{param}` is empty.")));
        }
        let mut readings = ALPHABETS.iter().filter_map(|alphabet| alphabet.decode(&compact).ok());
        let bytes = readings.next().ok_or_else(|| {
            let message = format!("`{param}` is neither an http(s) URL nor valid base64.");
            ApiError::invalid(param, message)
        })?;
        let format = Format::of(&bytes).ok_or_else(|| {
            let message = format!("`{param}` is no image: its bytes are not PNG, JPEG or WebP.");
            ApiError::invalid(param, message)
        })?;
        Ok(Self::Inline { format, base64: STANDARD.encode(&bytes), bytes: bytes.len() })
    }
}

/// An image, and the field that a message about it names.
#[derive(Clone, Debug)]
pub struct Given {
    pub image: Image,
    pub param: String,
}

/// Images are never printed: they are private and large.
impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(_) => f.write_str("Image::Url"),
            Self::Inline { format, bytes, .. } => write!(f, "Image::{format:?}({bytes} bytes)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgo=";

    #[test]
    fn an_image_is_printed_without_itself() {
        for (text, printed) in
            [("https://i.example/a.png", "Image::Url"), (PNG, "Image::Png(8 bytes)")]
        {
            assert_eq!(format!("{:?}", Image::read(text, "image").unwrap()), printed);
        }
    }

    #[test]
    fn an_image_is_read_in_all_its_forms() {
        let png = format!("data:image/png;base64,{PNG}");
        let rows = [
            ("https://a.example/x.png", "https://a.example/x.png", "an address stays as it is"),
            ("HTTP://a.example/x y", "HTTP://a.example/x y", "its spelling is the client's"),
            (PNG, png.as_str(), "raw base64 gets its type from the bytes"),
            ("iVBORw0KGgo", png.as_str(), "forgotten padding is put back"),
            ("iVBO\nRw0K\nGgo=\n", png.as_str(), "line breaks are no part of base64"),
            (png.as_str(), png.as_str(), "a data URL stays one"),
            ("data:image/jpeg;base64,iVBORw0KGgo=", png.as_str(), "the bytes know better"),
            ("DATA:;BASE64,iVBORw0KGgo=", png.as_str(), "case and type do not matter"),
            ("/9j/4AAQ", "data:image/jpeg;base64,/9j/4AAQ", "JPEG"),
            ("_9j_4AAQ", "data:image/jpeg;base64,/9j/4AAQ", "the URL-safe alphabet"),
            ("UklGRgAAAABXRUJQ", "data:image/webp;base64,UklGRgAAAABXRUJQ", "WebP"),
        ];
        for (text, url, reason) in rows {
            let image = Image::read(text, "image").expect(reason);
            assert_eq!(image.to_url(), url, "{reason}");
        }
    }

    #[test]
    fn what_is_no_image_is_refused_by_name() {
        let rows = [
            ("", "empty"),
            ("file:///etc/passwd", "a scheme that no vendor can fetch"),
            ("ftp://a.example/x.png", "likewise"),
            ("https://", "no host"),
            ("data:image/png,rawbytes", "a data URL that is not base64"),
            ("data:image/png,iVBORw0KGgo=", "base64 that does not say so"),
            ("https://?x", "no host"),
            ("data:image/png;base64,", "nothing in it"),
            ("not base64!", "neither address nor base64"),
            ("aGVsbG8=", "base64 of text"),
            ("R0lGODlhAQABAAAAACw=", "GIF: no vendor takes it"),
        ];
        for (text, reason) in rows {
            let error = Image::read(text, "images[1]").expect_err(reason);
            assert_eq!(error.body.param.as_deref(), Some("images[1]"), "{reason}");
        }
    }
}
