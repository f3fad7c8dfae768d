//! Drawing that knows numbers only: it is given what to draw and where.

pub mod chart;
pub mod text;
