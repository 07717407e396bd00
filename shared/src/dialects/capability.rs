//! What a model can do, for clients to read: from the very rows that requests are checked against.
//!
//! Not here: whose accounts there are and which models a key may use. Prices are no vendor's
//! promise, so none are made up.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facts::{Facts, Group};
use super::option_schema::OptionSchema;
use super::registry::{facts, vendor_of};
use super::translate::{Choice, Input, Model, Numbers};
use crate::api::{MOST_TASKS, Size};
use crate::task::Vendor;

/// A model as clients read it: the members of OpenRouter's list of video models, and ours.
/// What is null is not known; what is empty cannot be chosen.
#[derive(Debug, Serialize)]
pub struct Capability {
    pub id: String,
    canonical_slug: String,
    name: String,
    pub created: i64,
    description: Option<String>,
    supported_resolutions: Option<Vec<String>>,
    supported_aspect_ratios: Option<Vec<&'static str>>,
    supported_sizes: Option<Vec<String>>,
    supported_durations: Option<Vec<i64>>,
    supported_frame_images: Option<Vec<&'static str>>,
    generate_audio: Option<bool>,
    seed: bool,
    pricing_skus: BTreeMap<&'static str, String>,
    allowed_passthrough_parameters: Vec<&'static str>,
    pub filmgate: Details,
}

/// What we know of a model besides.
#[derive(Debug, Serialize)]
pub struct Details {
    pub vendor: Vendor,
    pub status: ModelStatus,
    inputs: Option<Vec<&'static str>>,
    /// The inputs beside which a ratio can be chosen.
    aspect_ratio_with: Option<Vec<&'static str>>,
    images: Images,
    prompt_max: Option<usize>,
    fps: Option<u32>,
    n_max: u32,
    defaults: Defaults,
    callbacks: bool,
    cancel: bool,
    result_lives_seconds: i64,
    options: BTreeMap<&'static str, OptionSchema>,
    /// What has to be given.
    required: Vec<&'static str>,
}

/// How well a model is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelStatus {
    /// Its row says what it can do.
    Known,
    /// It is known, and its vendor says that it makes no more videos with it.
    Retired,
    /// Nothing is known of it but whose it would be; the vendor decides.
    PassedOn,
}

#[derive(Debug, Serialize)]
struct Images {
    max: usize,
    encodings: [&'static str; 2],
    max_bytes: Option<usize>,
    types: Vec<&'static str>,
}

/// What the vendor chooses when nobody does, as far as it says so.
#[derive(Debug, Serialize)]
struct Defaults {
    duration: Option<i64>,
    resolution: Option<String>,
    aspect_ratio: Option<&'static str>,
}

impl Capability {
    /// What a model can do; none where no vendor serves it.
    pub fn of(model: &str) -> Option<Self> {
        let vendor = vendor_of(model)?;
        let facts = facts(vendor);
        let group = facts.groups.iter().find(|group| group.name == model);
        let rows: Vec<_> = match group {
            Some(Group { models, .. }) => {
                models.iter().map(|name| Model::named(facts.models, name)).collect()
            }
            None => vec![Model::named(facts.models, model)],
        };
        let title = group.map_or(rows[0].title, |group| group.title);
        Some(Self::of_rows(model, title, &rows, vendor, facts))
    }

    /// The same under an operator's name for it, which hides the vendor's.
    pub fn under(self, alias: &str) -> Self {
        let [id, canonical_slug, name] = [alias; 3].map(str::to_owned);
        Self { id, canonical_slug, name, ..self }
    }

    /// What several rows can do together. They are of one kind, and what has one value for a
    /// video has the same one in all of them.
    fn of_rows(
        model: &str,
        title: &str,
        rows: &[&'static Model],
        vendor: Vendor,
        facts: &Facts,
    ) -> Self {
        let first = rows[0];
        let is_known = !first.is_family();
        let inputs = union(rows, |row| row.inputs.values().to_vec());
        let ratios = union(rows, ratios);
        let resolutions = union(rows, |row| row.resolutions.values().to_vec());
        let has = |wanted: &[Input]| inputs.iter().any(|input| wanted.contains(input));
        let frames = [
            ("first_frame", has(&[Input::FirstFrame, Input::FirstAndLastFrame])),
            ("last_frame", has(&[Input::LastFrame, Input::FirstAndLastFrame])),
        ];
        let frames = frames.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
        let ratio_with = inputs.iter().filter(|input| {
            rows.iter().any(|row| has_input(row, **input) && row.ratio_with.contains(input))
        });
        let ratio_with = ratio_with.map(|input| input.as_str()).collect();
        let (options, mut required) = options(rows, &inputs);
        required.extend(rows.iter().all(|row| row.needs_ratio).then_some("aspect_ratio"));
        let form = first.image_form;
        let png_and_jpeg = ["image/jpeg", "image/png"];
        let types = png_and_jpeg.into_iter().chain(form.webp.then_some("image/webp")).collect();
        let resolution = resolutions.first().map(|resolution| resolution.common_name());
        let default_ratio = first.default_ratio.filter(|ratio| ratios.contains(ratio));
        Self {
            id: model.to_owned(),
            canonical_slug: model.to_owned(),
            name: if title.is_empty() { model.to_owned() } else { title.to_owned() },
            created: first.known_since,
            description: None,
            supported_resolutions: is_known
                .then(|| resolutions.iter().map(|resolution| resolution.common_name()).collect()),
            supported_aspect_ratios: is_known.then(|| ratios.clone()),
            supported_sizes: is_known.then(|| union(rows, sizes)),
            supported_durations: is_known.then(|| union(rows, |row| durations(row.seconds))),
            supported_frame_images: is_known.then_some(frames),
            generate_audio: first.has_sound.filter(|_| is_known),
            seed: first.seed.is_some(),
            pricing_skus: BTreeMap::new(),
            allowed_passthrough_parameters: options.keys().copied().collect(),
            filmgate: Details {
                vendor,
                status: match (is_known, first.is_retired) {
                    (false, _) => ModelStatus::PassedOn,
                    (true, true) => ModelStatus::Retired,
                    (true, false) => ModelStatus::Known,
                },
                inputs: is_known.then(|| inputs.iter().map(|input| input.as_str()).collect()),
                aspect_ratio_with: is_known.then_some(ratio_with),
                images: Images {
                    max: rows.iter().map(|row| most_images(row)).max().unwrap_or_default(),
                    encodings: ["url", "base64"],
                    max_bytes: form.largest.map(|(bytes, _)| bytes),
                    types,
                },
                prompt_max: first.longest_prompt,
                fps: first.fps,
                n_max: MOST_TASKS,
                defaults: Defaults {
                    duration: first.default_seconds.filter(|_| is_known),
                    resolution: resolution.filter(|_| is_known),
                    aspect_ratio: default_ratio.filter(|_| is_known && !first.needs_ratio),
                },
                callbacks: facts.calls_back,
                cancel: facts.cancels,
                result_lives_seconds: facts.link_lifetime.as_secs(),
                options,
                required,
            },
        }
    }
}

fn has_input(row: &Model, input: Input) -> bool {
    row.inputs.values().contains(&input)
}

/// What rows have together, each once.
fn union<T: PartialEq>(rows: &[&'static Model], of: impl Fn(&Model) -> Vec<T>) -> Vec<T> {
    let mut all = Vec::new();
    for item in rows.iter().flat_map(|row| of(row)) {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all
}

/// The ratios that can be chosen with some input; the others are the image's.
fn ratios(row: &Model) -> Vec<&'static str> {
    let can_choose = row.inputs.values().iter().any(|input| row.ratio_with.contains(input));
    if can_choose { row.ratios.values().to_vec() } else { Vec::new() }
}

/// The sizes that are a ratio and a resolution exactly, of the many that are one nearly.
fn sizes(row: &Model) -> Vec<String> {
    let resolutions = row.resolutions.values().iter();
    let sizes = resolutions.flat_map(|resolution| {
        ratios(row).into_iter().filter_map(|ratio| Size::with(resolution.class, ratio))
    });
    sizes.map(|size| size.to_string()).collect()
}

/// The whole numbers that are meant; none where there is no end to them.
fn durations(seconds: Numbers) -> Vec<i64> {
    match seconds {
        Numbers::Only(seconds) => {
            let mut seconds = seconds.to_vec();
            seconds.sort_unstable();
            seconds
        }
        Numbers::Range(least, most) | Numbers::About(least, most) => (least..=most).collect(),
        Numbers::Any | Numbers::AtLeast(_) => Vec::new(),
    }
}

/// The most images, as far as the inputs of a row that refuses others tell.
fn most_images(row: &Model) -> usize {
    let inputs = row.inputs.values().iter().map(|input| input.images()).max();
    if row.is_family() && !matches!(row.inputs, Choice::Only(_)) {
        return row.most_images;
    }
    row.most_images.min(inputs.unwrap_or_default())
}

/// The options that some row has, and those that every row needs.
fn options(
    rows: &[&'static Model],
    inputs: &[Input],
) -> (BTreeMap<&'static str, OptionSchema>, Vec<&'static str>) {
    let mut found: BTreeMap<&'static str, (OptionSchema, Vec<Input>)> = BTreeMap::new();
    let mut add = |name, schema: OptionSchema, with: Vec<Input>| {
        // An option whose inputs a model does not have is none of it.
        if !with.is_empty() {
            found.entry(name).or_insert((schema, Vec::new())).1.extend(with);
        }
    };
    for row in rows {
        let of_row = row.inputs.values();
        let resolutions = row.resolutions.values().iter().map(|resolution| resolution.name);
        let are_all = matches!(row.resolutions, Choice::Only(_));
        // The vendor's own word for the resolution, where it has one.
        let own = row.resolution_field.filter(|field| *field != "resolution");
        if let Some(field) = own.filter(|_| resolutions.len() > 0) {
            add(field, OptionSchema::words(resolutions, are_all), of_row.to_vec());
        }
        for option in row.options() {
            let with = of_row.iter().filter(|input| option.with.contains(input)).copied();
            add(option.name, OptionSchema::of(option.kind), with.collect());
        }
    }
    let needs = |row: &&Model, name| row.options().any(|it| it.required && it.name == name);
    let is_required = |name: &&'static str| rows.iter().all(|row| needs(row, *name));
    let required = found.keys().copied().filter(is_required).collect();
    let schema = |(name, (schema, with)): (&'static str, (OptionSchema, Vec<Input>))| {
        let with: Vec<_> = inputs.iter().filter(|input| with.contains(input)).collect();
        if with.len() == inputs.len() {
            return (name, schema);
        }
        (name, schema.only_with(with.into_iter().map(|input| input.as_str()).collect()))
    };
    (found.into_iter().map(schema).collect(), required)
}
