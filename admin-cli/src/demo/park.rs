//! The demo's park: fictional companies with what they publish.

/// A member of the demo's alliance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DemoMember {
    /// Member id.
    pub(crate) id: &'static str,
    /// Name.
    pub(crate) display_name: &'static str,
    /// Groups besides `alliance`.
    pub(crate) groups: &'static [&'static str],
    /// What it publishes, one JSON object a line.
    pub(crate) corpus: &'static str,
}

/// Alliance id of the demo.
pub(crate) const ALLIANCE: &str = "chenghu-park";

/// The sub-alliance of hazardous chemicals.
const CHEMICALS: &str = "sector-hazardous-chemicals";
/// The council; the same word as `GroupId::council`.
const COUNCIL: &str = "council";

/// The members; each has a node of its own.
pub(crate) const MEMBERS: [DemoMember; 6] = [
    DemoMember {
        id: "chenghu-chem",
        display_name: "澄湖化工",
        groups: &[CHEMICALS, COUNCIL],
        corpus: include_str!("../../demo/chenghu-chem.jsonl"),
    },
    DemoMember {
        id: "hengrui-foundry",
        display_name: "恒锐铸造",
        groups: &[],
        corpus: include_str!("../../demo/hengrui-foundry.jsonl"),
    },
    DemoMember {
        id: "lanting-electronics",
        display_name: "岚汀电子",
        groups: &[],
        corpus: include_str!("../../demo/lanting-electronics.jsonl"),
    },
    DemoMember {
        id: "beichuan-cold",
        display_name: "北川冷链",
        groups: &[],
        corpus: include_str!("../../demo/beichuan-cold.jsonl"),
    },
    DemoMember {
        id: "qihang-auto",
        display_name: "启航汽车部件",
        groups: &[COUNCIL],
        corpus: include_str!("../../demo/qihang-auto.jsonl"),
    },
    DemoMember {
        id: "yunfan-park-services",
        display_name: "云帆园区服务",
        groups: &[CHEMICALS],
        corpus: include_str!("../../demo/yunfan-park-services.jsonl"),
    },
];

/// Groups of synonyms, one JSON object a line.
pub(crate) const THESAURUS: &str = include_str!("../../demo/thesaurus.jsonl");

/// The park's roads, one JSON object a line.
pub(crate) const ROADS: &str = include_str!("../../demo/map/roads.jsonl");

impl DemoMember {
    /// Groups as an invite wants them.
    pub(crate) fn group_names(&self) -> Vec<String> {
        self.groups.iter().map(|group| (*group).to_owned()).collect()
    }

    /// Number of publications it brings.
    pub(crate) fn size(&self) -> usize {
        self.corpus.lines().filter(|line| !line.trim().is_empty()).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shouwang_proto::id::{GroupId, MemberId};

    use super::*;

    #[test]
    fn members_and_groups_have_valid_ids_and_every_audience_has_a_reader() {
        assert_eq!(COUNCIL, GroupId::council().as_str());
        let mut groups = BTreeSet::from(["alliance"]);
        for member in &MEMBERS {
            member.id.parse::<MemberId>().unwrap();
            for group in member.groups {
                group.parse::<GroupId>().unwrap();
                groups.insert(group);
            }
        }
        for member in &MEMBERS {
            for line in member.corpus.lines() {
                let record = crate::import::line::read(Some(line.as_bytes())).unwrap();
                for group in &record.publication.audience {
                    assert!(groups.contains(group.as_str()), "{}: {group}", member.id);
                }
            }
        }
    }
}
