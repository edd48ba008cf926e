//! How both servers serve.
//!
//! - [`store`]: a database on threads of its own, so that no transaction runs in a handler's future.
//! - [`accept`]: one accept loop with limits; [`tls`]: certificates that are replaced while serving.
//! - [`dial`]: a channel to a server of ours; [`backoff`]: when to try again.
//! - [`data_folder`]: a folder that one process works in; [`durable`]: files that are whole or not there.
//! - [`grpc`]: what all services share; [`probes`]: pages for monitoring; [`telemetry`]: logs; [`program`]: the frame of a server's program; [`parent`]: ending with
//!   the process that started it.

pub mod accept;
pub mod backoff;
pub mod data_folder;
pub mod dial;
pub mod durable;
pub mod grpc;
pub mod parent;
pub mod probes;
pub mod program;
pub mod store;
pub mod telemetry;
pub mod tls;
