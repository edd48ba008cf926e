//! Columns as an SVG drawing. Pure: numbers in, places of rectangles, lines and words out.

/// Size of a drawing.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 210;
/// Room for the numbers at the left, the words below and a number above.
const LEFT: u64 = 46;
const BELOW: u64 = 26;
const ABOVE: u64 = 14;
/// Most words below: more would lie over one another.
const LABELS: usize = 12;
/// Widest column.
const WIDEST: u64 = 44;

/// A part of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Style of its colour.
    pub(super) style: &'static str,
    /// How much.
    pub(super) value: u64,
}

/// A column, its parts from the ground up. One without parts is a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// In words, below.
    pub(super) label: String,
    /// The parts.
    pub(super) parts: Vec<Part>,
}

/// How values become heights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// One of the numbers at the left stands for so much, as 60 when seconds are shown in minutes.
    pub(super) unit: u64,
    /// A line across at this value.
    pub(super) line: Option<u64>,
    /// Nothing is drawn higher than this, so that one that is far out does not flatten all others.
    pub(super) cap: Option<u64>,
}

/// A rectangle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) x: u64,
    pub(super) y: u64,
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) style: &'static str,
}

/// A word at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: u64,
    pub(super) text: String,
}

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drawing {
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) left: u64,
    pub(super) ground: u64,
    pub(super) bars: Vec<Bar>,
    /// Numbers at the left, by their height.
    pub(super) ticks: Vec<Mark>,
    /// Words below, by their middle.
    pub(super) labels: Vec<Mark>,
    /// Height of the line across.
    pub(super) line: Option<u64>,
}

/// Draws columns.
pub(super) fn draw(columns: &[Column], scale: Scale) -> Drawing {
    let ground = HEIGHT - BELOW;
    let cap = scale.cap.unwrap_or(u64::MAX);
    let highest =
        columns.iter().map(|column| column.parts.iter().map(|part| part.value).sum::<u64>().min(cap));
    let highest = highest.chain(scale.line).max().unwrap_or(0);
    let step = step(highest.div_ceil(scale.unit)) * scale.unit;
    let top = highest.div_ceil(step).max(1) * step;
    let height_of = |value: u64| value.min(top) * (ground - ABOVE) / top;
    let count = u64::try_from(columns.len()).unwrap_or(1).max(1);
    let slot = (WIDTH - LEFT) / count;
    let width = (slot * 7 / 10).clamp(1, WIDEST);
    let every = columns.len().div_ceil(LABELS).max(1);
    let (mut bars, mut labels) = (Vec::new(), Vec::new());
    for (place, (index, column)) in (0_u64..).zip(columns.iter().enumerate()) {
        let middle = LEFT + place * slot + slot / 2;
        if index % every == 0 {
            labels.push(Mark { at: middle, text: column.label.clone() });
        }
        let mut below = 0;
        for part in &column.parts {
            let (from, until) = (height_of(below.min(cap)), height_of((below + part.value).min(cap)));
            below += part.value;
            let (y, height) = (ground - until, until - from);
            bars.push(Bar { x: middle - width / 2, y, width, height, style: part.style });
        }
    }
    let ticks = (0..=top / step).map(|number| number * step);
    Drawing {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        ground,
        bars,
        ticks: ticks
            .map(|value| Mark { at: ground - height_of(value), text: (value / scale.unit).to_string() })
            .collect(),
        labels,
        line: scale.line.map(|line| ground - height_of(line)),
    }
}

/// A round step so that there are at most five: 1, 2, 5, 10, 20, 50 …
fn step(highest: u64) -> u64 {
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if highest <= step * 5 {
            break;
        }
        step = match factor {
            2 => step * 2,
            5 => step / 2 * 5,
            _ => step / 5 * 10,
        };
    }
    step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(values: &[u64]) -> Column {
        let part = |value: &u64| Part { style: "practice", value: *value };
        Column { label: "x".to_owned(), parts: values.iter().map(part).collect() }
    }

    const PLAIN: Scale = Scale { unit: 1, line: None, cap: None };

    #[test]
    fn steps_are_round() {
        let steps: Vec<_> = [0, 1, 5, 6, 10, 11, 25, 26, 50, 51, 480].map(step).to_vec();
        assert_eq!(steps, [1, 1, 1, 2, 2, 5, 5, 10, 10, 20, 100]);
    }

    #[test]
    fn parts_stand_on_one_another() {
        let drawing = draw(&[column(&[2, 3]), column(&[])], PLAIN);
        let [low, high] = &drawing.bars[..] else { panic!("{drawing:?}") };
        assert_eq!((low.y + low.height, high.y + high.height), (drawing.ground, low.y));
        assert_eq!(
            drawing.ticks.iter().map(|tick| tick.text.as_str()).collect::<Vec<_>>(),
            ["0", "1", "2", "3", "4", "5"]
        );
        assert_eq!(drawing.labels.len(), 2, "a gap has its word");
    }

    #[test]
    fn what_is_far_out_is_cut_and_the_line_is_in_the_picture() {
        let scale = Scale { unit: 60, line: Some(180), cap: Some(720) };
        let drawing = draw(&[column(&[90]), column(&[18_000])], scale);
        assert!(drawing.bars[1].height <= drawing.ground && drawing.bars[0].height > 0);
        assert!(drawing.line.unwrap() < drawing.ground);
        let empty = draw(&[], Scale { cap: None, ..scale });
        assert_eq!(empty.ticks.last().unwrap().text, "3");
    }

    proptest! {
        #[test]
        fn everything_lies_within(
            values in prop::collection::vec(prop::collection::vec(0_u64..1_000_000, 0..4), 0..120),
            unit in 1_u64..100,
            line in prop::option::of(0_u64..1_000_000),
            cap in prop::option::of(1_u64..1_000_000),
        ) {
            let columns: Vec<_> = values.iter().map(|values| column(values)).collect();
            let drawing = draw(&columns, Scale { unit, line, cap });
            for bar in &drawing.bars {
                prop_assert!(bar.x >= LEFT - WIDEST && bar.x + bar.width <= WIDTH, "{bar:?}");
                prop_assert!(bar.y >= ABOVE && bar.y + bar.height <= drawing.ground, "{bar:?}");
            }
            prop_assert!(drawing.ticks.len() <= 7 && drawing.labels.len() <= LABELS);
        }
    }
}
