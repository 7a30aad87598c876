//! Words as HubSpot keeps them: some properties are HTML, some are not.

/// HubSpot keeps no more of a text, in characters.
const LONGEST: usize = 65_536;

/// Whether a text is longer than HubSpot keeps.
pub(super) fn longest(text: &str) -> bool {
    text.chars().count() > LONGEST
}

/// Words as they are written into a property. A model's words are text, whatever stands in them.
pub(super) fn written(words: &str, html: bool) -> String {
    if !html {
        return words.to_owned();
    }
    let mut text = String::with_capacity(words.len());
    for character in words.replace("\r\n", "\n").chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\n' => text.push_str("<br>"),
            other => text.push(other),
        }
    }
    text
}

/// The words of a property: of HTML without the markup, and with one space wherever there is any. Two
/// texts that read the same come to the same.
pub(super) fn plain(text: &str, html: bool) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']).filter(|_| html) {
        let (before, from) = rest.split_at(at);
        words.push_str(before);
        rest = if let Some(after) = after_tag(from) {
            words.push(' ');
            after
        } else if let Some((name, character)) =
            ENTITIES.iter().find(|(name, _)| from.starts_with(name))
        {
            words.push(*character);
            from.get(name.len()..).unwrap_or_default()
        } else {
            let mut characters = from.chars();
            words.extend(characters.next());
            characters.as_str()
        };
    }
    words.push_str(rest);
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ")
}

/// What comes after the tag that a text begins with, if it begins with one.
fn after_tag(text: &str) -> Option<&str> {
    let tag = text.strip_prefix('<')?;
    let named = tag.starts_with(|c: char| c == '/' || c.is_ascii_alphabetic());
    let (_, after) = tag.split_once('>')?;
    named.then_some(after)
}

const ENTITIES: [(&str, char); 7] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&nbsp;", ' '),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_markup_to_a_browser_is_text_here() {
        assert_eq!(
            written("a < b & <script>\r\nx</script>", true),
            "a &lt; b &amp; &lt;script&gt;<br>x&lt;/script&gt;"
        );
        assert_eq!(written("a < b\nc", false), "a < b\nc");
        assert_eq!(
            plain("<p>Dear&nbsp;Ada,</p>\n<p>1 &lt; 2 &amp; 3</p>", true),
            "Dear Ada, 1 < 2 & 3"
        );
        for html in [true, false] {
            assert_eq!(plain("1 <  2, 3>2\n& <b", html), "1 < 2, 3>2 & <b");
        }
    }

    proptest! {
        /// What was written is found again, whatever was around it.
        #[test]
        fn what_was_written_is_found(before in "[a-zA-Z0-9 ,.<&]{0,20}", words in "[a-z<>&;\"' \n/]{0,40}", html: bool) {
            let wanted = plain(&written(&words, html), html);
            let whole = if html {
                format!("<p>{}</p><br><br>{}", written(&before, true), written(&words, true))
            } else {
                format!("{before}\n\n{words}")
            };
            prop_assert!(plain(&whole, html).contains(&wanted));
        }
    }
}
