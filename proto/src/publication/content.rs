//! The content of a publication, whatever its kind.

use std::collections::BTreeSet;

use super::{
    attachment::{Attachment, read_attachments},
    detail::Detail,
    kind::{Kind, Language},
    text::{TextRule, read_codes, read_lines},
};
use crate::{
    id::GroupId,
    log::entry::AUDIENCE_LIMIT,
    refusal::{Refusal, Violations},
    wire,
};

/// What a publication says, without where it stands: valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The owner's own number for it.
    pub external_id: Option<String>,
    /// Title.
    pub title: String,
    /// One or two sentences for lists.
    pub summary: String,
    /// The text.
    pub body: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Codes of the list `sector`.
    pub sectors: Vec<String>,
    /// Language.
    pub language: Language,
    /// Groups that may see it; never empty.
    pub audience: BTreeSet<GroupId>,
    /// What is particular to its kind.
    pub detail: Detail,
    /// Files.
    pub attachments: Vec<Attachment>,
}

impl Content {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.detail {
            Detail::Practice(_) => Kind::Practice,
            Detail::Course(_) => Kind::Course,
            Detail::Resource(_) => Kind::Resource,
        }
    }

    /// Checks what came over the wire. Output-only fields are ignored.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, FIELDS_INVALID, with every wrong field.
    pub fn from_wire(publication: wire::Publication) -> Result<Self, Refusal> {
        let wire::Publication {
            name: _,
            external_id,
            title,
            summary,
            body,
            tags,
            sectors,
            language,
            audience,
            detail,
            attachments,
            state: _,
            revision: _,
            create_time: _,
            update_time: _,
            publish_time: _,
            delivery: _,
        } = publication;
        let mut wrong = Violations::new();
        let external_id = TextRule::line(0, 128).read("external_id", &external_id, &mut wrong);
        let is_practice = matches!(detail, Some(wire::publication::Detail::Practice(_)));
        let body_rule = TextRule { least: usize::from(is_practice), ..TextRule::lines(60_000) };
        let title = TextRule::line(1, 200).read("title", &title, &mut wrong);
        let summary = TextRule::line(0, 500).read("summary", &summary, &mut wrong);
        let body = body_rule.read("body", &body, &mut wrong);
        let tags = read_lines("tags", &tags, 32, 40, &mut wrong);
        let sectors = read_codes("sectors", "sector", &sectors, 16, &mut wrong);
        let language = wrong.check("language", language.parse());
        let audience = read_audience(&audience, &mut wrong);
        let attachments = read_attachments(attachments, &mut wrong);
        let detail = match detail {
            Some(detail) => Some(Detail::read(detail, &mut wrong)),
            None => {
                wrong.add(
                    "kind",
                    "must be practice, course or resource （须为 practice、course 或 resource）",
                );
                None
            }
        };
        wrong.finish(|| {
            Some(Self {
                external_id: (!external_id.is_empty()).then_some(external_id),
                title,
                summary,
                body,
                tags,
                sectors,
                language: language?,
                audience,
                detail: detail?,
                attachments,
            })
        })
    }

    /// As it travels; output-only fields unset.
    #[must_use]
    pub fn to_wire(&self) -> wire::Publication {
        let Self {
            external_id,
            title,
            summary,
            body,
            tags,
            sectors,
            language,
            audience,
            detail,
            attachments,
        } = self.clone();
        wire::Publication {
            external_id: external_id.unwrap_or_default(),
            title,
            summary,
            body,
            tags,
            sectors,
            language: language.tag().to_owned(),
            audience: audience.into_iter().map(String::from).collect(),
            detail: Some(detail.to_wire()),
            attachments: attachments.iter().map(Attachment::to_wire).collect(),
            ..wire::Publication::default()
        }
    }
}

fn read_audience(written: &[String], wrong: &mut Violations) -> BTreeSet<GroupId> {
    if written.len() > AUDIENCE_LIMIT {
        wrong.add(
            "audience",
            format!("has more than {AUDIENCE_LIMIT} groups （超过 {AUDIENCE_LIMIT} 个分组）"),
        );
        return BTreeSet::new();
    }
    if written.is_empty() {
        return BTreeSet::from([GroupId::alliance()]);
    }
    written
        .iter()
        .enumerate()
        .filter_map(|(index, group)| wrong.check(format!("audience[{index}]"), group.parse::<GroupId>()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource() -> wire::Publication {
        wire::Publication {
            title: "泡沫消防车".to_owned(),
            detail: Some(wire::publication::Detail::Resource(wire::MutualAidResource {
                resource_kind: "车辆".to_owned(),
                resource_type: "泡沫消防车".to_owned(),
                quantity: 2.0,
                unit: "1".to_owned(),
                muster_minutes: 3,
                inspection_due: "2027-03-31".to_owned(),
                duty_contacts: vec![wire::DutyContact {
                    name: "值班室".to_owned(),
                    phone: "0512-5550-0110".to_owned(),
                    duty: "24h".to_owned(),
                }],
                floor: 1.0,
                ..wire::MutualAidResource::default()
            })),
            ..wire::Publication::default()
        }
    }

    #[test]
    fn a_valid_publication_survives_the_wire() {
        let content = Content::from_wire(resource()).unwrap();
        assert_eq!(content.audience, BTreeSet::from([GroupId::alliance()]));
        assert_eq!(content.kind(), Kind::Resource);
        assert_eq!(Content::from_wire(content.to_wire()).unwrap(), content);
    }

    #[test]
    fn all_wrong_fields_are_named_at_once() {
        let mut publication = resource();
        publication.title = String::new();
        publication.sectors = vec!["烧烤".to_owned()];
        publication.language = "fr".to_owned();
        publication.audience = vec!["Alliance".to_owned()];
        if let Some(wire::publication::Detail::Resource(resource)) = &mut publication.detail {
            resource.quantity = f64::NAN;
            resource.inspection_due = "31.3.2027".to_owned();
            resource.duty_contacts[0].phone = "call me".to_owned();
        }
        let refusal = Content::from_wire(publication).unwrap_err();
        let fields: Vec<_> = refusal.violations.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "title",
                "sectors[0]",
                "language",
                "audience[0]",
                "resource.quantity",
                "resource.floor",
                "resource.inspection_due",
                "resource.duty_contacts[0].phone",
            ]
        );
    }

    #[test]
    fn a_practice_needs_a_body_and_every_publication_a_kind() {
        let practice = wire::Publication {
            title: "动火监护".to_owned(),
            detail: Some(wire::publication::Detail::Practice(wire::Practice::default())),
            ..wire::Publication::default()
        };
        assert_eq!(Content::from_wire(practice).unwrap_err().violations[0].field, "body");
        let nothing = wire::Publication { title: "无".to_owned(), ..wire::Publication::default() };
        assert_eq!(Content::from_wire(nothing).unwrap_err().violations[0].field, "kind");
    }
}
