//! What properties of several resources are made of.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::text::Text;

/// Known, and of no meaning on one machine.
pub(super) type DeployOnly = Option<IgnoredAny>;

/// The logical id of a role, from `!GetAtt CreateRole.Arn`.
#[derive(Deserialize)]
#[serde(try_from = "Text")]
pub(super) struct RoleOf(pub(super) String);

impl TryFrom<Text> for RoleOf {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<RoleOf, &'static str> {
        let role = text.attribute("Arn").map(|role| RoleOf(role.to_owned()));
        role.ok_or("expected `!GetAtt X.Arn` as role, X being a role")
    }
}
