//! Reads a document in blocks and hands it out value by value, so that no file is ever held whole.
//!
//! A list is handed out element by element; an object is one value. What a value's bytes are worth is
//! up to who takes them: a parser that runs out of bytes gets more of them and starts again.

use std::io::{self, Read};

use serde::de::IgnoredAny;
use serde_json::Deserializer;
use watchtower_model::format::Shape;
use watchtower_model::json;

use super::Code;

/// How much is read at once. Values are a few kilobytes, so next to none is parsed twice.
const BLOCK: usize = 1 << 20;

/// The largest value that is read. No production comes near it; without a limit a file of one
/// endless value would be held whole.
pub(super) const LARGEST: usize = 64 << 20;

/// Why no further value can be read from a document.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The text is at fault.
    Syntax {
        code: Code,
        /// The byte at which it is, from the start of the file.
        offset: u64,
        message: String,
    },
    /// The file is.
    Io(io::Error),
}

/// The values of a document.
pub(crate) struct Elements<R> {
    input: R,
    shape: Shape,
    buffer: Vec<u8>,
    /// Where the bytes in `buffer` begin that are not consumed.
    start: usize,
    /// The place in the file of the first byte in `buffer`.
    base: u64,
    /// Whether `input` has given all it has.
    exhausted: bool,
    /// How many values were handed out.
    count: usize,
    /// How many bytes the last of them had.
    last: usize,
}

impl<R: Read> Elements<R> {
    pub(crate) fn new(input: R, shape: Shape) -> Self {
        Self {
            input,
            shape,
            buffer: Vec::new(),
            start: 0,
            base: 0,
            exhausted: false,
            count: 0,
            last: 0,
        }
    }

    /// The place in the file of the first byte that is not consumed.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The bytes of the value that was handed out last, and the place of the first of them in the
    /// file.
    pub(crate) fn last(&self) -> (&[u8], u64) {
        let bytes = &self.buffer[self.start - self.last..self.start];
        (bytes, self.offset() - self.last as u64)
    }

    /// How many values were handed out.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Skips a byte order mark, and says whether there was one. To be called before anything is read.
    pub(crate) fn skip_byte_order_mark(&mut self) -> Result<bool, Broken> {
        self.fill().map_err(Broken::Io)?;
        if self.rest().starts_with(b"\xff\xfe") || self.rest().starts_with(b"\xfe\xff") {
            return Err(self.broken(Code::NotJson, 0, "the file is UTF-16, expected UTF-8"));
        }
        let found = self.rest().starts_with("\u{feff}".as_bytes());
        if found {
            self.start += 3;
        }
        Ok(found)
    }

    /// Hands the bytes from the next value on to `parse`, which answers with what it made of the
    /// value and how many bytes that was. Answers `None` at the end of the document.
    ///
    /// `parse` is called again with more bytes when they ended within the value, or with it.
    pub(crate) fn next<T>(
        &mut self,
        mut parse: impl FnMut(&[u8]) -> serde_json::Result<(T, usize)>,
    ) -> Result<Option<T>, Broken> {
        if !self.advance()? {
            return Ok(None);
        }
        loop {
            let answer = parse(self.rest());
            let more = match &answer {
                // A number that ends with the bytes may go on behind them.
                Ok((_, used)) => *used == self.rest().len(),
                Err(error) => error.is_eof(),
            };
            if more && !self.exhausted {
                if self.rest().len() >= LARGEST {
                    return Err(self.broken(Code::TooLarge, 0, "one entry exceeds 64 MiB"));
                }
                self.fill().map_err(Broken::Io)?;
                continue;
            }
            return match answer {
                Ok((value, used)) => {
                    self.start += used;
                    self.last = used;
                    self.count += 1;
                    Ok(Some(value))
                }
                Err(error) => Err(self.syntax(&error)),
            };
        }
    }

    /// Moves to the first byte of the next value; answers whether there is one.
    fn advance(&mut self) -> Result<bool, Broken> {
        match (self.shape, self.count) {
            (Shape::Object, 0) => self.expect_kind(b'{')?,
            (Shape::Object, _) => return self.end(),
            (Shape::List, 0) => {
                self.expect_kind(b'[')?;
                self.start += 1;
                if self.peek()? == Some(b']') {
                    self.start += 1;
                    return self.end();
                }
            }
            (Shape::List, _) => match self.peek()? {
                Some(b',') => self.start += 1,
                Some(b']') => {
                    self.start += 1;
                    return self.end();
                }
                Some(_) => {
                    return Err(self.broken(
                        Code::NotJson,
                        0,
                        "expected `,` or `]` behind an entry",
                    ));
                }
                None => return Err(self.truncated()),
            },
        }
        match self.peek()? {
            Some(_) => Ok(true),
            None => Err(self.truncated()),
        }
    }

    /// Checks that the document starts as one of its shape does.
    fn expect_kind(&mut self, opening: u8) -> Result<(), Broken> {
        let found = match self.peek()? {
            Some(byte) if byte == opening => return Ok(()),
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "text",
            Some(b'<') => {
                return Err(self.broken(
                    Code::NotJson,
                    0,
                    "the file is no JSON but a web page or another text that starts with `<`",
                ));
            }
            None => return Err(self.broken(Code::Truncated, 0, "the file is empty")),
            Some(_) => {
                let mut value = Deserializer::from_slice(self.rest()).into_iter::<IgnoredAny>();
                if let Some(Err(error)) = value.next() {
                    return Err(self.syntax(&error));
                }
                "a single value"
            }
        };
        let expected = match self.shape {
            Shape::Object => "an object",
            Shape::List => "a list",
        };
        let message = format!("the document is {found}, expected {expected}");
        Err(self.broken(Code::WrongDocument, 0, message))
    }

    /// Checks that nothing but white space follows.
    fn end(&mut self) -> Result<bool, Broken> {
        match self.peek()? {
            None => Ok(false),
            Some(_) => Err(self.broken(
                Code::TrailingText,
                0,
                "text follows behind the end of the document",
            )),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, Broken> {
        loop {
            let space = self
                .rest()
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
                .count();
            self.start += space;
            if let Some(byte) = self.rest().first() {
                return Ok(Some(*byte));
            }
            if self.exhausted {
                return Ok(None);
            }
            self.fill().map_err(Broken::Io)?;
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Reads on: drops what is consumed, and fills a block behind what is not.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.start = 0;
        // A value larger than a block is parsed once for each doubling, not for each block.
        let room = BLOCK.max(2 * self.buffer.len()) - self.buffer.len();
        let read = (&mut self.input)
            .take(room as u64)
            .read_to_end(&mut self.buffer)?;
        self.exhausted = read < room;
        Ok(())
    }

    fn broken(&self, code: Code, ahead: usize, message: impl Into<String>) -> Broken {
        Broken::Syntax {
            code,
            offset: self.offset() + ahead as u64,
            message: message.into(),
        }
    }

    fn truncated(&self) -> Broken {
        let message = match self.count {
            0 => "the file ends before its document does".to_owned(),
            1 => "the file ends behind its first entry".to_owned(),
            count => format!("the file ends behind {count} entries"),
        };
        self.broken(Code::Truncated, 0, message)
    }

    /// Tells from `serde_json`'s error, and from the text it stands at, what is wrong.
    fn syntax(&self, error: &serde_json::Error) -> Broken {
        if error.is_eof() {
            let mut broken = self.truncated();
            if let Broken::Syntax { offset, .. } = &mut broken {
                *offset += self.rest().len() as u64;
            }
            return broken;
        }
        let flaw = json::flaw(self.rest(), error);
        let code = match flaw.is_number {
            true => Code::NotANumber,
            false => Code::NotJson,
        };
        self.broken(code, flaw.offset, flaw.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one by one.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = self.0.len().min(1).min(buffer.len());
            (&mut self.0).take(one as u64).read(buffer)
        }
    }

    fn values(text: &str, shape: Shape) -> Result<Vec<String>, (Code, u64)> {
        let mut elements = Elements::new(Drops(text.as_bytes()), shape);
        let mut values = Vec::new();
        let parse = |bytes: &[u8]| {
            let mut stream = Deserializer::from_slice(bytes).into_iter::<serde_json::Value>();
            let value = stream.next().expect("there is a value")?;
            Ok((value.to_string(), stream.byte_offset()))
        };
        loop {
            match elements.next(parse) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => return Ok(values),
                Err(Broken::Syntax { code, offset, .. }) => return Err((code, offset)),
                Err(Broken::Io(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_list_is_handed_out_element_by_element() {
        let list = |text| values(text, Shape::List);
        assert_eq!(list(" [ ] \n"), Ok(vec![]));
        assert_eq!(
            list("[1, {\"a\": [2]} ,null]"),
            Ok(vec!["1".into(), "{\"a\":[2]}".into(), "null".into()])
        );
    }

    #[test]
    fn an_object_is_one_value() {
        assert_eq!(
            values(" {\"a\": 1}\n", Shape::Object),
            Ok(vec!["{\"a\":1}".into()])
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_placed() {
        let list = |text| values(text, Shape::List).unwrap_err();
        assert_eq!(list(""), (Code::Truncated, 0));
        assert_eq!(list("[1, "), (Code::Truncated, 4));
        assert_eq!(list("[{\"a\": 1}, {\"b\""), (Code::Truncated, 15));
        assert_eq!(list("[] ]"), (Code::TrailingText, 3));
        assert_eq!(list("[1,]"), (Code::NotJson, 3));
        assert_eq!(list("[1 2]"), (Code::NotJson, 3));
        assert_eq!(list("[{\"a\": NaN}]"), (Code::NotANumber, 7));
        assert_eq!(list("[{\"a\":\n -Infinity}]"), (Code::NotANumber, 8));
        assert_eq!(list("NaN"), (Code::NotANumber, 0));
        assert_eq!(list("{}"), (Code::WrongDocument, 0));
        assert_eq!(list("<html>"), (Code::NotJson, 0));
        assert_eq!(list("[{'a': 1}]"), (Code::NotJson, 2));
        assert_eq!(
            values("[]", Shape::Object).unwrap_err(),
            (Code::WrongDocument, 0)
        );
    }

    #[test]
    fn values_may_be_larger_than_a_block() {
        let long = format!("\"{}\"", "x".repeat(3 * BLOCK));
        let text = format!("[{long}, {long}]");
        assert_eq!(
            values(&text, Shape::List),
            Ok(vec![long.clone(), long.clone()])
        );
    }
}
