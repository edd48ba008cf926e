//! The machines under test: told as stories, explored to the end, and driven at random.

mod actors;
mod books;
mod explore;
mod missions;
mod races;
mod random;
mod steps;
mod timers;
mod world;
