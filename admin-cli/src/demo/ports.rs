//! Ports of the demo's servers on this machine.

use std::net::{Ipv4Addr, TcpListener};

use crate::{
    failure::{Failure, Outcome},
    words::words,
};

/// As many different free ports as asked.
pub(crate) fn free(count: usize) -> Outcome<Vec<u16>> {
    // All are held until the last is found, so that none comes twice.
    let pick = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held: Result<Vec<_>, _> = (0..count).map(|_| pick()).collect();
    let ports = held.and_then(|held| held.iter().map(|one| Ok(one.local_addr()?.port())).collect());
    ports.map_err(|error| Failure::failed(words!("没有空闲端口：{error}", "no free port: {error}")))
}

/// True when somebody could listen there now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The address of a port.
pub(crate) fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_held_is_not_free() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(held);
        assert!(is_free(port));
    }
}
