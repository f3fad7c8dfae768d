//! Images that are changed, removed and added while a run trains on them: it goes on with those that it began with,
//! to the last bit, and says so when somebody wants to go on with it.

#[expect(dead_code, reason = "of what there is to watch a run by, these tests take a part")]
mod common;

use common::{SMALL, Watched, config, rows, series, train};
use looc::{
    config::Config,
    engine::{
        self, Place, Replaying,
        message::{Command, Phase},
    },
};
use std::{fs, path::Path};

const STEPS: u64 = 10;

fn photo(photos: &Path, place: u32, red: u8) {
    let class = photos.join(["a", "b"][place as usize % 2]);
    fs::create_dir_all(&class).unwrap();
    let colour = |x, y| image::Rgb([red, (x * 6) as u8, (y * 6 + place) as u8]);
    image::RgbImage::from_fn(32, 32, colour).save(class.join(format!("{place:04}.png"))).unwrap();
}

fn on(photos: &Path, cache: &str) -> Config {
    let (path, cache) = (format!("data.path={}", photos.display()), format!("data.cache={cache}"));
    let set = ["data.kind=folder", &path, &cache, "data.memory=0", "data.size=32", "train.batch=16"];
    config(&[SMALL, &set, &["eval.images=8"]].concat())
}

fn final_state(run: &Path) -> Vec<u8> {
    fs::read(run.join(format!("checkpoints/step-{STEPS:08}/state.safetensors"))).unwrap()
}

/// Held in memory, and read from the cache.
#[test]
fn a_run_keeps_its_images_and_tells_of_others() {
    for cached in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let photos = path("photos");
        (0..60).for_each(|place| photo(&photos, place, 100));
        let cache = if cached { path("cache").display().to_string() } else { "off".into() };
        let config = on(&photos, &cache);
        train(config.clone(), Place::New(path("whole")), STEPS);

        let mut watched = Watched::start(config.clone(), Place::New(path("run")), STEPS);
        watched.until_step(2);
        watched.send(Command::Pause);
        watched.until(|now| now.phase == Phase::Paused);
        assert!(watched.snapshot().step < STEPS);
        photo(&photos, 7, 101);
        fs::write(photos.join("a/0008.png"), "no image").unwrap();
        fs::remove_file(photos.join("b/0009.png")).unwrap();
        photo(&photos, 60, 100);
        watched.send(Command::Resume);
        assert_eq!(watched.join().phase, Phase::Finished);
        assert_eq!(series(&rows(&path("run")), "loss"), series(&rows(&path("whole")), "loss"));
        assert!(final_state(&path("run")) == final_state(&path("whole")), "the final checkpoints differ");

        let resume = || train(config.clone(), Place::Resume(path("run")), STEPS + 2);
        let told = |what: &str| {
            let ended = resume();
            let Phase::Failed(why) = &ended.phase else { panic!("{what}: {:?}", ended.phase) };
            assert!(why.contains("\n  data: ") && why.contains("looc-tui fork"), "{what}: {why}");
        };
        told("all of them");
        let task =
            Replaying { run: path("run"), until: None, into: path("again"), keep: false, threads: None };
        let (_handle, thread) = engine::replay(task).unwrap_or_else(|error| panic!("{error}"));
        let verdict = thread.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(verdict.changed.iter().map(|it| it.what).collect::<Vec<_>>(), ["data"]);
        // Each of them by itself, the others put back.
        fs::remove_file(photos.join("a/0060.png")).unwrap();
        photo(&photos, 9, 100);
        photo(&photos, 7, 100);
        told("one that is damaged");
        photo(&photos, 8, 100);
        fs::remove_file(photos.join("b/0009.png")).unwrap();
        told("one that is missing");
        photo(&photos, 9, 100);
        photo(&photos, 60, 100);
        told("one that is new");
        fs::remove_file(photos.join("a/0060.png")).unwrap();
        let ended = resume();
        assert_eq!((&ended.phase, ended.step), (&Phase::Finished, STEPS + 2), "cached: {cached}");
    }
}
