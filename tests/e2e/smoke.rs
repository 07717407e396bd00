//! The checks of a deployed stack (`tests/smoke`), tried on the local one.

use local::LOCAL_KEY;

use crate::gateway::Gateway;
use crate::smoke_checks::Deployment;

#[tokio::test]
async fn the_checks_of_a_deployed_stack_pass_on_this_one() {
    let gateway = Gateway::start().await;
    let deployment = Deployment::new(&format!("{}/", gateway.stack.url()), LOCAL_KEY);
    assert_eq!(deployment.url(), gateway.stack.url(), "a slash at its end does no harm");
    deployment.check_contract().await;
    deployment.check_refusals().await;
    let video = deployment.make_video("viduq1").await;
    assert_eq!(video["status"], "succeeded", "{video}");
}
