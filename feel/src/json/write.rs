//! Writing normalized JSON.
//!
//! Escapes exactly as [`super::normalize`] does, so that written and received names compare as bytes.

/// Appends `s` as a JSON string with its quotes.
pub fn write_string(out: &mut Vec<u8>, s: &str) {
    out.push(b'"');
    write_string_content(out, s);
    out.push(b'"');
}

/// Appends `s` escaped, without quotes.
pub(crate) fn write_string_content(out: &mut Vec<u8>, s: &str) {
    let mut rest = s.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|b| *b < 0x20 || *b == b'"' || *b == b'\\')
    {
        out.extend_from_slice(&rest[..at]);
        write_escape(out, rest[at]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        8 => b'b',
        12 => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Writes one object field by field. The caller keeps names distinct and calls [`ObjectWriter::end`].
#[derive(Debug)]
pub struct ObjectWriter<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> ObjectWriter<'o> {
    /// Opens an object at the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        ObjectWriter { out, first: true }
    }

    /// A field whose value is already encoded.
    pub fn field(&mut self, name: &str, value: &[u8]) {
        self.name(name).extend_from_slice(value);
    }

    /// A field whose name is already escaped (from [`super::raw_fields`]) and value encoded.
    pub fn raw_field(&mut self, name: &[u8], value: &[u8]) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(b"\":");
        self.out.extend_from_slice(value);
    }

    /// A string field.
    pub fn string(&mut self, name: &str, value: &str) {
        write_string(self.name(name), value);
    }

    /// A whole-number field.
    pub fn integer(&mut self, name: &str, value: i64) {
        self.name(name)
            .extend_from_slice(value.to_string().as_bytes());
    }

    /// A boolean field.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.field(name, if value { b"true" } else { b"false" });
    }

    /// A null field.
    pub fn null(&mut self, name: &str) {
        self.field(name, b"null");
    }

    /// Writes a field's name and hands out the buffer: the caller appends exactly one encoded value.
    pub fn name(&mut self, name: &str) -> &mut Vec<u8> {
        self.separate();
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// Closes the object.
    pub fn end(self) {
        self.out.push(b'}');
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
    }
}
