//! Why something could not be measured.

/// Each message says what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
