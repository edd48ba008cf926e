//! `sqlx::migrate!` reads a folder; cargo has to be told that a new file in it matters.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
