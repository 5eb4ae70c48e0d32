//! Devices in the schema.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::DeviceId;
use entity::device as table;
use macros::payload;

use crate::device::model::{self, Registration};
use crate::device::service::{self, Registered};
use crate::graphql::errors::DeviceError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::locale::Language;
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::push::Address;
use crate::viewer::SignedIn;

/// The kind of a push address. Declare the kind you have: one is never converted into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "table::AddressKind")]
pub enum AddressKind {
    /// A Firebase installation ID.
    FcmFid,
    /// An FCM registration token, the older kind.
    FcmToken,
}

/// What the app runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "table::Platform")]
pub enum Platform {
    /// iOS or iPadOS.
    Ios,
    /// Android.
    Android,
    /// A browser.
    Web,
}

/// A device that your notifications go to.
#[derive(Clone, Debug)]
pub struct Device(model::Device);

/// A device that your notifications go to. Its push address is never shown.
#[Object]
impl Device {
    /// The device's global id. A device that passes to another member gets a new one.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The kind of its push address.
    async fn address_kind(&self) -> AddressKind {
        self.0.address_kind.into()
    }

    /// The platform that the app runs on.
    async fn platform(&self) -> Platform {
        self.0.platform.into()
    }

    /// The app's version, as the app wrote it.
    async fn app_version(&self) -> &str {
        &self.0.app_version
    }

    /// The app's language, as a BCP 47 tag.
    async fn locale(&self) -> &str {
        &self.0.locale
    }

    /// When it was first registered.
    async fn registered_at(&self) -> DateTime {
        DateTime(self.0.registered_at)
    }

    /// When it was last registered. After 60 days without a registration nothing is sent to it; after 270 days it is
    /// removed.
    async fn last_seen_at(&self) -> DateTime {
        DateTime(self.0.last_seen_at)
    }
}

/// The devices' part of `me`.
pub struct DeviceMe(pub SignedIn);

#[Object]
impl DeviceMe {
    /// The devices that your notifications go to, last seen first; at most 20.
    async fn devices(&self, ctx: &Context<'_>) -> Nullable<Vec<Device>> {
        let listed = service::of_member(ctx.app().db.pool(), self.0.member).await;
        let devices = listed.map(|devices| devices.into_iter().map(Device).collect());
        Some(devices.map_err(GqlError::from))
    }
}

/// The app's push address, and what it runs on. Send it at every start of the app, when its address changes, and
/// monthly.
#[derive(InputObject)]
pub struct RegisterDeviceInput {
    /// The kind of the push address.
    address_kind: AddressKind,
    /// The push address: 1 to 4,096 visible ASCII characters.
    address: String,
    /// An id of this installation of the app: 1 to 256 visible ASCII characters, chosen by the app. It must outlive
    /// the push address. A new address of the same installation replaces the earlier one.
    installation_id: Option<String>,
    /// The platform that the app runs on.
    platform: Platform,
    /// The app's version, such as 1.4.0: 1 to 64 visible ASCII characters.
    app_version: String,
    /// The app's language, as a BCP 47 tag such as en-GB.
    locale: String,
}

/// The answer to `registerDevice`.
#[payload(INVALID, REQUIRED, TOO_LONG)]
pub struct RegisterDevicePayload {
    /// The device; null when there are errors.
    device: Option<Device>,
    /// Why the device was not registered.
    errors: Vec<DeviceError>,
}

/// The device to remove.
#[derive(InputObject)]
pub struct UnregisterDeviceInput {
    /// The id of the `Device`.
    device_id: ID,
}

/// The answer to `unregisterDevice`.
#[payload(INVALID, REQUIRED, TOO_LONG)]
pub struct UnregisterDevicePayload {
    /// The id of the device that was removed; null when there are errors.
    device_id: Option<ID>,
    /// Why the device was not removed.
    errors: Vec<DeviceError>,
}

/// Mutations of devices.
#[derive(Default)]
pub struct DeviceMutation;

#[Object]
impl DeviceMutation {
    /// Registers the push address of this device, or refreshes it. An address belongs to the member who registered it
    /// last.
    async fn register_device(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The device.")] input: RegisterDeviceInput,
    ) -> Nullable<RegisterDevicePayload> {
        Some(register(ctx, input).await)
    }

    /// Removes one of your devices: nothing is sent to it any more. Succeeds also if it was removed before.
    async fn unregister_device(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The device.")] input: UnregisterDeviceInput,
    ) -> Nullable<UnregisterDevicePayload> {
        Some(unregister(ctx, input).await)
    }
}

async fn register(
    ctx: &Context<'_>,
    input: RegisterDeviceInput,
) -> GqlResult<RegisterDevicePayload> {
    let who = ctx.member()?;
    let registration = match parse(&input) {
        Ok(registration) => registration,
        Err(problems) => {
            return Ok(RegisterDevicePayload::refused(problems));
        }
    };
    match service::register(ctx.app(), who, &registration).await? {
        Registered::Device(device) => Ok(RegisterDevicePayload {
            device: Some(Device(device)),
            ..RegisterDevicePayload::default()
        }),
        Registered::SessionEnded => Err(GqlError::Unauthenticated),
    }
}

fn parse(input: &RegisterDeviceInput) -> Result<Registration, Vec<Problem>> {
    let mut problems = Problems::default();
    let address = Address::parse(input.address_kind.into(), &input.address);
    let address = problems.check(address);
    let installation_id = input
        .installation_id
        .as_deref()
        .map(model::installation_id)
        .transpose();
    let installation_id = problems.check(installation_id);
    let app_version = problems.check(model::app_version(&input.app_version));
    let locale = problems.check(Language::parse("locale", &input.locale));
    match (address, installation_id, app_version, locale) {
        (Some(address), Some(installation_id), Some(app_version), Some(locale)) => {
            Ok(Registration {
                address,
                installation_id,
                platform: input.platform.into(),
                app_version,
                locale,
            })
        }
        _ => Err(problems.into_vec()),
    }
}

async fn unregister(
    ctx: &Context<'_>,
    input: UnregisterDeviceInput,
) -> GqlResult<UnregisterDevicePayload> {
    let who = ctx.member()?;
    let Some(device) = DeviceId::from_global(&input.device_id) else {
        let message = "This is not the id of a device.";
        let problem = Problem::field("deviceId", ProblemCode::Invalid, message);
        return Ok(UnregisterDevicePayload::refused(vec![problem]));
    };
    service::unregister(ctx.app(), who, device).await?;
    Ok(UnregisterDevicePayload {
        device_id: Some(input.device_id),
        ..UnregisterDevicePayload::default()
    })
}

/// Loads the caller's devices with these ids, in one statement. Other members' devices are left out.
pub async fn load_devices(
    ctx: &Context<'_>,
    ids: &[DeviceId],
) -> GqlResult<Vec<(DeviceId, Device)>> {
    let member = ctx.member()?.member;
    let devices = service::of_member(ctx.app().db.pool(), member).await?;
    Ok(devices
        .into_iter()
        .filter(|device| ids.contains(&device.id))
        .map(|device| (device.id, Device(device)))
        .collect())
}
