//! Real servers as real processes: the three binaries, on loopback, in temporary folders.

mod clients;
mod park;
mod server;

pub use clients::{
    Bearer, Council, MutualAid, Publishing, Search, council_client, mutual_aid_client, publishing_client,
    search_client,
};
pub use park::Park;
pub use server::{Server, binary};
