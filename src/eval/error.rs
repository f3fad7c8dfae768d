//! Why something could not be measured.

/// Each message says what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error("there is no representation {name}: known are {known}, and sums of them such as V+z:{head}")]
    UnknownRepresentation { name: String, known: String, head: String },
    #[error("there is no score {name}: known are {known}")]
    UnknownScore { name: String, known: String },
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    #[error("the model cannot be evaluated: {0}")]
    Tensor(#[from] candle_core::Error),
}

pub(super) type Result<T, E = EvalError> = std::result::Result<T, E>;
