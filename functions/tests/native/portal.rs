//! The portal's workflows; Baserow is the simulators'.

mod connected;
mod logins;
mod records;
mod sessions;
mod webhooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::World;

const MIA: &str = "demoMiaLaptop0000000000000000001";
const MIA_ENDED: &str = "demoMiaPhone00000000000000000002";
const NOEL: &str = "demoNoel000000000000000000000003";
const UNA: &str = "demoUna0000000000000000000000004";

/// Somebody who signed up, with a verified address and a session.
struct Member {
    email: String,
    token: String,
}

impl World {
    /// A session's token as Better Auth signs it.
    fn signed(&self, token: &str) -> String {
        let secret = self.facts["simulators"]["settings"]["BETTER_AUTH_SECRET"]
            .as_str()
            .unwrap();
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        hmac.update(token.as_bytes());
        format!("{token}.{}", STANDARD.encode(hmac.finalize().into_bytes()))
    }

    /// A workflow of the portal, by a session's bearer.
    async fn by(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.signed(token));
        let path = format!("/functions/v1/portal-{path}");
        self.ask(method, &path, &[("authorization", &bearer)], body)
            .await
    }

    async fn sync(&self, token: &str) -> (u16, Value) {
        self.by(token, Method::POST, "sync", None).await
    }

    async fn link_of(&self, email: &str) -> Value {
        let address = format!("user?email=eq.{email}&select=baserowMemberId");
        let rows = self
            .table(Method::GET, &address, "portal", Value::Null)
            .await;
        rows[0]["baserowMemberId"].clone()
    }

    async fn sign_up(&self, name: &str) -> Member {
        let id = format!("portal-test-{name}-{}", self.run);
        let email = format!("{name}-{}@portal.example.test", self.run);
        let user = json!({ "id": id, "name": name, "email": email, "emailVerified": true });
        self.table(Method::POST, "user", "portal", user).await;
        let token = format!("portalTest{name}{}", self.run);
        let session = json!({ "userId": id, "token": token, "expiresAt": "2999-01-01T00:00:00Z" });
        self.table(Method::POST, "session", "portal", session).await;
        Member { email, token }
    }

    async fn members(&self, email: &str) -> Vec<Value> {
        let path = format!(
            "/baserow/api/database/rows/table/501/?user_field_names=true&size=200&filter__Email__equal={email}"
        );
        let page = self.simulator(Method::GET, &path, &Value::Null).await;
        page["results"].as_array().unwrap().clone()
    }

    async fn add_member(&self, fields: Value) -> u64 {
        let path = "/baserow/api/database/rows/table/501/?user_field_names=true";
        let row = self.simulator(Method::POST, path, &fields).await;
        row["id"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn the_portal_as_its_operator_has_connected_it() {
    let unset = [("BASEROW_TOKEN", "")];
    if let Some(world) = World::with(&unset) {
        connected::connected(&world).await;
    }
}

/// The simulators have one state, so the parts run one after the other.
#[tokio::test]
async fn the_portal_as_a_whole() {
    let Some(world) = World::new() else { return };
    sessions::sessions(&world).await;
    sessions::cookies(&world).await;
    logins::logins(&world).await;
    logins::races(&world).await;
    logins::broken_off(&world).await;
    records::records(&world).await;
    records::lists(&world).await;
    webhooks::webhooks(&world).await;
    let made = "user?id=like.portal-test-*";
    world
        .table(Method::DELETE, made, "portal", Value::Null)
        .await;
}
