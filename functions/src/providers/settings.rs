//! The providers' settings. A provider without its settings is one that this Worker does not have.

use countersign_sealing::KeyRing;
use reqwest::Url;

use super::llm::prices::Prices;
use crate::apps::{agency, assistant, coaching};
use crate::config::{BadSetting, base_url};
use crate::secret::Secret;
use crate::webhooks::baserow::SHORTEST_SECRET;
use crate::webhooks::hubspot::Older;

/// What is set of each provider.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    /// Baserow, for the portal.
    pub baserow: Option<BaserowSettings>,
    /// The CRMs, for advisory.
    pub crm: CrmSettings,
    /// Fathom, for coaching.
    pub fathom: Option<FathomSettings>,
    /// HubSpot, for the assistant.
    pub hubspot: Option<HubSpotSettings>,
    /// HubSpot, for the agency: the assistant's app, with an endpoint of its own, and reading alone.
    pub agency_hubspot: Option<HubSpotSettings>,
    /// HubSpot, for coaching: the same app unless another is set, with endpoints of its own.
    pub coaching_hubspot: Option<HubSpotSettings>,
    /// The language model.
    pub llm: Option<LlmSettings>,
    /// The keys that seal tokens. Without them nobody can connect anything.
    pub sealing: Option<KeyRing>,
}

/// Baserow's settings.
#[derive(Clone, Debug)]
pub struct BaserowSettings {
    /// Where its API answers, without `/api`.
    pub base: Url,
    /// A database token of the portal's workspace, unless the operator connects Baserow with one.
    pub token: Option<Secret>,
    /// The table of members.
    pub members: u64,
    /// The member's e-mail: the field by which an account finds its member.
    pub email_field: String,
    /// The field that gets the account's name when a member is added, if the table has it.
    pub name_field: String,
    /// Fields that are not the members' to write, beside the e-mail.
    pub closed_fields: Vec<String>,
    /// The table of quick links, if there is one.
    pub quick_links: Option<u64>,
    /// The table of events, if there is one.
    pub events: Option<u64>,
    /// The table of deals, if there is one.
    pub deals: Option<u64>,
    /// The secret in the header of its webhooks.
    pub webhook_secret: Option<Secret>,
}

/// The CRMs' settings. Their keys are the firms' own.
#[derive(Clone, Debug, Default)]
pub struct CrmSettings {
    /// Where Wealthbox's API answers, up to and with its version. There is always one but in tests.
    pub wealthbox: Option<Url>,
    /// Where the bridge does, if there is one. It is nobody's but the operator's to say: the Worker
    /// asks no address that a caller names.
    pub bridge: Option<Url>,
    /// The secret from which those of the bridge's webhooks are made, and where this Worker is reached.
    /// Without them the bridge is not asked to tell of changes.
    pub webhook: Option<(Secret, Url)>,
    /// In which form copies of holdings are kept.
    pub copies: Copies,
    /// How much of the copies may be removed at once because the CRM has it no more, in percent.
    pub most_removed: u8,
}

/// A form of the copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copies {
    /// Accounts, positions and transactions in tables of theirs, to be queried.
    #[default]
    Tables,
    /// All of a client in one document.
    Documents,
}

/// Fathom's settings.
#[derive(Clone, Debug)]
pub struct FathomSettings {
    /// Where its API answers.
    pub base: Url,
    /// Where its OAuth is: the page of consent, and the token endpoint.
    pub oauth: Url,
    /// The app's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Where people come back to: an endpoint of this Worker.
    pub redirect_uri: Url,
    /// Where it sends its events: another, and the connection's id below it.
    pub webhook_uri: Url,
}

/// HubSpot's settings.
#[derive(Clone, Debug)]
pub struct HubSpotSettings {
    /// Where its API answers.
    pub base: Url,
    /// The page on which people consent.
    pub authorize: Url,
    /// Which version of its API.
    pub version: Version,
    /// The app's id.
    pub client_id: String,
    /// Its secret, which signs webhooks too.
    pub client_secret: Secret,
    /// What it asks people for, separated by spaces.
    pub scopes: String,
    /// Where people come back to: an endpoint of this Worker.
    pub redirect_uri: Url,
    /// Where it sends its events: another, and the address that it signs.
    pub webhook_uri: Url,
    /// Which older signatures of its events are believed.
    pub older: Older,
    /// Whether its deals are the truth, and people's opportunities mirror them.
    pub mirror_deals: bool,
}

/// A version of HubSpot's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// v3, and v4 where v3 has nothing.
    V3,
    /// A dated one, such as 2026-09.
    Dated(String),
}

impl Version {
    /// As it stands in paths.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::V3 => "v3",
            Self::Dated(date) => date,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (year, month) = match text.split_once('-') {
            Some(parts) => parts,
            None => return (text == "v3").then_some(Self::V3),
        };
        let digits = |text: &str, length| {
            text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        (digits(year, 4) && digits(month, 2)).then(|| Self::Dated(text.to_owned()))
    }
}

/// The language model's settings.
#[derive(Clone, Debug)]
pub struct LlmSettings {
    /// Where its API answers, up to and without `/chat/completions`.
    pub base: Url,
    /// Its key.
    pub key: Secret,
    /// The model that writes.
    pub model: String,
    /// The model that embeds, and the lengths of vectors that it can give.
    pub embedding: Option<(String, Vec<u32>)>,
    /// What it costs.
    pub prices: Prices,
    /// What it may cost each tenant in a month, in cents, where the tenant does not say so itself.
    pub monthly_budget_cents: u64,
}

impl LlmSettings {
    /// The model that embeds, or nothing.
    #[must_use]
    pub fn embedding_model(&self) -> &str {
        let model = self.embedding.as_ref().map(|(model, _)| model.as_str());
        model.unwrap_or_default()
    }

    /// Whether there are vectors of this length.
    #[must_use]
    pub fn embeds(&self, places: u32) -> bool {
        let all = self.embedding.as_ref();
        all.is_some_and(|(_, all)| all.contains(&places))
    }
}

/// Ten dollars a month.
const MONTHLY_BUDGET_CENTS: u64 = 1_000;
/// What the database's column holds, and nobody means.
const MOST_CENTS: u64 = 1_000_000_000;

const SCOPES: &str = "oauth crm.objects.contacts.read crm.objects.contacts.write \
    crm.objects.companies.read crm.objects.companies.write crm.objects.deals.read \
    crm.objects.deals.write";

/// Calls and meetings are under the contacts' scope; e-mails have one of their own.
const COACHING_SCOPES: &str = "oauth crm.objects.contacts.read sales-email-read";

const AGENCY_SCOPES: &str = "oauth crm.objects.contacts.read crm.objects.deals.read";

impl Providers {
    /// Reads the settings; `text` gives a variable's text, if there is any.
    ///
    /// # Errors
    /// The first setting that makes no sense, or is missing beside others.
    pub fn read(text: &impl Fn(&'static str) -> Option<String>) -> Result<Self, BadSetting> {
        Ok(Self {
            sealing: match text("SEALING_KEYS") {
                None => None,
                Some(keys) => Some(KeyRing::parse(&keys).map_err(|_| {
                    BadSetting::new("SEALING_KEYS", "is not `<id>:<32 bytes in base64>`")
                })?),
            },
            baserow: baserow(text)?,
            crm: crm(text)?,
            fathom: fathom(text)?,
            hubspot: hubspot(text)?,
            agency_hubspot: agency_hubspot(text)?,
            coaching_hubspot: coaching_hubspot(text)?,
            llm: llm(text)?,
        })
    }
}

fn baserow(
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<BaserowSettings>, BadSetting> {
    let token = text("BASEROW_TOKEN");
    let table = |name: &'static str| match text(name).map(|text| text.parse::<u64>()) {
        None => Ok(None),
        Some(Ok(id)) if id > 0 => Ok(Some(id)),
        Some(_) => Err(BadSetting::new(name, "is not the id of a table")),
    };
    let members = match table("BASEROW_MEMBERS_TABLE")? {
        Some(members) => members,
        None if token.is_none() => return Ok(None),
        None => {
            return Err(BadSetting::new(
                "BASEROW_MEMBERS_TABLE",
                "is missing, and BASEROW_TOKEN is not",
            ));
        }
    };
    let webhook_secret = text("BASEROW_WEBHOOK_SECRET").map(Secret::new);
    if webhook_secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < SHORTEST_SECRET)
    {
        return Err(BadSetting::new(
            "BASEROW_WEBHOOK_SECRET",
            "is shorter than 24 bytes",
        ));
    }
    let base = text("BASEROW_URL");
    let base = base.as_deref().unwrap_or("https://api.baserow.io");
    let closed = text("BASEROW_CLOSED_FIELDS").unwrap_or_default();
    let closed = closed
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    Ok(Some(BaserowSettings {
        base: base_url("BASEROW_URL", base)?,
        token: token.map(Secret::new),
        members,
        email_field: text("BASEROW_EMAIL_FIELD").unwrap_or_else(|| "Email".to_owned()),
        name_field: text("BASEROW_NAME_FIELD").unwrap_or_else(|| "Name".to_owned()),
        closed_fields: closed.map(str::to_owned).collect(),
        quick_links: table("BASEROW_QUICK_LINKS_TABLE")?,
        events: table("BASEROW_EVENTS_TABLE")?,
        deals: table("BASEROW_DEALS_TABLE")?,
        webhook_secret,
    }))
}

fn crm(text: &impl Fn(&'static str) -> Option<String>) -> Result<CrmSettings, BadSetting> {
    let address = |name: &'static str, text: String| base_url(name, &text);
    let wealthbox =
        text("WEALTHBOX_URL").unwrap_or_else(|| "https://api.crmworkspace.com/v1".to_owned());
    let bridge = text("CRM_BRIDGE_URL").map(|text| address("CRM_BRIDGE_URL", text));
    let webhook = match text("CRM_BRIDGE_WEBHOOK_SECRET") {
        None => None,
        Some(secret) if secret.len() < 32 => {
            return Err(BadSetting::new(
                "CRM_BRIDGE_WEBHOOK_SECRET",
                "is shorter than 32 bytes",
            ));
        }
        Some(secret) => {
            let public = text("PUBLIC_URL").ok_or(BadSetting::new(
                "PUBLIC_URL",
                "is missing, and CRM_BRIDGE_WEBHOOK_SECRET is not",
            ))?;
            Some((Secret::new(secret), base_url("PUBLIC_URL", &public)?))
        }
    };
    let percent = text("CRM_MOST_REMOVED_PERCENT").map_or(Some(10), |text| text.parse().ok());
    Ok(CrmSettings {
        wealthbox: Some(address("WEALTHBOX_URL", wealthbox)?),
        bridge: bridge.transpose()?,
        webhook,
        copies: match text("CRM_COPIES").as_deref() {
            None | Some("tables") => Copies::Tables,
            Some("documents") => Copies::Documents,
            Some(_) => {
                return Err(BadSetting::new(
                    "CRM_COPIES",
                    "is neither `tables` nor `documents`",
                ));
            }
        },
        most_removed: percent
            .filter(|percent| *percent <= 100)
            .ok_or(BadSetting::new(
                "CRM_MOST_REMOVED_PERCENT",
                "is not a number from 0 to 100",
            ))?,
    })
}

fn fathom(
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<FathomSettings>, BadSetting> {
    let Some(client_id) = text("FATHOM_CLIENT_ID") else {
        return Ok(None);
    };
    let needed = |name: &'static str| {
        text(name).ok_or(BadSetting::new(
            name,
            "is missing, and FATHOM_CLIENT_ID is not",
        ))
    };
    let address = |name: &'static str, default: &str| {
        base_url(name, text(name).as_deref().unwrap_or(default))
    };
    let public = needed("PUBLIC_URL")?;
    let public = public.trim_end_matches('/');
    let endpoint = |path: &str| base_url("PUBLIC_URL", &format!("{public}{path}"));
    Ok(Some(FathomSettings {
        base: address("FATHOM_URL", "https://api.fathom.ai/external/v1")?,
        oauth: address(
            "FATHOM_OAUTH_URL",
            "https://fathom.video/external/v1/oauth2",
        )?,
        client_id,
        client_secret: Secret::new(needed("FATHOM_CLIENT_SECRET")?),
        redirect_uri: endpoint(coaching::FATHOM_CALLBACK)?,
        webhook_uri: endpoint(coaching::FATHOM_WEBHOOK)?,
    }))
}

/// The app of HubSpot's that one of ours is: its id and its secret, and what it asks people for.
struct HubSpotApp {
    client_id: String,
    client_secret: Secret,
    scopes: String,
    callback: &'static str,
    webhook: &'static str,
}

fn hubspot(
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<HubSpotSettings>, BadSetting> {
    let Some(client_id) = text("HUBSPOT_CLIENT_ID") else {
        return Ok(None);
    };
    let app = HubSpotApp {
        client_id,
        client_secret: Secret::new(text("HUBSPOT_CLIENT_SECRET").ok_or(BadSetting::new(
            "HUBSPOT_CLIENT_SECRET",
            "is missing, and HUBSPOT_CLIENT_ID is not",
        ))?),
        scopes: text("HUBSPOT_SCOPES").unwrap_or_else(|| SCOPES.to_owned()),
        callback: assistant::CALLBACK,
        webhook: assistant::WEBHOOK,
    };
    hubspot_as(app, text).map(Some)
}

fn agency_hubspot(
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<HubSpotSettings>, BadSetting> {
    let Some(client_id) = text("HUBSPOT_CLIENT_ID") else {
        return Ok(None);
    };
    let app = HubSpotApp {
        client_id,
        client_secret: Secret::new(text("HUBSPOT_CLIENT_SECRET").unwrap_or_default()),
        scopes: AGENCY_SCOPES.to_owned(),
        callback: agency::CALLBACK,
        // The agency has none: what changes at HubSpot comes with the next import.
        webhook: assistant::WEBHOOK,
    };
    hubspot_as(app, text).map(Some)
}

fn coaching_hubspot(
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<Option<HubSpotSettings>, BadSetting> {
    let own = text("COACHING_HUBSPOT_CLIENT_ID");
    let secret = match own {
        Some(_) => text("COACHING_HUBSPOT_CLIENT_SECRET").ok_or(BadSetting::new(
            "COACHING_HUBSPOT_CLIENT_SECRET",
            "is missing, and COACHING_HUBSPOT_CLIENT_ID is not",
        ))?,
        None => text("HUBSPOT_CLIENT_SECRET").unwrap_or_default(),
    };
    let Some(client_id) = own.or_else(|| text("HUBSPOT_CLIENT_ID")) else {
        return Ok(None);
    };
    let app = HubSpotApp {
        client_id,
        client_secret: Secret::new(secret),
        scopes: text("COACHING_HUBSPOT_SCOPES").unwrap_or_else(|| COACHING_SCOPES.to_owned()),
        callback: coaching::HUBSPOT_CALLBACK,
        webhook: coaching::HUBSPOT_WEBHOOK,
    };
    hubspot_as(app, text).map(Some)
}

fn hubspot_as(
    app: HubSpotApp,
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<HubSpotSettings, BadSetting> {
    let address = |name: &'static str, default: &str| {
        base_url(name, text(name).as_deref().unwrap_or(default))
    };
    let public = text("PUBLIC_URL").ok_or(BadSetting::new(
        "PUBLIC_URL",
        "is missing, and HUBSPOT_CLIENT_ID is not",
    ))?;
    let public = base_url("PUBLIC_URL", &public)?;
    let public = public.as_str().trim_end_matches('/');
    let endpoint = |path: &str| base_url("PUBLIC_URL", &format!("{public}{path}"));
    let version = text("HUBSPOT_API_VERSION");
    let version =
        Version::parse(version.as_deref().unwrap_or("2026-09")).ok_or(BadSetting::new(
            "HUBSPOT_API_VERSION",
            "is neither `v3` nor a date like `2026-09`",
        ))?;
    Ok(HubSpotSettings {
        base: address("HUBSPOT_URL", "https://api.hubapi.com")?,
        authorize: address(
            "HUBSPOT_AUTHORIZE_URL",
            "https://app.hubspot.com/oauth/authorize",
        )?,
        version,
        client_id: app.client_id,
        client_secret: app.client_secret,
        scopes: app.scopes,
        redirect_uri: endpoint(app.callback)?,
        webhook_uri: endpoint(app.webhook)?,
        older: older(text("HUBSPOT_OLDER_SIGNATURES"))?,
        mirror_deals: match text("ASSISTANT_OPPORTUNITIES").as_deref() {
            None | Some("table") => false,
            Some("hubspot") => true,
            Some(_) => {
                return Err(BadSetting::new(
                    "ASSISTANT_OPPORTUNITIES",
                    "is neither `table` nor `hubspot`",
                ));
            }
        },
    })
}

fn older(words: Option<String>) -> Result<Older, BadSetting> {
    let mut older = Older::default();
    for word in words.unwrap_or_default().split_ascii_whitespace() {
        match word {
            "v1" => older.v1 = true,
            "v2" => older.v2 = true,
            _ => {
                return Err(BadSetting::new(
                    "HUBSPOT_OLDER_SIGNATURES",
                    "names something else than `v1` and `v2`",
                ));
            }
        }
    }
    Ok(older)
}

fn llm(text: &impl Fn(&'static str) -> Option<String>) -> Result<Option<LlmSettings>, BadSetting> {
    let Some(base) = text("LLM_URL") else {
        return Ok(None);
    };
    let needed = |name: &'static str| {
        text(name).ok_or(BadSetting::new(name, "is missing, and LLM_URL is not"))
    };
    let embedding = match text("LLM_EMBEDDING_MODEL") {
        None => None,
        Some(model) => {
            let lengths = text("LLM_EMBEDDING_DIMENSIONS").unwrap_or_default();
            let lengths = lengths.split_ascii_whitespace().map(str::parse);
            let lengths: Result<Vec<u32>, _> = lengths.collect();
            let good = |all: &Vec<u32>| {
                !all.is_empty() && all.iter().all(|length| (1..=16_000).contains(length))
            };
            let lengths = lengths.ok().filter(good).ok_or(BadSetting::new(
                "LLM_EMBEDDING_DIMENSIONS",
                "is not numbers from 1 to 16000, separated by spaces",
            ))?;
            Some((model, lengths))
        }
    };
    Ok(Some(LlmSettings {
        base: base_url("LLM_URL", &base)?,
        key: Secret::new(needed("LLM_API_KEY")?),
        model: needed("LLM_MODEL")?,
        embedding,
        prices: Prices::parse(&needed("LLM_PRICES")?).ok_or(BadSetting::new(
            "LLM_PRICES",
            "is not three prices in cents, such as `40 160 2`",
        ))?,
        monthly_budget_cents: match text("LLM_MONTHLY_BUDGET_CENTS").map(|text| text.parse()) {
            None => MONTHLY_BUDGET_CENTS,
            Some(Ok(cents)) if cents <= MOST_CENTS => cents,
            Some(_) => {
                return Err(BadSetting::new(
                    "LLM_MONTHLY_BUDGET_CENTS",
                    "is not a number of cents",
                ));
            }
        },
    }))
}
