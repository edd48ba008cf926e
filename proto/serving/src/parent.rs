//! A server that ends with the process that started it.
//!
//! The starter keeps one end of a pipe open as the server's standard input. When the starter ends, however it ends, the
//! system closes the pipe, and the server knows.

use std::{
    io::{self, ErrorKind, Read},
    thread,
};

use tokio::sync::oneshot;

/// Starts to watch standard input; the future ends when it is closed. What is written there is thrown away.
///
/// # Errors
/// When no thread can be started to watch it.
pub fn stdin_closes() -> io::Result<impl Future<Output = ()> + Send + use<>> {
    closes(io::stdin())
}

fn closes(mut input: impl Read + Send + 'static) -> io::Result<impl Future<Output = ()> + Send> {
    let (open, closed) = oneshot::channel::<()>();
    // A thread of its own: reading blocks, and a blocking task of the runtime would keep it from shutting down.
    thread::Builder::new().name("parent".to_owned()).spawn(move || {
        let mut thrown_away = [0; 256];
        loop {
            match input.read(&mut thrown_away) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        drop(open);
    })?;
    Ok(async move {
        // Nothing is ever sent: the dropped sender is the message.
        let _ = closed.await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_ends_when_the_other_end_is_gone() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut closes = Box::pin(closes(reader).unwrap());
        io::Write::write_all(&mut writer, b"noise").unwrap();
        assert!(futures::poll!(&mut closes).is_pending());
        drop(writer);
        closes.await;
    }
}
