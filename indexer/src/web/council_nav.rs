//! The council's pages, beside one another.

use shouwang_pages::frame::Place;

/// Path and key of each, in their order.
const PAGES: [(&str, &str); 6] = [
    ("/members", "council.members"),
    ("/charts", "council.charts"),
    ("/thesaurus", "council.thesaurus"),
    ("/vocabulary", "council.vocabulary"),
    ("/alerts", "council.alerts"),
    ("/audit", "council.audit"),
];

/// The way between them, on the page with this path.
pub(super) fn places(path: &str) -> Vec<Place> {
    PAGES.map(|(address, key)| Place::of(path, address, key)).into()
}

/// Is this one of them?
pub(super) fn is_here(path: &str) -> bool {
    places(path).iter().any(|place| place.is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_below_another_belongs_to_it() {
        let here =
            |path: &str| places(path).into_iter().find(|place| place.is_here).map(|place| place.address);
        assert_eq!(here("/members/hengrui-foundry"), Some("/members"));
        assert_eq!(here("/audit"), Some("/audit"));
        assert_eq!(here("/membership"), None);
        assert!(is_here("/thesaurus/x") && !is_here("/"));
    }
}
