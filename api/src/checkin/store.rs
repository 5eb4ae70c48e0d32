//! Check-ins and progress: the only statements there are.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::check_in::{Column, Entity, Model};
use entity::{CheckInId, MemberId, member, progress};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoColumnRef as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait as _, JoinType,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Statement,
};

use crate::db::Tx;
use crate::graphql::cursor::{Cursor, Page};

/// The list of a member's check-ins, for cursors.
pub const LIST: u8 = 4;

/// `DO NOTHING` without a target: the day may be taken, and so may the id.
const TAKE_DAY: &str = "INSERT INTO check_in \
    (id, member_id, local_date, time_zone, day_start_hour, mood, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

/// Counts the days in `taken`, of which there is one or none. An earlier day that arrives late does not
/// take the last one back.
const COUNT_DAY: &str = "INSERT INTO progress \
    (member_id, days_shown_up, last_local_date, updated_at) \
    SELECT member_id, 1, local_date, updated_at FROM taken WHERE true \
    ON CONFLICT (member_id) DO UPDATE SET \
    days_shown_up = progress.days_shown_up + 1, \
    last_local_date = CASE WHEN progress.last_local_date > excluded.last_local_date \
    THEN progress.last_local_date ELSE excluded.last_local_date END, \
    updated_at = excluded.updated_at";

/// Writes a check-in and counts its day; false, with nothing changed, when the day or the id is taken.
/// One statement on PostgreSQL; SQLite knows no writing subqueries and takes two.
pub async fn insert(tx: &Tx, row: &Model) -> Result<bool, DbErr> {
    let values = vec![
        row.id.into(),
        row.member_id.into(),
        row.local_date.into(),
        row.time_zone.clone().into(),
        row.day_start_hour.into(),
        row.mood.into(),
        row.created_at.into(),
        row.updated_at.into(),
    ];
    let backend = tx.get_database_backend();
    let run = |sql, values| tx.execute_raw(Statement::from_sql_and_values(backend, sql, values));
    if backend == DbBackend::Sqlite {
        if run(TAKE_DAY.to_owned(), values).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let taken = "SELECT member_id, local_date, updated_at FROM check_in WHERE id = $1";
        let count = format!("WITH taken AS ({taken}) {COUNT_DAY}");
        let counted = run(count, vec![row.id.into()]).await?;
        return Ok(counted.rows_affected() == 1);
    }
    let taken = format!("{TAKE_DAY} RETURNING member_id, local_date, updated_at");
    let counted = run(format!("WITH taken AS ({taken}) {COUNT_DAY}"), values).await?;
    Ok(counted.rows_affected() == 1)
}

/// Writes another mood to a check-in; false when it is not his or not there.
pub async fn set_mood(
    tx: &Tx,
    member: MemberId,
    id: CheckInId,
    mood: Option<i32>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let written = Entity::update_many()
        .col_expr(Column::Mood, Expr::value(mood))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::MemberId.eq(member))
        .exec(tx)
        .await?;
    Ok(written.rows_affected == 1)
}

/// A member's check-in by its id.
pub async fn by_id(
    db: &impl ConnectionTrait,
    member: MemberId,
    id: CheckInId,
) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id)
        .filter(Column::MemberId.eq(member))
        .one(db)
        .await
}

/// A member's check-ins by their ids.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    member: MemberId,
    ids: &[CheckInId],
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await
}

/// A member's check-in of a day.
pub async fn on_day(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::LocalDate.eq(day))
        .one(db)
        .await
}

/// Which of these members have a check-in of a day.
pub async fn who_on_day(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<Vec<MemberId>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::MemberId)
        .filter(Column::LocalDate.eq(day))
        .filter(Column::MemberId.is_in(members.iter().copied()))
        .into_tuple()
        .all(db)
        .await
}

/// A member's check-ins that stand in the way of a new one: with its id, or of its day.
pub async fn in_the_way(
    tx: &Tx,
    member: MemberId,
    id: CheckInId,
    day: NaiveDate,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(
            Condition::any()
                .add(Column::Id.eq(id))
                .add(Column::LocalDate.eq(day)),
        )
        .all(tx)
        .await
}

/// A page of a member's check-ins, newest first, and one row more.
pub async fn page(
    db: &impl ConnectionTrait,
    member: MemberId,
    page: &Page<LIST>,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::MemberId.eq(member));
    // A member has one check-in a day: the date alone orders them.
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
    query.limit(page.limit + 1).all(db).await
}

/// How many check-ins a member has.
pub async fn count(db: &impl ConnectionTrait, member: MemberId) -> Result<u64, DbErr> {
    let of_member = Entity::find().filter(Column::MemberId.eq(member));
    of_member.count(db).await
}

fn date_of(cursor: Cursor<LIST>) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(cursor.key).ok()?)
}

/// What progress is told from.
#[derive(Debug)]
pub struct Standing {
    /// The name of the member's zone.
    pub time_zone: String,
    /// None before the first check-in.
    pub days_shown_up: Option<i32>,
    /// None before the first check-in.
    pub last_local_date: Option<NaiveDate>,
    /// The days about today that have a check-in.
    pub recent: Vec<NaiveDate>,
}

/// A member's standing, in one statement; none for somebody who is not there.
pub async fn standing(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<Option<Standing>, DbErr> {
    type Row = (String, Option<i32>, Option<NaiveDate>, Option<NaiveDate>);
    // His zone, and with it his today, is not known before the answer: no zone is further from UTC than this.
    let since = (now - TimeDelta::days(2)).date_naive();
    let of_member = |column: sea_orm::sea_query::ColumnRef| {
        Expr::col(column).equals((member::Entity, member::Column::Id))
    };
    let mut query = member::Entity::find_by_id(member)
        .select_only()
        .column(member::Column::TimeZone)
        .column(progress::Column::DaysShownUp)
        .column(progress::Column::LastLocalDate)
        .column(Column::LocalDate);
    sea_orm::QueryTrait::query(&mut query)
        .join(
            JoinType::LeftJoin,
            progress::Entity,
            of_member((progress::Entity, progress::Column::MemberId).into_column_ref()),
        )
        .join(
            JoinType::LeftJoin,
            Entity,
            of_member((Entity, Column::MemberId).into_column_ref())
                .and(Column::LocalDate.gte(since)),
        );
    let rows: Vec<Row> = query.into_tuple().all(db).await?;
    let recent = rows.iter().filter_map(|row| row.3).collect();
    Ok(rows.into_iter().next().map(|row| Standing {
        time_zone: row.0,
        days_shown_up: row.1,
        last_local_date: row.2,
        recent,
    }))
}
