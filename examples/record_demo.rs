//! Records `assets/demo.json.gz`, which `looc-tui --demo` plays: the quickstart, colour switched off and on again.
//!
//!     cargo run --release --example record_demo -- assets/demo.json.gz

use looc::{
    config::Config,
    engine::{
        Handle, Job, Place,
        message::{Command, Edit, NeighbourRequest, Phase, Snapshot, ViewRequest},
        recording::{Moment, Recording},
    },
};
use std::{
    error::Error,
    path::PathBuf,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

/// Steps of the recording, and when colour is switched off and on.
const STEPS: u64 = 500;
const OFF: u64 = 260;
const ON: u64 = 330;
/// Images whose views, and whose neighbours, are recorded; views at some steps.
const VIEWS: usize = 6;
const NEIGHBOURS: usize = 2;
const LOOKS: [u64; 3] = [1, 150, 400];

struct Recorder {
    handle: Handle,
    recording: Recording,
    since: Instant,
}

impl Recorder {
    /// Takes in what is new.
    fn look(&mut self) -> Arc<Snapshot> {
        let now = self.handle.snapshot.borrow_and_update().clone();
        let (records, events) = (self.handle.records.drain(), self.handle.events.drain());
        if !records.is_empty() || !events.is_empty() {
            let at = self.since.elapsed().as_secs_f64();
            let state = Snapshot { run: None, ..Snapshot::clone(&now) };
            self.recording.moments.push(Moment { at, state, records, events });
        }
        now
    }

    fn ask(&self, command: Command) -> Result<(), Box<dyn Error>> {
        Ok(self.handle.commands.send(command)?)
    }

    /// Asks, and waits until the answer is there.
    fn wait<T>(
        &mut self,
        command: Command,
        mut answer: impl FnMut(&Snapshot) -> Option<T>,
    ) -> Result<T, Box<dyn Error>> {
        self.ask(command)?;
        loop {
            sleep(Duration::from_millis(5));
            let now = self.look();
            if let Phase::Failed(why) = &now.phase {
                return Err(why.clone().into());
            }
            if let Some(answer) = answer(&now) {
                return Ok(answer);
            }
        }
    }

    fn views(&mut self) -> Result<(), Box<dyn Error>> {
        for index in 0..VIEWS {
            let request = ViewRequest { index, draw: 0 };
            let from = self.look().step;
            let sheet = self.wait(Command::Views(request), |now| {
                now.views.clone().filter(|sheet| sheet.request == request && sheet.step >= from)
            })?;
            self.recording.views.push((*sheet).clone());
        }
        Ok(())
    }

    fn neighbours(&mut self) -> Result<(), Box<dyn Error>> {
        for place in 0..NEIGHBOURS {
            let request = NeighbourRequest { place, fresh: place == 0, ..NeighbourRequest::default() };
            let sheet = self.wait(Command::Neighbours(request.clone()), |now| {
                let whole = |sheet: &looc::engine::message::NeighbourSheet| {
                    sheet.request == request && !sheet.outdated && sheet.searched.0 == sheet.searched.1
                };
                now.neighbours.clone().filter(|sheet| whole(sheet))
            })?;
            self.recording.neighbours.push((*sheet).clone());
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::args().nth(1).ok_or("name the file to write")?);
    let folder = std::env::temp_dir().join(format!("looc-demo-{}", std::process::id()));
    let config = Config::quickstart();
    let recording = Recording { config: config.to_yaml(), ..Recording::default() };
    let job = Job { config, place: Place::New(folder.clone()), steps: Some(STEPS), attended: true };
    let (handle, thread) = looc::engine::start(job)?;
    let mut it = Recorder { handle, recording, since: Instant::now() };
    let color = |on: bool| Command::Edit(Edit { path: "augment.color.enabled".into(), value: on.into() });
    let mut todo: Vec<(u64, Option<Command>)> = LOOKS.map(|step| (step, None)).to_vec();
    todo.extend([(OFF, Some(color(false))), (ON, Some(color(true)))]);
    todo.sort_by_key(|(step, _)| std::cmp::Reverse(*step));
    loop {
        let now = it.look();
        match &now.phase {
            Phase::Failed(why) => return Err(why.clone().into()),
            Phase::Finished => break,
            _ => {}
        }
        if todo.last().is_some_and(|(step, _)| *step <= now.step) {
            match todo.pop() {
                Some((_, Some(command))) => it.ask(command)?,
                _ => it.views()?,
            }
        }
        sleep(Duration::from_millis(250));
    }
    it.look();
    it.neighbours()?;
    it.ask(Command::Stop)?;
    thread.join().map_err(|_| "the training thread panicked")?;
    std::fs::remove_dir_all(&folder)?;
    let bytes = it.recording.write()?;
    println!("{} moments, {} bytes", it.recording.moments.len(), bytes.len());
    std::fs::write(out, bytes)?;
    Ok(())
}
