//! The examples of RFC 7515, appendix A, and a token of our own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wasm_bindgen_test::wasm_bindgen_test;

use super::verify;
use crate::caller::Person;
use crate::caller::exchange::sign;
use crate::caller::keys::Key;
use crate::secret::Secret;

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const ES256: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
    jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB\
    _eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh\
    WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4\
    d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
    dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2et\
    hFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn es256() -> Key {
    Key::Es256 {
        x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".to_owned(),
        y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0".to_owned(),
    }
}

fn rs256() -> Key {
    Key::Rs256 {
        n: MODULUS.to_owned(),
        e: "AQAB".to_owned(),
    }
}

async fn holds(key: &Key, message: &str, signature: &[u8]) -> bool {
    verify(key, message.as_bytes(), signature)
        .await
        .unwrap_or(false)
}

#[wasm_bindgen_test]
async fn the_examples_hold_and_nothing_near_them() {
    for (key, algorithm, signature) in [(es256(), "ES256", ES256), (rs256(), "RS256", RS256)] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
        let message = format!("{header}.{PAYLOAD}");
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        // Twice: the second time with the key that is kept.
        assert!(holds(&key, &message, &signature).await);
        assert!(holds(&key, &message, &signature).await);
        assert!(!holds(&key, &format!("{message}A"), &signature).await);
        for byte in [0, signature.len() / 2, signature.len() - 1] {
            let mut other = signature.clone();
            other[byte] ^= 1;
            assert!(!holds(&key, &message, &other).await, "{algorithm} {byte}");
        }
        assert!(!holds(&key, &message, &vec![0; signature.len()]).await);
        assert!(!holds(&key, &message, &[]).await);
    }
}

#[wasm_bindgen_test]
async fn a_token_signed_here_holds_there() {
    let person = Person {
        subject: Some("a".to_owned()),
        anonymous: false,
        email: None,
        aal: None,
        expires: u64::MAX,
        log_name: None,
    };
    let secret = Secret::new("a-secret-of-more-than-thirty-two-bytes");
    let token = sign(&person, &secret, 1_800_000_000).unwrap();
    let (message, signature) = token.expose().rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = Key::shared(secret.expose().as_bytes()).unwrap();
    assert!(holds(&key, message, &signature).await);
    let other = Key::shared(b"a-secret-of-more-than-thirty-two-bites").unwrap();
    assert!(!holds(&other, message, &signature).await);
}

#[wasm_bindgen_test]
async fn what_is_no_key_verifies_nothing() {
    let off_the_curve = Key::Es256 {
        x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".to_owned(),
        y: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".to_owned(),
    };
    let no_number = Key::Rs256 {
        n: "!".to_owned(),
        e: "AQAB".to_owned(),
    };
    for key in [off_the_curve, no_number] {
        assert!(!holds(&key, "message", &[1; 64]).await, "{key:?}");
    }
}
