//! What somebody between does is what the functions and the database see of it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use futures_util::future::join;
use tokio::sync::{Notify, oneshot};

use super::*;
use crate::gateway::{Gateway, text};

/// Lets this happen to the next call.
#[derive(Default)]
struct Next {
    fault: std::sync::Mutex<Option<Fault>>,
    killed: Notify,
    keeps_open: Option<Duration>,
}

impl Between for Next {
    fn ask(&self, _: &mut Call) -> Fault {
        self.fault.lock().expect("nothing panics").take().unwrap_or(Fault::None)
    }

    fn kill(&self, _: &Call) {
        self.killed.notify_one();
    }

    fn keeps_open(&self) -> Option<Duration> {
        self.keeps_open
    }
}

/// A client that asks once.
async fn client(gateway: &Gateway, between: &Arc<Next>) -> Client {
    let address = serve(gateway.stack.database_url(), between.clone()).await;
    let config = gateway.dynamodb().config().to_builder().endpoint_url(address);
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

/// Puts an item there, and gives what was answered: nothing, or a code of DynamoDB.
async fn put(client: &Client, id: &str) -> Result<(), String> {
    let put = client.put_item().table_name("Tasks").item("id", text(id)).send().await;
    put.map(drop).map_err(|error| error.code().unwrap_or("no answer").to_owned())
}

async fn is_there(gateway: &Gateway, id: &str) -> bool {
    let get = gateway.dynamodb().get_item().table_name("Tasks").key("id", text(id));
    get.send().await.expect("an answer").item.is_some()
}

#[tokio::test]
async fn a_call_is_done_or_not_and_answered_or_not_as_it_is_said() {
    let gateway = Gateway::start().await;
    let between = Arc::new(Next::default());
    let client = client(&gateway, &between).await;
    let refused = |code: &str| Err(code.to_owned());
    let (release, released) = oneshot::channel();
    release.send(()).expect("it is waited for");
    let rows = [
        (Fault::None, Ok(()), true),
        (Fault::Delay(released), Ok(()), true),
        (
            Fault::Refuse(Refusal::Throttled),
            refused("ProvisionedThroughputExceededException"),
            false,
        ),
        (Fault::Refuse(Refusal::Broken), refused("InternalServerError"), false),
        (Fault::Refuse(Refusal::Denied), refused("AccessDeniedException"), false),
        (Fault::Refuse(Refusal::Invalid), refused("ValidationException"), false),
        (
            Fault::Refuse(Refusal::Conflict(Vec::new())),
            refused("TransactionConflictException"),
            false,
        ),
        (Fault::CutBefore, refused("no answer"), false),
        (Fault::CutAfter, refused("no answer"), true),
        (Fault::BreakAfter, refused("InternalServerError"), true),
    ];
    for (number, (fault, answered, written)) in rows.into_iter().enumerate() {
        let (id, what) = (number.to_string(), format!("{fault:?}"));
        *between.fault.lock().unwrap() = Some(fault);
        assert_eq!(put(&client, &id).await, answered, "{what}");
        assert_eq!(is_there(&gateway, &id).await, written, "{what}");
    }
    for (fault, written) in [(Fault::KillBefore, false), (Fault::KillAfter, true)] {
        let id = format!("{fault:?}");
        *between.fault.lock().unwrap() = Some(fault);
        tokio::select! {
            answered = put(&client, &id) => panic!("answered: {answered:?}"),
            () = between.killed.notified() => {}
        }
        assert_eq!(is_there(&gateway, &id).await, written, "{id}");
    }
}

#[tokio::test]
async fn what_is_kept_open_is_in_the_way_of_others() {
    let gateway = Gateway::start().await;
    let keeps_open = Some(Duration::from_millis(200));
    let between = Arc::new(Next { keeps_open, ..Next::default() });
    let client = client(&gateway, &between).await;
    let update = Update::builder().table_name("Tasks").key("id", text("1"));
    let update =
        update.update_expression("SET x = :x").expression_attribute_values(":x", text("x"));
    let write = TransactWriteItem::builder().update(update.build().expect("an update")).build();
    let transact = async || {
        let sent = client.transact_write_items().transact_items(write.clone()).send().await;
        sent.map(drop).map_err(|error| error.code().unwrap_or("no answer").to_owned())
    };
    let conflict = Err("TransactionConflictException".to_owned());
    let cancelled = Err("TransactionCanceledException".to_owned());
    assert_eq!(join(transact(), put(&client, "1")).await, (Ok(()), conflict));
    assert_eq!(join(transact(), transact()).await, (Ok(()), cancelled.clone()));
    assert_eq!(join(put(&client, "1"), transact()).await, (Ok(()), cancelled));
    assert_eq!(join(transact(), put(&client, "2")).await, (Ok(()), Ok(())), "another item");
}
