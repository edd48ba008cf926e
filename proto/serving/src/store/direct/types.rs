//! The types of the rooms' SQL: whole numbers, flags, floating-point numbers, text and bytes, each also as `Option`.

use super::Direct;
use super::value::{DirectType, DirectValueRef};
use rusqlite::types::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Decode, Encode, Type};
use sqlx_core::impl_encode_for_option;

/// A type of one size that SQLite stores as `$stored`: how it is written, and how it is read back.
macro_rules! scalar {
    ($type:ty, $stored:ident, $value:ident => $write:expr, $found:ident => $read:expr) => {
        impl Type<Direct> for $type {
            fn type_info() -> DirectType {
                DirectType::$stored
            }
        }

        impl Encode<'_, Direct> for $type {
            fn encode_by_ref(&self, values: &mut Vec<Value>) -> Result<IsNull, BoxDynError> {
                let $value = *self;
                values.push(Value::$stored($write));
                Ok(IsNull::No)
            }
        }

        impl Decode<'_, Direct> for $type {
            fn decode($found: DirectValueRef<'_>) -> Result<Self, BoxDynError> {
                Ok($read)
            }
        }
    };
}

scalar!(i64, Integer, value => value, found => integer(found)?);
scalar!(i32, Integer, value => i64::from(value), found => i32::try_from(integer(found)?)?);
scalar!(i16, Integer, value => i64::from(value), found => i16::try_from(integer(found)?)?);
scalar!(bool, Integer, value => i64::from(value), found => integer(found)? != 0);
scalar!(f64, Real, value => value, found => real(found)?);

fn integer(value: DirectValueRef<'_>) -> Result<i64, BoxDynError> {
    match value.0 {
        Value::Integer(number) => Ok(*number),
        Value::Null | Value::Real(_) | Value::Text(_) | Value::Blob(_) => {
            Err(unlike(DirectType::Integer, value))
        }
    }
}

fn real(value: DirectValueRef<'_>) -> Result<f64, BoxDynError> {
    match value.0 {
        Value::Real(number) => Ok(*number),
        Value::Null | Value::Integer(_) | Value::Text(_) | Value::Blob(_) => {
            Err(unlike(DirectType::Real, value))
        }
    }
}

fn unlike(wanted: DirectType, found: DirectValueRef<'_>) -> BoxDynError {
    format!("{} where {wanted} is expected", DirectType::of(found.0)).into()
}

fn text<'r>(value: DirectValueRef<'r>) -> Result<&'r str, BoxDynError> {
    match value.0 {
        Value::Text(text) => Ok(text),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Blob(_) => {
            Err(unlike(DirectType::Text, value))
        }
    }
}

fn blob<'r>(value: DirectValueRef<'r>) -> Result<&'r [u8], BoxDynError> {
    match value.0 {
        Value::Blob(bytes) => Ok(bytes),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Text(_) => {
            Err(unlike(DirectType::Blob, value))
        }
    }
}

/// A type of any length: borrowed as `$borrowed`, owned as `$owned`.
macro_rules! sized_by_content {
    ($borrowed:ty, $owned:ty, $stored:ident, $read:ident) => {
        impl Type<Direct> for $borrowed {
            fn type_info() -> DirectType {
                DirectType::$stored
            }
        }

        impl Type<Direct> for $owned {
            fn type_info() -> DirectType {
                DirectType::$stored
            }
        }

        impl Encode<'_, Direct> for &'_ $borrowed {
            fn encode_by_ref(&self, values: &mut Vec<Value>) -> Result<IsNull, BoxDynError> {
                values.push(Value::$stored(<$owned>::from(*self)));
                Ok(IsNull::No)
            }
        }

        impl Encode<'_, Direct> for $owned {
            fn encode(self, values: &mut Vec<Value>) -> Result<IsNull, BoxDynError> {
                values.push(Value::$stored(self));
                Ok(IsNull::No)
            }

            fn encode_by_ref(&self, values: &mut Vec<Value>) -> Result<IsNull, BoxDynError> {
                values.push(Value::$stored(self.clone()));
                Ok(IsNull::No)
            }
        }

        impl<'r> Decode<'r, Direct> for &'r $borrowed {
            fn decode(value: DirectValueRef<'r>) -> Result<Self, BoxDynError> {
                $read(value)
            }
        }

        impl Decode<'_, Direct> for $owned {
            fn decode(value: DirectValueRef<'_>) -> Result<Self, BoxDynError> {
                Ok(<$owned>::from($read(value)?))
            }
        }
    };
}

sized_by_content!(str, String, Text, text);
sized_by_content!([u8], Vec<u8>, Blob, blob);

impl_encode_for_option!(Direct);
