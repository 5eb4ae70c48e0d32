//! Bounds the number of values in a JSON text before it is parsed. A megabyte of `[1,1,1` becomes half a million
//! values, each many times larger in memory than in the text, and nothing has been charged for the request yet.

/// The most values and brackets that a request may have. This is more than the longest list of ids, and few enough that
/// parsing costs less than the document.
const MOST: usize = 20_000;

/// Whether a text has at most `MOST` values and brackets. The parser refuses text that is not JSON.
pub fn is_within_limit(json: &[u8]) -> bool {
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
    fn json_with_too_many_values_is_refused() {
        let list = |items: usize| format!("[{}1]", "1,".repeat(items - 1));
        assert!(is_within_limit(list(20_000).as_bytes()));
        assert!(!is_within_limit(list(20_001).as_bytes()));
        assert!(!is_within_limit("[".repeat(20_001).as_bytes()));
        assert!(!is_within_limit("{\"a\":".repeat(10_001).as_bytes()));
    }

    #[test]
    fn the_content_of_strings_does_not_count() {
        let text = ",:[{".repeat(20_000);
        assert!(is_within_limit(
            format!("{{\"query\":\"{text}\"}}").as_bytes()
        ));
        let quoted = format!("{{\"query\":\"\\\"{text}\\\\\"}}");
        assert!(is_within_limit(quoted.as_bytes()));
        assert!(!is_within_limit(format!("\"\\\\\"{text}").as_bytes()));
    }
}
