//! The screen.
pub mod action;
pub mod figures;
pub mod keymap;
pub mod pictures;
pub mod state;
pub mod theme;
mod view;
mod widget;
