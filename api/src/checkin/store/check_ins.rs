//! SQL for check-ins.

use chrono::NaiveDate;
use entity::check_in::{ActiveModel, Column, Entity, Model, Visibility};
use entity::{CheckInId, MemberId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::LIST;
use crate::app::App;
use crate::checkin::entry::{CheckIn, Content, History, Tag};
use crate::error::Fault;
use crate::page::{Cursor, Page};
use crate::tx::Tx;

/// The context that a note's encryption is bound to.
const NOTE: &[u8] = b"check-in note";

/// A stored check-in. Its note is sealed.
#[derive(Clone, Debug)]
pub struct SealedCheckIn(Model);

impl SealedCheckIn {
    /// Seals a check-in's note.
    pub fn new(app: &App, check_in: &CheckIn) -> Result<Self, Fault> {
        let content = &check_in.content;
        let what = [NOTE, check_in.member.0.as_bytes(), check_in.id.0.as_bytes()];
        let seal = |note| app.keys.at_rest().seal_again(&app.entropy, &what, note);
        let emotions = content.emotions.join(" ");
        Ok(Self(Model {
            id: check_in.id,
            member_id: check_in.member,
            local_date: check_in.local_date,
            time_zone: check_in.time_zone.clone(),
            day_start_hour: check_in.day_start_hour,
            mood: content.mood,
            energy: content.energy,
            emotions: (!emotions.is_empty()).then_some(emotions),
            note: content.note.as_ref().map(seal).transpose()?,
            kept_word: content.kept_word,
            wants_a_word: content.wants_a_word,
            visibility: content.visibility,
            created_at: check_in.created_at,
            updated_at: check_in.updated_at,
            counts: check_in.counts,
            sent: Some(check_in.history.sent.concat()).filter(|sent| !sent.is_empty()),
            taken_back_at: check_in.history.taken_back_at,
            words_deleted_at: check_in.history.words_deleted_at,
        }))
    }

    /// Opens a check-in's note.
    pub fn open(self, app: &App) -> CheckIn {
        let row = self.0;
        let what = [NOTE, row.member_id.0.as_bytes(), row.id.0.as_bytes()];
        let open = |sealed| app.keys.at_rest().read(&what, sealed);
        let emotions = row.emotions.unwrap_or_default();
        CheckIn {
            id: row.id,
            member: row.member_id,
            local_date: row.local_date,
            time_zone: row.time_zone,
            day_start_hour: row.day_start_hour,
            content: Content {
                mood: row.mood,
                energy: row.energy,
                emotions: emotions.split_whitespace().map(str::to_owned).collect(),
                note: row.note.map(open),
                kept_word: row.kept_word,
                wants_a_word: row.wants_a_word,
                visibility: row.visibility,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            counts: row.counts,
            history: History {
                sent: row.sent.as_deref().map_or_else(Vec::new, tags),
                taken_back_at: row.taken_back_at,
                words_deleted_at: row.words_deleted_at,
            },
        }
    }
}

fn tags(sent: &[u8]) -> Vec<Tag> {
    let (tags, _) = sent.as_chunks();
    tags.to_vec()
}

/// Inserts a check-in. Returns false, and changes nothing, if the day or the id is taken.
pub async fn insert(tx: &Tx, check_in: SealedCheckIn) -> Result<bool, Fault> {
    // No conflict target: either the day or the id may be taken.
    let inserted = Entity::insert(check_in.0.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(inserted == 1)
}

/// Updates the content of a member's check-in. Returns false if it does not exist.
pub async fn update(tx: &Tx, check_in: SealedCheckIn) -> Result<bool, Fault> {
    let row = check_in.0;
    let written = Entity::update_many()
        .set(ActiveModel {
            mood: Set(row.mood),
            energy: Set(row.energy),
            emotions: Set(row.emotions),
            note: Set(row.note),
            kept_word: Set(row.kept_word),
            wants_a_word: Set(row.wants_a_word),
            visibility: Set(row.visibility),
            updated_at: Set(row.updated_at),
            sent: Set(row.sent),
            taken_back_at: Set(row.taken_back_at),
            words_deleted_at: Set(row.words_deleted_at),
            ..ActiveModel::default()
        })
        .filter(Column::Id.eq(row.id))
        .filter(Column::MemberId.eq(row.member_id))
        .exec(tx)
        .await?;
    Ok(written.rows_affected == 1)
}

pub(super) fn written(rows: Vec<Model>) -> Vec<SealedCheckIn> {
    rows.into_iter().map(SealedCheckIn).collect()
}

/// Returns a member's check-in by its id.
pub async fn by_id(
    db: &impl ConnectionTrait,
    member: MemberId,
    id: CheckInId,
) -> Result<Option<SealedCheckIn>, Fault> {
    Ok(by_ids(db, member, &[id]).await?.pop())
}

/// Returns a member's check-ins by their ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    member: MemberId,
    ids: &[CheckInId],
) -> Result<Vec<SealedCheckIn>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::Id.is_in(ids.iter().copied()));
    Ok(written(found.all(db).await?))
}

/// Returns a member's check-in for a day.
pub async fn on_day(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<Option<SealedCheckIn>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::LocalDate.eq(day));
    Ok(found.one(db).await?.map(SealedCheckIn))
}

/// Returns a member's check-ins from `first` to `last`, both included, by ascending day.
pub async fn between(
    db: &impl ConnectionTrait,
    member: MemberId,
    first: NaiveDate,
    last: NaiveDate,
) -> Result<Vec<SealedCheckIn>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::LocalDate.between(first, last))
        .order_by_asc(Column::LocalDate);
    Ok(written(found.all(db).await?))
}

/// Returns which of the given members have a check-in for the day that counts.
pub async fn who_on_day(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<Vec<MemberId>, Fault> {
    let found = Entity::find()
        .select_only()
        .column(Column::MemberId)
        .filter(Column::LocalDate.eq(day))
        .filter(Column::Counts.eq(true))
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found)
}

/// Returns the given check-ins that partners may read and that ask a partner to get in touch.
pub async fn wanting_a_word(
    db: &impl ConnectionTrait,
    ids: &[CheckInId],
) -> Result<Vec<CheckInId>, Fault> {
    let found = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::WantsAWord.eq(true))
        .filter(Column::Visibility.ne(Visibility::Private))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found)
}

/// Returns the latest day with a check-in that counts for each given member. Members without one are left out.
pub async fn last_days(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<Vec<(MemberId, NaiveDate)>, Fault> {
    let found = Entity::find()
        .select_only()
        .column(Column::MemberId)
        .column_as(Column::LocalDate.max(), "last")
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .filter(Column::Counts.eq(true))
        .group_by(Column::MemberId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(found)
}

/// Returns a member's check-ins that conflict with a new one: with the same id or for the same day.
pub async fn in_the_way(
    tx: &Tx,
    member: MemberId,
    id: CheckInId,
    day: NaiveDate,
) -> Result<Vec<SealedCheckIn>, Fault> {
    let same = Condition::any()
        .add(Column::Id.eq(id))
        .add(Column::LocalDate.eq(day));
    let mut found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(same)
        .all(tx)
        .await?;
    // The row with the same id comes first: the id identifies the request better than the day does.
    found.sort_by_key(|row| row.id != id);
    Ok(written(found))
}

/// Fetches up to `limit + 1` of a member's check-ins, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    member: MemberId,
    page: &Page<LIST>,
) -> Result<Vec<SealedCheckIn>, Fault> {
    let mut query = Entity::find().filter(Column::MemberId.eq(member));
    // A member has one check-in per day, so the date alone orders them.
    if let Some(day) = page.after.and_then(date_of) {
        query = query.filter(Column::LocalDate.lt(day));
    }
    if let Some(day) = page.before.and_then(date_of) {
        query = query.filter(Column::LocalDate.gt(day));
    }
    let query = if page.backward {
        query.order_by_asc(Column::LocalDate)
    } else {
        query.order_by_desc(Column::LocalDate)
    };
    Ok(written(query.limit(page.limit + 1).all(db).await?))
}

/// Counts a member's check-ins.
pub async fn count(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, Fault> {
    let of_member = Entity::find().filter(Column::MemberId.eq(member));
    Ok(of_member.count(db).await?)
}

/// Returns the day that a cursor in a list of days stands for.
pub(super) fn date_of<const L: u8>(cursor: Cursor<L>) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(cursor.key).ok()?)
}
