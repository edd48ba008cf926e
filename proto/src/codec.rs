//! How messages of the contract become bytes: as everywhere in gRPC, with smaller buffers to begin with.
//!
//! tonic takes 8 KiB for reading and 8 KiB for writing at the start of every stream. Most streams of a hub are links of
//! nodes, which are silent nearly always and say little when they speak: ten thousand of them would hold 160 MiB of
//! nothing. A buffer grows with the first message that needs more.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// Bytes of a buffer to begin with: a control message fits.
const FIRST_BYTES: usize = 512;
/// Bytes after which what is waiting goes on its way; tonic's own default.
const YIELD_BYTES: usize = 32 * 1024;

/// Writes `T` and reads `U`.
#[derive(Clone, Debug)]
pub struct LeanCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for LeanCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for LeanCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> ProstEncoder<T> {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(FIRST_BYTES, YIELD_BYTES))
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(FIRST_BYTES, YIELD_BYTES))
    }
}
