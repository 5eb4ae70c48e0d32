//! The schema: every domain's queries, mutations and subscriptions under one root each.

pub mod account;
pub mod checkin;
pub mod circle;
pub mod commitment;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod consent;
pub mod device;
pub mod edges;
pub mod input_types;
pub mod installation;
pub mod ladder;
pub mod matching;
pub mod me;
pub mod meeting;
pub mod node_query;
pub mod notification;
pub mod pact;
pub mod profile;
pub mod sync;
pub mod validation;

pub use me::Me;

use async_graphql::{
    MergedObject, MergedSubscription, Object, Request, Schema, SchemaBuilder, ValidationMode,
};

use self::edges::Edges;
use self::node_query::NodeQuery;
use crate::app::App;
use crate::graphql::context::Sender;
use crate::graphql::errors::UserError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, Nullable};
use crate::schema::account::AccountMutation;
use crate::schema::checkin::subscription::CheckInSubscription;
use crate::schema::checkin::{CheckInMutation, EmotionQuery, PlanMutation, TakeBackMutation};
use crate::schema::circle::{CircleMutation, CircleQuery, InvitationMutation};
use crate::schema::commitment::{CommitmentDayMutation, CommitmentMutation};
use crate::schema::device::DeviceMutation;
use crate::schema::installation::InstallationQuery;
use crate::schema::ladder::{LadderMutation, LadderQuery};
use crate::schema::matching::PeeringMutation;
use crate::schema::meeting::{
    ChangeMeetingMutation, MeetingQuery, RsvpMutation, ScheduleMeetingMutation,
};
use crate::schema::notification::NotificationMutation;
use crate::schema::notification::quiet_hours::QuietMutation;
use crate::schema::notification::reminder::ReminderMutation;
use crate::schema::notification::subscription::NotificationSubscription;
use crate::schema::pact::subscription::PartnerSubscription;
use crate::schema::pact::{PactMutation, PactNudgeMutation};
use crate::schema::profile::{DisclosureMutation, ProfileMutation, ProfileQuery};
use crate::schema::sync::SyncQuery;

/// Fields of the service itself.
#[derive(Default)]
pub struct ServiceQuery;

#[Object]
impl ServiceQuery {
    /// The server's time.
    async fn server_time(&self, ctx: &async_graphql::Context<'_>) -> Nullable<DateTime> {
        Some(Ok(DateTime(ctx.app().clock.now())))
    }

    /// You, the signed-in member.
    async fn me(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Me> {
        Some(ctx.member().map(Me::of))
    }
}

/// Everything you can query. A field that fails is null, with an error beside it; one failure does not affect the
/// others.
#[derive(Default, MergedObject)]
#[graphql(name = "Query")]
pub struct QueryRoot(
    ServiceQuery,
    InstallationQuery,
    NodeQuery,
    ProfileQuery,
    CircleQuery,
    MeetingQuery,
    EmotionQuery,
    SyncQuery,
    LadderQuery,
    #[cfg(feature = "conformance")] conformance::ConformanceQuery,
);

/// Everything you can change. You may send every mutation again if its answer did not arrive: the second time changes
/// nothing and answers the same.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(
    AccountMutation,
    ProfileMutation,
    DisclosureMutation,
    CircleMutation,
    InvitationMutation,
    CheckInMutation,
    TakeBackMutation,
    PlanMutation,
    ScheduleMeetingMutation,
    ChangeMeetingMutation,
    RsvpMutation,
    DeviceMutation,
    NotificationMutation,
    ReminderMutation,
    PeeringMutation,
    QuietMutation,
    PactMutation,
    PactNudgeMutation,
    LadderMutation,
    CommitmentMutation,
    CommitmentDayMutation,
);

/// The live events that your devices can receive while they are connected. Events are hints: they say what to read, and
/// nothing of the content. They are not stored for later. When you sign out, the stream sends an error and ends.
#[derive(Default, MergedSubscription)]
#[graphql(name = "Subscription")]
pub struct SubscriptionRoot(
    CheckInSubscription,
    NotificationSubscription,
    PartnerSubscription,
    #[cfg(feature = "conformance")] conformance::ConformanceSubscription,
);

/// Belay's schema.
pub type BelaySchema = Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// Builds the schema without the data that requests need; enough to print it.
pub fn builder() -> SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot> {
    Schema::build(
        QueryRoot::default(),
        MutationRoot::default(),
        SubscriptionRoot::default(),
    )
    .register_output_type::<UserError>()
}

/// Builds the executable schema.
pub fn build(app: App) -> BelaySchema {
    builder().data(app).finish()
}

/// Builds the executable schema for documents that [`validation`] has found valid. The library's own rules are left
/// out.
pub fn build_validated(app: App) -> BelaySchema {
    validated_builder(app).finish()
}

/// As [`build_validated`], open to extensions.
pub fn validated_builder(app: App) -> SchemaBuilder<QueryRoot, MutationRoot, SubscriptionRoot> {
    let builder = builder().data(app).disable_suggestions();
    builder.validation_mode(ValidationMode::Fast)
}

/// Adds the data that resolvers need to a request: its sender, and the batch of related things to fetch.
pub fn sent_by(request: Request, sender: Sender) -> Request {
    request.data(sender).data(Edges::new())
}

/// Returns the schema in the schema definition language, as in `schema.graphql`.
pub fn sdl() -> String {
    let schema = builder().finish();
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    schema.sdl_with_options(options)
}
