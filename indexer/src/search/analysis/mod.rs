//! What a text is to the index: folded characters, words, sounds. Pure: no index, no clock, no I/O.

pub mod fold;
pub mod pinyin;
pub mod words;

pub use fold::folded;
pub use words::{Cut, Run, Word, cut, runs, words};
