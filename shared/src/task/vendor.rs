//! The names of the vendors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The set of vendors. Stored with each task, part of the callback's path, key of the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    Jimeng,
    Kling,
    Vidu,
}

impl Vendor {
    pub const ALL: [Self; 3] = [Self::Jimeng, Self::Kling, Self::Vidu];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jimeng => "jimeng",
            Self::Kling => "kling",
            Self::Vidu => "vidu",
        }
    }
}

impl FromStr for Vendor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|vendor| vendor.as_str() == text).ok_or(())
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_is_read_by_its_name_alone() {
        for vendor in Vendor::ALL {
            assert_eq!(vendor.as_str().parse(), Ok(vendor));
            assert_eq!(serde_json::json!(vendor), vendor.to_string());
        }
        for text in ["", "Vidu", "kling ", "sora"] {
            assert_eq!(text.parse::<Vendor>(), Err(()), "{text}");
        }
    }
}
