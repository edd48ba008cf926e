//! What the index is given of a publication: all its words, once, in the languages of the vocabularies. Pure.

use shouwang_proto::{
    id::{MemberId, RecordId},
    publication::{Content, Course, Detail, MutualAidResource, Practice},
    vocabulary,
};

use super::document::{Document, RecordKey};

/// The document of a publication.
#[must_use]
pub(super) fn document(
    member: MemberId,
    record: RecordId,
    content: Content,
    revision: u64,
    published_ms: i64,
) -> Document {
    let kind = content.kind();
    let Content { external_id, title, summary, body, tags, sectors, language, audience, detail, attachments } =
        content;
    let mut text = Text { body, facts: Vec::new() };
    text.add_terms("sector", &sectors);
    let (mut hazards, mut operations, mut standards) = (vec![], vec![], vec![]);
    match detail {
        Detail::Practice(practice) => {
            text.add_practice(&practice);
            (hazards, operations, standards) = (practice.hazards, practice.operations, practice.standards);
        }
        Detail::Course(course) => text.add_course(&course),
        Detail::Resource(resource) => text.add_resource(&resource),
    }
    attachments.iter().for_each(|attachment| text.fact(&attachment.file_name));
    text.fact(&external_id.unwrap_or_default());
    Document {
        key: RecordKey { member, record },
        kind,
        title,
        summary,
        body: text.body,
        facts: text.facts,
        tags,
        sectors,
        hazards,
        operations,
        standards,
        language: language.tag().to_owned(),
        audience,
        published_ms,
        revision,
    }
}

/// What is read as running text, and what is only a name or a place.
struct Text {
    body: String,
    facts: Vec<String>,
}

impl Text {
    fn prose(&mut self, line: &str) {
        if !line.is_empty() {
            if !self.body.is_empty() {
                self.body.push('\n');
            }
            self.body.push_str(line);
        }
    }

    fn fact(&mut self, fact: &str) {
        if !fact.is_empty() {
            self.facts.push(fact.to_owned());
        }
    }

    /// The names of codes, so that 动火 finds what is only tagged with its code.
    fn add_terms(&mut self, list: &str, codes: &[String]) {
        for term in codes.iter().filter_map(|code| vocabulary::term(list, code)) {
            self.facts.push(format!("{} {}", term.zh, term.en));
        }
    }

    /// Standards are given to the index by themselves.
    fn add_practice(&mut self, practice: &Practice) {
        let Practice { hazards, operations, standards: _, evidence } = practice;
        self.prose(evidence);
        self.add_terms("hazard", hazards);
        self.add_terms("operation", operations);
    }

    fn add_course(&mut self, course: &Course) {
        let Course { provider, attendees, duration_hours: _, format, seats: _, sessions } = course;
        self.fact(provider);
        self.fact(attendees);
        self.add_terms("course-format", std::slice::from_ref(format));
        for session in sessions {
            self.fact(&session.place);
        }
    }

    /// Without the names and numbers of people on duty: they are read on the page, not searched for.
    fn add_resource(&mut self, resource: &MutualAidResource) {
        self.fact(&resource.resource_type);
        self.add_terms("resource-kind", std::slice::from_ref(&resource.resource_kind));
        resource.capabilities.iter().for_each(|capability| self.fact(capability));
        if let Some(location) = &resource.location {
            self.fact(&location.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use shouwang_proto::{publication::Kind, wire};

    use super::*;

    #[test]
    fn codes_are_found_by_their_names_and_duty_phones_are_not() {
        let publication = wire::Publication {
            title: "泡沫车".to_owned(),
            sectors: vec!["hot-work".to_owned()],
            detail: Some(wire::publication::Detail::Resource(wire::MutualAidResource {
                resource_kind: "vehicle".to_owned(),
                resource_type: "泡沫消防车".to_owned(),
                quantity: 1.0,
                unit: "1".to_owned(),
                duty_contacts: vec![wire::DutyContact {
                    name: "王小明".to_owned(),
                    phone: "0512-5550-0101".to_owned(),
                    duty: String::new(),
                }],
                ..wire::MutualAidResource::default()
            })),
            ..wire::Publication::default()
        };
        let content = Content::from_wire(publication).unwrap();
        let found = document("north".parse().unwrap(), RecordId::from_bytes([1; 16]), content, 3, 7);
        assert_eq!(found.facts, ["动火作业 Hot work", "泡沫消防车", "车辆 Vehicle"]);
        assert_eq!(found.body, "");
        assert_eq!((found.kind, found.revision, found.published_ms), (Kind::Resource, 3, 7));
    }
}
