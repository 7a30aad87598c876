//! The Worker's runtime where there is no workerd: sockets, a clock, and HMAC alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_functions::caller::keys::Key;
use countersign_functions::message::{Body, Response};
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};
use hmac::{Hmac, Mac as _};
use reqwest::Client;
use sha2::Sha256;

/// All of a world but what it does with requests: as it is natively.
macro_rules! otherwise_native {
    (|$this:ident| $native:expr) => {
        type Stream = Vec<u8>;

        async fn read(
            &self,
            stream: Vec<u8>,
            limit: usize,
        ) -> Result<Vec<u8>, countersign_functions::transport::Unreadable> {
            let $this = self;
            $native.read(stream, limit).await
        }

        async fn verify(
            &self,
            key: &countersign_functions::caller::keys::Key,
            message: &[u8],
            signature: &[u8],
        ) -> bool {
            let $this = self;
            $native.verify(key, message, signature).await
        }

        async fn pause(&self, duration: std::time::Duration) {
            let $this = self;
            $native.pause(duration).await;
        }

        fn now_ms(&self) -> u64 {
            let $this = self;
            $native.now_ms()
        }

        fn log(&self, _: &str) {}
    };
}
pub(crate) use otherwise_native;

#[derive(Debug)]
pub(crate) struct Native(pub(crate) Client);

impl Runtime for Native {
    type Stream = Vec<u8>;

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let Outgoing {
            mut request,
            upload,
            patience,
        } = outgoing;
        crate::listed::check(&request);
        *request.timeout_mut() = Some(patience);
        if let Some(upload) = upload {
            *request.body_mut() = Some(upload.into());
        }
        let broken = |error: reqwest::Error| Unreachable::Broken(error.to_string());
        let response = self.0.execute(request).await.map_err(broken)?;
        Ok(Response {
            status: response.status(),
            headers: response.headers().clone(),
            body: Body::Stream(response.bytes().await.map_err(broken)?.to_vec()),
        })
    }

    async fn read(&self, stream: Vec<u8>, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if stream.len() > limit {
            Err(Unreadable::TooLong)
        } else {
            Ok(stream)
        }
    }

    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        let Key::Hs256(secret) = key else {
            return false;
        };
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.expose()).unwrap();
        hmac.update(message);
        hmac.verify_slice(signature).is_ok()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    }

    fn log(&self, _: &str) {}
}
