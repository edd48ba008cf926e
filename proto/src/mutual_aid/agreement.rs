//! What two sides have signed: the ground of missions under an agreement (令第708号第十条、第十九条).

use jiff::Timestamp;

use super::id::AgreementId;
use crate::{
    id::MemberId,
    publication::{
        Sha256Hex, read_time,
        text::{TextRule, read_codes},
        time_to_wire,
    },
    refusal::Violations,
    wire,
};

/// Who signed for one side, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The person.
    pub signer: String,
    /// When.
    pub at: Timestamp,
}

/// An agreement as it stands on paper; the meaning of each field is in `mutual_aid_agreement.proto`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// One side.
    pub first: MemberId,
    /// The other side; none: the alliance.
    pub second: Option<MemberId>,
    /// Number or title of the paper.
    pub title: String,
    /// Codes of the list `resource-kind`; empty: all.
    pub kinds: Vec<String>,
    /// From when it is in force.
    pub from: Timestamp,
    /// Until when; none: until it is ended.
    pub until: Option<Timestamp>,
    /// Who signed, for the first side and for the second.
    pub signatures: [Signature; 2],
    /// Hash of the signed paper's scan.
    pub document: Option<Sha256Hex>,
}

impl Agreement {
    /// Reads one, and notes every wrong field. What only the hub writes is not looked at.
    #[must_use]
    pub fn read(field: &str, written: wire::Agreement, wrong: &mut Violations) -> Option<Self> {
        let at = |name: &str| format!("{field}.{name}");
        let first = wrong.check(at("first"), MemberId::from_name(&written.first));
        let second = (!written.second.is_empty())
            .then(|| wrong.check(at("second"), MemberId::from_name(&written.second)));
        if first.is_some() && second.as_ref() == Some(&first) {
            wrong.add(at("second"), "must be another member than the first （双方不得为同一成员）");
        }
        let title = TextRule::line(1, 100).read(&at("title"), &written.title, wrong);
        let kinds = read_codes(&at("resource_kinds"), "resource-kind", &written.resource_kinds, 16, wrong);
        let from = read_time(&at("valid_from"), written.valid_from, wrong);
        let until = written.valid_until.map(|until| read_time(&at("valid_until"), Some(until), wrong));
        if let (Some(from), Some(Some(until))) = (from, until)
            && until <= from
        {
            wrong.add(at("valid_until"), "must be after valid_from （须晚于生效时间）");
        }
        let signed = [
            Signature::read(&at("first_signature"), written.first_signature, wrong),
            Signature::read(&at("second_signature"), written.second_signature, wrong),
        ];
        let document = (!written.document_sha256.is_empty())
            .then(|| wrong.check(at("document_sha256"), written.document_sha256.parse()));
        let [one, two] = signed;
        Some(Self {
            first: first?,
            second: second.map_or(Some(None), |member| member.map(Some))?,
            title,
            kinds,
            from: from?,
            until: until.map_or(Some(None), |until| until.map(Some))?,
            signatures: [one?, two?],
            document: document.map_or(Some(None), |hash| hash.map(Some))?,
        })
    }

    /// As on the wire, without what only the hub writes.
    #[must_use]
    pub fn to_wire(&self) -> wire::Agreement {
        let [one, two] = self.signatures.each_ref().map(Signature::to_wire);
        wire::Agreement {
            first: self.first.name(),
            second: self.second.as_ref().map(MemberId::name).unwrap_or_default(),
            title: self.title.clone(),
            resource_kinds: self.kinds.clone(),
            valid_from: Some(time_to_wire(self.from)),
            valid_until: self.until.map(time_to_wire),
            first_signature: Some(one),
            second_signature: Some(two),
            document_sha256: self.document.as_ref().map(|hash| hash.as_str().to_owned()).unwrap_or_default(),
            ..wire::Agreement::default()
        }
    }

    /// True when it binds the owner to help this requester with this kind of thing now. Two members owe aid to each other;
    /// who has signed with the alliance owes it to every member.
    #[must_use]
    pub fn binds(&self, owner: &MemberId, requester: &MemberId, kind: &str, now: Timestamp) -> bool {
        let sides = match &self.second {
            None => self.first == *owner,
            Some(second) => {
                (self.first == *owner && second == requester) || (self.first == *requester && second == owner)
            }
        };
        let covers = self.kinds.is_empty() || self.kinds.iter().any(|covered| covered == kind);
        sides && covers && self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl Signature {
    fn read(field: &str, written: Option<wire::AgreementSignature>, wrong: &mut Violations) -> Option<Self> {
        let Some(wire::AgreementSignature { signer, sign_time }) = written else {
            wrong.add(field, "is required: both sides sign （必填：双方均须签署）");
            return None;
        };
        let signer = TextRule::line(1, 60).read(&format!("{field}.signer"), &signer, wrong);
        let at = read_time(&format!("{field}.sign_time"), sign_time, wrong)?;
        Some(Self { signer, at })
    }

    fn to_wire(&self) -> wire::AgreementSignature {
        wire::AgreementSignature { signer: self.signer.clone(), sign_time: Some(time_to_wire(self.at)) }
    }
}

/// An agreement that the hub keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAgreement {
    /// Its id.
    pub id: AgreementId,
    /// What was signed.
    pub agreement: Agreement,
    /// When it was ended before its time, and why.
    pub ended: Option<(Timestamp, String)>,
    /// When it was written down.
    pub created: Timestamp,
    /// Who wrote it down.
    pub recorded_by: String,
}

impl KeptAgreement {
    /// As on the wire.
    #[must_use]
    pub fn to_wire(&self) -> wire::Agreement {
        let (end_time, end_reason) =
            self.ended.clone().map_or((None, String::new()), |(at, reason)| (Some(time_to_wire(at)), reason));
        wire::Agreement {
            name: self.id.name(),
            end_time,
            end_reason,
            create_time: Some(time_to_wire(self.created)),
            recorded_by: self.recorded_by.clone(),
            ..self.agreement.to_wire()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn member(id: &str) -> MemberId {
        id.parse().unwrap()
    }

    fn signed() -> Agreement {
        let signature = |signer: &str| Signature { signer: signer.to_owned(), at: time(5) };
        Agreement {
            first: member("east-steel"),
            second: Some(member("north-works")),
            title: "互援协议 2026-01".to_owned(),
            kinds: vec!["vehicle".to_owned()],
            from: time(10),
            until: Some(time(20)),
            signatures: [signature("王建国"), signature("李工")],
            document: Some("ab".repeat(32).parse().unwrap()),
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for agreement in [signed(), Agreement { second: None, until: None, document: None, ..signed() }] {
            let mut wrong = Violations::new();
            assert_eq!(Agreement::read("agreement", agreement.to_wire(), &mut wrong), Some(agreement));
            assert!(wrong.is_empty());
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut written = signed().to_wire();
        written.second.clone_from(&written.first);
        written.title = "x".repeat(101);
        written.resource_kinds = vec!["马车".to_owned()];
        written.valid_until = Some(time_to_wire(time(10)));
        written.first_signature = None;
        written.second_signature = Some(wire::AgreementSignature::default());
        written.document_sha256 = "AB".to_owned();
        let mut wrong = Violations::new();
        assert_eq!(Agreement::read("agreement", written, &mut wrong), None);
        let fields: Vec<_> = wrong.into_inner().into_iter().map(|wrong| wrong.field).collect();
        let expected = [
            "second",
            "title",
            "resource_kinds[0]",
            "valid_until",
            "first_signature",
            "second_signature.signer",
            "second_signature.sign_time",
            "document_sha256",
        ];
        assert_eq!(fields, expected.map(|field| format!("agreement.{field}")));
        let mut wrong = Violations::new();
        assert_eq!(Agreement::read("a", wire::Agreement::default(), &mut wrong), None);
        assert_eq!(wrong.into_inner().len(), 5, "sides, title, time and two signatures are required");
    }

    #[test]
    fn it_binds_its_sides_for_its_kinds_in_its_time() {
        let (one, two, other) = (member("east-steel"), member("north-works"), member("south-port"));
        let agreement = signed();
        let binds = |owner, requester, kind, at| agreement.binds(owner, requester, kind, time(at));
        assert!(binds(&one, &two, "vehicle", 10) && binds(&two, &one, "vehicle", 19), "both ways");
        assert!(!binds(&one, &two, "vehicle", 9) && !binds(&one, &two, "vehicle", 20), "in its time");
        assert!(!binds(&one, &two, "team", 15) && !binds(&one, &other, "vehicle", 15));
        let charter = Agreement { second: None, kinds: Vec::new(), until: None, ..agreement };
        assert!(
            charter.binds(&one, &other, "team", time(99)),
            "who signed with the alliance helps everybody"
        );
        assert!(!charter.binds(&other, &one, "team", time(99)), "and is not owed help by those who did not");
    }
}
