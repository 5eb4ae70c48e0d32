//! Seeds the two vocabularies of profiles: topics and life contexts.
//!
//! A slug is never renamed once it was used, because phones and matching store it. Names and descriptions are English;
//! apps may show their own words for a slug.

use sea_orm_migration::prelude::*;

/// Seeds the two vocabularies of profiles.
#[derive(DeriveMigrationName)]
pub struct Migration;

const TOPICS: [(&str, &str, &str); 24] = [
    (
        "anxiety",
        "Anxiety",
        "Worry, panic or dread that gets in the way of the day.",
    ),
    (
        "depression",
        "Depression",
        "Low mood, emptiness, or not being able to get going.",
    ),
    (
        "addiction",
        "Addiction",
        "Alcohol, drugs, gambling, or anything that took over.",
    ),
    (
        "trauma",
        "Trauma",
        "Something that happened and has not let go.",
    ),
    ("grief", "Grief", "The death of somebody who mattered."),
    (
        "anger",
        "Anger",
        "Anger that is hard to hold or hard to show.",
    ),
    (
        "loneliness",
        "Loneliness",
        "Having nobody to talk to, or nobody who gets it.",
    ),
    (
        "separation",
        "Divorce or separation",
        "The end of a marriage or a relationship.",
    ),
    (
        "fatherhood",
        "Fatherhood",
        "Becoming or being a father, near or at a distance.",
    ),
    (
        "pregnancy_loss",
        "Losing a baby",
        "Miscarriage, stillbirth, or the death of a young child.",
    ),
    (
        "work_stress",
        "Work stress",
        "Pressure, burn-out or conflict at work.",
    ),
    (
        "job_loss",
        "Job loss",
        "Redundancy, being out of work, or retiring before you were ready.",
    ),
    (
        "money",
        "Money worries",
        "Debt, or not knowing how the month will end.",
    ),
    (
        "chronic_illness",
        "Long illness or pain",
        "A condition or pain that stays.",
    ),
    (
        "caring",
        "Caring for somebody",
        "Looking after a partner, parent, child or friend.",
    ),
    (
        "leaving_forces",
        "Leaving the forces",
        "The way back to civilian life, or what was brought home.",
    ),
    ("prison", "Prison", "Time inside, or the way back from it."),
    (
        "sexuality_identity",
        "Sexuality and identity",
        "Who you are, and who knows it.",
    ),
    (
        "body_image",
        "Body and eating",
        "How you see your body, or how you eat.",
    ),
    ("sleep", "Sleep", "Nights that do not rest you."),
    (
        "bipolar",
        "Bipolar disorder",
        "Highs and lows that are more than moods.",
    ),
    (
        "psychosis",
        "Hearing or seeing things",
        "Experiences that others do not share.",
    ),
    (
        "neurodivergence",
        "ADHD or autism",
        "A mind that works differently, known early or late.",
    ),
    (
        "suicide_bereavement",
        "Bereaved by suicide",
        "After the suicide of somebody close.",
    ),
];

const LIFE_CONTEXTS: [(&str, &str); 16] = [
    ("father", "Father"),
    ("single_parent", "Single parent"),
    ("married_or_partnered", "Married or with a partner"),
    ("single", "Single"),
    ("divorced", "Divorced or separated"),
    ("widowed", "Widowed"),
    ("student", "Student"),
    ("working", "Working"),
    ("shift_worker", "Working shifts"),
    ("self_employed", "Self-employed"),
    ("between_jobs", "Between jobs"),
    ("retired", "Retired"),
    ("veteran", "Veteran"),
    ("emergency_services", "Emergency services"),
    ("carer", "Carer"),
    ("new_to_country", "New to the country"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut topics = Query::insert()
            .into_table("topic")
            .columns(["slug", "name", "description", "position"])
            .take();
        for (position, (slug, name, description)) in (1..).zip(TOPICS) {
            topics.values_panic([
                slug.into(),
                name.into(),
                description.into(),
                Expr::val(position),
            ]);
        }
        manager.execute(topics).await?;
        let mut contexts = Query::insert()
            .into_table("life_context")
            .columns(["slug", "name", "position"])
            .take();
        for (position, (slug, name)) in (1..).zip(LIFE_CONTEXTS) {
            contexts.values_panic([slug.into(), name.into(), Expr::val(position)]);
        }
        manager.execute(contexts).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Members' choices from a vocabulary cannot stay without it.
        for table in [
            "member_topic",
            "member_life_context",
            "topic",
            "life_context",
        ] {
            manager
                .execute(Query::delete().from_table(table).take())
                .await?;
        }
        Ok(())
    }
}
