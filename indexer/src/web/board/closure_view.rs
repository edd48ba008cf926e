//! Closing an area on the plan: around an incident, down the wind from it, or by its corners; and opening it again. Pure.

use jiff::{SignedDuration, Timestamp};
use shouwang_pages::{Fields, Lang};
use shouwang_proto::{mutual_aid::term::ClosureKind, publication::time_to_wire, refusal::Refusal, wire};

use super::{
    form::{Form, Input, Kind, Maker},
    forms::terms,
    sent::Sent,
    words::tail,
};

/// Where the wind comes from, in degrees from north, and the key of its words.
const WINDS: [(&str, f64, &str); 8] = [
    ("n", 0.0, "board.wind.n"),
    ("ne", 45.0, "board.wind.ne"),
    ("e", 90.0, "board.wind.e"),
    ("se", 135.0, "board.wind.se"),
    ("s", 180.0, "board.wind.s"),
    ("sw", 225.0, "board.wind.sw"),
    ("w", 270.0, "board.wind.w"),
    ("nw", 315.0, "board.wind.nw"),
];
/// Corners of a circle.
const CIRCLE: u32 = 24;
/// Half the angle under which an area down the wind opens, in degrees, and the corners of its far side.
const HALF_ANGLE: f64 = 30.0;
const ARC: u32 = 9;
/// Metres of a degree of latitude.
const DEGREE: f64 = 111_320.0;
/// The widest area in metres: more than a park has.
const WIDEST: u64 = 20_000;

/// The form that closes an area.
pub(super) fn form(maker: &Maker<'_>, incidents: &[wire::Incident], now: Timestamp) -> Form {
    let lang = maker.lang;
    let title = lang.say("board.closure.add");
    let input = |name: &'static str, key: &str, kind| Input::new(lang, name, key, kind);
    let kinds = terms(lang, ClosureKind::ALL, ClosureKind::code, ClosureKind::labels);
    let form = maker
        .form("closure", "/board/map/closures", title, title)
        .hold("made", now.as_millisecond())
        .ask(input("kind", "board.closure.kind", kinds))
        .ask(around(lang, incidents))
        .ask(input("radius", "board.closure.radius", Kind::Number).value(200))
        .ask(input("wind", "board.closure.wind", winds(lang)))
        .ask(input("polygon", "board.closure.corners", Kind::Text))
        .ask(input("slowdown", "board.closure.slowdown", Kind::Number).value(2))
        .ask(input("minutes", "board.closure.minutes", Kind::Number))
        .ask(input("reason", "board.field.reason", Kind::Line).required());
    maker.finish(form)
}

/// Incidents with the place at which they are, so that a form that is sent later means the same; at first the newest.
fn around(lang: Lang, incidents: &[wire::Incident]) -> Input {
    let choice = |incident: &wire::Incident| {
        let place = incident.place.as_ref()?;
        let value = format!("{} {} {}", incident.name, place.latitude, place.longitude);
        Some((value, incident.title.clone()))
    };
    let mut choices: Vec<_> = incidents.iter().filter_map(choice).collect();
    choices.push((String::new(), lang.say("board.closure.by-corners").to_owned()));
    let first = choices.first().map(|(value, _)| value.clone()).unwrap_or_default();
    Input::new(lang, "around", "board.closure.around", Kind::Choice(choices)).value(first)
}

fn winds(lang: Lang) -> Kind {
    let mut choices = vec![(String::new(), lang.say("board.wind.none").to_owned())];
    choices.extend(WINDS.iter().map(|(code, _, key)| ((*code).to_owned(), lang.say(key).to_owned())));
    Kind::Choice(choices)
}

/// The form that opens an area again.
pub(super) fn open_again(maker: &Maker<'_>, closure: &wire::Closure) -> Form {
    let title = maker.lang.say("board.closure.remove");
    let id = tail(&closure.name);
    let form = maker.form(&format!("open-{id}"), &format!("/board/map/closures/{id}/remove"), title, title);
    maker.finish(Form { of: closure.reason.clone(), is_danger: true, ..form })
}

/// What the form says.
pub(super) fn read(fields: &Fields) -> Result<wire::AddClosureRequest, Refusal> {
    let mut sent = Sent::new(fields);
    let context = sent.context();
    let kind = sent.term("kind", |kind: ClosureKind| kind.to_wire().into());
    let known = known(fields.first("around"));
    let polygon = match &known {
        Some((_, centre)) if fields.first("polygon").is_empty() => shape(&mut sent, fields, *centre),
        Some(_) | None => corners(&mut sent, fields.first("polygon")),
    };
    let is_slow = kind == i32::from(wire::ClosureKind::Slow);
    let slowdown = if is_slow { sent.small("slowdown") } else { 0 };
    let made = sent.made();
    let minutes = sent.minutes("minutes");
    let ends = made.filter(|_| minutes > 0).and_then(|made| {
        made.checked_add(SignedDuration::from_secs(i64::from(minutes))).ok().map(time_to_wire)
    });
    let closure = wire::Closure {
        kind,
        polygon,
        slowdown,
        incident: known.map(|(incident, _)| incident.to_owned()).unwrap_or_default(),
        expire_time: ends,
        reason: sent.text("reason"),
        ..wire::Closure::default()
    };
    sent.finish(wire::AddClosureRequest { context, closure: Some(closure) })
}

/// The incident that a choice means, and where it is.
fn known(written: &str) -> Option<(&str, (f64, f64))> {
    let mut parts = written.split(' ');
    let (incident, latitude, longitude) = (parts.next()?, parts.next()?, parts.next()?);
    Some((incident, (latitude.parse().ok()?, longitude.parse().ok()?)))
}

/// The area around a place.
fn shape(sent: &mut Sent<'_>, fields: &Fields, centre: (f64, f64)) -> Vec<wire::Location> {
    let radius = sent.number("radius");
    let fits = (1..=WIDEST).contains(&radius);
    let radius =
        sent.check("radius", fits.then_some(radius).ok_or("must be 1 to 20000 metres （须为 1–20000 米）"));
    #[expect(clippy::cast_precision_loss, reason = "at most 20,000")]
    let metres = radius.unwrap_or_default() as f64;
    let wind = WINDS.iter().find(|(code, _, _)| *code == fields.first("wind"));
    match wind {
        None => circle(centre, metres),
        Some((_, from, _)) => down_the_wind(centre, metres, *from),
    }
}

/// So far from a place in this direction, in degrees from north. Flat, which is near enough within a park.
fn away(centre: (f64, f64), metres: f64, degrees: f64) -> wire::Location {
    let (latitude, longitude) = centre;
    let angle = degrees.to_radians();
    let east = DEGREE * latitude.to_radians().cos().max(0.01);
    let rounded = |degrees: f64| (degrees * 1e6).round() / 1e6;
    wire::Location {
        latitude: rounded(latitude + metres * angle.cos() / DEGREE),
        longitude: rounded(longitude + metres * angle.sin() / east),
        address: String::new(),
    }
}

fn circle(centre: (f64, f64), metres: f64) -> Vec<wire::Location> {
    let step = 360.0 / f64::from(CIRCLE);
    (0..CIRCLE).map(|index| away(centre, metres, f64::from(index) * step)).collect()
}

/// From the source to where the wind blows; a tenth of the way also against it, for the wind is not that steady.
fn down_the_wind(centre: (f64, f64), metres: f64, from: f64) -> Vec<wire::Location> {
    let to = from + 180.0;
    let step = 2.0 * HALF_ANGLE / f64::from(ARC - 1);
    let far = (0..ARC).map(|index| away(centre, metres, to - HALF_ANGLE + f64::from(index) * step));
    std::iter::once(away(centre, metres / 10.0, from)).chain(far).collect()
}

/// Corners as somebody writes them: `31.3021, 120.7523`, one a line.
fn corners(sent: &mut Sent<'_>, written: &str) -> Vec<wire::Location> {
    let lines: Vec<_> = written.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let read = |line: &&str| {
        let (latitude, longitude) = line.split_once([',', '，', ' ', '\t'])?;
        let latitude = latitude.trim().parse().ok()?;
        let longitude = longitude.trim_matches([',', '，', ' ', '\t']).parse().ok()?;
        Some(wire::Location { latitude, longitude, address: String::new() })
    };
    let read: Option<Vec<_>> = lines.iter().map(read).collect();
    let words = "has one corner a line, such as 31.3021, 120.7523, at least three; or choose an incident \
                 （每行一个顶点，例如 31.3021, 120.7523，至少三个；或选择一个事件）";
    let read = read.filter(|corners| corners.len() >= 3);
    sent.check("polygon", read.ok_or(words)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AROUND: &str =
        "kind=plume&around=incidents/x+31.3+120.7&radius=300&made=1700000000000&key=k&reason=gas";

    fn read_ok(form: &str) -> wire::Closure {
        read(&Fields::read(form.as_bytes())).unwrap().closure.unwrap()
    }

    fn metres(corner: &wire::Location) -> f64 {
        let north = (corner.latitude - 31.3) * DEGREE;
        let east = (corner.longitude - 120.7) * DEGREE * 31.3_f64.to_radians().cos();
        north.hypot(east)
    }

    #[test]
    fn an_area_lies_around_its_incident_or_down_the_wind_from_it() {
        let around = read_ok(AROUND);
        assert_eq!((around.polygon.len(), around.incident.as_str()), (24, "incidents/x"));
        assert!(around.polygon.iter().all(|corner| (metres(corner) - 300.0).abs() < 1.0));
        let down = read_ok(&format!("{AROUND}&wind=n"));
        let south = down.polygon.iter().filter(|corner| corner.latitude < 31.3).count();
        assert_eq!((down.polygon.len(), south), (10, 9), "the wind comes from the north");
    }

    #[test]
    fn corners_can_be_written_and_what_is_wrong_is_said() {
        let written = "kind=slow&slowdown=3&minutes=30&made=1700000000000&key=k&reason=x&polygon=";
        let slow = read_ok(&format!("{written}31.30,120.70%0A31.30+120.71%0A31.31，120.70"));
        assert_eq!((slow.polygon.len(), slow.slowdown), (3, 3));
        assert_eq!(slow.expire_time.as_ref().map(|time| time.seconds), Some(1_700_001_800));
        for (wrong, field) in [
            (format!("{written}31.30,120.70"), "polygon"),
            (format!("{written}a,b%0Ac,d%0Ae,f"), "polygon"),
            (AROUND.replace("radius=300", "radius=0"), "radius"),
            (AROUND.replace("plume", "hole"), "kind"),
        ] {
            let refusal = read(&Fields::read(wrong.as_bytes())).unwrap_err();
            assert!(refusal.violations.iter().any(|one| one.field == field), "{wrong}: {refusal}");
        }
    }
}
