//! CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky, 2009): records of one or two label
//! bytes and 3 × 32 × 32 bytes, planes of red, green and blue.

use super::{DataError, DataSettings, Images, Labels, Splits, pixels, registry};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;

/// How a variant's records are laid out.
struct Layout {
    /// Label sets, in the order of their bytes: name, file of the classes' names, number of classes.
    labels: &'static [(&'static str, &'static str, usize)],
    train: &'static [&'static str],
    held_out: &'static str,
    kind: &'static str,
}

const TEN: Layout = Layout {
    labels: &[("class", "batches.meta.txt", 10)],
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    held_out: "test_batch.bin",
    kind: "cifar10",
};

const HUNDRED: Layout = Layout {
    labels: &[("coarse", "coarse_label_names.txt", 20), ("class", "fine_label_names.txt", 100)],
    train: &["train.bin"],
    held_out: "test.bin",
    kind: "cifar100",
};

/// CIFAR-10.
pub fn open_10(settings: &DataSettings, progress: &mut registry::Progress) -> Result<Splits, DataError> {
    open(&TEN, settings, progress)
}

/// CIFAR-100, with both of its label sets.
pub fn open_100(settings: &DataSettings, progress: &mut registry::Progress) -> Result<Splits, DataError> {
    open(&HUNDRED, settings, progress)
}

fn open(
    layout: &Layout,
    settings: &DataSettings,
    progress: &mut registry::Progress,
) -> Result<Splits, DataError> {
    let root = registry::root(settings, layout.kind)?;
    fs::read_dir(&root).map_err(DataError::read(&root))?;
    let train: Vec<PathBuf> =
        layout.train.iter().map(|name| root.join(name)).filter(|path| path.is_file()).collect();
    if train.is_empty() {
        let what = format!("{}: it is no folder of {}'s binary version", layout.train[0], layout.kind);
        return Err(DataError::Missing { path: root, what });
    }
    let mut read = |paths: &[PathBuf], what: &str| -> Result<Arc<Images>, DataError> {
        let mut images = empty(layout, settings.size, &root);
        for (done, path) in paths.iter().enumerate() {
            progress(what, done, paths.len());
            append(&mut images, layout, path)?;
        }
        Ok(Arc::new(images))
    };
    let held_out = read(&[root.join(layout.held_out)], "held-out images")?;
    let train = read(&train, "training images")?;
    if train.len() < 2 {
        return Err(DataError::TooFew { path: root, count: train.len() });
    }
    Ok(Splits { train, held_out, notes: Vec::new() })
}

fn empty(layout: &Layout, side: usize, root: &Path) -> Images {
    let labels = layout.labels.iter().map(|(name, file, count)| Labels {
        name: (*name).into(),
        classes: names(&root.join(file), *count),
        of: Vec::new(),
    });
    Images { side, pixels: Vec::new(), labels: labels.collect() }
}

/// The classes' names, a line each; their numbers where the file is missing or too short.
fn names(path: &Path, count: usize) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut names = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(crate::text::printable);
    (0..count).map(|class| names.next().unwrap_or_else(|| class.to_string())).collect()
}

/// Adds the records of one file.
fn append(images: &mut Images, layout: &Layout, path: &Path) -> Result<(), DataError> {
    let bytes = fs::read(path).map_err(DataError::read(path))?;
    let malformed = |why| DataError::Malformed { path: path.to_path_buf(), why };
    let (labels, record) = (layout.labels.len(), layout.labels.len() + 3 * PLANE);
    if bytes.is_empty() || bytes.len() % record != 0 {
        let why = format!(
            "{} bytes are not a whole number of {}'s records of {record} bytes: it is cut off, or of another data set",
            bytes.len(),
            layout.kind
        );
        return Err(malformed(why));
    }
    for (at, record) in bytes.chunks_exact(record).enumerate() {
        for (set, class) in images.labels.iter_mut().zip(record) {
            if usize::from(*class) >= set.classes.len() {
                let (name, count) = (&set.name, set.classes.len());
                return Err(malformed(format!("record {at} has {name} {class}, but there are {count}")));
            }
            set.of.push(u16::from(*class));
        }
        let planes = &record[labels..];
        let interleaved: Vec<u8> =
            (0..PLANE).flat_map(|i| [planes[i], planes[PLANE + i], planes[2 * PLANE + i]]).collect();
        if images.side == SIDE {
            images.pixels.extend_from_slice(&interleaved);
        } else {
            let resized = pixels::fit(interleaved, SIDE as u32, SIDE as u32, images.side)
                .map_err(|why| malformed(format!("record {at}: {why}")))?;
            images.pixels.extend_from_slice(&resized);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, records: usize, first: u8) {
        let record = |i: usize| {
            let mut bytes = vec![((i + usize::from(first)) % 10) as u8];
            bytes.extend((0..3).flat_map(|channel| vec![(i * 10 + channel) as u8; PLANE]));
            bytes
        };
        fs::write(folder.join(name), (0..records).flat_map(record).collect::<Vec<u8>>()).unwrap();
    }

    fn settings(folder: &Path, size: usize) -> DataSettings {
        DataSettings { kind: "cifar10".into(), path: Some(folder.into()), size, ..DataSettings::default() }
    }

    #[test]
    fn records_are_counted_by_the_files_size_and_planes_interleaved() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "data_batch_1.bin", 3, 0);
        write(folder.path(), "data_batch_2.bin", 2, 5);
        write(folder.path(), "test_batch.bin", 4, 0);
        fs::write(folder.path().join("batches.meta.txt"), "airplane\nautomobile\n").unwrap();
        let splits = registry::open(&settings(folder.path(), 32), &mut |_, _, _| {}).unwrap();
        assert_eq!((splits.train.len(), splits.held_out.len()), (5, 4));
        assert_eq!(splits.train.labels[0].of, [0, 1, 2, 5, 6]);
        assert_eq!(splits.train.bytes(1)[..6], [10, 11, 12, 10, 11, 12]);
        assert_eq!(splits.train.describe(1), ["class automobile"]);
        assert_eq!(splits.train.describe(2), ["class 2"]);
        let larger = registry::open(&settings(folder.path(), 48), &mut |_, _, _| {}).unwrap();
        assert_eq!(larger.train.bytes(1).len(), 48 * 48 * 3);
        assert_eq!(larger.train.bytes(1)[..3], [10, 11, 12]);
    }

    #[test]
    fn what_is_no_cifar_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let open = || registry::open(&settings(folder.path(), 32), &mut |_, _, _| {}).unwrap_err().to_string();
        assert!(open().contains("data_batch_1.bin"), "{}", open());
        write(folder.path(), "data_batch_1.bin", 3, 0);
        assert!(open().contains("test_batch.bin"), "{}", open());
        fs::write(folder.path().join("test_batch.bin"), vec![0; 3072]).unwrap();
        assert!(open().contains("3072 bytes are not a whole number"), "{}", open());
        fs::write(folder.path().join("test_batch.bin"), vec![77; 3073]).unwrap();
        assert!(open().contains("record 0 has class 77"), "{}", open());
        let nowhere = DataSettings { path: Some(folder.path().join("nowhere")), ..settings(folder.path(), 32) };
        assert!(registry::open(&nowhere, &mut |_, _, _| {}).unwrap_err().to_string().contains("nowhere"));
        let unknown = DataSettings { kind: "cifar11".into(), ..DataSettings::default() };
        let text = registry::open(&unknown, &mut |_, _, _| {}).unwrap_err().to_string();
        assert!(text.contains("cifar11") && text.contains("cifar100"), "{text}");
    }

    #[test]
    fn the_real_subset_opens() {
        let Some(root) = std::env::var_os("LOOC_DATA") else {
            eprintln!("skipped: LOOC_DATA names no folder with real images");
            return;
        };
        let settings = settings(&Path::new(&root).join("cifar10-subset"), 32);
        let splits = registry::open(&settings, &mut |_, _, _| {}).unwrap();
        assert_eq!((splits.train.len(), splits.held_out.len()), (10_000, 2_000));
        assert_eq!(splits.train.labels[0].classes[0], "airplane");
    }
}
