//! What came of a case, counted and told in a line.

/// The counts of a case. Nothing may be lost, unreadable or different.
pub struct Tally {
    case: &'static str,
    what: &'static str,
    pub tried: u64,
    pub edits: u64,
    lost: u64,
    unreadable: u64,
    differ: u64,
    skipped: bool,
}

impl Tally {
    /// `what` is what was tried, in the plural.
    pub fn new(case: &'static str, what: &'static str) -> Self {
        Self { case, what, tried: 0, edits: 0, lost: 0, unreadable: 0, differ: 0, skipped: false }
    }

    pub fn lost(&mut self, what: &str) {
        println!("case {}: LOST: {what}", self.case);
        self.lost += 1;
    }

    pub fn unreadable(&mut self, what: &str) {
        println!("case {}: UNREADABLE: {what}", self.case);
        self.unreadable += 1;
    }

    pub fn differs(&mut self, what: &str) {
        println!("case {}: DIFFERS: {what}", self.case);
        self.differ += 1;
    }

    /// It cannot be tried here.
    pub fn skip(&mut self, why: &str) {
        println!("case {}: skipped: {why}", self.case);
        self.skipped = true;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let Self { case, what, tried, edits, lost, unreadable, differ, skipped } = self;
        if std::thread::panicking() || *skipped {
            return;
        }
        println!(
            "case {case}: {tried} {what}, {edits} edits, {lost} lost, {unreadable} unreadable, {differ} differ"
        );
        assert!(*tried > 0, "case {case} was not tried at all");
        assert_eq!((*lost, *unreadable, *differ), (0, 0, 0), "case {case}: lost, unreadable, differ");
    }
}
