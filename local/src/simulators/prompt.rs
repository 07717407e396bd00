//! The words of a prompt that a simulated vendor listens to.

/// A prompt with this word is refused at once.
pub const FORBIDDEN_WORD: &str = "forbidden";

/// A prompt with this word is accepted, and its video fails moderation.
pub const UNLUCKY_WORD: &str = "unlucky";

pub(super) fn is_forbidden(prompt: &str) -> bool {
    has_word(prompt, FORBIDDEN_WORD)
}

pub(super) fn is_unlucky(prompt: &str) -> bool {
    has_word(prompt, UNLUCKY_WORD)
}

fn has_word(prompt: &str, word: &str) -> bool {
    prompt
        .split(|character: char| !character.is_alphanumeric())
        .any(|found| found.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_when_it_stands_alone() {
        let rows = [
            ("A Forbidden, city", true, false),
            ("an unlucky cat", false, true),
            ("an unforbidden place", false, false),
            ("雨,unlucky雨", false, false),
            ("", false, false),
        ];
        for (prompt, forbidden, unlucky) in rows {
            assert_eq!(
                (is_forbidden(prompt), is_unlucky(prompt)),
                (forbidden, unlucky),
                "{prompt}"
            );
        }
    }
}
