//! How much of one resource is free: the guarded moves between quota, held, committed, deployed, consumed and damaged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shouwang_proto::{
    id::PublicationName,
    mutual_aid::{action::Account, id::IncidentId, term::Mode},
    publication::MutualAidResource,
};

use super::broken::Broken;

/// Which set of ledgers: the real one, or the copy of one drill or test. Nothing done in a copy ever touches the real one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Book {
    /// The real one.
    Actual,
    /// The copy of a drill.
    Exercise(IncidentId),
    /// The copy of a technical test.
    Test(IncidentId),
}

impl Book {
    /// The book of an incident.
    #[must_use]
    pub fn of(mode: Mode, incident: IncidentId) -> Self {
        match mode {
            Mode::Actual => Self::Actual,
            Mode::Exercise => Self::Exercise(incident),
            Mode::Test => Self::Test(incident),
        }
    }

    /// The mode.
    #[must_use]
    pub fn mode(self) -> Mode {
        match self {
            Self::Actual => Mode::Actual,
            Self::Exercise(_) => Mode::Exercise,
            Self::Test(_) => Mode::Test,
        }
    }

    /// The incident that the copy belongs to.
    #[must_use]
    pub fn incident(self) -> Option<IncidentId> {
        match self {
            Self::Actual => None,
            Self::Exercise(incident) | Self::Test(incident) => Some(incident),
        }
    }
}

/// One resource in one book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LedgerKey {
    /// The resource.
    pub resource: PublicationName,
    /// The book.
    pub book: Book,
}

/// What the owner says of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it is, for people.
    pub title: String,
    /// UCUM unit.
    pub unit: String,
    /// One thing or team that cannot be in two places.
    pub serialised: bool,
    /// May be sent without asking again.
    pub pre_authorised: bool,
    /// How much the owner lends.
    pub quota: u64,
}

impl Terms {
    /// What a publication says. Fractions of a unit cannot be lent: half a crane is no crane.
    #[must_use]
    pub fn of(title: &str, resource: &MutualAidResource) -> Self {
        let lent = (resource.quantity - resource.floor).floor().clamp(0.0, 1e9);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 up to 1e9 just above"
        )]
        let quota = lent as u64;
        let serialised = resource.unit == "1" && resource.quantity <= 1.0;
        Self {
            title: title.to_owned(),
            unit: resource.unit.clone(),
            serialised,
            pre_authorised: resource.pre_authorised,
            quota,
        }
    }
}

/// Less is free than is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFree;

/// Where a quantity is while an assignment has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Ordered, not confirmed.
    Held,
    /// Confirmed, not departed.
    Committed,
    /// Out.
    Deployed,
}

/// The ledger of one resource in one book. The hub is its only writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Which.
    pub key: LedgerKey,
    /// Counts the changes.
    pub version: u64,
    /// What the owner says.
    pub terms: Terms,
    /// Ordered, not confirmed.
    pub held: u64,
    /// Confirmed, not departed.
    pub committed: u64,
    /// Out.
    pub deployed: u64,
    /// Used up since the owner last counted.
    pub consumed: u64,
    /// Damaged since the owner last counted.
    pub damaged: u64,
    /// Number of the newest order.
    pub epoch: u64,
    /// When the owner last said or confirmed the quota.
    pub confirmed: Timestamp,
}

impl Ledger {
    /// A new ledger with nothing in use, version 0: not saved yet.
    #[must_use]
    pub fn open(key: LedgerKey, terms: Terms, confirmed: Timestamp) -> Self {
        Self {
            key,
            version: 0,
            terms,
            held: 0,
            committed: 0,
            deployed: 0,
            consumed: 0,
            damaged: 0,
            epoch: 0,
            confirmed,
        }
    }

    /// The copy that a drill or test begins with: what the owner lends, and nothing in use.
    #[must_use]
    pub fn copy_for(&self, book: Book, now: Timestamp) -> Self {
        let key = LedgerKey { resource: self.key.resource.clone(), book };
        Self::open(key, self.terms.clone(), now)
    }

    /// In use: held, committed and deployed.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        self.held.saturating_add(self.committed).saturating_add(self.deployed)
    }

    /// In use or gone.
    fn taken(&self) -> u64 {
        self.in_use().saturating_add(self.consumed).saturating_add(self.damaged)
    }

    /// What can be ordered now.
    #[must_use]
    pub fn free(&self) -> u64 {
        self.terms.quota.saturating_sub(self.taken())
    }

    /// How much more is in use or gone than the owner lends; a person has to decide.
    #[must_use]
    pub fn shortfall(&self) -> u64 {
        self.taken().saturating_sub(self.terms.quota)
    }

    fn part_mut(&mut self, part: Part) -> &mut u64 {
        match part {
            Part::Held => &mut self.held,
            Part::Committed => &mut self.committed,
            Part::Deployed => &mut self.deployed,
        }
    }

    fn take_out(&mut self, part: Part, quantity: u64) -> Result<(), Broken> {
        let of = self.part_mut(part);
        *of = of.checked_sub(quantity).ok_or_else(|| Broken::new("a ledger would fall below zero"))?;
        Ok(())
    }

    /// Holds for an order, and counts the order. Gives the order's epoch.
    ///
    /// # Errors
    /// [`NotFree`] when less is free.
    pub fn hold(&mut self, quantity: u64) -> Result<u64, NotFree> {
        if self.free() < quantity {
            return Err(NotFree);
        }
        self.held += quantity;
        self.epoch += 1;
        Ok(self.epoch)
    }

    /// Moves a quantity on: held → committed → deployed.
    ///
    /// # Errors
    /// [`Broken`] when it is not there: the ledger and the assignments do not agree.
    pub fn advance(&mut self, from: Part, to: Part, quantity: u64) -> Result<(), Broken> {
        self.take_out(from, quantity)?;
        *self.part_mut(to) += quantity;
        Ok(())
    }

    /// Gives a quantity back that never left.
    ///
    /// # Errors
    /// As [`Ledger::advance`].
    pub fn give_back(&mut self, from: Part, quantity: u64) -> Result<(), Broken> {
        self.take_out(from, quantity)
    }

    /// Books what came home.
    ///
    /// # Errors
    /// As [`Ledger::advance`].
    pub fn come_home(&mut self, account: &Account) -> Result<(), Broken> {
        self.take_out(Part::Deployed, account.total())?;
        self.consumed += account.consumed;
        self.damaged += account.damaged;
        Ok(())
    }

    /// Books aid that came without an order, also when nothing is free: it is a fact. Gives the epoch, so that a yes to
    /// an older order binds nobody.
    pub fn self_deployed(&mut self, quantity: u64) -> u64 {
        self.deployed += quantity;
        self.epoch += 1;
        self.epoch
    }

    /// Takes over what the owner says. `recount`: what was used up or damaged is left out of the quota already.
    pub fn told(&mut self, terms: Terms, recount: bool, now: Timestamp) {
        self.terms = terms;
        if recount {
            self.consumed = 0;
            self.damaged = 0;
        }
        self.confirmed = now;
    }
}
