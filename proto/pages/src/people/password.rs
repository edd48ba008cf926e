//! Which passwords are too easy (NIST SP 800-63B, 5.1.1.2): length, a list of common ones, repetition, runs, and what an
//! attacker would try first. No rules about capitals, digits or signs, and no forced change. Pure.

use std::{collections::BTreeSet, fmt, sync::LazyLock};

/// Fewest characters of a password that is not a row of words.
pub const FEWEST: usize = 12;
/// So many words make a password whatever their length.
pub const WORDS: usize = 4;
/// Fewest characters of such a word.
const WORD_FEWEST: usize = 2;
/// Most characters: argon2 takes more, but an attacker should not choose how much.
pub const MOST: usize = 128;
/// Fewest different characters.
const DIFFERENT: usize = 5;

static COMMON: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

/// A password that is good enough. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The bytes that are hashed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// Why a password is too easy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooEasy {
    /// Too short.
    #[error(
        "must have at least 12 characters, or 4 words with spaces between them （至少 12 个字符，或用空格隔开的 4 个词）"
    )]
    Short,
    /// Too long.
    #[error("must have at most 128 characters （最多 128 个字符）")]
    Long,
    /// Everybody has it.
    #[error("is one of the most common passwords （是最常见的密码之一）")]
    Common,
    /// `aaaaaaaaaaaa`, `abababababab`.
    #[error("has too few different characters （不同的字符太少）")]
    Repeated,
    /// `abcdefghijkl`, `987654321098`.
    #[error("is a simple row of characters （只是一串连续的字符）")]
    Run,
    /// Who knows the person tries it first.
    #[error("holds your login name or the name of this system （含有登录名或本系统的名称）")]
    Obvious,
}

/// Checks a new password of somebody with this login name. It is taken as typed, spaces included.
///
/// # Errors
/// Why it is too easy.
pub fn check(typed: &str, login: &str) -> Result<Password, TooEasy> {
    let length = typed.chars().count();
    if length > MOST {
        return Err(TooEasy::Long);
    }
    let words = typed.split_whitespace().filter(|word| word.chars().count() >= WORD_FEWEST).count();
    if length < FEWEST && words < WORDS {
        return Err(TooEasy::Short);
    }
    let plain: String =
        typed.chars().filter(|one| !one.is_whitespace()).flat_map(char::to_lowercase).collect();
    if COMMON.contains(plain.as_str()) {
        return Err(TooEasy::Common);
    }
    if plain.chars().collect::<BTreeSet<_>>().len() < DIFFERENT {
        return Err(TooEasy::Repeated);
    }
    if is_run(&plain) {
        return Err(TooEasy::Run);
    }
    if !login.is_empty() && plain.contains(login) || plain.contains("shouwang") || plain.contains("守望") {
        return Err(TooEasy::Obvious);
    }
    Ok(Password(typed.to_owned()))
}

/// True when nearly every character follows the one before it, upwards or downwards.
fn is_run(plain: &str) -> bool {
    let codes: Vec<i64> = plain.chars().map(|one| i64::from(u32::from(one))).collect();
    let steps = codes.len().saturating_sub(1);
    let follows = |by: i64| codes.windows(2).filter(|pair| pair[1] - pair[0] == by).count();
    // From 9 to 0 and from z to a the row begins again.
    steps > 0 && follows(1).max(follows(-1)) * 5 >= steps * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(typed: &str, why: TooEasy) {
        assert_eq!(check(typed, "wang.min"), Err(why), "{typed}");
    }

    #[test]
    fn easy_ones_are_refused() {
        refused("short1!", TooEasy::Short);
        refused("a b c d", TooEasy::Short);
        refused("动火作业许可证十一字", TooEasy::Short);
        refused(&"好".repeat(129), TooEasy::Long);
        refused("password1234", TooEasy::Common);
        refused("Pass Word 1234", TooEasy::Common);
        refused("woaini5201314", TooEasy::Common);
        refused("abababababab", TooEasy::Repeated);
        refused("abcdefghijklmn", TooEasy::Run);
        refused("12345678901234", TooEasy::Run);
        refused("zyxwvutsrqpo", TooEasy::Run);
        refused("wang.min-likes-tea", TooEasy::Obvious);
        refused("my ShouWang login", TooEasy::Obvious);
    }

    #[test]
    fn long_ones_and_words_are_taken_without_rules_about_signs() {
        for good in [
            "correct horse battery staple",
            "起重 泡沫 夜班 龙井",
            "kettle-otter-vivid",
            "一班长每天早上先看通风机再喝茶",
        ] {
            assert_eq!(check(good, "wang.min").unwrap().as_bytes(), good.as_bytes());
        }
        assert!(!format!("{:?}", check("kettle-otter-vivid", "")).contains("otter"));
    }

    #[test]
    fn the_list_holds_only_what_the_length_would_let_through() {
        for common in COMMON.iter() {
            assert!(common.chars().count() >= FEWEST, "{common} is refused for its length anyway");
            assert_eq!(*common, common.to_lowercase());
        }
        assert!(COMMON.len() > 60);
    }
}
