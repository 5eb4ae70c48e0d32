//! Sources of the zone data: the copy in this program, the system's files, or a folder that the operator names.

use std::borrow::Cow;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::data::{self, Entry, Zones, bundled_version, is_no_zone};
use super::version::Version;

/// The folders where systems keep their zones.
const SYSTEM: [&str; 4] = [
    "/usr/share/zoneinfo",
    "/usr/lib/zoneinfo",
    "/usr/share/lib/zoneinfo",
    "/var/db/timezone/zoneinfo",
];

/// The largest file to read, in bytes. No zone's file is nearly as large.
const LARGEST: u64 = 1024 * 1024;
/// The deepest folder to read. No zone is deeper than `America/Argentina/Buenos_Aires`.
const DEEPEST: usize = 4;

/// The data that this process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Their edition.
    pub version: Version,
    /// Where they came from.
    pub origin: Origin,
}

/// Where data came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The copy in this program.
    Bundled,
    /// The system's files.
    System(PathBuf),
    /// The folder that the operator named.
    Folder(PathBuf),
}

impl Origin {
    /// A word for metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::System(_) => "system",
            Self::Folder(_) => "folder",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("the copy in this program"),
            Self::System(path) | Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Why a folder's zones cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    /// It cannot be read.
    #[error("{path} cannot be read: {1}", path = .0.display())]
    Unreadable(PathBuf, io::Error),
    /// The folder does not name its edition, so nobody knows whether it is newer than the one used before.
    #[error("{} has neither a tzdata.zi nor a +VERSION that names its edition, such as 2026f", .0.display())]
    NoVersion(PathBuf),
    /// One of its files is damaged.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// There is no zone in it.
    #[error("{} holds no zones", .0.display())]
    Empty(PathBuf),
}

impl Installed {
    /// The copy in this program.
    pub fn bundled() -> Self {
        Self {
            version: bundled_version(),
            origin: Origin::Bundled,
        }
    }

    /// Chooses the data for this process, and uses them for all look-ups from now on: the data of `folder` if it is
    /// given, or else the newest of the system's and the copy in this program.
    pub fn choose(folder: Option<&Path>) -> Result<Self, FolderFault> {
        if let Some(folder) = folder {
            return Self::folder(folder);
        }
        let system = SYSTEM.iter().map(Path::new);
        let newer = system.filter_map(|path| {
            let version = version_of(path)?;
            (version > bundled_version()).then_some((path, version))
        });
        for (path, version) in newer {
            // Damaged files of the system do not stop the start, because there is another copy.
            if let Ok(zones) = zones_in(path) {
                data::lay_over(zones);
                let origin = Origin::System(path.to_owned());
                return Ok(Self { version, origin });
            }
        }
        Ok(Self::bundled())
    }

    fn folder(path: &Path) -> Result<Self, FolderFault> {
        let path = path.to_owned();
        if let Err(error) = fs::read_dir(&path) {
            return Err(FolderFault::Unreadable(path, error));
        }
        let Some(version) = version_of(&path) else {
            return Err(FolderFault::NoVersion(path));
        };
        data::lay_over(zones_in(&path)?);
        let origin = Origin::Folder(path);
        Ok(Self { version, origin })
    }
}

/// Returns the folder and the edition of the system's files, or `None` if there are none or they do not name it.
pub fn system() -> Option<(PathBuf, Version)> {
    let mut found = SYSTEM.iter().map(Path::new);
    found.find_map(|path| Some((path.to_owned(), version_of(path)?)))
}

/// Returns the edition that a folder names: `# version 2026f` at the top of `tzdata.zi`, or `2026f` in `+VERSION`.
pub fn version_of(folder: &Path) -> Option<Version> {
    let first_line = |name: &str| {
        let mut line = String::new();
        let file = File::open(folder.join(name)).ok()?;
        // The limit keeps a file without line breaks from being read whole.
        BufReader::new(file.take(256)).read_line(&mut line).ok()?;
        Some(line)
    };
    let from_source = first_line("tzdata.zi").and_then(|line| {
        let version = line.trim().strip_prefix("# version ")?;
        version.parse().ok()
    });
    from_source.or_else(|| first_line("+VERSION")?.trim().parse().ok())
}

/// Reads every zone in a folder. Each is parsed once to check that it is not damaged.
fn zones_in(folder: &Path) -> Result<Zones, FolderFault> {
    let mut zones = Zones::new();
    let mut waiting = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((path, prefix, depth)) = waiting.pop() {
        let unreadable = |error| FolderFault::Unreadable(path.clone(), error);
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Some(name) = entry.file_name().to_str().map(ToOwned::to_owned) else {
                continue;
            };
            let (path, name) = (entry.path(), format!("{prefix}{name}"));
            // Follows links: aliases are links in many systems.
            let unreadable = |error| FolderFault::Unreadable(path.clone(), error);
            let about = match fs::metadata(&path) {
                // A dangling link is no zone.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about.map_err(unreadable)?,
            };
            if about.is_dir() {
                // `posix` repeats the same zones; `right` has them with leap seconds, which POSIX time does not have.
                if depth < DEEPEST && name != "posix" && name != "right" {
                    waiting.push((path, format!("{name}/"), depth + 1));
                }
            } else if about.is_file() && about.len() <= LARGEST && !is_no_zone(&name) {
                let file = fs::read(&path).map_err(unreadable)?;
                if file.starts_with(b"TZif") {
                    let entry = Entry::new(Cow::Owned(file));
                    if entry.known(&name).is_none() {
                        return Err(FolderFault::Damaged(path));
                    }
                    zones.insert(name, entry);
                }
            }
        }
    }
    if zones.is_empty() {
        return Err(FolderFault::Empty(folder.to_owned()));
    }
    Ok(zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(version: Option<(&str, &str)>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        if let Some((name, text)) = version {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn put(folder: &Path, name: &str, file: &[u8]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }

    fn refusal(folder: &Path) -> String {
        let fault = Installed::choose(Some(folder)).unwrap_err().to_string();
        fault.replace(&folder.display().to_string(), "FOLDER")
    }

    #[test]
    fn the_edition_is_read_from_the_folder() {
        let source = folder(Some(("tzdata.zi", "# version 2031c\n# This zic input\n")));
        assert_eq!(version_of(source.path()).unwrap(), "2031c".parse().unwrap());
        let plain = folder(Some(("+VERSION", "2031c\n")));
        assert_eq!(version_of(plain.path()).unwrap(), "2031c".parse().unwrap());
        assert_eq!(version_of(folder(None).path()), None);
        let other = folder(Some(("tzdata.zi", "R d 1916 o - Jun 14 23s 1 S\n")));
        assert_eq!(version_of(other.path()), None);
    }

    #[test]
    fn an_unusable_folder_is_refused_with_the_reason() {
        let tokyo = data::bundled_file("Asia/Tokyo").unwrap();
        assert!(refusal(Path::new("/nowhere/at/all")).starts_with("FOLDER cannot be read"));
        let unnamed = folder(None);
        put(unnamed.path(), "Asia/Tokyo", tokyo);
        assert_eq!(
            refusal(unnamed.path()),
            "FOLDER has neither a tzdata.zi nor a +VERSION that names its edition, such as 2026f"
        );
        let version = Some(("+VERSION", "2031c"));
        assert_eq!(refusal(folder(version).path()), "FOLDER holds no zones");
        let damaged = folder(version);
        put(damaged.path(), "Asia/Edo", &tokyo[..tokyo.len() / 2]);
        assert_eq!(refusal(damaged.path()), "FOLDER/Asia/Edo is damaged");
    }

    #[test]
    fn a_folder_overrides_the_bundled_zones_and_the_rest_stay_known() {
        let tokyo = data::bundled_file("Asia/Tokyo").unwrap();
        let folder = folder(Some(("+VERSION", "2031c")));
        // No other test uses this name.
        put(folder.path(), "Sea/Folder_Wins", tokyo);
        put(folder.path(), "right/Sea/Leaping", tokyo);
        put(folder.path(), "Factory", tokyo);
        put(
            folder.path(),
            "zone.tab",
            b"JP\t+353916+1394441\tAsia/Tokyo\n",
        );
        let installed = Installed::choose(Some(folder.path())).unwrap();
        assert_eq!(installed.version, "2031c".parse().unwrap());
        assert_eq!(installed.origin, Origin::Folder(folder.path().to_owned()));
        let known = |name: &str| name.parse::<crate::zones::Zone>().is_ok();
        assert!(known("Sea/Folder_Wins") && known("Europe/London"));
        for name in ["right/Sea/Leaping", "Sea/Leaping", "Factory", "zone.tab"] {
            assert!(!known(name), "{name}");
        }
    }
}
