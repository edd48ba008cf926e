//! Agreements that the demo's members have signed, so that aid under an agreement can be tried, and its lack seen.

use shouwang_proto::wire::{Agreement, AgreementSignature, ChangeContext, PutAgreementRequest};

use crate::{connection::Hub, failure::Outcome};

/// What two sides have signed.
struct Signed {
    /// The same at every start, so that it is written down once.
    request_id: &'static str,
    first: &'static str,
    /// Empty: the alliance.
    second: &'static str,
    title: &'static str,
    kinds: &'static [&'static str],
    signers: [&'static str; 2],
}

const AGREEMENTS: [Signed; 3] = [
    Signed {
        request_id: "0198d000-0000-7000-8000-000000000001",
        first: "hengrui-foundry",
        second: "",
        title: "园区应急互援公约",
        kinds: &[],
        signers: ["傅鸣岐", "沈望舒"],
    },
    Signed {
        request_id: "0198d000-0000-7000-8000-000000000002",
        first: "chenghu-chem",
        second: "yunfan-park-services",
        title: "危化品泄漏处置协议 2026-03",
        kinds: &["team", "vehicle"],
        signers: ["高承泽", "沈望舒"],
    },
    Signed {
        request_id: "0198d000-0000-7000-8000-000000000003",
        first: "beichuan-cold",
        second: "chenghu-chem",
        title: "液氨应急物资互助协议",
        kinds: &["supply"],
        signers: ["冷库值班长", "高承泽"],
    },
];

/// 2026-01-05T00:00:00+08:00: the same at every start, so that an attempt that comes again is the same attempt.
const SIGNED_AT: i64 = 1_767_542_400;

/// Writes down what is missing.
pub(super) async fn put(hub: &Hub) -> Outcome<()> {
    for signed in &AGREEMENTS {
        let context = ChangeContext { request_id: signed.request_id.to_owned(), ..ChangeContext::default() };
        let request = PutAgreementRequest { context: Some(context), agreement: Some(signed.written()) };
        hub.aid().put_agreement(request).await.map_err(|status| hub.failure(&status))?;
    }
    Ok(())
}

impl Signed {
    fn written(&self) -> Agreement {
        let at = prost_types::Timestamp { seconds: SIGNED_AT, nanos: 0 };
        let signature =
            |signer: &str| Some(AgreementSignature { signer: signer.to_owned(), sign_time: Some(at) });
        let [one, two] = self.signers;
        let second = if self.second.is_empty() { String::new() } else { format!("members/{}", self.second) };
        Agreement {
            first: format!("members/{}", self.first),
            second,
            title: self.title.to_owned(),
            resource_kinds: self.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            valid_from: Some(at),
            first_signature: signature(one),
            second_signature: signature(two),
            ..Agreement::default()
        }
    }
}
