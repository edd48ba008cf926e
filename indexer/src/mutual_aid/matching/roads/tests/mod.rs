//! Stories and properties of the roads.

mod reading;
mod searching;
