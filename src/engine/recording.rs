//! A run as its viewer saw it, kept in a file, and played again without training: for pictures of the program,
//! and for learning its keys.

use super::{
    Handle, Publisher, line,
    message::{
        Command, Event, NeighbourRequest, NeighbourSheet, Phase, Snapshot, StepRecord, ViewRequest, ViewSheet,
    },
};
use crate::{
    config::{Config, live},
    run::journal,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Read, Write},
    sync::{Arc, mpsc::RecvTimeoutError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// The player looks around this often.
const TICK: Duration = Duration::from_millis(50);
/// A recording that is longer is none of ours.
const LONGEST: u64 = 64 << 20;

/// What the viewer heard, in order, and what it saw when it asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recording {
    /// The configuration it started with, as YAML.
    pub config: String,
    pub moments: Vec<Moment>,
    /// Views of some held-out images, at some steps.
    pub views: Vec<ViewSheet>,
    /// Neighbours of some held-out images.
    pub neighbours: Vec<NeighbourSheet>,
}

/// What was new after a while.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moment {
    /// Seconds since the beginning.
    pub at: f64,
    /// The state without what is kept elsewhere: its configuration, its pictures.
    pub state: Snapshot,
    pub records: Vec<StepRecord>,
    pub events: Vec<Event>,
}

impl Recording {
    /// Reads a recording from its bytes.
    ///
    /// # Errors
    /// The bytes are no recording.
    pub fn read(bytes: &[u8]) -> io::Result<Self> {
        let mut text = Vec::new();
        GzDecoder::new(bytes).take(LONGEST).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// A figure in it is none.
    pub fn write(&self) -> io::Result<Vec<u8>> {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(&serde_json::to_vec(self)?)?;
        out.finish()
    }

    /// Plays it from the beginning, in a thread of its own: it can be paused and stepped, shows the pictures that
    /// were recorded, and edits change the configuration that is shown, though not the curves.
    ///
    /// # Errors
    /// Its configuration cannot be read, or the system refuses a thread.
    pub fn play(self) -> io::Result<(Handle, JoinHandle<()>)> {
        let config = Config::parse(&self.config, "the recording", &[]).map_err(io::Error::other)?;
        let first = Snapshot { config: Arc::new(config), ..Snapshot::default() };
        let (handle, publisher) = line(first.clone());
        let player = Player { recording: self, publisher, now: first, next: 0, played: 0.0, told: false };
        let thread = std::thread::Builder::new().name("looc-play".into()).spawn(move || player.run())?;
        Ok((handle, thread))
    }
}

struct Player {
    recording: Recording,
    publisher: Publisher,
    now: Snapshot,
    /// The next moment, and seconds that have been played.
    next: usize,
    played: f64,
    /// The viewer knows that edits change no curve.
    told: bool,
}

impl Player {
    fn run(mut self) {
        let mut before = Instant::now();
        loop {
            match self.publisher.commands.recv_timeout(TICK) {
                Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.obey(command),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let passed = before.elapsed().as_secs_f64();
            before = Instant::now();
            if self.now.phase != Phase::Paused {
                self.played += passed;
                while self.recording.moments.get(self.next).is_some_and(|moment| moment.at <= self.played) {
                    self.step();
                }
            }
        }
        self.publish(Phase::Stopped);
    }

    /// The next moment.
    fn step(&mut self) {
        let Some(moment) = self.recording.moments.get(self.next).cloned() else { return };
        self.next += 1;
        self.played = self.played.max(moment.at);
        let paused = self.now.phase == Phase::Paused;
        let Snapshot { config, revision, views, neighbours, .. } = std::mem::take(&mut self.now);
        self.now = Snapshot { config, revision, views, neighbours, ..moment.state };
        moment.records.into_iter().for_each(|record| self.publisher.record(record));
        for event in moment.events {
            if let Event::Edited { path, to, .. } = &event {
                self.change(path, journal::value(to));
            }
            self.publisher.event(event);
        }
        let phase = if paused { Phase::Paused } else { self.now.phase.clone() };
        self.publish(phase);
    }

    fn publish(&mut self, phase: Phase) {
        self.now.phase = phase;
        self.publisher.publish(self.now.clone());
    }

    /// Changes the configuration, if that can be.
    fn change(&mut self, path: &str, value: serde_json::Value) -> Option<String> {
        let next =
            live(path).and_then(|()| self.now.config.edited(path, &value).map_err(|error| error.in_short()));
        match next {
            Ok(next) => {
                (self.now.config, self.now.revision) = (Arc::new(next), self.now.revision + 1);
                None
            }
            Err(why) => Some(why),
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Pause => self.publish(Phase::Paused),
            Command::Resume => self.publish(Phase::Training),
            Command::StepOnce => self.step(),
            Command::Edit(edit) | Command::EditAt { edit, .. } => {
                let from =
                    self.now.config.get(&edit.path).map_or_else(String::new, |value| value.to_string());
                let to = edit.value.to_string();
                let refused = self.change(&edit.path, edit.value);
                self.publish(self.now.phase.clone());
                let (step, path) = (self.now.step, edit.path);
                self.publisher.event(match refused {
                    None => Event::Edited { step, path, from, to },
                    Some(why) => Event::Refused { path, why },
                });
                if !std::mem::replace(&mut self.told, true) {
                    let text = "this is a recording: an edit shows here, but the curves do not follow it";
                    self.publisher.event(Event::Note(text.into()));
                }
            }
            Command::Checkpoint => {
                self.publisher.event(Event::Note("this is a recording: nothing is written".into()));
            }
            Command::Views(request) => self.show_views(request),
            Command::Neighbours(request) => self.show_neighbours(request),
            Command::Stop => {}
        }
    }

    /// The views of this image, by the newest model that they were recorded of.
    fn show_views(&mut self, request: ViewRequest) {
        let mut indices: Vec<usize> = self.recording.views.iter().map(|sheet| sheet.request.index).collect();
        indices.sort_unstable();
        indices.dedup();
        let Some(index) = indices.get(request.index % indices.len().max(1)) else { return };
        let step = self.now.step;
        let sheets = self.recording.views.iter().filter(|sheet| sheet.request.index == *index);
        let newest = sheets.clone().filter(|sheet| sheet.step <= step).max_by_key(|sheet| sheet.step);
        if let Some(sheet) = newest.or_else(|| sheets.min_by_key(|sheet| sheet.step)) {
            let count = indices.len();
            self.now.views = Some(Arc::new(ViewSheet { request, count, ..sheet.clone() }));
            self.publish(self.now.phase.clone());
        }
    }

    /// The neighbours of one of the images that were recorded.
    fn show_neighbours(&mut self, request: NeighbourRequest) {
        let sheets = &self.recording.neighbours;
        let Some(sheet) = sheets.get(request.place % sheets.len().max(1)) else { return };
        let candidates = sheets.len();
        self.now.neighbours = Some(Arc::new(NeighbourSheet { request, candidates, ..sheet.clone() }));
        self.publish(self.now.phase.clone());
    }
}

/// `[side, side, 3]` bytes as a PNG in base64: a recording, and a line between two processes, carry text.
pub(super) mod rgb {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use image::{ExtendedColorType, ImageEncoder, ImageFormat, codecs::png::PngEncoder};
    use serde::{Deserialize, Deserializer, Serializer, de, ser};
    use std::sync::Arc;

    pub fn serialize<S: Serializer>(bytes: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        let side = (bytes.len() / 3).isqrt() as u32;
        let mut png = Vec::new();
        PngEncoder::new(&mut png)
            .write_image(bytes, side, side, ExtendedColorType::Rgb8)
            .map_err(ser::Error::custom)?;
        serializer.serialize_str(&STANDARD.encode(png))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let png = STANDARD.decode(text).map_err(de::Error::custom)?;
        let image = image::load_from_memory_with_format(&png, ImageFormat::Png).map_err(de::Error::custom)?;
        Ok(image.to_rgb8().into_raw().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::message::{Edit, Near, Span, ViewTile};

    /// What the program plays shows the quickstart as it is now, and can be looked at from its first moment.
    #[test]
    fn the_demo_is_the_quickstart() {
        let demo = Recording::read(include_bytes!("../../assets/demo.json.gz")).unwrap();
        let config = Config::parse(&demo.config, "the recording", &[]).unwrap();
        assert_eq!(config, Config::quickstart(), "record it again: examples/record_demo.rs");
        assert!(demo.moments.windows(2).all(|two| two[0].at <= two[1].at));
        let edits = demo.moments.iter().flat_map(|moment| &moment.events);
        assert_eq!(edits.filter(|event| matches!(event, Event::Edited { .. })).count(), 2);
        assert_eq!(demo.moments.last().unwrap().state.phase, Phase::Finished);
        assert!(demo.views.len() > 3 && demo.neighbours.iter().all(|sheet| sheet.spaces.len() == 4));
        assert_eq!(demo.views[0].original.len(), 32 * 32 * 3);
    }

    fn recording() -> Recording {
        let moment = |step: u64| Moment {
            at: 0.0,
            state: Snapshot { phase: Phase::Training, step, steps: 3, ..Snapshot::default() },
            records: vec![StepRecord {
                step,
                time: step as f64,
                values: vec![("loss/all".into(), Span::of(1.5))],
            }],
            events: Vec::new(),
        };
        let rgb: Arc<[u8]> = (0..12).collect();
        let tile = ViewTile { name: "q".into(), rgb: rgb.clone(), params: Vec::new(), cosines: Vec::new() };
        let sheet = |index, step| ViewSheet {
            request: ViewRequest { index, draw: 0 },
            count: 100,
            step,
            side: 2,
            original: rgb.clone(),
            labels: vec!["shape star".into()],
            views: vec![tile.clone()],
        };
        let query = Near { index: 3, cosine: 1.0, rgb: rgb.clone(), labels: Vec::new() };
        let neighbours = NeighbourSheet {
            request: NeighbourRequest::default(),
            index: 0,
            candidates: 100,
            step: 3,
            searched: (9, 9),
            outdated: false,
            side: 2,
            query,
            sets: Vec::new(),
            spaces: Vec::new(),
        };
        let moments = vec![moment(1), moment(2), Moment { at: 1e9, ..moment(3) }];
        let views = vec![sheet(4, 1), sheet(9, 1), sheet(4, 2)];
        Recording { config: Config::quickstart().to_yaml(), moments, views, neighbours: vec![neighbours] }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let it = recording();
        let again = Recording::read(&it.write().unwrap()).unwrap();
        assert_eq!((&again.views, &again.neighbours, &again.config), (&it.views, &it.neighbours, &it.config));
        assert_eq!(again.moments[1].records, it.moments[1].records);
        assert!(Recording::read(b"no recording").is_err());
    }

    #[test]
    fn it_plays_answers_and_takes_edits_without_training() {
        let (mut handle, thread) = recording().play().unwrap();
        let mut until = |what: &str, shown: &dyn Fn(&Snapshot) -> bool| {
            let since = Instant::now();
            while !shown(&handle.snapshot.borrow_and_update()) {
                assert!(since.elapsed().as_secs() < 60, "no {what}");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        until("second step", &|now| now.step == 2);
        let send = |command| handle.commands.send(command).unwrap();
        send(Command::Views(ViewRequest { index: 2, draw: 5 }));
        until("views", &|now| {
            let sheet = now.views.as_ref();
            sheet.is_some_and(|it| {
                it.request == ViewRequest { index: 2, draw: 5 } && it.count == 2 && it.step == 2
            })
        });
        send(Command::Neighbours(NeighbourRequest { place: 7, ..NeighbourRequest::default() }));
        until("neighbours", &|now| now.neighbours.as_ref().is_some_and(|it| it.candidates == 1));
        send(Command::Edit(Edit { path: "augment.color.p".into(), value: 0.5.into() }));
        until("edit", &|now| now.config.get("augment.color.p") == Some(0.5.into()) && now.revision == 1);
        send(Command::Edit(Edit { path: "model.width".into(), value: 8.into() }));
        send(Command::Pause);
        until("pause", &|now| now.phase == Phase::Paused);
        send(Command::StepOnce);
        until("the step", &|now| now.step == 3 && now.phase == Phase::Paused && now.revision == 1);
        assert_eq!(handle.records.drain().len(), 3);
        let events = handle.events.drain();
        assert!(events.iter().any(|it| matches!(it, Event::Refused { path, .. } if path == "model.width")));
        send(Command::Stop);
        thread.join().unwrap();
        assert_eq!(handle.snapshot.borrow().phase, Phase::Stopped);
    }
}
