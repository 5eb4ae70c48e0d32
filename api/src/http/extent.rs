//! A look at a JSON text before it is read. A megabyte of `[1,1,1` becomes half a million values, each of which takes
//! in memory many times what it takes in the text; nothing was paid for it then.

/// The values and brackets that a request may have: more than any list of ids that may be asked for, and little enough
/// to be read for less than its document costs.
const MOST: usize = 20_000;

/// Whether a text has no more in it than a request may have. What is not JSON is for the parser to refuse.
pub fn is_modest(json: &[u8]) -> bool {
    let (mut found, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b':' | b'[' | b'{' if !in_text => {
                found += 1;
                if found > MOST {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_too_much_in_it_is_told_by_its_bytes() {
        let list = |items: usize| format!("[{}1]", "1,".repeat(items - 1));
        assert!(is_modest(list(20_000).as_bytes()));
        assert!(!is_modest(list(20_001).as_bytes()));
        assert!(!is_modest("[".repeat(20_001).as_bytes()));
        assert!(!is_modest("{\"a\":".repeat(10_001).as_bytes()));
    }

    #[test]
    fn what_stands_in_a_text_does_not_count() {
        let text = ",:[{".repeat(20_000);
        assert!(is_modest(format!("{{\"query\":\"{text}\"}}").as_bytes()));
        let quoted = format!("{{\"query\":\"\\\"{text}\\\\\"}}");
        assert!(is_modest(quoted.as_bytes()));
        assert!(!is_modest(format!("\"\\\\\"{text}").as_bytes()));
    }
}
