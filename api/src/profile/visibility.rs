//! Who may see which part of a member's profile.

pub use entity::member_topic::Visibility;

/// A viewer's relation to a member, from the nearest to the farthest. A nearer viewer sees everything that a farther
/// one sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The member himself.
    Himself,
    /// His partner: both agreed to it.
    Partner,
    /// Somebody who is in a circle with him.
    SharesCircle,
    /// Somebody with a proposal to be partners between the two, or whom he invites into a circle.
    Member,
    /// Somebody with no tie to him.
    Stranger,
}

impl Relation {
    /// Whether the viewer may know that the member exists.
    pub fn sees_profile(self) -> bool {
        self <= Self::Member
    }

    /// Whether the viewer may know the member's time zone. Only a partner, who arranges calls with him, needs it.
    pub fn sees_time_zone(self) -> bool {
        self <= Self::Partner
    }

    /// Whether the viewer may know the member's own settings: what he shows to whom, the language of his mail, and the
    /// version of his profile, which would reveal that he is editing it.
    pub fn sees_settings(self) -> bool {
        self == Self::Himself
    }
}

/// Whether a viewer in this relation may see a part with this visibility.
pub fn admits(visibility: Visibility, relation: Relation) -> bool {
    let farthest = match visibility {
        Visibility::Private => Relation::Himself,
        Visibility::Partners => Relation::Partner,
        Visibility::Circles => Relation::SharesCircle,
        Visibility::Members => Relation::Member,
    };
    relation <= farthest
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELATIONS: [Relation; 5] = [
        Relation::Himself,
        Relation::Partner,
        Relation::SharesCircle,
        Relation::Member,
        Relation::Stranger,
    ];

    #[test]
    fn each_visibility_admits_its_relation_and_closer_ones() {
        for (visibility, admitted) in [
            (Visibility::Private, [true, false, false, false, false]),
            (Visibility::Partners, [true, true, false, false, false]),
            (Visibility::Circles, [true, true, true, false, false]),
            (Visibility::Members, [true, true, true, true, false]),
        ] {
            let seen = RELATIONS.map(|relation| admits(visibility, relation));
            assert_eq!(seen, admitted, "{visibility:?}");
        }
    }

    #[test]
    fn partners_see_the_time_zone_and_only_the_member_sees_his_settings() {
        let zones = RELATIONS.map(Relation::sees_time_zone);
        assert_eq!(zones, [true, true, false, false, false]);
        let settings = RELATIONS.map(Relation::sees_settings);
        assert_eq!(settings, [true, false, false, false, false]);
        assert_eq!(
            RELATIONS.map(Relation::sees_profile),
            [true, true, true, true, false]
        );
    }
}
