//! Which values can be changed while a run trains.

/// Sections and the values in them that are read anew at every step.
const LIVE: &[(&str, &[&str])] = &[
    ("contrast", &["temperature", "momentum", "general_positives"]),
    ("optimizer", &["lr", "momentum", "weight_decay", "betas", "eps", "schedule", "warmup", "milestones"]),
    ("train", &["checkpoint_every"]),
    ("eval", &["every", "images"]),
];

/// Whether a value can be changed while a run trains: everything of an augmentation but its kind and
/// its place in the list, and the numbers that every step reads anew.
///
/// # Errors
/// Why not, in words.
pub fn live(path: &str) -> Result<(), String> {
    let (section, rest) = path.split_once('.').unwrap_or((path, ""));
    if section == "augment" {
        return match rest.split_once('.') {
            Some((_, "kind")) | None => {
                Err("the list of augmentations and its order are fixed once a run has started".into())
            }
            Some(_) => Ok(()),
        };
    }
    let value = rest.split('.').next().unwrap_or_default();
    let known = LIVE.iter().any(|(name, values)| *name == section && values.contains(&value));
    if known { Ok(()) } else { Err("it is fixed once a run has started".into()) }
}
