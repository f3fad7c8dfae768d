//! The other images that an augmentation may need beside the one it changes.

/// What can be had of the other images of the data set, as values in `[0, 1]` of an image of the same size,
/// `[height, width, 3]`.
pub trait Others {
    /// How many images there are to take something from: those that are trained on, whatever the view is of.
    fn count(&self) -> usize;
    /// Writes the image of that number, below [`Self::count`]. False: it could not be read, which is for the
    /// lender to tell.
    fn donor(&self, number: usize, pixels: &mut [f32]) -> bool;
    /// Writes the image's stylised twin. False: it has none.
    fn twin(&self, pixels: &mut [f32]) -> bool;
}

/// An image alone: there is nothing to take from others.
pub struct Alone;

impl Others for Alone {
    fn count(&self) -> usize {
        0
    }

    fn donor(&self, _number: usize, _pixels: &mut [f32]) -> bool {
        false
    }

    fn twin(&self, _pixels: &mut [f32]) -> bool {
        false
    }
}
