//! Need lines as people type them: `KIND/WHAT=QUANTITY[UNIT][,least=N][,by=TIME][,can=ABILITY]…`.

use jiff::Timestamp;
use shouwang_proto::{publication::time_to_wire, vocabulary, wire::NeedLine};

use super::moment;

/// How a need line is written.
pub(super) const SYNTAX: &str = "KIND/WHAT=QUANTITY[UNIT][,least=N][,by=TIME][,can=ABILITY]…";

/// Reads a need line.
///
/// # Errors
/// What is wrong, in both languages.
pub(super) fn read(text: &str, now: Timestamp) -> Result<NeedLine, String> {
    let mut parts = text.split(',');
    let head = parts.next().unwrap_or_default();
    let (kind, rest) = head.split_once('/').ok_or_else(|| wrong(text))?;
    let (what, amount) = rest.rsplit_once('=').ok_or_else(|| wrong(text))?;
    let code = vocabulary::code_of("resource-kind", kind).ok_or_else(|| {
        let known = vocabulary::list("resource-kind").map(|list| &list.terms[..]).unwrap_or_default();
        let known: Vec<String> = known.iter().map(|term| format!("{} {}", term.code, term.zh)).collect();
        format!("`{kind}` is no kind of resource （没有这个资源类别）: {}", known.join(", "))
    })?;
    let what = what.trim();
    if what.is_empty() {
        return Err(wrong(text));
    }
    let (requested, unit) = quantity(amount).ok_or_else(|| wrong(text))?;
    let mut line = NeedLine {
        resource_kind: code.to_owned(),
        what: what.to_owned(),
        requested,
        unit,
        ..NeedLine::default()
    };
    for part in parts {
        let (key, value) = part.split_once('=').ok_or_else(|| wrong(text))?;
        match key.trim() {
            "least" => line.minimum = value.trim().parse().map_err(|_| wrong(text))?,
            "by" => {
                let time = moment::read(value, now)
                    .ok_or_else(|| format!("`{value}` is not a time （不是时间）"))?;
                line.needed_by = Some(time_to_wire(time));
            }
            "can" => line.capabilities.push(value.trim().to_owned()),
            other => {
                return Err(format!("`{other}` is none of least, by, can （只能是 least、by、can）"));
            }
        }
    }
    Ok(line)
}

/// `2`, `500L`, `3 km`: the number, and the unit or `1`.
fn quantity(text: &str) -> Option<(u64, String)> {
    let text = text.trim();
    let end = text.find(|shown: char| !shown.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some((number, if unit.is_empty() { "1".to_owned() } else { unit.to_owned() }))
}

fn wrong(text: &str) -> String {
    format!(
        "`{text}` does not have the form {SYNTAX} （需求行格式有误，例：vehicle/泡沫消防车=2 或 应急物资/泡沫液=500L,least=200,by=+30m）"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-07-12T04:00:00Z".parse().unwrap()
    }

    #[test]
    fn short_and_long_lines_are_read() {
        let line = read("vehicle/泡沫消防车=2", now()).unwrap();
        assert_eq!((line.resource_kind.as_str(), line.what.as_str()), ("vehicle", "泡沫消防车"));
        assert_eq!((line.requested, line.unit.as_str(), line.minimum), (2, "1", 0));
        let line = read("应急物资/泡沫液=500L,least=200,by=+30m,can=抗溶,can=3%", now()).unwrap();
        assert_eq!((line.resource_kind.as_str(), line.requested, line.minimum), ("supply", 500, 200));
        assert_eq!((line.unit.as_str(), line.capabilities.join("|")), ("L", "抗溶|3%".to_owned()));
        assert_eq!(line.needed_by.unwrap().seconds, now().as_second() + 1_800);
    }

    #[test]
    fn bad_words_are_told_with_the_form() {
        for text in [
            "",
            "vehicle",
            "vehicle/=2",
            "vehicle/车=0",
            "vehicle/车=x",
            "vehicle/车=2,x",
            "vehicle/车=2,y=1",
        ] {
            let error = read(text, now()).unwrap_err();
            assert!(error.contains("KIND/WHAT") || error.contains("least, by, can"), "{text}: {error}");
        }
        assert!(read("spaceship/车=2", now()).unwrap_err().contains("vehicle 车辆"));
    }
}
