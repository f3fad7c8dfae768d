//! A study: variants of one configuration, trained with several seeds, evaluated alike, and put into one table.
//!
//! [`Study`] is the file; its [`Cell`]s, a variant with a seed each, are what has to be trained; [`Table`] is
//! what their evaluations say together.

mod cell;
mod file;
mod table;
mod write;

pub use cell::{Cell, Evaluations};
pub use file::{Column, Study, StudyError, Variant};
pub use table::{Entry, Table};
