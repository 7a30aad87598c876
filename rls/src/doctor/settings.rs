//! Every setting of the Worker: its name, whether it is a secret, and which texts it takes.
//!
//! `functions` reads them and `docs/operators.md` describes them. `tests/tests/settings.rs` holds
//! all three together, and each form against what the Worker says to the same text.

use super::form::Form::{
    self, Apps, Dimensions, Flag, Keys, Name, Number, OneOf, Origins, Prices, PublicKey, Secret,
    Table, Text, Url, Version, Words,
};

/// A setting of the Worker.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the variable, or of the secret.
    pub name: &'static str,
    /// Whether it is set with `wrangler secret put`, and never in a file.
    pub secret: bool,
    /// Which texts it takes.
    pub form: Form,
}

const fn plain(name: &'static str, form: Form) -> Setting {
    Setting {
        name,
        secret: false,
        form,
    }
}

const fn secret(name: &'static str, form: Form) -> Setting {
    Setting {
        name,
        secret: true,
        form,
    }
}

const OF_32: Form = Secret {
    least: 32,
    wrong: "is shorter than 32 bytes",
};
const OF_24: Form = Secret {
    least: 24,
    wrong: "is shorter than 24 bytes",
};

/// All of them, in the order of the operators' page.
pub const SETTINGS: [Setting; 58] = [
    plain("SUPABASE_URL", Url),
    plain("SUPABASE_PUBLISHABLE_KEY", PublicKey),
    plain("SUPABASE_ANON_KEY", PublicKey),
    secret("SUPABASE_JWT_SECRET", OF_32),
    plain("JWKS_URL", Url),
    plain(
        "KEYS_MAX_AGE_SECONDS",
        Number {
            least: 1,
            most: 600,
            wrong: "is not a number from 1 to 600",
        },
    ),
    plain("REVOKED_KEYS", Text),
    plain("JWT_ISSUER", Text),
    plain("JWT_AUDIENCE", Text),
    plain("ALLOWED_ORIGINS", Origins),
    plain("REFUSE_EMPTY_READS", Flag),
    plain("ALLOW_SERVICE_ROLE", Flag),
    plain("APPS", Apps),
    plain(
        "PASS_SERVICES",
        Words {
            of: &["graphql", "realtime", "storage"],
            wrong: "names something else than `graphql`, `realtime` and `storage`",
        },
    ),
    plain(
        "RATE_LIMIT_PERIOD_SECONDS",
        OneOf {
            of: &["10", "60"],
            wrong: "is neither `10` nor `60`",
        },
    ),
    plain(
        "UPSTREAM_TIMEOUT_SECONDS",
        Number {
            least: 1,
            most: 120,
            wrong: "is not a number from 1 to 120",
        },
    ),
    plain(
        "WEBHOOK_TIMEOUT_SECONDS",
        Number {
            least: 1,
            most: 120,
            wrong: "is not a number from 1 to 120",
        },
    ),
    plain("PUBLIC_URL", Url),
    secret("SEALING_KEYS", Keys),
    plain("HUBSPOT_CLIENT_ID", Name),
    secret("HUBSPOT_CLIENT_SECRET", Text),
    plain("HUBSPOT_API_VERSION", Version),
    plain("HUBSPOT_SCOPES", Text),
    plain(
        "HUBSPOT_OLDER_SIGNATURES",
        Words {
            of: &["v1", "v2"],
            wrong: "names something else than `v1` and `v2`",
        },
    ),
    plain(
        "ASSISTANT_OPPORTUNITIES",
        OneOf {
            of: &["table", "hubspot"],
            wrong: "is neither `table` nor `hubspot`",
        },
    ),
    plain("HUBSPOT_URL", Url),
    plain("HUBSPOT_AUTHORIZE_URL", Url),
    plain("WEALTHBOX_URL", Url),
    plain("CRM_BRIDGE_URL", Url),
    secret("CRM_BRIDGE_WEBHOOK_SECRET", OF_32),
    plain(
        "CRM_COPIES",
        OneOf {
            of: &["tables", "documents"],
            wrong: "is neither `tables` nor `documents`",
        },
    ),
    plain(
        "CRM_MOST_REMOVED_PERCENT",
        Number {
            least: 0,
            most: 100,
            wrong: "is not a number from 0 to 100",
        },
    ),
    plain("COACHING_HUBSPOT_CLIENT_ID", Name),
    secret("COACHING_HUBSPOT_CLIENT_SECRET", Text),
    plain("COACHING_HUBSPOT_SCOPES", Text),
    plain("FATHOM_CLIENT_ID", Name),
    secret("FATHOM_CLIENT_SECRET", Text),
    plain("FATHOM_URL", Url),
    plain("FATHOM_OAUTH_URL", Url),
    plain("LLM_URL", Url),
    secret("LLM_API_KEY", Text),
    plain("LLM_MODEL", Name),
    plain("LLM_EMBEDDING_MODEL", Name),
    plain("LLM_EMBEDDING_DIMENSIONS", Dimensions),
    plain("LLM_PRICES", Prices),
    plain(
        "LLM_MONTHLY_BUDGET_CENTS",
        Number {
            least: 0,
            most: 1_000_000_000,
            wrong: "is not a number of cents",
        },
    ),
    secret("BASEROW_TOKEN", Text),
    secret("BASEROW_WEBHOOK_SECRET", OF_24),
    plain("BASEROW_MEMBERS_TABLE", Table),
    plain("BASEROW_QUICK_LINKS_TABLE", Table),
    plain("BASEROW_EVENTS_TABLE", Table),
    plain("BASEROW_DEALS_TABLE", Table),
    plain("BASEROW_EMAIL_FIELD", Name),
    plain("BASEROW_NAME_FIELD", Name),
    plain("BASEROW_CLOSED_FIELDS", Text),
    plain("BASEROW_URL", Url),
    secret("BETTER_AUTH_SECRET", OF_32),
    plain("BETTER_AUTH_COOKIE_PREFIX", Name),
];

/// The setting of this name.
#[must_use]
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting whose name is nearest, if it is near.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    // As a share of the name: three letters more of a long one are nearer than of a short one.
    let near = SETTINGS.iter().map(|setting| {
        let far = strsim::damerau_levenshtein(&name, setting.name);
        (far * 1_000 / setting.name.len(), setting.name)
    });
    let (far, nearest) = near.min()?;
    (far <= 400).then_some(nearest)
}
