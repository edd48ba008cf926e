//! The store of a simulation: the same writer and reader, on the thread of whoever asks.
//!
//! A simulated call has to block its thread until the answer is there, so that a paused clock cannot run ahead of the disk.
//! Threads of the store would do nothing meanwhile but cost two switches for each call: on a busy machine most of the
//! time of a run. SQLite's statements run to their end when they are first asked, so nothing here ever waits.

use std::sync::{Mutex, PoisonError};

use futures::executor::block_on;

use super::{
    Migrations, OpenError, StoreError, StoreOptions,
    job::{ReadJob, WriteJob},
    reader::Reader,
    source::Source,
    threads::{once, open_writer},
    writer::Writer,
};
use std::sync::{Arc, atomic::AtomicBool};

/// Writer and reader without threads; none after the store was closed.
#[derive(Debug)]
pub(super) struct Inline {
    writer: Mutex<Option<Writer>>,
    reader: Mutex<Option<Reader>>,
}

impl Inline {
    /// Opens and migrates as the threads do.
    pub(super) fn open(
        source: &Source,
        migrations: Migrations,
        options: &StoreOptions,
        writable: Arc<AtomicBool>,
    ) -> Result<Self, OpenError> {
        let (from, limits) = (source.clone(), options.clone());
        // The driver that migrates wants a runtime whose clock runs.
        let opened = once("store-open", async move || {
            let tx = open_writer(&from, &migrations).await?;
            let conn = from.connect_reader().await?;
            Ok::<_, OpenError>((
                Writer::new(tx, from.clone(), limits.clone(), writable),
                Reader::new(conn, from, limits),
            ))
        })?;
        let gone = |_| Err(OpenError::Thread("it ended before it was ready".to_owned()));
        let (writer, reader) = block_on(opened).unwrap_or_else(gone)?;
        Ok(Self { writer: Mutex::new(Some(writer)), reader: Mutex::new(Some(reader)) })
    }

    /// One write, in a transaction of its own.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store is closed.
    pub(super) fn write(&self, job: Box<dyn WriteJob>) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        block_on(writer.as_mut().ok_or_else(closed)?.alone(job));
        Ok(())
    }

    /// One read, in one snapshot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store is closed.
    pub(super) fn read(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        block_on(reader.as_mut().ok_or_else(closed)?.serve(job));
        Ok(())
    }

    /// Ends both connections.
    pub(super) fn close(&self) {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// What a closed store answers.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
