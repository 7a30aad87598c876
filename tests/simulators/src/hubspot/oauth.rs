//! HubSpot's OAuth: consent, codes with PKCE, access tokens that end, refresh tokens, scopes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{CLIENT_ID, CLIENT_SECRET, HubSpot, Target};
use crate::message::{Answer, Request};

/// How long an access token holds.
const ACCESS_SECONDS: u64 = 1_800;
const CODE_MS: u64 = 60_000;

/// What the person says who is asked next.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    pub(super) portal: String,
    pub(super) user: u64,
    /// All that were asked for, if there are none.
    pub(super) scopes: Option<Vec<String>>,
    pub(super) refuse: bool,
}

impl Default for Consent {
    fn default() -> Self {
        Self {
            portal: "24680135".to_owned(),
            user: 7_001,
            scopes: None,
            refuse: false,
        }
    }
}

/// What a token is for.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) portal: String,
    user: u64,
    scopes: Vec<String>,
    ends: u64,
}

/// What a code is for.
#[derive(Clone, Debug)]
pub(super) struct Code {
    token: Token,
    redirect_uri: String,
    challenge: Option<String>,
}

impl HubSpot {
    /// The page where a person consents; here somebody always sits there already.
    pub(super) fn authorize(&mut self, request: &Request, now: u64) -> Answer {
        let parameter = |name: &str| request.parameter(name).unwrap_or_default();
        let redirect_uri = parameter("redirect_uri");
        if parameter("client_id") != CLIENT_ID || redirect_uri.is_empty() {
            return Answer::json(400, &json!({ "message": "no such app" }));
        }
        let mut answer = url::form_urlencoded::Serializer::new(String::new());
        if self.consent.refuse {
            answer.append_pair("error", "access_denied");
            answer.append_pair("error_description", "The user declined");
        } else {
            let asked = parameter("scope");
            let asked = asked
                .split(' ')
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned);
            let Consent {
                portal,
                user,
                scopes,
                ..
            } = self.consent.clone();
            let code = format!("code-{}", self.number());
            let token = Token {
                portal,
                user,
                scopes: scopes.unwrap_or_else(|| asked.collect()),
                ends: now + CODE_MS,
            };
            let challenge = request.parameter("code_challenge");
            let known = Code {
                token,
                redirect_uri: redirect_uri.clone(),
                challenge,
            };
            self.codes.insert(code.clone(), known);
            answer.append_pair("code", &code);
        }
        answer.append_pair("state", &parameter("state"));
        Answer::empty(302).header("location", format!("{redirect_uri}?{}", answer.finish()))
    }

    /// The token endpoint.
    pub(super) fn token(&mut self, request: &Request, now: u64) -> Answer {
        let form = request.form();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("client_id") != CLIENT_ID {
            return self.refused("BAD_CLIENT_ID", "missing or unknown client id");
        }
        if field("client_secret") != CLIENT_SECRET {
            return self.refused("BAD_CLIENT_SECRET", "missing or invalid client secret");
        }
        let (mut token, refresh) = match field("grant_type") {
            "authorization_code" => {
                // A code works once.
                let Some(code) = self
                    .codes
                    .remove(field("code"))
                    .filter(|code| code.token.ends > now)
                else {
                    return self.refused("BAD_AUTH_CODE", "missing or unknown auth code");
                };
                if code.redirect_uri != field("redirect_uri") {
                    return self.refused("BAD_REDIRECT_URI", "missing or unknown redirect uri");
                }
                let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
                if code
                    .challenge
                    .is_some_and(|challenge| challenge != verifier)
                {
                    return self.refused("BAD_CODE_VERIFIER", "missing or invalid code verifier");
                }
                (code.token, format!("refresh-{}", self.number()))
            }
            "refresh_token" => {
                let refresh = field("refresh_token");
                let Some(token) = self.refresh.get(refresh) else {
                    return self.refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token");
                };
                (token.clone(), refresh.to_owned())
            }
            _ => return self.refused("BAD_GRANT_TYPE", "missing or unknown grant type"),
        };
        token.ends = now + 1_000 * ACCESS_SECONDS;
        let access = format!("access-{}-{}", self.number(), token.portal);
        let answer = json!({
            "access_token": access, "refresh_token": refresh, "expires_in": ACCESS_SECONDS,
            "token_type": "bearer", "token_use": "access_token",
            "hub_id": token.portal.parse::<u64>().unwrap_or_default(), "user_id": token.user, "scopes": token.scopes,
        });
        self.refresh.insert(refresh, token.clone());
        self.access.insert(access, token);
        Answer::json(200, &answer)
    }

    /// A refresh token that is not wanted any more. Access tokens live on until they end.
    pub(super) fn revoke(&mut self, request: &Request) -> Answer {
        let form = request.form();
        if form.get("client_secret").map(String::as_str) != Some(CLIENT_SECRET) {
            return self.refused("BAD_CLIENT_SECRET", "missing or invalid client secret");
        }
        self.refresh
            .remove(form.get("token").map_or("", String::as_str));
        Answer::empty(200)
    }

    /// Ends everything of a portal, as an uninstallation does.
    pub(crate) fn revoke_portal(&mut self, portal: &str) {
        self.refresh.retain(|_, token| token.portal != portal);
        self.access.retain(|_, token| token.portal != portal);
    }

    fn refused(&mut self, status: &str, message: &str) -> Answer {
        let error = match status {
            "BAD_CLIENT_ID" | "BAD_CLIENT_SECRET" => "invalid_client",
            "BAD_GRANT_TYPE" => "unsupported_grant_type",
            _ => "invalid_grant",
        };
        let body = json!({
            "error": error, "error_description": message, "status": status, "message": message,
            "category": status, "correlationId": self.uuid(),
        });
        Answer::json(400, &body)
    }

    /// Whose request it is.
    pub(super) fn authenticate(&mut self, request: &Request, now: u64) -> Result<Token, Answer> {
        let token = request
            .bearer()
            .and_then(|token| self.access.get(token))
            .cloned();
        match token {
            Some(token) if token.ends > now => Ok(token),
            Some(_) => Err(self.error(
                401,
                "EXPIRED_AUTHENTICATION",
                "The OAuth token used to make this call expired.",
                json!([]),
            )),
            None => Err(self.error(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found.",
                json!([]),
            )),
        }
    }

    /// Whether the token's scopes are enough.
    pub(super) fn authorised(
        &mut self,
        token: &Token,
        target: &Target,
        method: &str,
    ) -> Result<(), Answer> {
        let (kinds, writes) = match target {
            Target::Objects(kind) => (vec![*kind], method != "GET"),
            Target::Object(kind, _) => (vec![*kind], method != "GET"),
            Target::Search(kind) => (vec![*kind], false),
            Target::Batch(kind, what) => (vec![*kind], what != "read"),
            Target::Association((from, _), (to, _), _) => (vec![*from, *to], true),
            Target::Associations(from, to) => (vec![*from, *to], false),
        };
        let verb = if writes { "write" } else { "read" };
        let mut missing: Vec<String> = Vec::new();
        for kind in kinds {
            let object = match kind {
                "companies" | "deals" => kind,
                // Activities are the contacts' matter.
                _ => "contacts",
            };
            let scope = format!("crm.objects.{object}.{verb}");
            if !token.scopes.contains(&scope) && !missing.contains(&scope) {
                missing.push(scope);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let message = "This app hasn't been granted all required scopes to make this call.";
        let error: Value = json!([{ "message": "One or more of the following scopes are required.", "context": { "requiredGranularScopes": missing } }]);
        Err(self.error(403, "MISSING_SCOPES", message, error))
    }
}
