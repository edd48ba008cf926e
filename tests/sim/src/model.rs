//! The reference model: what one publication of one member is after each thing its people did, in the fewest words.
//! Written from the contract in `publishing_service.proto`, not from the node's code.

use std::fmt;

/// Where a publication stands. Contents are told apart by a version number that the simulation writes into them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// Nobody made it yet.
    #[default]
    Absent,
    /// Only at its node.
    Draft {
        /// What it says.
        version: u32,
    },
    /// In the log.
    Published {
        /// What it says.
        version: u32,
        /// Counts the published revisions.
        revision: u64,
    },
    /// Taken back. The owner may have changed it since without publishing.
    Withdrawn {
        /// What it says at its node.
        version: u32,
        /// The revision that was taken back.
        revision: u64,
    },
}

/// What somebody asks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A new publication.
    Create {
        /// What it says.
        version: u32,
        /// Publish it at once.
        publish: bool,
    },
    /// Another content.
    Revise {
        /// What it shall say.
        version: u32,
    },
    /// Publish what is there.
    Publish,
    /// Take it back.
    Withdraw,
    /// Publish as a file says.
    Import {
        /// What it shall say.
        version: u32,
    },
}

/// What a wish leaves in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A PUT entry.
    Put {
        /// What it says.
        version: u32,
        /// Its revision.
        revision: u64,
    },
    /// A WITHDRAW entry.
    Withdraw {
        /// The revision taken back.
        revision: u64,
    },
}

impl fmt::Debug for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { version, revision } => write!(formatter, "put v{version} r{revision}"),
            Self::Withdraw { revision } => write!(formatter, "withdraw r{revision}"),
        }
    }
}

/// What a granted wish changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the publication then stands.
    pub after: Shelf,
    /// What the log then says; none when only the node's own people see a difference, or there is none.
    pub effect: Option<Effect>,
}

impl Shelf {
    /// What a wish does.
    ///
    /// # Errors
    /// The stable reason with which a node refuses it.
    pub fn step(self, wish: Wish) -> Result<Step, &'static str> {
        match (self, wish) {
            (Self::Absent, Wish::Create { version, publish: false }) => Ok(quiet(Self::Draft { version })),
            (Self::Absent, Wish::Create { version, publish: true } | Wish::Import { version }) => {
                Ok(put(version, 1))
            }
            (_, Wish::Create { .. }) => Err("EXTERNAL_ID_TAKEN"),
            (Self::Absent, Wish::Revise { .. } | Wish::Publish | Wish::Withdraw) => {
                Err("PUBLICATION_UNKNOWN")
            }
            (Self::Draft { .. }, Wish::Revise { version }) => Ok(quiet(Self::Draft { version })),
            (Self::Draft { version }, Wish::Publish) | (Self::Draft { .. }, Wish::Import { version }) => {
                Ok(put(version, 1))
            }
            (Self::Draft { .. }, Wish::Withdraw) => Err("NOT_PUBLISHED"),
            (
                Self::Published { version: is, revision },
                Wish::Revise { version } | Wish::Import { version },
            ) => Ok(if is == version { quiet(self) } else { put(version, revision + 1) }),
            (Self::Published { .. }, Wish::Publish) | (Self::Withdrawn { .. }, Wish::Withdraw) => {
                Ok(quiet(self))
            }
            (Self::Published { version, revision }, Wish::Withdraw) => {
                let after = Self::Withdrawn { version, revision };
                Ok(Step { after, effect: Some(Effect::Withdraw { revision }) })
            }
            // A file never undoes a withdrawal.
            (Self::Withdrawn { revision, .. }, Wish::Revise { version } | Wish::Import { version }) => {
                Ok(quiet(Self::Withdrawn { version, revision }))
            }
            (Self::Withdrawn { version, revision }, Wish::Publish) => Ok(put(version, revision + 1)),
        }
    }

    /// The same apart from the revision, which a mended log counts anew.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Absent, Self::Absent) => true,
            (Self::Draft { version: one }, Self::Draft { version: other })
            | (Self::Published { version: one, .. }, Self::Published { version: other, .. })
            | (Self::Withdrawn { version: one, .. }, Self::Withdrawn { version: other, .. }) => one == other,
            (
                Self::Absent | Self::Draft { .. } | Self::Published { .. } | Self::Withdrawn { .. },
                Self::Absent | Self::Draft { .. } | Self::Published { .. } | Self::Withdrawn { .. },
            ) => false,
        }
    }

    /// The content that readers find, if any.
    #[must_use]
    pub fn shown(self) -> Option<(u32, u64)> {
        match self {
            Self::Published { version, revision } => Some((version, revision)),
            Self::Absent | Self::Draft { .. } | Self::Withdrawn { .. } => None,
        }
    }
}

/// What readers find after these effects.
#[must_use]
pub fn shown_after(effects: &[Effect]) -> Option<(u32, u64)> {
    match effects.last()? {
        Effect::Put { version, revision } => Some((*version, *revision)),
        Effect::Withdraw { .. } => None,
    }
}

fn quiet(after: Shelf) -> Step {
    Step { after, effect: None }
}

fn put(version: u32, revision: u64) -> Step {
    Step { after: Shelf::Published { version, revision }, effect: Some(Effect::Put { version, revision }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wishes: &[Wish], expected: &str) {
        let mut shelf = Shelf::default();
        let mut log = Vec::new();
        for wish in wishes {
            match shelf.step(*wish) {
                Ok(step) => {
                    shelf = step.after;
                    log.extend(step.effect);
                    assert_eq!(shelf.shown(), shown_after(&log), "what is shown is what the log says");
                }
                Err(reason) => {
                    assert_eq!(reason, expected);
                    return;
                }
            }
        }
        assert_eq!(format!("{log:?}"), expected);
    }

    #[test]
    fn a_life_leaves_its_log() {
        use Wish::{Create, Import, Publish, Revise, Withdraw};
        let draft = Create { version: 1, publish: false };
        let straight = Create { version: 1, publish: true };
        check(&[draft, Revise { version: 2 }, Publish, Publish], "[put v2 r1]");
        check(&[straight, Revise { version: 2 }, Withdraw, Withdraw], "[put v1 r1, put v2 r2, withdraw r2]");
        check(&[straight, Withdraw, Import { version: 3 }], "[put v1 r1, withdraw r1]");
        check(&[straight, Withdraw, Revise { version: 2 }, Publish], "[put v1 r1, withdraw r1, put v2 r2]");
        check(
            &[Import { version: 1 }, Import { version: 1 }, Import { version: 2 }],
            "[put v1 r1, put v2 r2]",
        );
        check(&[draft, Withdraw], "NOT_PUBLISHED");
        check(&[draft, straight], "EXTERNAL_ID_TAKEN");
        check(&[Publish], "PUBLICATION_UNKNOWN");
    }
}
