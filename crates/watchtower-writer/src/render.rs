//! Turns the domain model into documents, as pure functions, and documents into bytes.

mod json;
pub mod v0;
pub mod v1;

use std::io::{self, Write};

use rayon::prelude::*;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use self::json::Json;

/// Writes a document as one object: two-space indented, UTF-8 unescaped, a newline at the end.
///
/// # Errors
///
/// What the writer says.
pub fn write_object(writer: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut text = Vec::new();
    document.serialize(&mut Json::new(&mut text))?;
    text.push(b'\n');
    writer.write_all(&text)
}

/// Writes a list document in the same form.
///
/// `document` makes the entry of an element. Blocks of entries are made side by side, and written in
/// order while the next ones are made.
///
/// # Errors
///
/// What the writer says.
pub fn write_list<'a, T: Sync, D: Serialize>(
    writer: &mut (dyn Write + Send),
    elements: &'a [T],
    document: impl Fn(&'a T) -> D + Sync,
) -> io::Result<()> {
    write_judged_list(writer, elements, document, |_| true).map(drop)
}

/// As [`write_list`]; says whether every entry passed.
pub(crate) fn write_judged_list<'a, T: Sync, D: Serialize>(
    writer: &mut (dyn Write + Send),
    elements: &'a [T],
    document: impl Fn(&'a T) -> D + Sync,
    passes: impl Fn(&D) -> bool + Sync,
) -> io::Result<bool> {
    if elements.is_empty() {
        writer.write_all(b"[]\n")?;
        return Ok(true);
    }
    let blocks: Vec<&[T]> = elements.chunks(BLOCK).collect();
    let mut finished: Vec<Block> = Vec::new();
    // A block that is written makes room for another: fresh memory would be cleared by the system
    // first, which takes as long as filling it.
    let mut spare: Vec<Vec<u8>> = Vec::new();
    let mut all_pass = true;
    let mut is_first = true;
    for batch in blocks.chunks(rayon::current_num_threads() * 4) {
        let mut room = std::mem::take(&mut spare);
        room.resize_with(batch.len(), Vec::new);
        let (written, made) = rayon::join(
            || write_blocks(writer, &mut finished, &mut is_first, &mut spare),
            || {
                let blocks = batch.par_iter().zip(room);
                let made = blocks.map(|(it, room)| block(it, &document, &passes, room));
                made.collect()
            },
        );
        written?;
        let made: io::Result<_> = made;
        finished = made?;
        all_pass &= finished.iter().all(|it| it.passes);
    }
    write_blocks(writer, &mut finished, &mut is_first, &mut spare)?;
    writer.write_all(b"\n]\n")?;
    Ok(all_pass)
}

/// How many entries are made at a time.
const BLOCK: usize = 128;

/// A run of entries.
struct Block {
    /// As they stand in a list, with the bracket that opens it in front.
    bytes: Vec<u8>,
    /// Whether every one passed.
    passes: bool,
}

fn block<'a, T, D: Serialize>(
    elements: &'a [T],
    document: &impl Fn(&'a T) -> D,
    is_good: &impl Fn(&D) -> bool,
    mut bytes: Vec<u8>,
) -> io::Result<Block> {
    let mut passes = true;
    let mut json = Json::new(&mut bytes);
    let mut list = json.serialize_seq(Some(elements.len()))?;
    for element in elements {
        let document = document(element);
        passes &= is_good(&document);
        list.serialize_element(&document)?;
    }
    Ok(Block { bytes, passes })
}

/// Writes blocks, and leaves their room; a comma takes the place of the bracket in all but the first
/// one.
fn write_blocks(
    writer: &mut dyn Write,
    blocks: &mut Vec<Block>,
    is_first: &mut bool,
    spare: &mut Vec<Vec<u8>>,
) -> io::Result<()> {
    for Block { mut bytes, .. } in blocks.drain(..) {
        if !std::mem::take(is_first) {
            bytes[0] = b',';
        }
        writer.write_all(&bytes)?;
        bytes.clear();
        spare.push(bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_however_it_is_cut_into_blocks() {
        for length in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 100 * BLOCK + 7] {
            let elements: Vec<_> = (0..length).collect();
            let entry = |it: &usize| serde_json::json!({"id": it, "tasks": [], "name": [it]});
            let mut written = Vec::new();
            write_list(&mut written, &elements, entry).unwrap();
            let whole: Vec<_> = elements.iter().map(entry).collect();
            let mut expected = serde_json::to_vec_pretty(&whole).unwrap();
            expected.push(b'\n');
            assert!(written == expected, "{length} entries");
        }
    }
}
