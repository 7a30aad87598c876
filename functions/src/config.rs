//! The settings, read once and checked.

use std::time::Duration;

use reqwest::{StatusCode, Url};

use crate::caller::keys::SHORTEST_SECRET;
use crate::problem::Problem;
use crate::providers::settings::Providers;
use crate::secret::Secret;

/// The Worker's settings. `docs/operators.md` says what each is for.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where Supabase's REST and auth answer, without a slash at the end.
    pub supabase: Url,
    /// The keys a frontend may send as `apikey`; the first is sent on where a caller sends none.
    pub public_keys: Vec<String>,
    /// The secret PostgREST shares. Without it HS256 tokens are refused, and tokens with a key of
    /// the project's own JWKS are forwarded as they are.
    pub jwt_secret: Option<Secret>,
    /// Where the keys of asymmetric tokens are published.
    pub jwks: Url,
    /// For how long a published set of keys counts as fresh.
    pub keys_max_age: Duration,
    /// Names of published keys that are not to be believed any more.
    pub revoked_keys: Vec<String>,
    /// What `iss` has to be.
    pub issuer: String,
    /// What `aud` has to be or to hold.
    pub audience: String,
    /// Whether secret keys and tokens of `service_role` are forwarded, undecided.
    pub allow_service_role: bool,
    /// Whether a read that the policy makes empty for every row is refused, and not just marked.
    pub refuse_empty_reads: bool,
    /// The further services of Supabase that are passed on: `storage`, `graphql`, `realtime`.
    pub pass: Vec<String>,
    /// How many seconds the platform counts requests for: 10 or 60. It does not say so itself.
    pub rate_limit_period: u64,
    /// How long PostgREST and auth may take until their answer begins.
    pub patience: Duration,
    /// How long whoever delivers a webhook waits for its answer at most.
    pub webhook_patience: Duration,
    /// The apps to serve, the first for requests that name none; if there are none, all there are.
    pub apps: Vec<String>,
    /// The systems behind the Worker.
    pub providers: Providers,
    /// Better Auth, whose sessions the portal's members have.
    pub better_auth: Option<BetterAuth>,
}

/// What it takes to believe a session of Better Auth.
#[derive(Clone, Debug)]
pub struct BetterAuth {
    /// The secret that signs its cookies.
    pub secret: Secret,
    /// What its cookies' names begin with.
    pub cookie_prefix: String,
}

/// A setting that is missing or makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSetting {
    variable: &'static str,
    problem: &'static str,
}

impl BadSetting {
    /// A setting and what is wrong with it.
    pub(crate) const fn new(variable: &'static str, problem: &'static str) -> Self {
        Self { variable, problem }
    }
}

/// What is wrong with an app that has no policy here.
pub(crate) const UNKNOWN_APP: BadSetting = BadSetting {
    variable: "APPS",
    problem: "names an app that this Worker was not built with, or one twice",
};

impl Config {
    /// Reads the settings; `variable` gives a variable's or a secret's text.
    ///
    /// # Errors
    /// The first setting that is missing or makes no sense.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadSetting> {
        let text = |name: &'static str| variable(name).filter(|text| !text.is_empty());
        let supabase = text("SUPABASE_URL").ok_or(missing("SUPABASE_URL"))?;
        let supabase = base_url("SUPABASE_URL", &supabase)?;
        let mut public_keys = Vec::new();
        for variable in ["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_ANON_KEY"] {
            let key = text(variable);
            if key
                .as_ref()
                .is_some_and(|key| key.starts_with("sb_secret_"))
            {
                return Err(BadSetting {
                    variable,
                    problem: "is a secret key",
                });
            }
            public_keys.extend(key);
        }
        if public_keys.is_empty() {
            return Err(missing("SUPABASE_PUBLISHABLE_KEY"));
        }
        let issuer = format!("{}/auth/v1", supabase.as_str().trim_end_matches('/'));
        let jwks = match text("JWKS_URL") {
            Some(url) => base_url("JWKS_URL", &url)?,
            None => base_url("SUPABASE_URL", &format!("{issuer}/.well-known/jwks.json"))?,
        };
        let jwt_secret = text("SUPABASE_JWT_SECRET").map(Secret::new);
        if jwt_secret
            .as_ref()
            .is_some_and(|secret| secret.expose().len() < SHORTEST_SECRET)
        {
            return Err(BadSetting {
                variable: "SUPABASE_JWT_SECRET",
                problem: "is shorter than 32 bytes",
            });
        }
        Ok(Self {
            supabase,
            public_keys,
            jwt_secret,
            jwks,
            keys_max_age: seconds(
                "KEYS_MAX_AGE_SECONDS",
                text("KEYS_MAX_AGE_SECONDS"),
                (600, 600),
                "is not a number from 1 to 600",
            )?,
            revoked_keys: words(text("REVOKED_KEYS")),
            issuer: text("JWT_ISSUER").unwrap_or(issuer),
            audience: text("JWT_AUDIENCE").unwrap_or_else(|| "authenticated".to_owned()),
            allow_service_role: flag("ALLOW_SERVICE_ROLE", text("ALLOW_SERVICE_ROLE"))?,
            refuse_empty_reads: flag("REFUSE_EMPTY_READS", text("REFUSE_EMPTY_READS"))?,
            pass: services(text("PASS_SERVICES"))?,
            apps: words(text("APPS")),
            providers: Providers::read(&text)?,
            better_auth: match text("BETTER_AUTH_SECRET").map(Secret::new) {
                Some(secret) if secret.expose().len() < SHORTEST_SECRET => {
                    return Err(BadSetting {
                        variable: "BETTER_AUTH_SECRET",
                        problem: "is shorter than 32 bytes",
                    });
                }
                secret => secret.map(|secret| BetterAuth {
                    secret,
                    cookie_prefix: text("BETTER_AUTH_COOKIE_PREFIX")
                        .unwrap_or_else(|| "better-auth".to_owned()),
                }),
            },
            rate_limit_period: match text("RATE_LIMIT_PERIOD_SECONDS").as_deref() {
                None | Some("60") => 60,
                Some("10") => 10,
                Some(_) => {
                    return Err(BadSetting {
                        variable: "RATE_LIMIT_PERIOD_SECONDS",
                        problem: "is neither `10` nor `60`",
                    });
                }
            },
            patience: seconds(
                "UPSTREAM_TIMEOUT_SECONDS",
                text("UPSTREAM_TIMEOUT_SECONDS"),
                (15, 120),
                "is not a number from 1 to 120",
            )?,
            webhook_patience: seconds(
                "WEBHOOK_TIMEOUT_SECONDS",
                text("WEBHOOK_TIMEOUT_SECONDS"),
                (1, 120),
                "is not a number from 1 to 120",
            )?,
        })
    }

    /// The key to send on where a caller sends none.
    #[must_use]
    pub fn default_key(&self) -> &str {
        self.public_keys.first().map_or("", String::as_str)
    }

    /// An address below Supabase's: `path` begins with a slash and is percent-encoded already.
    /// `None` if the result would lie elsewhere.
    #[must_use]
    pub fn below(&self, path: &str, query: &str) -> Option<Url> {
        let base = self.supabase.path().trim_end_matches('/');
        let mut url = self.supabase.clone();
        url.set_path(&[base, path].concat());
        // Dot segments, in any spelling, are gone by now, and what is no path is encoded: then the path is not
        // the one decided on.
        if url.path().strip_prefix(base) != Some(path) {
            return None;
        }
        url.set_query((!query.is_empty()).then_some(query));
        Some(url)
    }
}

impl From<&BadSetting> for Problem {
    fn from(bad: &BadSetting) -> Self {
        let BadSetting { variable, problem } = bad;
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "CS500",
            "the Worker is not configured",
        )
        .details(format!("{variable} {problem}"))
        .hint(format!(
            "set {variable} in wrangler.toml, or with `wrangler secret put {variable}`"
        ))
    }
}

fn missing(variable: &'static str) -> BadSetting {
    BadSetting {
        variable,
        problem: "is missing",
    }
}

pub(crate) fn base_url(variable: &'static str, text: &str) -> Result<Url, BadSetting> {
    let bad = BadSetting {
        variable,
        problem: "is not an http or https address without query",
    };
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none() =>
        {
            Ok(url)
        }
        _ => Err(bad),
    }
}

fn flag(variable: &'static str, text: Option<String>) -> Result<bool, BadSetting> {
    match text.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(BadSetting {
            variable,
            problem: "is neither `true` nor `false`",
        }),
    }
}

fn seconds(
    variable: &'static str,
    text: Option<String>,
    (default, most): (u64, u64),
    problem: &'static str,
) -> Result<Duration, BadSetting> {
    match text.map_or(Ok(default), |text| text.parse()) {
        Ok(seconds) if (1..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(BadSetting { variable, problem }),
    }
}

fn words(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn services(text: Option<String>) -> Result<Vec<String>, BadSetting> {
    let names = words(text);
    if names
        .iter()
        .all(|name| matches!(name.as_str(), "graphql" | "realtime" | "storage"))
    {
        Ok(names)
    } else {
        Err(BadSetting {
            variable: "PASS_SERVICES",
            problem: "names something else than `graphql`, `realtime` and `storage`",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SECRET: &str = "a-secret-of-more-than-thirty-two-bytes";

    pub(crate) fn config(changes: &[(&str, &str)]) -> Result<Config, BadSetting> {
        Config::read(|name| {
            let changed = changes.iter().find(|(changed, _)| *changed == name);
            let given = match name {
                "SUPABASE_URL" => Some("https://db.example"),
                "SUPABASE_PUBLISHABLE_KEY" => Some("sb_publishable_test"),
                "SUPABASE_JWT_SECRET" => Some(SECRET),
                _ => None,
            };
            changed
                .map(|(_, value)| *value)
                .or(given)
                .map(str::to_owned)
        })
    }

    #[test]
    fn defaults_follow_from_the_address() {
        let config = config(&[]).unwrap();
        assert_eq!(config.issuer, "https://db.example/auth/v1");
        assert_eq!(
            config.jwks.as_str(),
            "https://db.example/auth/v1/.well-known/jwks.json"
        );
        assert_eq!(config.audience, "authenticated");
        assert_eq!(config.webhook_patience, Duration::from_secs(1));
        assert!(!config.allow_service_role && !config.refuse_empty_reads);
    }

    #[test]
    fn a_bad_setting_is_named() {
        for (name, value) in [
            ("SUPABASE_URL", ""),
            ("SUPABASE_URL", "db.example"),
            ("SUPABASE_URL", "ftp://db.example"),
            ("SUPABASE_URL", "https://user:pass@db.example"),
            ("SUPABASE_URL", "https://db.example?x=1"),
            ("SUPABASE_PUBLISHABLE_KEY", ""),
            ("SUPABASE_PUBLISHABLE_KEY", "sb_secret_oops"),
            ("SUPABASE_ANON_KEY", "sb_secret_oops"),
            ("SUPABASE_JWT_SECRET", "short"),
            ("JWKS_URL", "not an address"),
            ("ALLOW_SERVICE_ROLE", "yes"),
            ("REFUSE_EMPTY_READS", "1"),
            ("PASS_SERVICES", "storage everything"),
            ("UPSTREAM_TIMEOUT_SECONDS", "0"),
            ("UPSTREAM_TIMEOUT_SECONDS", "121"),
            ("WEBHOOK_TIMEOUT_SECONDS", "0"),
            ("KEYS_MAX_AGE_SECONDS", "601"),
            ("RATE_LIMIT_PERIOD_SECONDS", "30"),
            ("KEYS_MAX_AGE_SECONDS", "ten"),
            ("BETTER_AUTH_SECRET", "short"),
        ] {
            let bad = config(&[(name, value)]).unwrap_err();
            assert_eq!(bad.variable, name, "{value}");
            let problem = Problem::from(&bad);
            assert_eq!(problem.code, "CS500");
            assert!(problem.hint.unwrap().contains(name));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let printed = format!("{:?}", config(&[]).unwrap());
        assert!(!printed.contains(SECRET), "{printed}");
    }

    #[test]
    fn an_address_stays_below_its_base() {
        let config = config(&[("SUPABASE_URL", "https://db.example/base/")]).unwrap();
        let url = config
            .below("/rest/v1/tasks", "select=id&name=eq.a%20b")
            .unwrap();
        assert_eq!(
            url.as_str(),
            "https://db.example/base/rest/v1/tasks?select=id&name=eq.a%20b"
        );
        for path in [
            "/rest/v1/../../auth/v1/admin",
            "/rest/v1/%2e%2e/x",
            "/rest/v1/.%2E/x",
            "/rest/v1/./x",
            "/rest/v1/a\\b",
            "/rest/v1/a?b",
            "/rest/v1/a#b",
        ] {
            assert_eq!(config.below(path, ""), None, "{path}");
        }
    }
}
