//! The whole service on one machine under load, beside another gateway that gets the same:
//! as many clients on one side, the same vendor on the other, one process in between.
//!
//! Not here: AWS. The one process is all of it, with its database, which keeps every task;
//! LiteLLM without a database keeps nothing, and asks its vendor each time it is asked.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process};

use futures_util::future::try_join_all;
use local::client::tide;
use local::{LOCAL_KEY, Receiver, Reply};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use shared::platform::http_client::{Roots, http_client};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::process::Process;
use crate::report::{Row, median, millis};
use crate::start::build::Binary;

pub(crate) const GROUP: &str = "load";

/// The clients that ask at once, each as soon as it has its answer.
const CLIENTS: usize = 16;

/// Requests that come first, so that connections are open and code is warm.
const WARMING: usize = 200;

/// Puts so many creates and as many questions to Filmgate, and to LiteLLM if it is there.
pub(crate) async fn run(
    requests: usize,
    litellm: Option<&Path>,
) -> Result<Vec<Row>, Box<dyn Error>> {
    let vendor = Receiver::always_replying(Reply::Json(200, vendor_answer())).await?;
    let ours = Gateway::filmgate(vendor.url()).await?.measured(requests).await?;
    let theirs = match litellm {
        Some(command) => {
            Some(Gateway::litellm(command, vendor.url()).await?.measured(requests).await?)
        }
        None => None,
    };
    let beside = |of: fn(&Measured) -> f64| (of(&ours), theirs.as_ref().map(of));
    let rows = [
        ("a create: throughput", "1/s", beside(|it| it.create.throughput)),
        ("a create: CPU time of the gateway", "ms", beside(|it| it.create.cpu_ms)),
        ("a create: median", "ms", beside(|it| it.create.median_ms)),
        ("a create: 99 of 100 within", "ms", beside(|it| it.create.most_ms)),
        ("a question: throughput", "1/s", beside(|it| it.question.throughput)),
        ("a question: CPU time of the gateway", "ms", beside(|it| it.question.cpu_ms)),
        ("a question: median", "ms", beside(|it| it.question.median_ms)),
        ("a question: 99 of 100 within", "ms", beside(|it| it.question.most_ms)),
        ("peak memory", "MB", beside(|it| it.peak_mb)),
    ];
    let row = |(name, unit, (value, reference))| {
        let row = Row::new(GROUP, name, unit, value);
        match reference {
            Some(reference) => row.beside(reference),
            None => row,
        }
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The answer to all calls, in the words of Vidu and in those of OpenAI at once: a task waits
/// for its turn.
fn vendor_answer() -> Value {
    json!({
        "task_id": "839120458812739584", "id": "video_839120458812739584",
        "state": "created", "creations": [], "err_code": "", "credits": 80,
        "object": "video", "status": "queued", "model": "sora-2", "created_at": 1_763_683_200,
        "progress": 0,
    })
}

/// A running gateway, and how it wants to be asked.
struct Gateway {
    process: Child,
    /// The address at which tasks are made, and found with their id behind it.
    url: String,
    key: &'static str,
    model: &'static str,
    /// The name of a task's id in an answer.
    id: &'static str,
    settings: PathBuf,
}

/// The figures of one gateway.
struct Measured {
    create: Load,
    question: Load,
    peak_mb: f64,
}

struct Load {
    throughput: f64,
    cpu_ms: f64,
    median_ms: f64,
    most_ms: f64,
}

impl Gateway {
    async fn filmgate(vendor: &str) -> Result<Self, Box<dyn Error>> {
        let binary = Binary::build("filmgate")?;
        let accounts = json!({ "vidu": { "base_url": vendor, "api_key": "vda_bench" } });
        let settings = settings_file("accounts.json", &accounts.to_string())?;
        let mut process = Command::new(binary.path)
            .args(["--listen", "127.0.0.1:0", "--accounts"])
            .arg(&settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().ok_or("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let url = loop {
            let line = lines.next_line().await?.ok_or("it ended before it listened")?;
            if let Some(url) = line.strip_prefix("listening on ") {
                break format!("{url}/v1/video/generations");
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, url, key: LOCAL_KEY, model: "viduq1", id: "task_id", settings })
    }

    async fn litellm(command: &Path, vendor: &str) -> Result<Self, Box<dyn Error>> {
        let key = "sk-bench";
        // Every JSON is YAML.
        let model =
            json!({ "model": "openai/sora-2", "api_base": format!("{vendor}/v1"), "api_key": "x" });
        let settings = json!({
            "model_list": [{ "model_name": "video", "litellm_params": model }],
            "general_settings": { "master_key": key },
        });
        let settings = settings_file("litellm.yaml", &settings.to_string())?;
        let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port().to_string();
        let process = Command::new(command)
            .args(["--host", "127.0.0.1", "--port", &free, "--config"])
            .arg(&settings)
            // What it would ask the internet for.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .env("LITELLM_LOG", "ERROR")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let url = format!("http://127.0.0.1:{free}/v1/videos");
        let mut gateway = Self { process, url, key, model: "video", id: "id", settings };
        let client = http_client(Roots::default(), |client| client);
        while gateway.create(&client).send().await.is_err() {
            if let Some(status) = gateway.process.try_wait()? {
                return Err(format!("LiteLLM ended: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(gateway)
    }

    async fn measured(self, requests: usize) -> Result<Measured, Box<dyn Error>> {
        let process = Process(self.process.id().ok_or("it has ended")?);
        let client = http_client(Roots::default(), |client| client);
        let create = |_| self.create(&client);
        self.load(WARMING, create).await?;
        let (answers, create) = self.loaded(&process, requests, create).await?;
        let ids: Vec<String> = answers
            .iter()
            .filter_map(|answer| answer[self.id].as_str().map(str::to_owned))
            .collect();
        if ids.is_empty() {
            return Err(format!("no answer of {} has an id", self.url).into());
        }
        let question = |number: usize| {
            self.signed(client.get(format!("{}/{}", self.url, ids[number % ids.len()])))
        };
        self.load(WARMING, question).await?;
        let (_, question) = self.loaded(&process, requests, question).await?;
        Ok(Measured { create, question, peak_mb: process.peak_memory()? / 1e6 })
    }

    fn create(&self, client: &Client) -> RequestBuilder {
        let mut video = tide();
        video["model"] = self.model.into();
        let request = client.post(&self.url).header("content-type", "application/json");
        self.signed(request.body(video.to_string()))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("authorization", format!("Bearer {}", self.key))
    }

    async fn loaded(
        &self,
        process: &Process,
        requests: usize,
        request: impl Fn(usize) -> RequestBuilder,
    ) -> Result<(Vec<Value>, Load), Box<dyn Error>> {
        let (cpu, began) = (process.cpu_of_all()?, Instant::now());
        let answers = self.load(requests, request).await?;
        let (took, cpu) = (began.elapsed(), process.cpu_of_all()? - cpu);
        let mut times: Vec<f64> = answers.iter().map(|(time, _)| millis(*time)).collect();
        times.sort_by(f64::total_cmp);
        let load = Load {
            throughput: requests as f64 / took.as_secs_f64(),
            cpu_ms: millis(cpu) / requests as f64,
            most_ms: times[(times.len() * 99 / 100).min(times.len() - 1)],
            median_ms: median(times),
        };
        Ok((answers.into_iter().map(|(_, answer)| answer).collect(), load))
    }

    /// Each answer, and how long it took.
    async fn load(
        &self,
        requests: usize,
        request: impl Fn(usize) -> RequestBuilder,
    ) -> Result<Vec<(Duration, Value)>, Box<dyn Error>> {
        let next = AtomicUsize::new(0);
        let client = async || {
            let mut answers = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= requests {
                    return Ok::<_, Box<dyn Error>>(answers);
                }
                let began = Instant::now();
                let answer = request(number).send().await?.error_for_status()?;
                let text = answer.bytes().await?;
                answers.push((began.elapsed(), serde_json::from_slice(&text)?));
            }
        };
        let answers = try_join_all((0..CLIENTS).map(|_| client())).await?;
        Ok(answers.into_iter().flatten().collect())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // One file of some hundred bytes that is left behind harms nobody.
        drop(fs::remove_file(&self.settings));
    }
}

fn settings_file(name: &str, text: &str) -> std::io::Result<PathBuf> {
    let file = env::temp_dir().join(format!("filmgate-bench-{}-{name}", process::id()));
    fs::write(&file, text)?;
    Ok(file)
}
