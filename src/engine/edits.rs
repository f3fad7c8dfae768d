//! Edits while training: checked, journaled, acknowledged, applied — in this order, between two steps.

use super::{
    EngineError,
    message::{Edit, Event},
    trainer::Trainer,
};
use crate::{
    config::{self, Config},
    run::journal,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Edits of an interrupted run that came after its checkpoint, in order.
#[derive(Debug, Default)]
pub(super) struct Replay(VecDeque<(u64, Edit)>);

impl Replay {
    /// The edits among a journal's records that came after `revision`.
    pub fn after(revision: u64, records: &[journal::Record]) -> Self {
        let edit = |record: &journal::Record| match &record.entry {
            journal::Entry::Edit { path, to, revision: own, .. } if *own > revision => {
                Some((record.step, Edit { path: path.clone(), value: journal::value(to) }))
            }
            _ => None,
        };
        Self(records.iter().filter_map(edit).collect())
    }

    /// The step of the last one.
    fn end(&self) -> Option<u64> {
        self.0.back().map(|(step, _)| *step)
    }
}

/// Who made which edits, of those that came with a name.
#[derive(Debug, Default)]
pub(super) struct Editors(BTreeMap<u64, u64>);

impl Editors {
    /// Why an edit may not be made that `editor` made when there were `base` edits, and now there are `revision`.
    fn stale(&self, editor: u64, base: u64, revision: u64) -> Option<String> {
        let own = (base..revision).all(|before| self.0.get(&(before + 1)) == Some(&editor));
        let why = "it was made from a configuration that somebody else has changed meanwhile: look at it, and edit again";
        (base > revision || !own).then(|| why.into())
    }
}

impl Trainer<'_> {
    /// Obeys an edit of one of several editors.
    pub fn edit_at(&mut self, edit: Edit, base: u64, editor: u64) -> Result<(), EngineError> {
        let before = self.now.revision;
        match self.editors.stale(editor, base, before) {
            Some(why) => self.refuse(edit, why)?,
            None => self.edit(edit)?,
        }
        if self.now.revision > before {
            self.editors.0.insert(self.now.revision, editor);
        }
        Ok(())
    }

    /// Obeys an edit, or says why not.
    pub fn edit(&mut self, edit: Edit) -> Result<(), EngineError> {
        let checked = match self.replay.end() {
            Some(step) => Err(format!("edits from before the interruption are made again up to step {step}")),
            None => self.checked(&edit),
        };
        match checked {
            Ok(next) => self.accept(edit, next),
            Err(why) => self.refuse(edit, why),
        }
    }

    /// Makes the edits that an interrupted run made at this step. They are in the journal already.
    pub fn replay_edits(&mut self) -> Result<(), EngineError> {
        while self.replay.0.front().is_some_and(|(step, _)| *step <= self.now.step) {
            let Some((_, edit)) = self.replay.0.pop_front() else { break };
            let next = self.now.config.edited(&edit.path, &edit.value)?;
            self.apply(edit, next)?;
        }
        Ok(())
    }

    fn checked(&self, edit: &Edit) -> Result<Config, String> {
        config::live(&edit.path)?;
        self.now.config.edited(&edit.path, &edit.value).map_err(|error| error.to_string())
    }

    fn accept(&mut self, edit: Edit, next: Config) -> Result<(), EngineError> {
        if next == *self.now.config {
            return self.refuse(edit, "it is so already".into());
        }
        let structural = heads(&next) != heads(&self.now.config);
        if structural {
            // So that going back to before the edit is going back exactly.
            if let Err(error) = self.save() {
                return self.refuse(edit, format!("no checkpoint could be written before it: {error}"));
            }
        }
        let entry = entry(&self.now.config, &next, &edit.path, self.now.revision + 1);
        if let Err(error) = self.run.journal().append(self.now.step, entry) {
            return self.refuse(edit, format!("it could not be written down: {error}"));
        }
        if structural {
            self.run.keep(self.now.step);
        }
        self.apply(edit, next)
    }

    fn refuse(&self, edit: Edit, why: String) -> Result<(), EngineError> {
        self.publisher.event(Event::Refused { path: edit.path, why });
        Ok(())
    }

    /// Puts a configuration into force: the next step is the first one under it.
    pub fn apply(&mut self, edit: Edit, next: Config) -> Result<(), EngineError> {
        let old = std::mem::replace(&mut self.now.config, Arc::new(next));
        let new = self.config();
        for gone in heads(&old).iter().filter(|name| !heads(&new).contains(name)) {
            self.learner.remove_space(gone);
        }
        for added in heads(&new).iter().filter(|name| !heads(&old).contains(name)) {
            let generation = self.generations.entry((*added).to_owned()).or_default();
            *generation += 1;
            self.learner.add_space(added, *generation)?;
        }
        if old.augment != new.augment {
            self.reload();
        }
        self.now.revision += 1;
        // The state first: a viewer that hears of the edit finds it there.
        self.publish(self.now.phase.clone());
        self.publisher.event(Event::Edited {
            step: self.now.step,
            path: edit.path.clone(),
            from: text(old.get(&edit.path)),
            to: text(new.get(&edit.path)),
        });
        Ok(())
    }
}

/// The augmentations that own a space.
pub(super) fn heads(config: &Config) -> Vec<&'static str> {
    config.augment.iter().filter(|entry| entry.head).map(|entry| entry.name()).collect()
}

/// What the journal says of an edit.
pub(super) fn entry(old: &Config, new: &Config, path: &str, revision: u64) -> journal::Entry {
    let (from, to) = (text(old.get(path)), text(new.get(path)));
    journal::Entry::Edit { path: path.into(), from, to, revision, config: new.hash() }
}

fn text(value: Option<Value>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_edits_of_others_make_one_stale() {
        let editors = Editors([(4, 1), (5, 1), (6, 2)].into());
        let stale = |editor, base, revision| editors.stale(editor, base, revision).is_some();
        assert!(!stale(1, 3, 3) && !stale(1, 3, 5), "nothing came between, or only the editor's own");
        assert!(stale(2, 3, 5) && stale(1, 3, 6) && !stale(2, 5, 6));
        assert!(stale(1, 2, 5), "who made the third is not known");
        assert!(stale(1, 7, 6), "an edit of the future");
    }
}
