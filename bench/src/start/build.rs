//! The binaries as they ship.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;

/// The bytes of a zip file with one member called `bootstrap` beside that one: two headers
/// with its name, and the end of the directory.
const ZIP_FRAME: u64 = (30 + 9) + (46 + 9) + 22;

pub(crate) struct Binary {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) zipped: u64,
}

impl Binary {
    /// The binary of the package of the same name, built on its own: packages that are built at once share
    /// their dependencies' features, and beside the local stack a function would carry what
    /// only that one needs.
    pub(crate) fn build(binary: &str) -> Result<Self, Box<dyn Error>> {
        eprintln!("building {binary}");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--release", "--package", binary])
            .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("{binary} cannot be built").into());
        }
        let path = String::from_utf8(output.stdout)?
            .lines()
            .filter_map(|line| line.parse::<Value>().ok())
            .find(|message| {
                message["target"]["name"] == binary && message["executable"].is_string()
            })
            .and_then(|message| message["executable"].as_str().map(PathBuf::from))
            .ok_or_else(|| format!("cargo does not say where {binary} is"))?;
        let content = fs::read(&path)?;
        let zipped = deflated(&content)? + ZIP_FRAME;
        Ok(Self { name: binary.to_owned(), path, bytes: content.len() as u64, zipped })
    }
}

fn deflated(content: &[u8]) -> io::Result<u64> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len() as u64)
}
