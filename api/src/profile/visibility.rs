//! Who may see what of a member.

pub use entity::member_topic::Visibility;

/// What a viewer is to a member, from the nearest to the farthest. Who is nearer sees everything that
/// those farther away see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The member himself.
    Himself,
    /// His peer: both said yes to it.
    Partner,
    /// Somebody in a circle he is in.
    SharesCircle,
    /// Somebody one of the two has asked to be his partner.
    Member,
    /// Somebody without a tie to him.
    Stranger,
}

impl Relation {
    /// Whether the viewer may know that the member exists.
    pub fn sees_profile(self) -> bool {
        self <= Self::Member
    }

    /// Whether the viewer may know the member's time zone: only who arranges calls with him needs it.
    pub fn sees_time_zone(self) -> bool {
        self <= Self::Partner
    }

    /// Whether the viewer may know what is the member's own business: what he chose to show to whom,
    /// the language of his mail, and the version of his profile, which would tell that he is at it.
    pub fn sees_settings(self) -> bool {
        self == Self::Himself
    }
}

/// Whether something shown to `visibility` may be seen by a viewer in this relation.
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
    fn each_visibility_admits_its_own_and_who_is_nearer() {
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
    fn a_time_zone_is_for_who_arranges_calls_and_settings_are_ones_own() {
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
