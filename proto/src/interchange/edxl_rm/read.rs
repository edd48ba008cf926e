//! From XML to a message, in the order of the schema.

use jiff::Timestamp;

use super::{
    super::{
        element::Element,
        forms, reader,
        take::{Child, Mistakes, Taker},
    },
    Contact, ContactRole, IncidentInformation, Listed, Message, MessageKind, NAMESPACE as RM,
    NAMESPACE_GML as GML, NAMESPACE_MESSAGE as MSG, Point, Quantity, Resource, ResourceInformation, Response,
    ResponseType, Schedule, ScheduleType,
};
use crate::refusal::Refusal;

impl Message {
    /// Reads an EDXL-RM 1.0 document.
    ///
    /// # Errors
    /// Every mistake with the path of its element, such as `RequestResource/ResourceInformation[2]/Resource`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let root = reader::read(text)?;
        let kind = MessageKind::read(&root.name).ok().filter(|_| root.namespace == MSG);
        let Some(kind) = kind else {
            let known: Vec<_> = MessageKind::ALL.iter().map(|kind| kind.word()).collect();
            let words = format!(
                "must be one of {} of the namespace {MSG} （不是可处理的 EDXL-RM 1.0 消息）",
                known.join(", ")
            );
            return Err(Refusal::field("document", words));
        };
        let mistakes = Mistakes::default();
        let read = message(kind, Taker::new(&root, kind.word(), &mistakes));
        read.check_with(&mistakes);
        mistakes.finish(Some(read))
    }
}

/// What cannot be read is noted and stands for a harmless value.
fn message(kind: MessageKind, mut take: Taker<'_>) -> Message {
    let mistakes = take.mistakes;
    let message_id = take.required_text(MSG, "MessageID");
    let sent = take.required_read(MSG, "SentDateTime", forms::time);
    take.required_read(MSG, "MessageContentType", |text| {
        let word = kind.word();
        (text == word).then_some(()).ok_or_else(|| format!("`{text}` must be {word} （须为 {word}）"))
    });
    let description = take.text(MSG, "MessageDescription");
    let originating_message_id = take.required_text(MSG, "OriginatingMessageID");
    let preceding_message_id = take.text(MSG, "PrecedingMessageID");
    let incidents = take.many(MSG, "IncidentInformation");
    let incidents = incidents.iter().map(|child| incident(child, mistakes)).collect();
    take.many(MSG, "MessageRecall");
    take.many(MSG, "Funding");
    let contacts = take.many(MSG, "ContactInformation");
    let contacts = contacts.iter().map(|child| contact(child, mistakes)).collect();
    let resources = take.many(MSG, "ResourceInformation");
    let resources = resources.iter().map(|child| resource_information(child, mistakes)).collect();
    take.end(&[MSG, RM], true);
    Message {
        kind,
        message_id,
        sent: sent.unwrap_or(Timestamp::UNIX_EPOCH),
        description,
        originating_message_id,
        preceding_message_id,
        incidents,
        contacts,
        resources,
    }
}

fn incident(child: &Child<'_>, mistakes: &Mistakes) -> IncidentInformation {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let id = take.text(RM, "IncidentID");
    let description = take.text(RM, "IncidentDescription");
    take.end(&[MSG, RM], true);
    IncidentInformation { id, description }
}

fn contact(child: &Child<'_>, mistakes: &Mistakes) -> Contact {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let description = take.text(RM, "ContactDescription");
    let role = take.read(RM, "ContactRole", ContactRole::read);
    for skipped in ["Radio", "ContactLocation", "AdditionalContactInformation"] {
        take.many(RM, skipped);
    }
    take.end(&[MSG, RM], true);
    Contact { description, role }
}

fn resource_information(child: &Child<'_>, mistakes: &Mistakes) -> ResourceInformation {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let id = take.required_text(MSG, "ResourceInfoElementID");
    let response = take.one(MSG, "ResponseInformation").map(|child| response(&child, mistakes));
    let resource = take.one(MSG, "Resource").map(|child| resource(&child, mistakes));
    let quantity = take.one(MSG, "AssignmentInformation");
    let quantity =
        quantity.map(|child| assignment(&child, mistakes).unwrap_or_else(|| Quantity::Text(String::new())));
    let schedules = take.many(MSG, "ScheduleInformation");
    let schedules = schedules.iter().filter_map(|child| schedule(child, mistakes)).collect();
    take.end(&[MSG, RM], true);
    ResourceInformation { id, response, resource: resource.unwrap_or_default(), quantity, schedules }
}

fn response(child: &Child<'_>, mistakes: &Mistakes) -> Response {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let preceding = take.required_text(RM, "PrecedingResourceInfoElementID");
    let kind = take.required_read(RM, "ResponseType", ResponseType::read);
    let codes = take.many(RM, "ReasonCode").iter().map(|child| listed(child, mistakes)).collect();
    let reason = take.text(RM, "ResponseReason");
    take.end(&[MSG, RM], true);
    Response { preceding, kind: kind.unwrap_or(ResponseType::Decline), codes, reason }
}

fn resource(child: &Child<'_>, mistakes: &Mistakes) -> Resource {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let id = take.text(MSG, "ResourceID");
    let name = take.text(MSG, "Name");
    let kind = take.one(MSG, "TypeStructure").map(|child| listed(&child, mistakes));
    take.many(MSG, "TypeInfo");
    let keywords = take.many(MSG, "Keyword").iter().map(|child| listed(child, mistakes)).collect();
    let description = take.text(MSG, "Description");
    for skipped in
        ["Credentials", "Certifications", "SpecialRequirements", "ResponsibleParty", "OwnershipInformation"]
    {
        take.many(MSG, skipped);
    }
    let status = take.one(MSG, "ResourceStatus").and_then(|child| status(&child, mistakes));
    take.end(&[MSG, RM], true);
    Resource { id, name, kind, keywords, description, status }
}

fn status(child: &Child<'_>, mistakes: &Mistakes) -> Option<Listed> {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    take.many(RM, "InventoryRefreshDateTime");
    let status = take.one(RM, "DeploymentStatus").map(|child| listed(&child, mistakes));
    take.many(RM, "Availability");
    take.end(&[MSG, RM], true);
    status
}

fn listed(child: &Child<'_>, mistakes: &Mistakes) -> Listed {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let list = take.required_text(RM, "ValueListURN");
    let values = take.texts(RM, "Value");
    take.end(&[MSG, RM], true);
    Listed { list, values }
}

fn assignment(child: &Child<'_>, mistakes: &Mistakes) -> Option<Quantity> {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let quantity = take.required(MSG, "Quantity").and_then(|child| quantity(&child, mistakes));
    for skipped in ["Restrictions", "AnticipatedFunction", "PriceQuote", "OrderID", "AssignmentInstructions"]
    {
        take.many(MSG, skipped);
    }
    take.end(&[MSG, RM], true);
    quantity
}

fn quantity(child: &Child<'_>, mistakes: &Mistakes) -> Option<Quantity> {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let text = take.one(RM, "QuantityText");
    let measured = take.one(RM, "MeasuredQuantity");
    take.end(&[MSG, RM], true);
    match (text, measured) {
        (Some(text), None) => Some(Quantity::Text(text.element.text.clone())),
        (None, Some(measured)) => {
            let mut take = Taker::new(measured.element, &measured.path, mistakes);
            let amount = take.required_read(RM, "Amount", whole);
            let unit = take.one(RM, "UnitOfMeasure").map(|child| listed(&child, mistakes));
            take.end(&[MSG, RM], true);
            Some(Quantity::Measured { amount: amount?, unit })
        }
        (Some(_), Some(_)) | (None, None) => {
            mistakes.note(&child.path, "must hold QuantityText or MeasuredQuantity （二者选一）");
            None
        }
    }
}

/// A whole number; `2.0` is one, too.
fn whole(text: &str) -> Result<u64, String> {
    let plain = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0'));
    let digits = plain.map_or(text, |(digits, _)| digits);
    digits.parse().map_err(|_| format!("`{text}` is no whole number （须为整数）"))
}

fn schedule(child: &Child<'_>, mistakes: &Mistakes) -> Option<Schedule> {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let kind = take.required_read(MSG, "ScheduleType", ScheduleType::read);
    let time = take.read(MSG, "DateTime", forms::time);
    let (mut place, mut point) = (String::new(), None);
    if let Some(location) = take.one(MSG, "Location") {
        let mut take = Taker::new(location.element, &location.path, mistakes);
        place = take.text(RM, "LocationDescription");
        take.many(RM, "Address");
        point = take.one(RM, "TargetArea").and_then(|area| position(&area, mistakes));
        take.end(&[MSG, RM], true);
    }
    take.end(&[MSG, RM], true);
    Some(Schedule { kind: kind?, time, place, point })
}

/// The point of an area, `gml:Point/gml:pos`; other geometries are not kept.
fn position(area: &Child<'_>, mistakes: &Mistakes) -> Option<Point> {
    let child = |parent: &'_ Element, name: &str| {
        parent.children.iter().position(|child| child.name == name && child.namespace == GML)
    };
    let point = &area.element.children[child(area.element, "Point")?];
    let pos = &point.children[child(point, "pos")?];
    match forms::point(&pos.text.split_ascii_whitespace().collect::<Vec<_>>().join(",")) {
        Ok(point) => Some(point),
        Err(words) => {
            mistakes.note(&format!("{}/Point/pos", area.path), words);
            None
        }
    }
}
