//! The kinds of publication and the languages they are written in.

use std::{fmt, str::FromStr};

use crate::wire;

/// The kind of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 最佳实践
    Practice,
    /// 菜单课程
    Course,
    /// 互援资源
    Resource,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Practice, Self::Course, Self::Resource];

    /// The code in files, filters and facets.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::Course => "course",
            Self::Resource => "resource",
        }
    }

    /// Chinese and English names.
    #[must_use]
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Practice => ("最佳实践", "Practice"),
            Self::Course => ("菜单课程", "Course"),
            Self::Resource => ("互援资源", "Resource"),
        }
    }

    /// As on the wire.
    #[must_use]
    pub fn to_wire(self) -> wire::PublicationKind {
        match self {
            Self::Practice => wire::PublicationKind::Practice,
            Self::Course => wire::PublicationKind::Course,
            Self::Resource => wire::PublicationKind::Resource,
        }
    }

    /// From the wire; `None` when unspecified or unknown.
    #[must_use]
    pub fn from_wire(kind: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_wire() as i32 == kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == text || kind.labels().0 == text)
            .ok_or("must be practice, course or resource （须为 practice、course 或 resource）")
    }
}

/// The language a publication is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

impl FromStr for Language {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" | "zh-CN" | "zh" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err("must be zh-CN or en （须为 zh-CN 或 en）"),
        }
    }
}
