//! What an expression says about the caller.

use crate::adopt::expression::{Call, Expr, Literal};

/// A property of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// The id.
    Id,
    /// The e-mail address.
    Email,
    /// How surely they signed in.
    Aal,
    /// The role of the database in the token.
    Role,
    /// Whether the sign-in was anonymous.
    Anonymous,
}

impl Property {
    /// As a condition of the language says it, if it can.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Id => Some("caller.id"),
            Self::Email => Some("caller.email"),
            Self::Aal => Some("caller.aal"),
            Self::Role | Self::Anonymous => None,
        }
    }
}

/// The property that an expression is, however it is written.
#[must_use]
pub fn property(of: &Expr) -> Option<Property> {
    match of.bare() {
        Expr::Call(call) => function(call),
        Expr::Field(claims, key) if is_claims(claims) => match key.as_str() {
            "sub" => Some(Property::Id),
            "email" => Some(Property::Email),
            "aal" => Some(Property::Aal),
            "role" => Some(Property::Role),
            "is_anonymous" => Some(Property::Anonymous),
            _ => None,
        },
        _ => None,
    }
}

fn function(call: &Call) -> Option<Property> {
    let schema = call.schema.as_deref().unwrap_or("pg_catalog");
    match (schema, call.name.as_str(), call.arguments.as_slice()) {
        ("auth", "uid", []) | ("countersign", "caller_id" | "caller_text_id", []) => {
            Some(Property::Id)
        }
        ("auth", "email", []) | ("countersign", "caller_email", []) => Some(Property::Email),
        ("countersign", "caller_aal", []) => Some(Property::Aal),
        ("auth", "role", []) | ("pg_catalog", "current_user" | "current_role", []) => {
            Some(Property::Role)
        }
        ("pg_catalog", "current_setting", [name, ..]) => match name.bare() {
            Expr::Literal(Literal::Text(name)) if name == "request.jwt.claim.sub" => {
                Some(Property::Id)
            }
            Expr::Literal(Literal::Text(name)) if name == "request.jwt.claim.role" => {
                Some(Property::Role)
            }
            _ => None,
        },
        // An empty setting is no claim.
        ("pg_catalog", "nullif", [value, nothing])
            if *nothing.bare() == Expr::Literal(Literal::Text(String::new())) =>
        {
            property(value)
        }
        _ => None,
    }
}

/// Whether an expression is the role of the database that runs it.
#[must_use]
pub fn is_session(of: &Expr) -> bool {
    matches!(of.bare(), Expr::Call(call) if call.name.starts_with("current_") && property(of) == Some(Property::Role))
}

fn is_claims(of: &Expr) -> bool {
    let Expr::Call(call) = of.bare() else {
        return false;
    };
    let schema = call.schema.as_deref().unwrap_or("pg_catalog");
    match (schema, call.name.as_str(), call.arguments.as_slice()) {
        ("auth", "jwt", []) => true,
        ("pg_catalog", "nullif", [value, _]) => is_claims(value),
        ("pg_catalog", "current_setting", [name, ..]) => {
            *name.bare() == Expr::Literal(Literal::Text("request.jwt.claims".to_owned()))
        }
        _ => false,
    }
}

/// Whether an expression is true exactly for those who signed in with an identity.
#[must_use]
pub fn is_user(of: &Expr) -> bool {
    let anonymous = |of: &Expr| property(of) == Some(Property::Anonymous);
    let yes = |of: &Expr| match of.bare() {
        Expr::Literal(Literal::Bool(value)) => *value,
        Expr::Literal(Literal::Text(text)) => text == "true",
        _ => false,
    };
    match of {
        Expr::Call(call) => {
            call.schema.as_deref() == Some("countersign") && call.name == "caller_is_user"
        }
        Expr::Distinct(left, right) => anonymous(left) && yes(right),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::IsTrue(inner) => anonymous(inner),
            _ => false,
        },
        _ => false,
    }
}
