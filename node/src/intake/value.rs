//! One cell becomes one value, in the many ways that people and spreadsheets write it.

use jiff::civil::{Date, DateTime, Time};

use super::{fold, table::Cell};

/// Why a cell is no such value, as `English （中文）`.
pub(super) type Wrong = String;

/// Days that a bare number may stand for: 1927 to 2119. Outside, a number is hardly a day.
const SERIALS: std::ops::RangeInclusive<f64> = 10_000.0..=80_000.0;

/// One line.
pub(super) fn line(cell: &Cell) -> Result<String, Wrong> {
    sound(cell)?;
    Ok(cell.text().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Several lines.
pub(super) fn prose(cell: &Cell) -> Result<String, Wrong> {
    sound(cell)?;
    Ok(cell.text())
}

/// A code or a name of one.
pub(super) fn code(cell: &Cell) -> Result<String, Wrong> {
    sound(cell)?;
    Ok(fold::value(&cell.text()))
}

fn sound(cell: &Cell) -> Result<(), Wrong> {
    match cell {
        Cell::Broken(error) => Err(format!("the formula gave {error} （公式出错：{error}）")),
        Cell::Empty | Cell::Text(_) | Cell::Number(_) | Cell::Moment(_) | Cell::Flag(_) => Ok(()),
    }
}

/// Several values in a cell, between 、 ; , or line breaks; not inside 《》, for titles of standards have commas.
pub(super) fn list(cell: &Cell) -> Result<Vec<String>, Wrong> {
    sound(cell)?;
    let text = cell.text();
    let (mut out, mut item, mut depth) = (Vec::new(), String::new(), 0_usize);
    for shown in text.chars() {
        match shown {
            '《' | '（' | '(' => depth += 1,
            '》' | '）' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends =
            matches!(shown, '\n') || depth == 0 && matches!(shown, '、' | '，' | ',' | '；' | ';' | '|');
        if ends {
            out.push(std::mem::take(&mut item));
        } else {
            item.push(shown);
        }
    }
    out.push(item);
    Ok(out
        .iter()
        .map(|item| item.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|item| !item.is_empty())
        .collect())
}

/// Several codes.
pub(super) fn codes(cell: &Cell) -> Result<Vec<String>, Wrong> {
    // Names of the vocabulary are written with full-width brackets, which NFKC would change.
    list(cell)
}

/// A number; one of these units may stand behind it.
pub(super) fn number(cell: &Cell, units: &[&str]) -> Result<f64, Wrong> {
    sound(cell)?;
    let found = match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(text) => {
            let text = fold::value(text);
            let bare = units.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(&text);
            plain_number(bare.trim())
        }
        Cell::Empty | Cell::Moment(_) | Cell::Flag(_) | Cell::Broken(_) => None,
    };
    found.filter(|number| number.is_finite()).ok_or_else(|| {
        let shown = shown(cell);
        format!("“{shown}” is not a number （“{shown}”不是数字）")
    })
}

/// Digits with an optional point; commas only between groups of three.
fn plain_number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, _) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.contains(',') {
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        if !(1..=3).contains(&first.len()) || groups.any(|group| group.len() != 3) {
            return None;
        }
    }
    let digits = text.replace(',', "");
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'E' | b'e'));
    if plain { digits.parse().ok() } else { None }
}

/// A whole number from 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value was just found to be whole and in range"
)]
pub(super) fn whole(cell: &Cell, units: &[&str]) -> Result<u32, Wrong> {
    let number = number(cell, units)?;
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as u32);
    }
    let shown = shown(cell);
    Err(format!("“{shown}” is not a whole number from 0 （“{shown}”须为非负整数）"))
}

/// Yes or no.
pub(super) fn flag(cell: &Cell) -> Result<bool, Wrong> {
    sound(cell)?;
    let text = fold::value(&cell.text()).to_lowercase();
    match text.as_str() {
        "是" | "有" | "可" | "可以" | "√" | "✓" | "✔" | "y" | "yes" | "true" | "1" => Ok(true),
        "否" | "无" | "不" | "不可" | "×" | "✗" | "n" | "no" | "false" | "0" | "-" | "/" => Ok(false),
        _ => {
            let shown = shown(cell);
            Err(format!("“{shown}” is neither yes nor no （“{shown}”须为“是”或“否”）"))
        }
    }
}

/// A day, and whether it was read from a bare number.
pub(super) fn day(cell: &Cell) -> Result<(Date, bool), Wrong> {
    sound(cell)?;
    let found = match cell {
        Cell::Moment(moment) if moment.year() >= 1927 => Some((moment.date(), false)),
        Cell::Number(number) => serial(*number)
            .map(|moment| (moment.date(), true))
            .or_else(|| compact(&cell.text()).map(|day| (day, false))),
        Cell::Text(text) => day_of_text(&fold::value(text)),
        Cell::Empty | Cell::Moment(_) | Cell::Flag(_) | Cell::Broken(_) => None,
    };
    found.ok_or_else(|| {
        let shown = shown(cell);
        format!("“{shown}” is not a day such as 2027-03-31 （“{shown}”不是日期，如 2027-03-31）")
    })
}

fn day_of_text(text: &str) -> Option<(Date, bool)> {
    // A table as text keeps what the spreadsheet stored: `2027-03-31 00:00:00`, or the serial number.
    let without_time = text.split([' ', 'T']).next().unwrap_or_default();
    if let Some(day) = written_day(without_time).or_else(|| compact(without_time)) {
        return Some((day, false));
    }
    serial(text.parse().ok()?).map(|moment| (moment.date(), true))
}

/// Year, month and day in this order, between `-`, `/`, `.` or 年月日.
fn written_day(text: &str) -> Option<Date> {
    let text = text.trim_end_matches(['日', '号']);
    let parts: Vec<&str> = text.split(['-', '/', '.', '年', '月']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `20270331`.
fn compact(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) || !text.starts_with("20") {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?).ok()
}

/// Days since 1899-12-30, as spreadsheets count them (ECMA-376 part 1, §18.17.4).
fn serial(number: f64) -> Option<DateTime> {
    if !SERIALS.contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range of days, and of seconds of a day")]
    let (days, seconds) = (number.floor() as i64, (number.fract() * 86_400.0).round() as i64);
    let start = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    start.checked_add(jiff::Span::new().days(days).seconds(seconds)).ok()
}

/// A moment in the park's clock; `None` for the day where only a time was written.
pub(super) fn moment(cell: &Cell) -> Result<(Option<Date>, Time), Wrong> {
    sound(cell)?;
    let found = match cell {
        Cell::Moment(moment) => Some(((moment.year() >= 1927).then(|| moment.date()), moment.time())),
        Cell::Number(number) => serial(*number).map(|moment| (Some(moment.date()), moment.time())),
        Cell::Text(text) => moment_of_text(&fold::value(text)),
        Cell::Empty | Cell::Flag(_) | Cell::Broken(_) => None,
    };
    found.ok_or_else(|| {
        let shown = shown(cell);
        format!("“{shown}” is not a time such as 2027-03-11 09:00 （“{shown}”不是时间，如 2027-03-11 09:00）")
    })
}

fn moment_of_text(text: &str) -> Option<(Option<Date>, Time)> {
    let (day, time) = match text.split_once([' ', 'T', '日']) {
        Some((day, time)) => (Some(written_day(day).or_else(|| compact(day))?), time.trim()),
        None => match written_day(text).or_else(|| compact(text)) {
            Some(day) => return Some((Some(day), Time::midnight())),
            None => (None, text),
        },
    };
    let time = time.replace(['时', '点'], ":");
    let time = time.trim_end_matches('分');
    let (hours, rest) = time.split_once(':')?;
    let minutes = rest.split(':').next().unwrap_or_default();
    let minutes = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Some((day, Time::new(hours.parse().ok()?, minutes, 0, 0).ok()?))
}

/// A telephone number in the signs that the contract allows, and what to look at.
pub(super) fn phone(cell: &Cell) -> Result<(String, Option<&'static str>), Wrong> {
    sound(cell)?;
    let text = fold::value(&cell.text());
    if text.contains(['E', 'e']) && plain_number(&text).is_some() {
        return Err(format!(
            "“{text}” is the short form of a long number, digits are lost: format the column as text （“{text}”是科学计数，号码已丢失，请将该列设为文本格式）"
        ));
    }
    let mut out = String::with_capacity(text.len());
    for shown in text.trim_end_matches(".0").chars() {
        match shown {
            '(' | ')' | '.' | '—' | '–' | '‐' | '‑' | '−' | '_' => out.push('-'),
            _ => out.push(shown),
        }
    }
    let tidy: Vec<&str> = out.split('-').map(str::trim).filter(|part| !part.is_empty()).collect();
    let phone = tidy.join("-");
    let stored_as_number = matches!(cell, Cell::Number(_));
    let mobile = phone.len() == 11 && phone.starts_with('1');
    let remark = (stored_as_number && !mobile && phone.len() > 8).then_some(
        "was stored as a number: a 0 in front may be lost （以数字格式存储，区号前的 0 可能已丢失）",
    );
    Ok((phone, remark))
}

/// A unit in UCUM, and whether it was translated from what was written.
pub(super) fn unit(cell: &Cell) -> Result<(String, bool), Wrong> {
    let written = code(cell)?;
    let meant = match written.to_lowercase().as_str() {
        "台" | "辆" | "个" | "套" | "人" | "名" | "支" | "具" | "只" | "件" | "把" | "条" | "根" | "块"
        | "张" | "顶" | "副" | "双" | "瓶" | "桶" | "袋" | "箱" | "盒" | "包" | "卷" | "组" | "部" | "艘"
        | "架" | "间" | "处" | "队" | "位" | "pcs" | "pc" | "set" => "1",
        "公斤" | "千克" => "kg",
        "克" => "g",
        "吨" => "t",
        "升" | "公升" => "L",
        "毫升" => "mL",
        "米" => "m",
        "千米" | "公里" => "km",
        "平方米" | "平米" | "m2" => "m2",
        "立方米" | "立方" | "方" | "m3" => "m3",
        "千瓦" => "kW",
        _ => return Ok((written, false)),
    };
    Ok((meant.to_owned(), meant != written))
}

fn shown(cell: &Cell) -> String {
    cell.text().chars().filter(|shown| !shown.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn telephone_numbers_survive_spreadsheets() {
        let phone = |cell: &Cell| phone(cell).map(|(phone, remark)| (phone, remark.is_some()));
        assert_eq!(phone(&Cell::Number(13_900_001_111.0)), Ok(("13900001111".to_owned(), false)));
        assert_eq!(phone(&Cell::Number(51_255_500_110.0)), Ok(("51255500110".to_owned(), true)));
        assert_eq!(phone(&text("（０５１２）５５５０－０１１０")), Ok(("0512-5550-0110".to_owned(), false)));
        assert_eq!(phone(&text("13900001111.0")), Ok(("13900001111".to_owned(), false)));
        assert_eq!(phone(&text("+86 139 0000 1111")), Ok(("+86 139 0000 1111".to_owned(), false)));
        assert!(phone(&text("1.39E+10")).unwrap_err().contains("short form"));
    }

    #[test]
    fn days_and_times_are_read_as_people_and_spreadsheets_write_them() {
        let wanted = date(2027, 3, 31);
        for written in [
            "2027-03-31",
            "2027/3/31",
            "2027.3.31",
            "2027年3月31日",
            "２０２７－０３－３１",
            "20270331",
            "2027-03-31 00:00:00",
        ] {
            assert_eq!(day(&text(written)), Ok((wanted, false)), "{written}");
        }
        // 46477 is 2027-03-31 in every spreadsheet.
        assert_eq!(day(&Cell::Number(46_477.0)), Ok((wanted, true)));
        assert_eq!(day(&text("46477")), Ok((wanted, true)));
        assert_eq!(day(&Cell::Number(20_270_331.0)), Ok((wanted, false)));
        assert_eq!(day(&Cell::Moment(wanted.at(0, 0, 0, 0))), Ok((wanted, false)));
        for wrong in ["31.3.2027", "明年", "2027-02-30", "7", ""] {
            assert!(day(&text(wrong)).is_err(), "{wrong}");
        }
        let nine = Time::constant(9, 30, 0, 0);
        assert_eq!(moment(&text("2027-03-31 09:30")), Ok((Some(wanted), nine)));
        assert_eq!(moment(&text("2027年3月31日9时30分")), Ok((Some(wanted), nine)));
        assert_eq!(moment(&text("9:30")), Ok((None, nine)));
        assert_eq!(moment(&Cell::Number(46_477.0 + 9.5 / 24.0)), Ok((Some(wanted), nine)));
        assert_eq!(moment(&Cell::Moment(date(1899, 12, 31).at(9, 30, 0, 0))), Ok((None, nine)));
    }

    #[test]
    fn numbers_lists_and_flags_are_read_with_their_decoration() {
        assert_eq!(number(&text("１，２００．５ kg"), &["kg"]), Ok(1_200.5));
        assert_eq!(whole(&text("30分钟"), &["分钟"]), Ok(30));
        assert_eq!(whole(&Cell::Number(24.0), &[]), Ok(24));
        for wrong in ["1,2", "约30", "三", "inf", "nan", "1-2"] {
            assert!(number(&text(wrong), &[]).is_err(), "{wrong}");
        }
        assert!(whole(&text("1.5"), &[]).is_err() && whole(&Cell::Number(-1.0), &[]).is_err());
        let items = list(&text("GB 30871-2022；《特种设备、压力容器》、AQ 4272\n")).unwrap();
        assert_eq!(items, ["GB 30871-2022", "《特种设备、压力容器》", "AQ 4272"]);
        assert_eq!((flag(&text("是")), flag(&Cell::Flag(false))), (Ok(true), Ok(false)));
        assert!(flag(&text("也许")).is_err());
        assert_eq!(unit(&text("公斤")), Ok(("kg".to_owned(), true)));
        assert!(line(&Cell::Broken("#REF!".to_owned())).unwrap_err().contains("#REF!"));
    }
}
