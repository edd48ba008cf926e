//! From an alert to XML, in the order of the schema.

use super::{
    super::{element::Element, forms},
    Alert, Area, Info, NAMESPACE, Named, Resource,
};

impl Alert {
    /// The alert as a document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut root = Element::new(NAMESPACE, "alert");
        root.text("identifier", &self.identifier);
        root.text("sender", &self.sender);
        root.text("sent", &forms::write_time(self.sent));
        root.text("status", self.status.word());
        root.text("msgType", self.msg_type.word());
        root.some_text("source", &self.source);
        root.text("scope", self.scope.word());
        root.some_text("restriction", &self.restriction);
        root.some_text("addresses", &self.addresses);
        for code in &self.codes {
            root.text("code", code);
        }
        root.some_text("note", &self.note);
        root.some_text("references", &self.references);
        root.some_text("incidents", &self.incidents);
        for said in &self.infos {
            root.push(info(said));
        }
        root.document(&[])
    }
}

fn info(info: &Info) -> Element {
    let mut out = Element::new(NAMESPACE, "info");
    out.some_text("language", &info.language);
    for category in &info.categories {
        out.text("category", category.word());
    }
    out.text("event", &info.event);
    for response in &info.response_types {
        out.text("responseType", response.word());
    }
    out.text("urgency", info.urgency.word());
    out.text("severity", info.severity.word());
    out.text("certainty", info.certainty.word());
    out.some_text("audience", &info.audience);
    named(&mut out, "eventCode", &info.event_codes);
    for (name, time) in [("effective", info.effective), ("onset", info.onset), ("expires", info.expires)] {
        if let Some(time) = time {
            out.text(name, &forms::write_time(time));
        }
    }
    out.some_text("senderName", &info.sender_name);
    out.some_text("headline", &info.headline);
    out.some_text("description", &info.description);
    out.some_text("instruction", &info.instruction);
    out.some_text("web", &info.web);
    out.some_text("contact", &info.contact);
    named(&mut out, "parameter", &info.parameters);
    for file in &info.resources {
        out.push(resource(file));
    }
    for place in &info.areas {
        out.push(area(place));
    }
    out
}

fn named(out: &mut Element, name: &str, values: &[Named]) {
    for named in values {
        let mut one = Element::new(NAMESPACE, name);
        one.text("valueName", &named.name);
        one.text("value", &named.value);
        out.push(one);
    }
}

fn resource(file: &Resource) -> Element {
    let mut out = Element::new(NAMESPACE, "resource");
    out.text("resourceDesc", &file.description);
    out.text("mimeType", &file.mime_type);
    if let Some(size) = file.size {
        out.text("size", &size.to_string());
    }
    out.some_text("uri", &file.uri);
    out.some_text("derefUri", &file.deref_uri);
    out.some_text("digest", &file.digest);
    out
}

fn area(area: &Area) -> Element {
    let mut out = Element::new(NAMESPACE, "area");
    out.text("areaDesc", &area.description);
    for polygon in &area.polygons {
        out.text("polygon", &forms::write_polygon(polygon));
    }
    for (centre, radius) in &area.circles {
        out.text("circle", &format!("{} {radius}", forms::write_point(*centre)));
    }
    named(&mut out, "geocode", &area.geocodes);
    for (name, feet) in [("altitude", area.altitude), ("ceiling", area.ceiling)] {
        if let Some(feet) = feet {
            out.text(name, &feet.to_string());
        }
    }
    out
}
