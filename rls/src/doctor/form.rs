//! Which texts a setting takes.

use countersign_sealing::KeyRing;
use reqwest::Url;

/// The apps that a Worker of this version has.
pub const APPS: [&str; 5] = ["advisory", "agency", "assistant", "coaching", "portal"];

/// A form of texts. What is wrong is said in the Worker's own words.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// An address with a scheme of HTTP, and nothing after its path.
    Url,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number {
        /// The least it may be.
        least: u64,
        /// The most.
        most: u64,
        /// What is said of others.
        wrong: &'static str,
    },
    /// One of these words.
    OneOf {
        /// The words.
        of: &'static [&'static str],
        /// What is said of others.
        wrong: &'static str,
    },
    /// Any of these words, with spaces between.
    Words {
        /// The words.
        of: &'static [&'static str],
        /// What is said of others.
        wrong: &'static str,
    },
    /// A text of at least so many bytes.
    Secret {
        /// How many.
        least: usize,
        /// What is said of shorter ones.
        wrong: &'static str,
    },
    /// Keys that seal, as `docs/sealing.md` says.
    Keys,
    /// A key that frontends may have.
    PublicKey,
    /// Names of apps, none twice.
    Apps,
    /// Origins of pages.
    Origins,
    /// The id of a table in Baserow.
    Table,
    /// A version of HubSpot's API.
    Version,
    /// Three prices.
    Prices,
    /// Lengths of vectors.
    Dimensions,
    /// A name that is somebody else's to give.
    Name,
    /// Any text.
    Text,
}

impl Form {
    /// What is wrong with a text that is not empty; the Worker does not start with it.
    #[must_use]
    pub fn wrong(&self, text: &str) -> Option<&'static str> {
        let unless = |good: bool, wrong: &'static str| (!good).then_some(wrong);
        match *self {
            Self::Url => unless(
                address(text).is_some(),
                "is not an http or https address without query",
            ),
            Self::Flag => unless(
                matches!(text, "true" | "false"),
                "is neither `true` nor `false`",
            ),
            Self::Number { least, most, wrong } => {
                let number = text.parse::<u64>();
                unless(
                    number.is_ok_and(|number| (least..=most).contains(&number)),
                    wrong,
                )
            }
            Self::OneOf { of, wrong } => unless(of.contains(&text), wrong),
            Self::Words { of, wrong } => unless(words(text).all(|word| of.contains(&word)), wrong),
            Self::Secret { least, wrong } => unless(text.len() >= least, wrong),
            Self::Keys => unless(
                KeyRing::parse(text).is_ok(),
                "is not `<id>:<32 bytes in base64>`",
            ),
            Self::PublicKey => unless(!text.starts_with("sb_secret_"), "is a secret key"),
            Self::Apps => {
                let all: Vec<&str> = words(text).collect();
                let good = all
                    .iter()
                    .enumerate()
                    .all(|(at, app)| APPS.contains(app) && !all.iter().take(at).any(|a| a == app));
                unless(
                    good,
                    "names an app that this Worker was not built with, or one twice",
                )
            }
            Self::Table => unless(
                text.parse::<u64>().is_ok_and(|id| id > 0),
                "is not the id of a table",
            ),
            Self::Version => unless(version(text), "is neither `v3` nor a date like `2026-09`"),
            Self::Prices => unless(
                words(text).count() == 3 && words(text).all(price),
                "is not three prices in cents, such as `40 160 2`",
            ),
            Self::Dimensions => unless(
                dimensions(text).is_some_and(|all| !all.is_empty()),
                "is not numbers from 1 to 16000, separated by spaces",
            ),
            Self::Origins | Self::Name | Self::Text => None,
        }
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

/// An address as the Worker takes it.
pub(super) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    good.then_some(url)
}

/// Lengths of vectors, if that is what they are.
pub(super) fn dimensions(text: &str) -> Option<Vec<u32>> {
    let length = |word: &str| word.parse().ok().filter(|of| (1..=16_000).contains(of));
    words(text).map(length).collect()
}

fn version(text: &str) -> bool {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|of| of.is_ascii_digit());
    match text.split_once('-') {
        Some((year, month)) => digits(year, 4) && digits(month, 2),
        None => text == "v3",
    }
}

/// Cents of a million tokens, up to 1,000 dollars, with up to three digits after the point.
fn price(word: &str) -> bool {
    const MOST: u64 = 100_000_000;
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|of| of.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return false;
    }
    let thousandths = format!("{whole}{part:0<3}").parse::<u64>();
    thousandths.is_ok_and(|price| price <= MOST)
}
