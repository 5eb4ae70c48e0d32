//! Seeds the vocabulary of emotions, in six families. Each has a definition, because naming a feeling is a skill.
//!
//! A slug is never renamed once it was used, because phones and check-ins store it.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, table};

/// Seeds the vocabulary of emotions.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Family, slug, name, definition.
const EMOTIONS: [(&str, &str, &str, &str); 60] = [
    ("joy", "happy", "Happy", "Things are good, and you feel it."),
    (
        "joy",
        "cheerful",
        "Cheerful",
        "Light in mood, ready to smile.",
    ),
    ("joy", "content", "Content", "Nothing is missing right now."),
    ("joy", "proud", "Proud", "Glad of something you did or are."),
    (
        "joy",
        "hopeful",
        "Hopeful",
        "You can see it getting better.",
    ),
    (
        "joy",
        "excited",
        "Excited",
        "Full of energy for something that is coming.",
    ),
    ("joy", "amused", "Amused", "Something tickled you."),
    (
        "joy",
        "inspired",
        "Inspired",
        "Something made you want to do or make.",
    ),
    (
        "joy",
        "playful",
        "Playful",
        "In the mood to joke, try and mess about.",
    ),
    (
        "joy",
        "satisfied",
        "Satisfied",
        "It turned out as you wanted.",
    ),
    ("calm", "at_ease", "At ease", "Nothing in you is braced."),
    (
        "calm",
        "relaxed",
        "Relaxed",
        "Loose in body, slow in breath.",
    ),
    (
        "calm",
        "peaceful",
        "Peaceful",
        "Quiet inside, and fine with it.",
    ),
    (
        "calm",
        "rested",
        "Rested",
        "You have slept or stopped, and it helped.",
    ),
    ("calm", "relieved", "Relieved", "A weight has come off."),
    (
        "calm",
        "safe",
        "Safe",
        "Nobody and nothing is coming for you.",
    ),
    (
        "calm",
        "steady",
        "Steady",
        "Whatever comes, you are on your feet.",
    ),
    (
        "calm",
        "clear",
        "Clear",
        "Your head is tidy; you know what matters.",
    ),
    ("calm", "patient", "Patient", "It may take its time."),
    ("calm", "focused", "Focused", "All of you is on one thing."),
    (
        "closeness",
        "loved",
        "Loved",
        "Somebody is glad that you exist.",
    ),
    (
        "closeness",
        "loving",
        "Loving",
        "You are glad that somebody exists.",
    ),
    (
        "closeness",
        "grateful",
        "Grateful",
        "Somebody or something did you good.",
    ),
    (
        "closeness",
        "understood",
        "Understood",
        "Somebody got what you meant.",
    ),
    (
        "closeness",
        "accepted",
        "Accepted",
        "You may be here as you are.",
    ),
    (
        "closeness",
        "trusting",
        "Trusting",
        "You can lean on somebody.",
    ),
    (
        "closeness",
        "tender",
        "Tender",
        "Soft towards somebody, or towards yourself.",
    ),
    (
        "closeness",
        "needed",
        "Needed",
        "What you do matters to somebody.",
    ),
    (
        "closeness",
        "touched",
        "Touched",
        "Something small went to the heart.",
    ),
    (
        "closeness",
        "longing",
        "Longing",
        "You miss somebody, or something you had.",
    ),
    (
        "sadness",
        "sad",
        "Sad",
        "Heavy, slow, near to tears perhaps.",
    ),
    (
        "sadness",
        "lonely",
        "Lonely",
        "Apart from people, even among them.",
    ),
    (
        "sadness",
        "grieving",
        "Grieving",
        "Somebody or something is gone, and it hurts.",
    ),
    (
        "sadness",
        "disappointed",
        "Disappointed",
        "It did not turn out as you hoped.",
    ),
    (
        "sadness",
        "hurt",
        "Hurt",
        "Somebody did or said something that went in.",
    ),
    ("sadness", "empty", "Empty", "Not much of anything inside."),
    (
        "sadness",
        "numb",
        "Numb",
        "You know that there is something, and cannot feel it.",
    ),
    (
        "sadness",
        "tired",
        "Worn out",
        "More than sleep would mend.",
    ),
    (
        "sadness",
        "hopeless",
        "Hopeless",
        "You cannot see it getting better just now.",
    ),
    (
        "sadness",
        "regretful",
        "Regretful",
        "You wish you had done it otherwise.",
    ),
    (
        "anger",
        "angry",
        "Angry",
        "Something is not right, and there is heat in it.",
    ),
    (
        "anger",
        "annoyed",
        "Annoyed",
        "Something small keeps rubbing.",
    ),
    (
        "anger",
        "frustrated",
        "Frustrated",
        "You push, and it does not move.",
    ),
    (
        "anger",
        "irritable",
        "Irritable",
        "Everything is a bit too much and too loud.",
    ),
    (
        "anger",
        "resentful",
        "Resentful",
        "An old wrong that has not been put right.",
    ),
    ("anger", "bitter", "Bitter", "Hurt that has gone hard."),
    (
        "anger",
        "jealous",
        "Jealous",
        "Somebody has what you want, or may take it.",
    ),
    (
        "anger",
        "let_down",
        "Let down",
        "You counted on somebody, and he was not there.",
    ),
    (
        "anger",
        "furious",
        "Furious",
        "Anger that wants to do something at once.",
    ),
    (
        "anger",
        "restless",
        "Restless",
        "You cannot sit still in it.",
    ),
    (
        "fear",
        "anxious",
        "Anxious",
        "Something bad may happen, and your body knows it first.",
    ),
    (
        "fear",
        "worried",
        "Worried",
        "The same thought, round and round.",
    ),
    (
        "fear",
        "nervous",
        "Nervous",
        "Something is coming up, and it matters.",
    ),
    (
        "fear",
        "scared",
        "Scared",
        "There is danger, or it feels so.",
    ),
    (
        "fear",
        "panicky",
        "Panicky",
        "Heart, breath and thoughts race together.",
    ),
    (
        "fear",
        "overwhelmed",
        "Overwhelmed",
        "More than you can hold at one time.",
    ),
    (
        "fear",
        "insecure",
        "Unsure of yourself",
        "You doubt that you are good enough for it.",
    ),
    (
        "fear",
        "exposed",
        "Exposed",
        "They can see what you would rather keep.",
    ),
    (
        "fear",
        "confused",
        "Confused",
        "You do not know what to make of it.",
    ),
    ("fear", "on_edge", "On edge", "Ready to jump at anything."),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("emotion")
                    .col(text("slug").primary_key())
                    .col(text("family"))
                    .col(text("name"))
                    .col(text("definition"))
                    .col(integer("position"))
                    .take(),
            )
            .await?;
        let mut emotions = Query::insert()
            .into_table("emotion")
            .columns(["family", "slug", "name", "definition", "position"])
            .take();
        for (position, (family, slug, name, definition)) in (1..).zip(EMOTIONS) {
            emotions.values_panic([
                family.into(),
                slug.into(),
                name.into(),
                definition.into(),
                Expr::val(position),
            ]);
        }
        manager.execute(emotions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["emotion"]).await
    }
}
