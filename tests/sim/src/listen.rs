//! Listens to what the servers log, so that a campaign can tell which of their paths were really taken.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::Once,
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

thread_local! {
    static HEARD: RefCell<BTreeMap<String, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Fields whose values name a case and have few values; all others are told by their message alone.
const CASES: [&str; 3] = ["case", "reason", "resume"];

/// Counts the messages of our own crates, by thread: a run has one.
#[derive(Clone, Copy, Debug)]
struct Listener {
    aloud: bool,
}

impl<S: Subscriber> Layer<S> for Listener {
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        *metadata.level() <= Level::DEBUG && metadata.target().starts_with("shouwang")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    #[expect(clippy::print_stderr, reason = "asked for by whoever repeats one seed")]
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut words = Words::default();
        event.record(&mut words);
        if self.aloud {
            let at = turmoil::sim_elapsed().map_or(0, |elapsed| elapsed.as_millis());
            eprintln!("{at:>7} {} {} {}{}", metadata.level(), metadata.target(), words.message, words.all);
        }
        let name = format!("{} {}: {}{}", metadata.level(), metadata.target(), words.message, words.cases);
        HEARD.with_borrow_mut(|heard| *heard.entry(name).or_default() += 1);
    }
}

#[derive(Default)]
struct Words {
    message: String,
    cases: String,
    all: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
            return;
        }
        let _ = write!(self.all, " {}={value:?}", field.name());
        if CASES.contains(&field.name()) {
            let _ = write!(self.cases, " {}={value:?}", field.name());
        }
    }
}

/// Begins to listen; `SHOUWANG_SIM_LOG=1` also prints.
pub fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let aloud = std::env::var_os("SHOUWANG_SIM_LOG").is_some();
        // Another test of the same process may have been faster; then that one listens.
        drop(tracing_subscriber::registry().with(Listener { aloud }).try_init());
    });
    HEARD.with_borrow_mut(BTreeMap::clear);
}

/// What this thread heard since [`begin`]: messages with their level and case, and how often.
#[must_use]
pub fn heard() -> BTreeMap<String, u64> {
    HEARD.with_borrow(BTreeMap::clone)
}
