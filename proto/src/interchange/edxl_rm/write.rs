//! From a message to XML, in the order of the schema.

use super::{
    super::{element::Element, forms},
    Contact, IncidentInformation, Listed, Message, NAMESPACE as RM, NAMESPACE_GML as GML,
    NAMESPACE_MESSAGE as MSG, Quantity, Resource, ResourceInformation, Response, Schedule,
};

impl Message {
    /// The message as a document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut root = Element::new(MSG, self.kind.word());
        root.text("MessageID", &self.message_id);
        root.text("SentDateTime", &forms::write_time(self.sent));
        root.text("MessageContentType", self.kind.word());
        root.some_text("MessageDescription", &self.description);
        root.text("OriginatingMessageID", &self.originating_message_id);
        root.some_text("PrecedingMessageID", &self.preceding_message_id);
        for IncidentInformation { id, description } in &self.incidents {
            let mut incident = Element::new(MSG, "IncidentInformation");
            rm_text(&mut incident, "IncidentID", id);
            rm_text(&mut incident, "IncidentDescription", description);
            root.push(incident);
        }
        for Contact { description, role } in &self.contacts {
            let mut contact = Element::new(MSG, "ContactInformation");
            rm_text(&mut contact, "ContactDescription", description);
            if let Some(role) = role {
                contact.text_in(RM, "ContactRole", role.word());
            }
            root.push(contact);
        }
        for needed in &self.resources {
            root.push(resource_information(needed));
        }
        root.document(&[("rm", RM), ("gml", GML)])
    }
}

fn rm_text(out: &mut Element, name: &str, text: &str) {
    if !text.is_empty() {
        out.text_in(RM, name, text);
    }
}

fn resource_information(needed: &ResourceInformation) -> Element {
    let mut out = Element::new(MSG, "ResourceInformation");
    out.text("ResourceInfoElementID", &needed.id);
    if let Some(said) = &needed.response {
        out.push(response(said));
    }
    if needed.resource != Resource::default() {
        out.push(resource(&needed.resource));
    }
    if let Some(amount) = &needed.quantity {
        let mut assignment = Element::new(MSG, "AssignmentInformation");
        assignment.push(quantity(amount));
        out.push(assignment);
    }
    for planned in &needed.schedules {
        out.push(schedule(planned));
    }
    out
}

fn response(said: &Response) -> Element {
    let mut out = Element::new(MSG, "ResponseInformation");
    out.text_in(RM, "PrecedingResourceInfoElementID", &said.preceding);
    out.text_in(RM, "ResponseType", said.kind.word());
    for code in &said.codes {
        out.push(listed(RM, "ReasonCode", code));
    }
    rm_text(&mut out, "ResponseReason", &said.reason);
    out
}

fn resource(resource: &Resource) -> Element {
    let mut out = Element::new(MSG, "Resource");
    out.some_text("ResourceID", &resource.id);
    out.some_text("Name", &resource.name);
    if let Some(kind) = &resource.kind {
        out.push(listed(MSG, "TypeStructure", kind));
    }
    for keyword in &resource.keywords {
        out.push(listed(MSG, "Keyword", keyword));
    }
    out.some_text("Description", &resource.description);
    if let Some(status) = &resource.status {
        let mut found = Element::new(MSG, "ResourceStatus");
        found.push(listed(RM, "DeploymentStatus", status));
        out.push(found);
    }
    out
}

fn listed(namespace: &str, name: &str, listed: &Listed) -> Element {
    let mut out = Element::new(namespace, name);
    out.text_in(RM, "ValueListURN", &listed.list);
    for value in &listed.values {
        out.text_in(RM, "Value", value);
    }
    out
}

fn quantity(quantity: &Quantity) -> Element {
    let mut out = Element::new(MSG, "Quantity");
    match quantity {
        Quantity::Text(text) => out.text_in(RM, "QuantityText", text),
        Quantity::Measured { amount, unit } => {
            let mut measured = Element::new(RM, "MeasuredQuantity");
            measured.text("Amount", &amount.to_string());
            if let Some(unit) = unit {
                measured.push(listed(RM, "UnitOfMeasure", unit));
            }
            out.push(measured);
        }
    }
    out
}

fn schedule(planned: &Schedule) -> Element {
    let mut out = Element::new(MSG, "ScheduleInformation");
    out.text("ScheduleType", planned.kind.word());
    if let Some(time) = planned.time {
        out.text("DateTime", &forms::write_time(time));
    }
    if !planned.place.is_empty() || planned.point.is_some() {
        let mut location = Element::new(MSG, "Location");
        rm_text(&mut location, "LocationDescription", &planned.place);
        if let Some((latitude, longitude)) = planned.point {
            let mut point = Element::new(GML, "Point");
            point.text("pos", &format!("{latitude} {longitude}"));
            let mut area = Element::new(RM, "TargetArea");
            area.push(point);
            location.push(area);
        }
        out.push(location);
    }
    out
}
