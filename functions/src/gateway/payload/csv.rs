//! CSV as RFC 4180 has it, the first record naming the columns.

use serde_json::{Map, Value as Json};

use super::super::refusal::Refusal;

/// The rows: all values are strings but for `NULL`, which PostgREST takes for one.
pub(super) fn rows(text: &str) -> Result<Vec<Map<String, Json>>, Refusal> {
    let mut records = records(text)?.into_iter();
    let header = records
        .next()
        .ok_or_else(|| Refusal::payload("the CSV names no columns"))?;
    let row = |record: Vec<String>| {
        if record.len() != header.len() {
            return Err(Refusal::payload(
                "all lines of the CSV must have as many fields as the first",
            ));
        }
        let value = |field: String| {
            if field == "NULL" {
                Json::Null
            } else {
                Json::String(field)
            }
        };
        Ok(header
            .iter()
            .cloned()
            .zip(record.into_iter().map(value))
            .collect())
    };
    records.map(row).collect()
}

/// The records that are not blank lines.
fn records(text: &str) -> Result<Vec<Vec<String>>, Refusal> {
    let mut chars = text.chars().peekable();
    let (mut records, mut record) = (Vec::new(), Vec::new());
    while chars.peek().is_some() {
        let mut field = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_none() => break,
                    Some(c) => field.push(c),
                    None => return Err(Refusal::payload("a quote in the CSV is not closed")),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\r' | '\n' | '"')) {
                field.push(c);
            }
        }
        record.push(field);
        match chars.next() {
            // A comma at the very end has an empty field behind it.
            Some(',') if chars.peek().is_none() => record.push(String::new()),
            Some(',') => continue,
            Some('\r') => drop(chars.next_if_eq(&'\n')),
            Some('\n') | None => {}
            Some(_) => return Err(Refusal::payload("a quote in the CSV is misplaced")),
        }
        let is_blank = record.len() == 1 && record.iter().all(String::is_empty);
        let done = std::mem::take(&mut record);
        if !is_blank {
            records.push(done);
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quotes_and_line_ends() {
        let all = records("a,\"b \"\"c\"\"\"\r\n1,\n\n\"x\ny\",2").unwrap();
        assert_eq!(all, [["a", "b \"c\""], ["1", ""], ["x\ny", "2"]]);
        assert_eq!(records("a,").unwrap(), [["a", ""]]);
    }

    #[test]
    fn null_is_a_word() {
        let rows = rows("a,b\nNULL,null").unwrap();
        assert_eq!(
            Json::from(rows),
            serde_json::json!([{"a": null, "b": "null"}])
        );
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "a,b\n1", "a\n\"x", "a\nx\"y", "a\n\"x\"y"] {
            assert!(rows(text).is_err(), "{text:?}");
        }
    }
}
