//! Everything that a key can ask for.

use serde::{Deserialize, Serialize};

/// What a key asks for. The keys, the help and the place of each are in [`super::keymap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Show the training screen.
    ShowTrain,
    /// Show the views, large.
    ShowViews,
    /// Show the matrix of invariance, and the course of its figures.
    ShowInvariance,
    /// Show the nearest neighbours of an image.
    ShowNeighbours,
    /// Show the runs beside this one.
    ShowRuns,
    /// Read them again.
    ReadRuns,
    /// Mark a run, to compare it and to lay its curves under this run's.
    Mark,
    /// Another order.
    Sort,
    /// Only what holds some words.
    Filter,
    /// Look at another run.
    Open,
    /// Leave this run and go on with another.
    ResumeRun,
    /// Make a run of its own from a checkpoint.
    Fork,
    /// Show what has happened.
    ShowLog,
    /// Give the focus to the next pane.
    NextPane,
    /// Give the focus to the pane before.
    PreviousPane,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One column to the left.
    Left,
    /// One column to the right.
    Right,
    /// The first row.
    First,
    /// The last row.
    Last,
    /// Switch the augmentation on or off.
    Toggle,
    /// Give the augmentation a head of its own, or take it away.
    ToggleHead,
    /// A step down; fold an augmentation's knobs away.
    Decrease,
    /// A step up; unfold an augmentation's knobs.
    Increase,
    /// Fold or unfold an augmentation's knobs.
    Unfold,
    /// Type a value.
    TypeValue,
    /// Take the last edit back.
    Undo,
    /// Make the edit again that was taken back.
    Redo,
    /// What was changed since the run started.
    Differences,
    /// Write the configuration as it is.
    SaveAs,
    /// Take over another configuration's values.
    Presets,
    /// How far back the machine's curves go.
    Window,
    /// Rest, or go on.
    PauseResume,
    /// One step, while resting.
    StepOnce,
    /// Write a checkpoint now.
    Checkpoint,
    /// The next strength of smoothing.
    Smoothing,
    /// Logarithmic or linear losses.
    LogY,
    /// Steps, epochs or wall time along the curves.
    XAxis,
    /// Read the curves a little to the left.
    PointLeft,
    /// Read them a little to the right.
    PointRight,
    /// Half of what the curves show.
    Nearer,
    /// What lies before it.
    PanLeft,
    /// What comes after it.
    PanRight,
    /// A chart a space, or all in one.
    Grid,
    /// The whole run again.
    Whole,
    /// The invariance now, or at random initialisation.
    Baseline,
    /// Plain cosines, or rescaled ones.
    Raw,
    /// What else is measured of the spaces.
    NextFilling,
    /// The held-out image before.
    PreviousImage,
    /// The next held-out image.
    NextImage,
    /// Draw the views' parameters anew.
    Resample,
    /// Keep the views while the model moves on.
    Freeze,
    /// The image itself beside its views.
    Original,
    /// Any held-out image.
    AnyImage,
    /// Images of the next class only.
    NextClass,
    /// Images of the class before only.
    PreviousClass,
    /// Nothing but warnings, or everything.
    Sift,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Search again, by the model as it is now.
    SearchAnew,
    /// Pictures of the chosen space only, but large.
    Enlarge,
    /// Paint everything again.
    Redraw,
    /// Hear the mouse, or leave it to the terminal.
    Mouse,
    /// Copy what is looked at.
    Copy,
    /// Write the curves that are shown as pictures and as a table.
    Export,
    /// Explain each pane in a line, or no longer.
    Tour,
    /// What the keys do here.
    Help,
    /// Any action by its name.
    OpenPalette,
    /// Close what lies on top.
    Close,
    /// Leave, after a question.
    Quit,
    /// The first asks for a second; the second leaves.
    Interrupt,
    /// Hand the terminal back to the shell for a while.
    Suspend,
    /// Yes.
    Yes,
    /// No.
    No,
    /// Leave, and have training go on without a screen.
    Detach,
    /// Stop a run that another process trains.
    StopRun,
    /// Send the typed value.
    Submit,
    /// Erase a typed character.
    Erase,
    /// Erase all that was typed.
    EraseAll,
}

impl Action {
    /// The action of a name, such as `pause_resume`.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Its name in the settings.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}
