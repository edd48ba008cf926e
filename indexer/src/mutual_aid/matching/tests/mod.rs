//! Stories and properties of the ranking.

mod filters;
mod properties;
mod ranks;
mod roads;
