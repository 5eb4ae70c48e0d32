//! The vocabulary of feelings.

use std::sync::Arc;

use crate::app::App;
use crate::checkin::store;
use crate::error::Fault;
use crate::vocabulary::emotions::Emotion;

/// Returns the vocabulary from this process's cache. Do not call it inside a transaction.
pub async fn emotions(app: &App) -> Result<Arc<Vec<Arc<Emotion>>>, Fault> {
    let read = async {
        let rows = store::emotions(app.db.pool()).await?;
        let words = rows.into_iter().map(|row| {
            Arc::new(Emotion {
                slug: row.slug,
                family: row.family,
                name: row.name,
                definition: row.definition,
            })
        });
        Ok(words.collect())
    };
    app.emotions.get(app.clock.uptime(), read).await
}
