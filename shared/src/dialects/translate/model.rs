//! What a model can do, as a row of data: a request is checked against it, and it
//! can be published.
//!
//! Not here: what only one vendor has. What a vendor refuses surely and what it is
//! only known to take are told apart; the latter is passed on.

use std::fmt;

/// A model, or a family of models.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// The vendor's name for it. One that ends in a star (`viduq3*`, `*`) is how the names of
    /// a family begin: its row counts for every name that has none of its own.
    pub name: &'static str,
    /// The name that people read; a family has none.
    pub title: &'static str,
    /// The day since which Filmgate knows it, in Unix seconds.
    pub known_since: i64,
    /// Whether its vendor says that it makes no more videos with it.
    pub is_retired: bool,
    /// The inputs that a video can be made of.
    pub inputs: Choice<Input>,
    /// The most images, be they frames or references.
    pub most_images: usize,
    pub image_form: ImageForm,
    /// The longest prompt in characters.
    pub longest_prompt: Option<usize>,
    /// The whole seconds of a video.
    pub seconds: Numbers,
    /// The vendor's own choice of them, where it is known.
    pub default_seconds: Option<i64>,
    pub ratios: Choice<&'static str>,
    pub default_ratio: Option<&'static str>,
    /// The inputs with which a ratio can be chosen; with others it is the image's.
    pub ratio_with: &'static [Input],
    pub needs_ratio: bool,
    /// The vendor's own choice first. Empty where there is no choice and none is known.
    pub resolutions: Choice<Resolution>,
    /// The vendor's own option for the resolution, where it has one.
    pub resolution_field: Option<&'static str>,
    /// The frames a second, where they are always the same.
    pub fps: Option<u32>,
    /// Whether its videos have sound or can have it, where that is known.
    pub has_sound: Option<bool>,
    /// None where no seed is taken.
    pub seed: Option<Numbers>,
    pub options: &'static [&'static [Opt]],
}

impl Model {
    /// The row of a name: its own, or that of the longest beginning.
    pub fn named(models: &'static [Self], name: &str) -> &'static Self {
        let own = models.iter().find(|model| model.name == name);
        let family = || models.iter().filter(|model| model.begins(name));
        own.or_else(|| family().max_by_key(|model| model.name.len()))
            .expect("every table of models has a row for `*`")
    }

    /// Whether the row stands for every name that has none of its own.
    pub fn is_family(&self) -> bool {
        self.name.ends_with('*')
    }

    fn begins(&self, name: &str) -> bool {
        self.name.strip_suffix('*').is_some_and(|beginning| name.starts_with(beginning))
    }

    /// Whether there is such an option, with whatever input.
    pub fn takes(&self, option: &str) -> bool {
        self.options().any(|other| other.name == option)
    }

    /// The quality class that the vendor chooses by itself, where the model is known.
    pub fn default_class(&self) -> Option<u32> {
        let usual = self.resolutions.values().first().filter(|_| !self.is_family());
        usual.map(|resolution| resolution.class)
    }

    pub fn options(&self) -> impl Iterator<Item = &'static Opt> {
        self.options.iter().copied().flatten()
    }
}

/// The values that a model takes.
#[derive(Clone, Copy, Debug)]
pub enum Choice<T: 'static> {
    /// All others are refused.
    Only(&'static [T]),
    /// Others are passed on, for the vendor to judge.
    Known(&'static [T]),
    /// Nothing is known of this model; these are what others of its vendor take.
    Guessed(&'static [T]),
}

impl<T> Choice<T> {
    pub fn values(self) -> &'static [T] {
        match self {
            Self::Only(values) | Self::Known(values) | Self::Guessed(values) => values,
        }
    }

    /// Whether only others are taken than the one that is looked for.
    pub fn refuses(self, is_it: impl Fn(&T) -> bool) -> bool {
        matches!(self, Self::Only(values) if !values.iter().any(is_it))
    }
}

/// Whole numbers that are allowed.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {
    Any,
    Only(&'static [i64]),
    /// From one to another.
    Range(i64, i64),
    AtLeast(i64),
    /// From one to about another: vendors have moved this end before, so more is passed on.
    About(i64, i64),
}

impl Numbers {
    pub fn allow(self, number: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Only(numbers) => numbers.contains(&number),
            Self::Range(least, most) => (least..=most).contains(&number),
            Self::AtLeast(least) | Self::About(least, _) => number >= least,
        }
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("a whole number"),
            Self::Only(numbers) => f.write_str(&one_of(numbers)),
            Self::Range(least, most) => write!(f, "{least} to {most}"),
            Self::AtLeast(least) | Self::About(least, _) => write!(f, "{least} or more"),
        }
    }
}

/// The input that a video is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Text,
    FirstFrame,
    FirstAndLastFrame,
    LastFrame,
    References,
}

impl Input {
    pub const ALL: &'static [Self] =
        &[Self::Text, Self::FirstFrame, Self::FirstAndLastFrame, Self::LastFrame, Self::References];
    /// One frame or two.
    pub const FRAMES: &'static [Self] =
        &[Self::FirstFrame, Self::FirstAndLastFrame, Self::LastFrame];

    /// The most images that it takes, where the input alone says so.
    pub(crate) fn images(self) -> usize {
        match self {
            Self::Text => 0,
            Self::FirstFrame | Self::LastFrame => 1,
            Self::FirstAndLastFrame => 2,
            Self::References => usize::MAX,
        }
    }

    /// The input in a word, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::FirstFrame => "first_frame",
            Self::FirstAndLastFrame => "first_and_last_frame",
            Self::LastFrame => "last_frame",
            Self::References => "references",
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text alone",
            Self::FirstFrame => "a first frame",
            Self::FirstAndLastFrame => "a first and a last frame",
            Self::LastFrame => "a last frame",
            Self::References => "references",
        })
    }
}

/// A resolution under the vendor's own name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub name: &'static str,
    /// The quality class: 1080 for 1080p.
    pub class: u32,
}

impl Resolution {
    pub const fn new(name: &'static str, class: u32) -> Self {
        Self { name, class }
    }

    /// The resolution as everybody calls it.
    pub fn common_name(self) -> String {
        class_name(self.class)
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, class } = self;
        let says_it = name.starts_with(|first: char| first.is_ascii_digit());
        if says_it { f.write_str(name) } else { write!(f, "{name} ({class}p)") }
    }
}

/// The form in which inline images are sent. Addresses go as they are.
#[derive(Clone, Copy, Debug)]
pub struct ImageForm {
    /// As a data URL, or else as bare base64.
    pub data_url: bool,
    /// Whether WebP is taken, beside PNG and JPEG.
    pub webp: bool,
    /// The largest file in bytes, and how the vendor says it.
    pub largest: Option<(usize, &'static str)>,
}

/// An option of a model.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    pub name: &'static str,
    pub kind: OptKind,
    /// The inputs with which the option is taken; with others it is reported as unknown.
    pub with: &'static [Input],
    pub required: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum OptKind {
    Word(Choice<&'static str>),
    Flag,
    /// In characters, where there is a limit.
    Text(Option<usize>),
    Texts,
    /// From one number to another.
    Number(f64, f64),
    Whole(Numbers),
    Image,
    Images,
    Object,
    /// Up to so many objects, and those of their members that are checked.
    Objects(Option<usize>, &'static [Opt]),
}

impl Opt {
    pub const fn new(name: &'static str, kind: OptKind) -> Self {
        Self { name, kind, with: Input::ALL, required: false }
    }

    /// One of these words.
    pub const fn word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, OptKind::Word(Choice::Only(words)))
    }

    /// One of these words, or another that the vendor may know.
    pub const fn known_word(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, OptKind::Word(Choice::Known(words)))
    }

    pub const fn flag(name: &'static str) -> Self {
        Self::new(name, OptKind::Flag)
    }

    pub const fn text(name: &'static str) -> Self {
        Self::new(name, OptKind::Text(None))
    }

    pub const fn object(name: &'static str) -> Self {
        Self::new(name, OptKind::Object)
    }

    pub const fn only_with(self, inputs: &'static [Input]) -> Self {
        Self { with: inputs, ..self }
    }

    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

/// A quality class as everybody calls it: `1080p`.
pub fn class_name(class: u32) -> String {
    if class == 2160 { "4k".to_owned() } else { format!("{class}p") }
}

/// Choices as a person would list them: `5, 8 or 10`.
pub(super) fn one_of(choices: &[impl fmt::Display]) -> String {
    let choices: Vec<_> = choices.iter().map(ToString::to_string).collect();
    match choices.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "none".to_owned(),
    }
}
