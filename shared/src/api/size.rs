//! Picture sizes: what a client writes, and what vendors have for it.
//!
//! Ratios and quality classes are matched exactly, give or take the one per
//! cent that encoders round by (1366x768 is 16:9, 1920x1088 is 1080p).

use std::fmt;

use super::error::ApiError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    /// Reads `1920x1080`.
    pub fn read(text: &str, param: &str) -> Result<Self, ApiError> {
        let read = || {
            let (width, height) = text.trim().split_once(['x', 'X', '*', '×'])?;
            Self::of(width.trim().parse().ok()?, height.trim().parse().ok()?)
        };
        read().ok_or_else(|| {
            let message = format!("`{param}` must be WIDTHxHEIGHT, e.g. \"1920x1080\".");
            ApiError::invalid(param, message)
        })
    }

    /// A size with an area, no side beyond what any screen has.
    pub fn of(width: u32, height: u32) -> Option<Self> {
        let side = 1..=65_536;
        (side.contains(&width) && side.contains(&height)).then_some(Self { width, height })
    }

    /// The size of a quality class with this ratio.
    pub fn with(class: u32, ratio: &str) -> Option<Self> {
        let (width, height) = ratio.split_once(':')?;
        let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
        let long = |side: u32| class.checked_mul(side)?.checked_div(width.min(height));
        Self::of(long(width)?, long(height)?)
    }

    /// The one of these ratios (`"16:9"`) that this size has.
    pub fn ratio_among<'a>(self, ratios: &[&'a str]) -> Option<&'a str> {
        let own = f64::from(self.width) / f64::from(self.height);
        ratios.iter().copied().find(|ratio| {
            let (width, height) = ratio.split_once(':').unwrap_or((ratio, "1"));
            match (width.parse::<f64>(), height.parse::<f64>()) {
                (Ok(width), Ok(height)) => close(own, width / height),
                _ => false,
            }
        })
    }

    /// The one of these quality classes (`1080`) that the short side has.
    pub fn class_among(self, classes: &[u32]) -> Option<u32> {
        classes.iter().copied().find(|class| self.has_class(*class))
    }

    /// The best of these quality classes that the short side reaches, or the
    /// least of them; [`Self::has_class`] tells whether it is met exactly.
    pub fn class_below(self, classes: &[u32]) -> Option<u32> {
        let short = self.width.min(self.height);
        let reached = classes.iter().filter(|class| **class <= short || self.has_class(**class));
        reached.max().or(classes.iter().min()).copied()
    }

    pub fn has_class(self, class: u32) -> bool {
        close(f64::from(self.width.min(self.height)), f64::from(class))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

fn close(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() <= 0.01
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_ratio_and_the_class_that_a_person_would_say() {
        let ratios = ["16:9", "9:16", "1:1", "4:3", "3:4"];
        let classes = [360, 540, 720, 1080];
        let rows = [
            ("1920x1080", Some("16:9"), Some(1080), "full HD"),
            ("1080x1920", Some("9:16"), Some(1080), "the short side counts, upright too"),
            ("1366x768", Some("16:9"), None, "off by 0.05 %, and no class is 768 lines"),
            ("1920x1088", Some("16:9"), Some(1080), "encoders round to multiples of 16"),
            ("720X720", Some("1:1"), Some(720), "a capital X is an x"),
            (" 960 x 720 ", Some("4:3"), Some(720), "spaces do no harm"),
            ("1920x1000", None, None, "no ratio within one per cent"),
            ("2560x1080", None, Some(1080), "21:9 is not in this list"),
        ];
        for (text, ratio, class, reason) in rows {
            let size = Size::read(text, "size").expect(reason);
            assert_eq!(size.ratio_among(&ratios), ratio, "{text}: {reason}");
            assert_eq!(size.class_among(&classes), class, "{text}: {reason}");
        }
    }

    #[test]
    fn a_class_and_a_ratio_are_a_size() {
        let rows = [
            (720, "16:9", Some("1280x720")),
            (1080, "9:16", Some("1080x1920")),
            (720, "21:9", Some("1680x720")),
            (540, "1:1", Some("540x540")),
            (720, "adaptive", None),
            (720, "1:0", None),
            (720, "70000:1", None),
        ];
        for (class, ratio, size) in rows {
            let made = Size::with(class, ratio).map(|size| size.to_string());
            assert_eq!(made.as_deref(), size, "{class} {ratio}");
        }
    }

    #[test]
    fn a_size_between_two_classes_gets_the_lower_one() {
        let rows = [
            ("1366x768", 720, false),
            ("1280x720", 720, true),
            ("1920x1072", 1080, true),
            ("3840x2160", 1080, false),
            ("320x180", 360, false),
        ];
        for (text, class, exact) in rows {
            let size = Size::read(text, "size").expect(text);
            assert_eq!(size.class_below(&[360, 720, 1080]), Some(class), "{text}");
            assert_eq!(size.has_class(class), exact, "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_by_name() {
        for text in ["", "1080p", "0x0", "1920", "1920x", "-1x5", "1x1x1", "70000x10", "16:9"] {
            let error = Size::read(text, "size").expect_err(text);
            assert_eq!(error.body.param.as_deref(), Some("size"), "{text}");
        }
    }
}
