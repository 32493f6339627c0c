//! The encoding of variables: what is accepted, what it becomes, and what is read from it.

use feel::json::{self, Limits};
use proptest::prelude::*;

fn normalized(text: &str) -> String {
    let bytes = json::normalize(text.as_bytes(), &Limits::default())
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn normalizes() {
    for (text, expected) in [
        (" null ", "null"),
        ("1.50", "1.50"),
        ("-0.0e+10", "-0.0e+10"),
        ("1E400", "1E400"),
        ("9007199254740993", "9007199254740993"),
        ("[ 1 , [ ] , { } ]", "[1,[],{}]"),
        ("{ \"a\" : 1 , \"b\" : [ true ] }", "{\"a\":1,\"b\":[true]}"),
        (r#""\u0041\/\u00e9\ud83d\ude00""#, "\"A/é😀\""),
        (r#""\u0001\u000a\"\\""#, r#""\u0001\n\"\\""#),
        ("{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}"),
        (
            "{\"a\":{\"x\":1,\"x\":2},\"\\u0061\":{\"y\":1,\"y\":2}}",
            "{\"a\":{\"y\":2}}",
        ),
        ("\t\r\n\"\"", "\"\""),
    ] {
        assert_eq!(normalized(text), expected, "{text}");
    }
    let many: String = (0..50).map(|i| format!("\"k{}\":{i},", i % 10)).collect();
    assert_eq!(
        normalized(&format!("{{{many}\"z\":0}}")),
        "{\"k0\":40,\"k1\":41,\"k2\":42,\"k3\":43,\"k4\":44,\"k5\":45,\"k6\":46,\"k7\":47,\"k8\":48,\"k9\":49,\"z\":0}"
    );
}

#[test]
fn refuses_with_the_position() {
    for (text, position, message) in [
        ("", (1, 1), "expected a value, found the end"),
        ("{\"a\" 1}", (1, 6), "expected `:`, found '1'"),
        ("{\"a\":\n tru}", (2, 2), "expected a value, found 't'"),
        ("[1,]", (1, 4), "expected a value, found ']'"),
        ("[1 2]", (1, 4), "expected `,` or `]`, found '2'"),
        (
            "{\"a\":1,}",
            (1, 8),
            "expected a name in double quotes, found '}'",
        ),
        (
            "{a:1}",
            (1, 2),
            "expected a name in double quotes, found 'a'",
        ),
        ("1 2", (1, 3), "expected the end of the document, found '2'"),
        ("01", (1, 2), "expected the end of the document, found '1'"),
        ("-", (1, 2), "expected a digit, found the end"),
        ("1.", (1, 3), "expected a digit, found the end"),
        ("1e", (1, 3), "expected a digit, found the end"),
        ("+1", (1, 1), "expected a value, found '+'"),
        (
            "\"é\\x\"",
            (1, 4),
            "expected one of `\"\\/bfnrtu` after `\\`, found 'x'",
        ),
        (
            "\"\\ud800\"",
            (1, 2),
            "half a surrogate pair is not a character, found '\\\\'",
        ),
        (
            "\"\\u12\"",
            (1, 6),
            "expected four hexadecimal digits, found '\"'",
        ),
        (
            "\"a",
            (1, 3),
            "expected `\"`: the string does not end, found the end",
        ),
        (
            "\"a\nb\"",
            (1, 3),
            "a control character must be escaped, found '\\n'",
        ),
        ("NaN", (1, 1), "expected a value, found 'N'"),
        ("\u{feff}1", (1, 1), "expected a value, found '\\u{feff}'"),
    ] {
        let error = json::normalize(text.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!((error.line, error.column), position, "{text}: {error}");
        assert_eq!(error.message, message, "{text}");
    }
    let error = json::normalize(b"\"a\xff\"", &Limits::default()).unwrap_err();
    assert_eq!(
        (error.offset, error.message.as_str()),
        (2, "not valid UTF-8")
    );
    let error = json::normalize_object(b" [1]", &Limits::default()).unwrap_err();
    assert_eq!(
        (error.column, error.message.as_str()),
        (2, "expected an object `{…}`")
    );
    assert_eq!(
        json::normalize_object(b"", &Limits::default()).unwrap(),
        "{}"
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        bytes: 10,
        depth: 2,
    };
    assert!(json::normalize(b"[[1]]", &limits).is_ok());
    let error = json::normalize(b"[[[1]]]", &limits).unwrap_err();
    assert_eq!(
        error.message,
        "nested deeper than the limit of 2, found '['"
    );
    let error = json::normalize(b"[1,2,3,4,5]", &limits).unwrap_err();
    assert_eq!(error.message, "the document has 11 bytes, the limit is 10");
    let deep = "[".repeat(1 << 20);
    let generous = Limits {
        bytes: usize::MAX,
        depth: usize::MAX,
    };
    assert!(json::normalize(deep.as_bytes(), &generous).is_err());
}

#[test]
fn fields_are_found_without_decoding() {
    let object =
        normalized(r#"{"a":{"b":[1,{"b":2}],"c":"}"},"b":"x\"y","b\"c":3,"":4,"é":[[]],"d":1.50}"#);
    let get =
        |name: &str| json::get(object.as_bytes(), name).map(|v| std::str::from_utf8(v).unwrap());
    assert_eq!(get("a"), Some(r#"{"b":[1,{"b":2}],"c":"}"}"#));
    assert_eq!(get("b"), Some(r#""x\"y""#));
    assert_eq!(get("b\"c"), Some("3"));
    assert_eq!(get(""), Some("4"));
    assert_eq!(get("é"), Some("[[]]"));
    assert_eq!(get("d"), Some("1.50"));
    assert_eq!(get("c"), None);
    assert_eq!(get("dd"), None);
    let names: Vec<String> = json::fields(object.as_bytes())
        .map(|(n, _)| n.into_owned())
        .collect();
    assert_eq!(names, ["a", "b", "b\"c", "", "é", "d"]);
    assert_eq!(json::get(b"{}", "a"), None);
    assert_eq!(json::elements(b"[]").count(), 0);
    let elements: Vec<&[u8]> = json::elements(b"[1,[2,3],\"a,]\",{}]").collect();
    assert_eq!(elements, [&b"1"[..], b"[2,3]", b"\"a,]\"", b"{}"]);
    assert_eq!(
        json::string(b"\"a\\n\\u0001\"").as_deref(),
        Some("a\n\u{1}")
    );
    assert_eq!(json::string(b"12"), None);
}

#[test]
fn merges_and_picks() {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(json::merge(b"{\"a\":1,\"b\":2}", b"{\"b\":3,\"c\":4}")),
        "{\"a\":1,\"b\":3,\"c\":4}"
    );
    assert_eq!(text(json::merge(b"{}", b"{}")), "{}");
    assert_eq!(
        text(json::pick(b"{\"a\":1,\"b\":2,\"c\":3}", &["c", "a", "x"])),
        "{\"a\":1,\"c\":3}"
    );
    assert_eq!(text(json::pick(b"{\"a\\n\":1}", &["a\n"])), "{\"a\\n\":1}");
    let mut out = Vec::new();
    let mut writer = json::ObjectWriter::new(&mut out);
    writer.string("s", "a\"b\u{1}");
    writer.integer("i", -5);
    writer.boolean("t", true);
    writer.null("n");
    writer.field("f", b"[1]");
    writer.end();
    assert_eq!(
        text(out),
        "{\"s\":\"a\\\"b\\u0001\",\"i\":-5,\"t\":true,\"n\":null,\"f\":[1]}"
    );
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((any::<String>(), inner), 0..12)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn agrees_with_another_reader(value in value()) {
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let bytes = json::normalize(pretty.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(bytes.to_vec(), serde_json::to_vec(&value).unwrap());
        prop_assert_eq!(&json::normalize(&bytes, &Limits::default()).unwrap(), &bytes);
        if let serde_json::Value::Object(fields) = &value {
            for (name, field) in fields {
                let found = json::get(&bytes, name).unwrap();
                prop_assert_eq!(found.to_vec(), serde_json::to_vec(field).unwrap());
            }
            prop_assert_eq!(json::fields(&bytes).count(), fields.len());
        }
    }

    #[test]
    fn merging_is_that_of_maps(a in value(), b in value()) {
        let (serde_json::Value::Object(a), serde_json::Value::Object(b)) = (a, b) else {
            return Ok(());
        };
        let encode = |map: &serde_json::Map<String, serde_json::Value>| serde_json::to_vec(map).unwrap();
        let merged = json::merge(&encode(&a), &encode(&b));
        let mut expected = a.clone();
        expected.extend(b.clone());
        let merged: serde_json::Value = serde_json::from_slice(&merged).unwrap();
        prop_assert_eq!(merged, serde_json::Value::Object(expected));
    }

    #[test]
    fn accepts_what_another_reader_accepts(text in "[\\[\\]{}\",:0-9a-z.eE+\\- \\\\]{0,20}") {
        let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert_eq!(json::normalize(text.as_bytes(), &Limits::default()).is_ok(), theirs, "{}", text);
    }

    #[test]
    fn untrusted_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = json::normalize(&bytes, &Limits::default());
        let _ = json::get(&bytes, "a");
        let _ = json::fields(&bytes).count();
        let _ = json::elements(&bytes).count();
        let _ = json::merge(&bytes, &bytes);
        let _ = feel::Value::decode(&bytes).to_string();
    }
}

/// Objects of so many fields, some with names and values that are escaped.
fn object_of(fields: usize) -> String {
    let fields = (0..fields).map(|n| match n % 4 {
        0 => format!(r#""f{n}":{n}"#),
        1 => format!(r#""a \"quoted\" name {n}":"a \\ {n}""#),
        2 => format!(r#""nameOfTheField{n}":{{"x":[{n},"}}"],"f{n}":null}}"#),
        _ => format!(r#""é{n}":[true,{{"y":"],{n}"}}]"#),
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

#[test]
fn an_index_finds_what_scanning_finds() {
    for fields in [0, 1, 2, 7, 8, 9, 100, 3_000] {
        let object = json::normalize_object(object_of(fields).as_bytes(), &Limits::default());
        let object = object.expect("an object");
        let indexed = json::Indexed::new(object.clone());
        let names = json::fields(&object).map(|(name, _)| name.into_owned());
        let names = names
            .chain(["", "f", "f1", "x", "nameOfTheField", "nameOfTheField1"].map(String::from));
        for name in names {
            let found = indexed.find(&name).map(|range| &object[range]);
            assert_eq!(found, json::get(&object, &name), "{fields} fields, {name}");
        }
        assert_eq!(json::raw_fields(&object).count(), fields);
    }
}

#[test]
fn an_index_of_anything_does_not_panic() {
    for text in [
        "",
        "{",
        "[1]",
        "{\"a\":1",
        "{\"a\":1}}",
        "\"",
        "{\"\":\"",
        "{\"a\":}",
    ] {
        let indexed = json::Indexed::new(text.as_bytes().to_vec().into());
        for name in ["", "a", "b"] {
            let _ = indexed.find(name);
        }
    }
}
