//! The tokens that the token endpoint gives out: real JWTs, signed with ES256, the certificate in `x5c`,
//! as the distribution project's token specification has them. A real registry accepts them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

/// Who issues the tokens, as `auth.token.issuer` of a registry's configuration has to name it.
pub const ISSUER: &str = "digitalocean-stand-in";

/// Whom they are for.
pub const SERVICE: &str = "registry.digitalocean.com";

/// What a token allows: `pull`, `push`, by repository.
pub(super) type Access = BTreeMap<String, Vec<String>>;

/// Issues tokens and knows the ones that it issued.
pub(super) struct Issuer {
    key: EcdsaKeyPair,
    certificate_der: Vec<u8>,
    certificate_pem: String,
    random: SystemRandom,
    issued: Mutex<BTreeMap<String, Access>>,
}

impl Issuer {
    pub(super) fn new() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        let certificate = params.self_signed(&pair).expect("a certificate");
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &pair.serialize_der(),
            &random,
        );
        Self {
            key: key.expect("the same key"),
            certificate_der: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
            random,
            issued: Mutex::default(),
        }
    }

    /// The certificate that the tokens can be checked with, for `auth.token.rootcertbundle`.
    pub(super) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A token that allows this much, good for five minutes from `now` (seconds since 1970).
    pub(super) fn issue(&self, subject: &str, access: Access, now: u64) -> String {
        let mut issued = self.issued.lock().expect("no panic while held");
        let list: Vec<Value> = access
            .iter()
            .map(
                |(name, actions)| json!({ "type": "repository", "name": name, "actions": actions }),
            )
            .collect();
        let header = json!({
            "typ": "JWT",
            "alg": "ES256",
            "x5c": [STANDARD.encode(&self.certificate_der)],
        });
        let claims = json!({
            "iss": ISSUER,
            "sub": subject,
            "aud": SERVICE,
            "exp": now + 300,
            "nbf": now.saturating_sub(10),
            "iat": now,
            "jti": format!("{:08}", issued.len()),
            "access": list,
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).expect("a signature");
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
        issued.insert(token.clone(), access);
        token
    }

    /// What a token allows; `None` when it is none of ours, or no longer good.
    pub(super) fn access(&self, token: &str) -> Option<Access> {
        self.issued.lock().expect("no panic while held").get(token).cloned()
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        self.issued.lock().expect("no panic while held").keys().cloned().collect()
    }

    /// Makes every token that was issued so far a bad one.
    pub(super) fn expire_all(&self) {
        self.issued.lock().expect("no panic while held").clear();
    }
}
