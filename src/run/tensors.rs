//! Named f32 tensors as the bytes of a safetensors file.

use safetensors::{Dtype, SafeTensors, View};
use std::{borrow::Cow, collections::BTreeSet};

/// Name, shape, and the values in row-major order.
pub type Tensor = (String, Vec<usize>, Vec<f32>);

/// safetensors' own limit is near; what is above is no state of ours.
const NAME: usize = 1024;

struct F32<'a>(&'a [usize], &'a [f32]);

impl View for F32<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.0
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = vec![0; self.data_len()];
        for (bytes, value) in bytes.as_chunks_mut().0.iter_mut().zip(self.1) {
            *bytes = value.to_le_bytes();
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        size_of_val(self.1)
    }
}

/// The file's bytes. Every bit of every value is kept, those of a NaN too.
///
/// # Errors
/// Which tensor cannot be written, and why: a name that comes twice, a shape that is not that of the
/// values.
pub fn encode(tensors: &[Tensor]) -> Result<Vec<u8>, String> {
    let mut names = BTreeSet::new();
    for (name, shape, values) in tensors {
        if !names.insert(name) {
            return Err(format!("tensor {name:?} comes twice"));
        }
        if name.len() > NAME || name == "__metadata__" {
            return Err(format!("{name:?} cannot be a tensor's name"));
        }
        if product(shape) != Some(values.len()) {
            return Err(format!("tensor {name:?} has {} values, but its shape is {shape:?}", values.len()));
        }
    }
    let views = tensors.iter().map(|(name, shape, values)| (name.as_str(), F32(shape, values)));
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

/// The tensors of a file, in order of their names.
///
/// # Errors
/// Why the bytes cannot be trusted: a header that is cut or longer than the file, tensors that overlap or
/// leave a gap, a shape that is not that of the values, other numbers than f32.
pub fn decode(bytes: &[u8]) -> Result<Vec<Tensor>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut tensors = Vec::with_capacity(file.len());
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(format!("tensor {name:?} is of {}, not F32", view.dtype()));
        }
        let values = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        tensors.push((name.to_owned(), view.shape().to_vec(), values));
    }
    tensors.sort_by(|(left, ..): &Tensor, (right, ..)| left.cmp(right));
    Ok(tensors)
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, side| product.checked_mul(*side))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
        (name.into(), shape.into(), values.into())
    }

    fn file(header: &str, data: usize) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
    }

    #[test]
    fn every_bit_comes_back_in_order_of_names() {
        let odd = [f32::from_bits(0x7fc0_1234), f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE / 2.0];
        let bytes =
            encode(&[tensor("b.x", &[2, 2], &odd), tensor("a", &[], &[1.5]), tensor("none", &[0, 3], &[])]);
        let back = decode(&bytes.unwrap()).unwrap();
        let names: Vec<_> = back.iter().map(|(name, shape, _)| (name.as_str(), shape.clone())).collect();
        assert_eq!(names, [("a", vec![]), ("b.x", vec![2, 2]), ("none", vec![0, 3])]);
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back[1].2), bits(&odd));
    }

    #[test]
    fn what_cannot_be_read_back_is_not_written() {
        let a = tensor("a", &[1], &[0.0]);
        assert!(encode(&[a.clone(), a]).unwrap_err().contains("twice"));
        assert!(encode(&[tensor("a", &[2, 2], &[0.0; 3])]).unwrap_err().contains("[2, 2]"));
        assert!(encode(&[tensor("a", &[usize::MAX, 2], &[0.0; 3])]).is_err());
        assert!(encode(&[tensor("__metadata__", &[1], &[0.0])]).is_err());
    }

    #[test]
    fn hostile_files_are_refused() {
        let one = |info: &str| format!(r#"{{"a":{{{info}}}}}"#);
        let good = one(r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#);
        assert_eq!(decode(&file(&good, 8)).unwrap(), [tensor("a", &[2], &[0.0; 2])]);
        let two = |b: &str| {
            format!(
                r#"{{"a":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"b":{{"dtype":"F32","shape":[2],"data_offsets":{b}}}}}"#
            )
        };
        decode(&file(&two("[8,16]"), 16)).unwrap();
        let hostile = [
            [&(1u64 << 63).to_le_bytes()[..], good.as_bytes(), &[0; 8]].concat(), // a header of 2⁶³ bytes
            [&u64::MAX.to_le_bytes()[..], good.as_bytes(), &[0; 8]].concat(),
            file(&two("[4,12]"), 16),  // overlap
            file(&two("[0,8]"), 8),    // twice the same bytes
            file(&two("[12,20]"), 20), // a gap
            file(&good, 9),            // bytes of nobody
            file(&good, 7),
            file(&one(r#""dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]"#), 8),
            file(&one(r#""dtype":"F32","shape":[3],"data_offsets":[0,8]"#), 8),
            file(&one(r#""dtype":"I32","shape":[2],"data_offsets":[0,8]"#), 8),
            file(&one(r#""dtype":"F32","shape":[2],"data_offsets":[8,0]"#), 8),
            file(&one(r#""dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,0]"#), 8),
            file(&"[".repeat(100_000), 0),
            file("\u{0}", 0),
            b"\x80\x02}q\x00.".to_vec(), // a pickle
            Vec::new(),
        ];
        for bytes in hostile {
            decode(&bytes).unwrap_err();
        }
        let whole = file(&two("[8,16]"), 16);
        (0..whole.len()).for_each(|cut| drop(decode(&whole[..cut]).unwrap_err()));
    }
}
