//! Which dialect speaks with which vendor.

use std::sync::Arc;

use serde_json::Value;

use super::contract::Dialect;
use super::{jimeng, kling, vidu};
use crate::task::Vendor;

/// The dialect that speaks to a vendor with this account.
pub fn open(vendor: Vendor, account: Value) -> serde_json::Result<Arc<dyn Dialect>> {
    Ok(match vendor {
        Vendor::Jimeng => Arc::new(serde_json::from_value::<jimeng::Jimeng>(account)?),
        Vendor::Kling => Arc::new(serde_json::from_value::<kling::Kling>(account)?),
        Vendor::Vidu => Arc::new(serde_json::from_value::<vidu::Vidu>(account)?),
    })
}

/// The vendor whose models are called like this. The list of models is the vendor's own.
pub fn vendor_of(model: &str) -> Option<Vendor> {
    Vendor::ALL.into_iter().find(|vendor| model.starts_with(vendor.as_str()))
}
