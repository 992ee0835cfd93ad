//! The text of an edit's file, in whatever encoding it came.

use encoding_rs::{Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Decodes a file by its mark, or by what its bytes say. Gives back the text, and a note where the
/// encoding was guessed.
///
/// # Errors
///
/// In words, for what is no text.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Option<String>), String> {
    let marked = Encoding::for_bom(bytes);
    if let Some((encoding, mark)) = marked {
        return exactly(encoding, &bytes[mark..]).map(|text| (text, None));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\0')
    {
        return Ok((text.to_owned(), None));
    }
    // In UTF-16 every other byte of plain English is zero.
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|it| **it == 0);
    let encoding = match (zeros(0).count(), zeros(1).count()) {
        (0, 0) => single_byte(bytes),
        (even, odd) if odd > even => UTF_16LE,
        _ => UTF_16BE,
    };
    let text = exactly(encoding, bytes)?;
    let name = match encoding {
        it if it == MACINTOSH => "Mac Roman",
        it if it == WINDOWS_1252 => "Windows-1252",
        it => it.name(),
    };
    let note =
        format!("it does not say its encoding, and was read as {name}: check letters with accents");
    Ok((text, Some(note)))
}

fn exactly(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, String> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.filter(|it| !it.contains('\0'));
    let text = text.ok_or_else(|| "it is not text: export it again, in UTF-8".to_owned())?;
    Ok(text.into_owned())
}

/// Windows-1252 or Mac Roman: whichever makes more letters where letters are likely.
fn single_byte(bytes: &[u8]) -> &'static Encoding {
    let likely = |encoding: &'static Encoding| {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        let mut before = ' ';
        let mut score = 0;
        for letter in text.chars() {
            score += match letter {
                _ if letter.is_ascii() => 0,
                // A capital within a word, as in `pÈe`, is a small letter of the other encoding.
                'À'..='Þ' if before.is_lowercase() => -1,
                'À'..='ÿ' if letter.is_alphabetic() => 1,
                _ => -1,
            };
            before = letter;
        }
        score
    };
    match likely(MACINTOSH) > likely(WINDOWS_1252) {
        true => MACINTOSH,
        false => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_from_the_bytes() {
        let said = |bytes: &[u8]| {
            let (text, note) = decode(bytes).unwrap();
            let name = note.map(|it| it.split("read as ").nth(1).unwrap().to_owned());
            let name = name.map(|it| it.split(':').next().unwrap().to_owned());
            (text, name.unwrap_or_default())
        };
        let text = "* FROM CLIP NAME: Épée à Köln";
        let pair = |name: &str| (text.to_owned(), name.to_owned());
        let (windows, _, _) = WINDOWS_1252.encode(text);
        let mac: Vec<u8> = text
            .chars()
            .map(|it| match it {
                'É' => 0x83,
                'é' => 0x8e,
                'à' => 0x88,
                'ö' => 0x9a,
                it => u8::try_from(it).unwrap(),
            })
            .collect();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let other: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(said(text.as_bytes()), pair(""));
        assert_eq!(
            said(&[&b"\xef\xbb\xbf"[..], text.as_bytes()].concat()),
            pair("")
        );
        assert_eq!(said(&[&b"\xff\xfe"[..], &wide].concat()), pair(""));
        assert_eq!(said(&windows), pair("Windows-1252"));
        assert_eq!(said(&mac), pair("Mac Roman"));
        assert_eq!(said(&wide), pair("UTF-16LE"));
        assert_eq!(said(&other), pair("UTF-16BE"));
        assert!(decode(b"\x00\x01\x02\xff\xd8").is_err());
    }
}
