//! Values on their way into a statement.

use super::Direct;
use rusqlite::types::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Arguments, Encode, IntoArguments, Type};

/// The values of a statement's parameters, in order.
#[derive(Debug, Default)]
pub struct DirectArguments {
    values: Vec<Value>,
}

impl DirectArguments {
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Arguments for DirectArguments {
    type Database = Direct;

    fn reserve(&mut self, additional: usize, _size: usize) {
        self.values.reserve(additional);
    }

    fn add<'t, T>(&mut self, value: T) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Direct> + Type<Direct>,
    {
        match value.encode(&mut self.values)? {
            IsNull::Yes => self.values.push(Value::Null),
            IsNull::No => {}
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.values.len()
    }
}

impl IntoArguments<Direct> for DirectArguments {
    fn into_arguments(self) -> DirectArguments {
        self
    }
}
