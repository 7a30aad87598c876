//! Where a sealed text belongs.

/// The first part of the associated data: what the bytes are for.
const PURPOSE: &str = "countersign-seal-v1";

/// The place a token belongs to. It is not stored with the token: whoever opens it says where it
/// was found, and it opens only if it was sealed for that place.
///
/// Ids are written as PostgreSQL prints them (a uuid in lower case, with hyphens).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// The app, as its policy names it.
    pub app: &'a str,
    /// The tenant's id; where rows are a person's own, the person's.
    pub tenant: &'a str,
    /// The system the token is for, as the connection names it.
    pub provider: &'a str,
    /// The connection's id. A tenant may have several connections to one provider.
    pub connection: &'a str,
    /// The column of the secrets table.
    pub column: &'a str,
}

impl Binding<'_> {
    /// The associated data: each part with its length in bytes before it (32 bits, most significant
    /// first), so that no two bindings come to the same bytes.
    #[must_use]
    pub fn associated_data(&self) -> Vec<u8> {
        let parts = [
            PURPOSE,
            self.app,
            self.tenant,
            self.provider,
            self.connection,
            self.column,
        ];
        let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
        for part in parts {
            // A part is a name or an id: 4 GiB of it cannot be had.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_part_ends_counts() {
        let one = Binding {
            app: "coaching",
            tenant: "a",
            provider: "bc",
            connection: "d",
            column: "access_token",
        };
        let other = Binding {
            tenant: "ab",
            provider: "c",
            ..one
        };
        assert_ne!(one.associated_data(), other.associated_data());
    }
}
