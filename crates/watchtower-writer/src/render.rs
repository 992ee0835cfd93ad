//! Turns the domain model into documents, as pure functions, and documents into bytes.

pub mod v0;
pub mod v1;

use std::io::{self, Write};

use rayon::prelude::*;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::ser::Formatter;

/// Writes a document as one object: two-space indented, UTF-8 unescaped, a newline at the end.
///
/// # Errors
///
/// What the writer says.
pub fn write_object(writer: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut serializer = serializer(writer);
    document.serialize(&mut serializer)?;
    serializer.into_inner().write_all(b"\n")
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
const BLOCK: usize = 512;

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
    bytes.reserve(1 << 20);
    let mut serializer = serializer(&mut bytes);
    let mut list = serializer.serialize_seq(Some(elements.len()))?;
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

fn serializer<W: Write>(writer: W) -> serde_json::Serializer<W, Indented> {
    serde_json::Serializer::with_formatter(writer, Indented::default())
}

/// The form of [`PrettyFormatter`](serde_json::ser::PrettyFormatter) with two spaces, which writes each
/// of them by itself; here a line break and all spaces after it are one piece.
#[derive(Default)]
struct Indented {
    depth: usize,
    /// Whether something stands between the brackets that are open.
    has_value: bool,
}

impl Indented {
    fn break_line<W: ?Sized + Write>(&self, writer: &mut W, before: &[u8]) -> io::Result<()> {
        // No document of ours is nested deeper; what a tracker adds may be.
        const SPACES: &[u8; 34] = b",\n                                ";
        let start = 1 - before.len();
        match SPACES.get(start..2 + 2 * self.depth) {
            Some(piece) => writer.write_all(piece),
            None => {
                writer.write_all(&SPACES[start..2])?;
                (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
            }
        }
    }

    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.break_line(writer, b"")?;
        }
        writer.write_all(bracket)
    }

    fn next<W: ?Sized + Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        self.break_line(writer, if is_first { b"" } else { b"," })
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.next(writer, is_first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        is_first: bool,
    ) -> io::Result<()> {
        self.next(writer, is_first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            Just(json!(1.5)),
            "[a\"\n]{0,3}".prop_map(Value::from)
        ];
        leaf.prop_recursive(24, 60, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::hash_map("[a-c]{0,2}", inner, 0..3)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_has_the_form_that_serde_json_gives_it(value in any_json()) {
            let mut written = Vec::new();
            write_object(&mut written, &value).unwrap();
            let mut expected = serde_json::to_vec_pretty(&value).unwrap();
            expected.push(b'\n');
            prop_assert_eq!(String::from_utf8(written), String::from_utf8(expected));
        }
    }

    #[test]
    fn depth_has_no_limit() {
        let deep = (0..100).fold(json!({}), |inner, _| json!({"in": [inner, 1]}));
        let mut written = Vec::new();
        write_object(&mut written, &deep).unwrap();
        let expected = serde_json::to_vec_pretty(&deep).unwrap();
        assert!(written.strip_suffix(b"\n") == Some(&*expected));
    }

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
