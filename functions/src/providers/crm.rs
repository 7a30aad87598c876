//! What the CRMs have in common: clients, households, and pages of them. What a client holds at the
//! custodian comes through the bridge, whichever CRM has the client.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// As many records as any of them gives at once.
pub const LARGEST_PAGE: u32 = 100;

/// A person or an institution that a firm advises.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The CRM's id.
    pub id: String,
    /// As they are shown.
    pub name: String,
    /// Their first name.
    pub first_name: Option<String>,
    /// Their last name.
    pub last_name: Option<String>,
    /// In the CRM's word: client, prospect, …
    pub status: Option<String>,
    /// Their first e-mail address.
    pub email: Option<String>,
    /// Their first telephone number.
    pub phone: Option<String>,
    /// The household that they belong to.
    pub household: Option<Belongs>,
    /// When the CRM last changed it, in ISO 8601.
    pub updated_at: Option<String>,
}

/// A client's place in a household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belongs {
    /// The household's id in the CRM.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Head, Spouse, …
    pub title: Option<String>,
}

/// A household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// The CRM's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// In the CRM's word.
    pub status: Option<String>,
    /// When the CRM last changed it, in ISO 8601.
    pub updated_at: Option<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which page, from 1.
    pub page: u32,
    /// How many to a page, [`LARGEST_PAGE`] at most.
    pub size: u32,
    /// What names have in them.
    pub search: Option<&'a str>,
    /// Since when they changed, in milliseconds since the epoch.
    pub since_ms: Option<u64>,
}

/// Some of the records.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
    /// Whether there are more.
    pub more: bool,
}

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The firm's name in the CRM, if it says.
    pub name: Option<String>,
    /// `production` or `sandbox`, where there are two.
    pub environment: Option<String>,
    /// Whether it opens holdings.
    pub holdings: bool,
}

/// A wealth CRM.
pub trait Crm {
    /// Whose the key is: the way to find out whether it is any.
    fn holder(&self) -> impl Future<Output = Result<Holder, Failure>>;

    /// A page of the households.
    fn households(
        &self,
        wanted: Wanted<'_>,
    ) -> impl Future<Output = Result<Page<Household>, Failure>>;

    /// A page of the clients.
    fn clients(&self, wanted: Wanted<'_>) -> impl Future<Output = Result<Page<Client>, Failure>>;

    /// One client.
    fn client(&self, id: &str) -> impl Future<Output = Result<Client, Failure>>;
}

/// What comes in pages.
pub trait Record: Sized {
    /// Whether they are clients, and not households.
    const IS_CLIENT: bool;

    /// A page of them.
    fn page<C: Crm>(
        crm: &C,
        wanted: Wanted<'_>,
    ) -> impl Future<Output = Result<Page<Self>, Failure>>;

    /// The CRM's id of one.
    fn id(&self) -> &str;
}

impl Record for Household {
    const IS_CLIENT: bool = false;

    async fn page<C: Crm>(crm: &C, wanted: Wanted<'_>) -> Result<Page<Self>, Failure> {
        crm.households(wanted).await
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Record for Client {
    const IS_CLIENT: bool = true;

    async fn page<C: Crm>(crm: &C, wanted: Wanted<'_>) -> Result<Page<Self>, Failure> {
        crm.clients(wanted).await
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// All of the records, or all that changed since, page by page.
#[derive(Debug)]
pub struct Pages<'a, C> {
    crm: &'a C,
    since_ms: Option<u64>,
    next: Option<u32>,
    seen: Vec<String>,
    total: Option<u64>,
    steady: bool,
}

impl<'a, C: Crm> Pages<'a, C> {
    /// From the first on.
    #[must_use]
    pub fn of(crm: &'a C, since_ms: Option<u64>) -> Self {
        Self {
            crm,
            since_ms,
            next: Some(1),
            seen: Vec::new(),
            total: None,
            steady: true,
        }
    }

    /// The next page, until there is none.
    ///
    /// # Errors
    /// See [`Kind`](super::failure::Kind).
    pub async fn next<T: Record>(&mut self) -> Result<Option<Vec<T>>, Failure> {
        let Some(page) = self.next else {
            return Ok(None);
        };
        let wanted = Wanted {
            page,
            size: LARGEST_PAGE,
            search: None,
            since_ms: self.since_ms,
        };
        let found = T::page(self.crm, wanted).await?;
        self.steady &= self.total.is_none_or(|total| total == found.total);
        self.total = Some(found.total);
        self.seen
            .extend(found.items.iter().map(|of| of.id().to_owned()));
        self.next = found.more.then(|| page.saturating_add(1));
        Ok(Some(found.items))
    }

    /// Whether it came to its end and nothing moved meanwhile: as many records as there are said to
    /// be, on every page the same, and none of them twice. Only then is what was not seen not there.
    #[must_use]
    pub fn complete(&self) -> bool {
        let mut distinct: Vec<&String> = self.seen.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let seen = u64::try_from(distinct.len()).ok();
        self.next.is_none() && self.steady && seen.is_some() && seen == self.total
    }

    /// How many records there were.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen.len()
    }
}
