//! From XML to an alert, in the order of the schema.

use jiff::Timestamp;

use super::{
    super::{
        forms, reader,
        take::{Child, Mistakes, Taker},
    },
    Alert, Area, Category, Certainty, Info, MsgType, NAMESPACE, Named, Resource, ResponseType, Scope,
    Severity, Status, Urgency,
};
use crate::refusal::Refusal;

const NS: &str = NAMESPACE;

impl Alert {
    /// Reads a CAP 1.2 document.
    ///
    /// # Errors
    /// Every mistake with the path of its element, such as `alert/info[1]/area[1]/polygon[1]`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let root = reader::read(text)?;
        if root.name != "alert" || root.namespace != NAMESPACE {
            let words = format!("must be an alert of the namespace {NAMESPACE} （不是 CAP 1.2 的 alert）");
            return Err(Refusal::field("document", words));
        }
        let mistakes = Mistakes::default();
        let read = alert(Taker::new(&root, "alert", &mistakes));
        read.check_with(&mistakes);
        mistakes.finish(Some(read))
    }
}

/// What cannot be read is noted and stands for the harmless value that breaks no further rule.
fn alert(mut take: Taker<'_>) -> Alert {
    let identifier = take.required_text(NS, "identifier");
    let sender = take.required_text(NS, "sender");
    let sent = take.required_read(NS, "sent", forms::time);
    let status = take.required_read(NS, "status", Status::read);
    let msg_type = take.required_read(NS, "msgType", MsgType::read);
    let source = take.text(NS, "source");
    let scope = take.required_read(NS, "scope", Scope::read);
    let restriction = take.text(NS, "restriction");
    let addresses = take.text(NS, "addresses");
    let codes = take.texts(NS, "code");
    let note = take.text(NS, "note");
    let references = take.text(NS, "references");
    let incidents = take.text(NS, "incidents");
    let found = take.many(NS, "info");
    let infos = found.iter().map(|child| info(Taker::of(child, take.mistakes))).collect();
    take.end(&[NS], true);
    Alert {
        identifier,
        sender,
        sent: sent.unwrap_or(Timestamp::UNIX_EPOCH),
        status: status.unwrap_or(Status::Draft),
        msg_type: msg_type.unwrap_or(MsgType::Alert),
        source,
        scope: scope.unwrap_or(Scope::Public),
        restriction,
        addresses,
        codes,
        note,
        references,
        incidents,
        infos,
    }
}

fn info(mut take: Taker<'_>) -> Info {
    let language = take.text(NS, "language");
    let categories = take.read_many(NS, "category", Category::read);
    let event = take.required_text(NS, "event");
    let response_types = take.read_many(NS, "responseType", ResponseType::read);
    let urgency = take.required_read(NS, "urgency", Urgency::read);
    let severity = take.required_read(NS, "severity", Severity::read);
    let certainty = take.required_read(NS, "certainty", Certainty::read);
    let audience = take.text(NS, "audience");
    let event_codes = named(&mut take, "eventCode");
    let effective = take.read(NS, "effective", forms::time);
    let onset = take.read(NS, "onset", forms::time);
    let expires = take.read(NS, "expires", forms::time);
    let sender_name = take.text(NS, "senderName");
    let headline = take.text(NS, "headline");
    let description = take.text(NS, "description");
    let instruction = take.text(NS, "instruction");
    let web = take.text(NS, "web");
    let contact = take.text(NS, "contact");
    let parameters = named(&mut take, "parameter");
    let resources = take.many(NS, "resource");
    let resources = resources.iter().map(|child| resource(child, take.mistakes)).collect();
    let areas = take.many(NS, "area");
    let areas = areas.iter().map(|child| area(child, take.mistakes)).collect();
    take.end(&[NS], false);
    Info {
        language,
        categories,
        event,
        response_types,
        urgency: urgency.unwrap_or(Urgency::Unknown),
        severity: severity.unwrap_or(Severity::Unknown),
        certainty: certainty.unwrap_or(Certainty::Unknown),
        audience,
        event_codes,
        effective,
        onset,
        expires,
        sender_name,
        headline,
        description,
        instruction,
        web,
        contact,
        parameters,
        resources,
        areas,
    }
}

fn named(take: &mut Taker<'_>, name: &str) -> Vec<Named> {
    let mistakes = take.mistakes;
    let one = |child: &Child<'_>| {
        let mut take = Taker::new(child.element, &child.path, mistakes);
        let name = take.required_text(NS, "valueName");
        let value = take.required(NS, "value").map(|value| value.element.text.clone()).unwrap_or_default();
        take.end(&[NS], false);
        Named { name, value }
    };
    take.many(NS, name).iter().map(one).collect()
}

fn resource(child: &Child<'_>, mistakes: &Mistakes) -> Resource {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let whole =
        |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no whole number （须为整数）"));
    let read = Resource {
        description: take.required_text(NS, "resourceDesc"),
        mime_type: take.required_text(NS, "mimeType"),
        size: take.read(NS, "size", whole),
        uri: take.text(NS, "uri"),
        deref_uri: take.text(NS, "derefUri"),
        digest: take.text(NS, "digest"),
    };
    take.end(&[NS], false);
    read
}

fn area(child: &Child<'_>, mistakes: &Mistakes) -> Area {
    let mut take = Taker::new(child.element, &child.path, mistakes);
    let feet = |text: &str| {
        let read = text.parse::<f64>().ok().filter(|feet| feet.is_finite());
        read.ok_or_else(|| format!("`{text}` is no number （须为数字）"))
    };
    let read = Area {
        description: take.required_text(NS, "areaDesc"),
        polygons: take.read_many(NS, "polygon", forms::polygon),
        circles: take.read_many(NS, "circle", forms::circle),
        geocodes: named(&mut take, "geocode"),
        altitude: take.read(NS, "altitude", feet),
        ceiling: take.read(NS, "ceiling", feet),
    };
    take.end(&[NS], false);
    read
}
