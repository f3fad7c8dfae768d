use looc::{config::Config, engine::{self, Job, Place}};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let steps: u64 = args[1].parse().unwrap();
    let config = Config::load(None, &args[3..]).unwrap();
    let (handle, thread) = engine::start(Job { config, place: Place::New(args[2].clone().into()), steps: Some(steps) }).unwrap();
    let mut last = 0;
    loop {
        let s = handle.snapshot.borrow().clone();
        for e in handle.events.drain() { eprintln!("{e:?}"); }
        if s.step >= last + 25 { last = s.step; eprintln!("{} {:?} {:.1} img/s wait {:.2}", s.step, s.losses, s.images_per_s, s.loader_wait);}
        if let Some(inv) = &s.invariance && inv.step > last.saturating_sub(25) { }
        if thread.is_finished() { break; }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let s = handle.snapshot.borrow().clone();
    eprintln!("{:?}", s.phase);
    for inv in [&s.invariance_at_start, &s.invariance] { if let Some(inv) = inv {
        eprintln!("step {} {:?}", inv.step, inv.augmentations);
        for (h, row) in inv.heads.iter().zip(&inv.rescaled) { eprintln!("{h} {row:.2?}"); }
        eprintln!("{:?}", inv.selectivity);
    } }
    eprintln!("{:?}", s.knn);
}
