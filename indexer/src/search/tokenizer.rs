//! The pure cutters as the index wants them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::analysis::{
    Cut, Word,
    pinyin::{SoundCutter, sounds},
    words::{Cutter, cut},
};

macro_rules! tokenizer {
    ($(#[$doc:meta])* $name:ident, $stream:ident, $cutter:ty, $make:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) struct $name;

        pub(crate) struct $stream<'a> {
            cutter: $cutter,
            word: Word,
            token: Token,
        }

        impl Tokenizer for $name {
            type TokenStream<'a> = $stream<'a>;

            fn token_stream<'a>(&'a mut self, text: &'a str) -> $stream<'a> {
                $stream { cutter: $make(text), word: Word::default(), token: Token::default() }
            }
        }

        impl TokenStream for $stream<'_> {
            fn advance(&mut self) -> bool {
                // The buffers of word and token change places, so that no text is copied.
                std::mem::swap(&mut self.word.text, &mut self.token.text);
                let more = self.cutter.next_into(&mut self.word);
                std::mem::swap(&mut self.word.text, &mut self.token.text);
                self.token.offset_from = self.word.start;
                self.token.offset_to = self.word.end;
                self.token.position = self.token.position.wrapping_add(1);
                more
            }

            fn token(&self) -> &Token {
                &self.token
            }

            fn token_mut(&mut self) -> &mut Token {
                &mut self.token
            }
        }
    };
}

tokenizer!(
    /// Bigrams of ideographs, whole words of letters and digits.
    BigramTokenizer, BigramStream, Cutter<'a>, |text| cut(text, Cut::Bigrams)
);
tokenizer!(
    /// Single ideographs, whole words of letters and digits.
    SingleTokenizer, SingleStream, Cutter<'a>, |text| cut(text, Cut::Singles)
);
tokenizer!(
    /// Pairs of sounds.
    SoundTokenizer, SoundStream, SoundCutter<'a>, sounds
);
