//! From a message to XML, in the order of the schema.

use super::{
    super::{element::Element, forms},
    Contact, IncidentInformation, Listed, NAMESPACE as RM, NAMESPACE_GML as GML, NAMESPACE_MESSAGE as MSG,
    Quantity, RequestResource, Resource, ResourceInformation, Schedule,
};

impl RequestResource {
    /// The message as a document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut root = Element::new(MSG, "RequestResource");
        root.text("MessageID", &self.message_id);
        root.text("SentDateTime", &forms::write_time(self.sent));
        root.text("MessageContentType", "RequestResource");
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
    out.push(resource(&needed.resource));
    let mut assignment = Element::new(MSG, "AssignmentInformation");
    assignment.push(quantity(&needed.quantity));
    out.push(assignment);
    for planned in &needed.schedules {
        out.push(schedule(planned));
    }
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
