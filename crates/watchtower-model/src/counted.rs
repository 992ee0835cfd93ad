//! Numbers with what they count, in a sentence.

/// A number with its noun.
///
/// ```
/// use watchtower_model::counted;
///
/// assert_eq!(counted(1, "shot has", "shots have"), "1 shot has");
/// assert_eq!(counted(0, "shot has", "shots have"), "0 shots have");
/// ```
pub fn counted(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    }
}
