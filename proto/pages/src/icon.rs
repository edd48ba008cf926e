//! Small drawings, 20 by 20, in the colour of the text around them. They say nothing that is not also written beside
//! them, so screen readers skip them.

use askama::filters::Safe;

/// The drawing with this name; empty when there is none, which a test excludes.
#[must_use]
pub fn draw(name: &str) -> Safe<String> {
    Safe(path(name).map_or_else(String::new, |inside| {
        format!(
            "<svg class=\"icon\" viewBox=\"0 0 20 20\" width=\"20\" height=\"20\" fill=\"none\" stroke=\"currentColor\" \
             stroke-width=\"1.6\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\" \
             focusable=\"false\">{inside}</svg>"
        )
    }))
}

/// Strokes only, so that they stay clear at any size.
#[must_use]
pub fn path(name: &str) -> Option<&'static str> {
    Some(match name {
        "mark" => {
            "<path d=\"M10 2.2 16.5 4.6v5c0 4-2.7 6.7-6.5 8.2-3.800-1.500-6.500-4.200-6.500-8.200v-5z\"/>\
                   <circle cx=\"10\" cy=\"9.500\" r=\"2.300\"/><path d=\"M5.800 9.500c1.100-1.900 2.500-2.900 4.200-2.900s3.100 1 4.200 2.900c-1.100 1.900-2.500 2.900-4.200 2.900s-3.100-1-4.200-2.900z\"/>"
        }
        "practice" => {
            "<path d=\"M7.500 16.500h5M8 14c0-2-2.800-3-2.800-6a4.800 4.800 0 0 1 9.600 0c0 3-2.800 4-2.800 6z\"/>"
        }
        "course" => {
            "<path d=\"M2.500 7.500 10 4l7.500 3.500L10 11zM5.500 9v4c1.200 1.200 2.700 1.800 4.500 1.800s3.300-.6 4.500-1.800V9M17.500 7.500v4.500\"/>"
        }
        "resource" => {
            "<path d=\"M2 13.500v-7h9v7M11 9h3.500l3 2.500v2H16M9 13.500h3.500M2 13.500h2\"/>\
                       <circle cx=\"6\" cy=\"14\" r=\"1.700\"/><circle cx=\"14\" cy=\"14\" r=\"1.700\"/>"
        }
        "search" => "<circle cx=\"8.700\" cy=\"8.700\" r=\"5.200\"/><path d=\"m12.700 12.700 4.300 4.300\"/>",
        "close" => "<path d=\"m5.500 5.500 9 9M14.500 5.500l-9 9\"/>",
        "file" => "<path d=\"M5 2.500h6.500L15.500 6.500v11H5zM11.500 2.500v4h4\"/>",
        "download" => "<path d=\"M10 3v9M6.500 8.800 10 12.300l3.500-3.500M4 16.500h12\"/>",
        "phone" => {
            "<path d=\"M4 3.500h3l1.300 3.700-1.800 1.400c.9 2 2.400 3.500 4.500 4.600l1.500-1.800 3.500 1.300v3c0 .7-.5 1.300-1.300 1.300C8.500 16.500 3 11 2.800 4.800c0-.8.5-1.300 1.200-1.300z\"/>"
        }
        "pin" => {
            "<path d=\"M10 17.500c3.700-3.900 5.500-6.900 5.500-9.200a5.500 5.500 0 0 0-11 0c0 2.300 1.800 5.300 5.500 9.200z\"/><circle cx=\"10\" cy=\"8.200\" r=\"1.900\"/>"
        }
        "print" => "<path d=\"M6 7V3h8v4M6 14H3.500V7h13v7H14M6 11.500h8v5.500H6z\"/>",
        "person" => {
            "<circle cx=\"10\" cy=\"6.500\" r=\"3.200\"/><path d=\"M3.800 17c.6-3.400 2.900-5.200 6.200-5.200s5.600 1.800 6.200 5.200\"/>"
        }
        "warn" => "<path d=\"M10 3 18 16.500H2zM10 8v4M10 14.300v.1\"/>",
        "done" => {
            "<circle cx=\"10\" cy=\"10\" r=\"7.300\"/><path d=\"m6.800 10.200 2.300 2.300 4.300-4.700\"/>"
        }
        "clock" => "<circle cx=\"10\" cy=\"10\" r=\"7.300\"/><path d=\"M10 5.800V10l2.800 1.800\"/>",
        "back" => "<path d=\"M12.500 4.500 7 10l5.500 5.500\"/>",
        "next" => "<path d=\"M7.500 4.500 13 10l-5.500 5.500\"/>",
        "filter" => "<path d=\"M3 5h14M6 10h8M8.500 15h3\"/>",
        "key" => {
            "<circle cx=\"6.500\" cy=\"13.500\" r=\"3\"/><path d=\"m8.700 11.300 7.300-7.300M13.500 6.500l2 2M11.500 8.500l1.500 1.500\"/>"
        }
        _ => return None,
    })
}
