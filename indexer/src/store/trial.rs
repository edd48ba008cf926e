//! Stories of the link's store, told on both engines.
