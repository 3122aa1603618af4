//! Tensor: a dtype, a shape, and a contiguous row-major run of bytes in shared storage.
//!
//! Invariants: the run lies inside the storage and is aligned to the element (data that is not is copied when the tensor is
//! made), its length is the shape's, and a clone shares the bytes until one side writes. Views with strides do not exist here.

pub mod element;
pub mod storage;
mod summary;

pub use element::Element;
pub use storage::Storage;

use crate::{DType, Diagnostic, Result, Scalar, Type, codes, with_element};
use std::sync::Arc;

/// An n-dimensional array of one of the ten dtypes. Cloning is cheap: the bytes are shared.
#[derive(Clone)]
pub struct Tensor {
    storage: Arc<Storage>,
    offset: usize,
    dtype: DType,
    shape: Vec<usize>,
}

impl Tensor {
    /// All zeros (`false` for bool). Fails with `E0306` when memory cannot hold it.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Tensor> {
        let storage = Arc::new(Storage::zeroed(byte_len(dtype, shape)?)?);
        Ok(Tensor { storage, offset: 0, dtype, shape: shape.to_vec() })
    }

    /// A copy of `elements` in row-major order. Fails with `E0301` when their number is not the shape's.
    pub fn from_slice<T: Element>(shape: &[usize], elements: &[T]) -> Result<Tensor> {
        Tensor::from_bytes(T::DTYPE, shape, element::bytes_of(elements))
    }

    /// A 0-d tensor.
    pub fn scalar<T: Element>(value: T) -> Result<Tensor> {
        Tensor::from_slice(&[], &[value])
    }

    /// The elements in row-major order, each converted to `dtype`. Fails with `E0301` when their number is not the shape's.
    pub fn from_scalars(dtype: DType, shape: &[usize], elements: &[Scalar]) -> Result<Tensor> {
        let mut tensor = Tensor::zeros(dtype, shape)?;
        if elements.len() != tensor.numel() {
            return Err(wrong_length(dtype, shape, elements.len().saturating_mul(dtype.size())));
        }
        with_element!(dtype, T => {
            let own = tensor.as_mut_slice::<T>()?;
            own.iter_mut().zip(elements).for_each(|(to, s)| *to = T::from_scalar(*s));
        });
        Ok(tensor)
    }

    /// A copy of native-endian `bytes`. Fails with `E0301` when their number is not what dtype and shape need.
    pub fn from_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor> {
        let mut tensor = Tensor::zeros(dtype, shape)?;
        if tensor.bytes().len() != bytes.len() {
            return Err(wrong_length(dtype, shape, bytes.len()));
        }
        let own = tensor.bytes_mut()?;
        own.copy_from_slice(bytes);
        if dtype == DType::Bool {
            own.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        Ok(tensor)
    }

    /// The bytes of `storage` from `offset` on, shared where the element's alignment allows and copied elsewhere. Bools are
    /// copied out of mapped files, so that they stay 0 or 1. Fails with `E0301` when the storage ends too early.
    pub fn from_storage(storage: Arc<Storage>, offset: usize, dtype: DType, shape: &[usize]) -> Result<Tensor> {
        let len = byte_len(dtype, shape)?;
        let rest = storage.bytes().get(offset..).unwrap_or(&[]);
        let Some(bytes) = rest.get(..len) else { return Err(wrong_length(dtype, shape, rest.len())) };
        let aligned = bytes.as_ptr().align_offset(dtype.size()) == 0;
        let mapped_bool = dtype == DType::Bool && storage.is_mapped();
        if !aligned || mapped_bool || !valid(dtype, bytes) {
            return Tensor::from_bytes(dtype, shape, bytes);
        }
        Ok(Tensor { storage, offset, dtype, shape: shape.to_vec() })
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn ty(&self) -> Type {
        Type::of(self.dtype, &self.shape)
    }

    /// The number of elements; 1 for a 0-d tensor.
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }

    fn byte_len(&self) -> usize {
        self.numel() * self.dtype.size()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.offset..][..self.byte_len()]
    }

    /// The bytes, for writing. Shared or mapped bytes are copied first, which may fail with `E0306`.
    pub fn bytes_mut(&mut self) -> Result<&mut [u8]> {
        let unique = Arc::get_mut(&mut self.storage).is_some_and(|s| !s.is_mapped());
        if !unique {
            self.storage = Arc::new(Storage::copy_of(self.bytes())?);
            self.offset = 0;
        }
        let (offset, len) = (self.offset, self.byte_len());
        let storage = Arc::get_mut(&mut self.storage).and_then(Storage::bytes_mut);
        Ok(&mut storage.expect("just made unique and owned")[offset..][..len])
    }

    /// The address of the first element, aligned to it; good for as long as the tensor lives unchanged.
    pub fn as_ptr(&self) -> *const u8 {
        self.bytes().as_ptr()
    }

    /// Whether both tensors read the same bytes: what tied weights do.
    pub fn shares_bytes_with(&self, other: &Tensor) -> bool {
        Arc::ptr_eq(&self.storage, &other.storage) && self.offset == other.offset && self.byte_len() == other.byte_len()
    }

    /// The elements in row-major order. Fails with `E0303` when `T` is not the tensor's dtype.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        let elements = if T::DTYPE == self.dtype { element::view(self.bytes()) } else { None };
        elements.ok_or_else(|| wrong_dtype(self.dtype, T::DTYPE))
    }

    /// The elements, for writing; see [`Tensor::bytes_mut`].
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        let dtype = self.dtype;
        let elements = if T::DTYPE == dtype { element::view_mut(self.bytes_mut()?) } else { None };
        elements.ok_or_else(|| wrong_dtype(dtype, T::DTYPE))
    }

    /// Element `i` in row-major order, as f64; `None` past the end. An i64 above 2^53 is rounded.
    pub fn get_f64(&self, i: usize) -> Option<f64> {
        let cell = self.bytes().chunks_exact(self.dtype.size()).nth(i)?;
        Some(with_element!(self.dtype, T => T::read(cell).to_f64()))
    }

    /// Element `i` in row-major order, as i64; `None` past the end. Floats are truncated.
    pub fn get_i64(&self, i: usize) -> Option<i64> {
        let cell = self.bytes().chunks_exact(self.dtype.size()).nth(i)?;
        Some(with_element!(self.dtype, T => T::read(cell).to_i64()))
    }

    /// Element `i` in row-major order; `None` past the end.
    pub fn get(&self, i: usize) -> Option<Scalar> {
        let size = self.dtype.size();
        let cell = self.bytes().get(i.checked_mul(size)?..)?.get(..size)?;
        Some(with_element!(self.dtype, T => Scalar::of(T::read(cell))))
    }

    /// Overwrites element `i` in row-major order by a value, converted to the dtype. Shared or mapped bytes are copied first.
    /// Fails with `E0503` past the end.
    pub fn set(&mut self, i: usize, value: Scalar) -> Result<()> {
        let (dtype, size, numel) = (self.dtype, self.dtype.size(), self.numel());
        if i >= numel {
            return Err(Diagnostic::error(codes::OUT_OF_BOUNDS, format!("a tensor of {numel} elements has no element {i}")));
        }
        let cell = &mut self.bytes_mut()?[i * size..][..size];
        with_element!(dtype, T => cell.copy_from_slice(element::bytes_of(&[T::from_scalar(value)])));
        Ok(())
    }

    /// All elements in row-major order, as f64.
    pub fn values(&self) -> Box<dyn Iterator<Item = f64> + '_> {
        let cells = self.bytes().chunks_exact(self.dtype.size());
        with_element!(self.dtype, T => Box::new(cells.map(|cell| T::read(cell).to_f64())))
    }

    /// The same elements under another shape. Fails with `E0301` when the number of elements differs.
    pub fn reshape(&self, shape: &[usize]) -> Result<Tensor> {
        if byte_len(self.dtype, shape)? != self.byte_len() {
            let message = format!("{} elements of shape {:?} cannot take the shape {shape:?}", self.numel(), self.shape);
            return Err(Diagnostic::error(codes::SHAPE_MISMATCH, message));
        }
        Ok(Tensor { shape: shape.to_vec(), ..self.clone() })
    }

    /// `Tensor.to(dtype)`: floats truncate to integers, whatever is not zero is `true`, integers wrap.
    pub fn cast(&self, dtype: DType) -> Result<Tensor> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let mut out = Tensor::zeros(dtype, &self.shape)?;
        let cells = self.bytes().chunks_exact(self.dtype.size());
        with_element!(self.dtype, T => with_element!(dtype, U => {
            let targets = out.as_mut_slice::<U>()?;
            targets.iter_mut().zip(cells).for_each(|(to, from)| *to = T::read(from).cast());
        }));
        Ok(out)
    }

    /// The largest |a - b| over all elements, in f64. Equal infinities and two NaNs differ by 0, a NaN and a number by infinity.
    /// Fails with `E0301` when the shapes differ.
    pub fn max_abs_diff(&self, other: &Tensor) -> Result<f64> {
        if self.shape != other.shape {
            let message = format!("a tensor of shape {:?} cannot be compared with one of shape {:?}", self.shape, other.shape);
            return Err(Diagnostic::error(codes::SHAPE_MISMATCH, message));
        }
        Ok(self.values().zip(other.values()).map(|(a, b)| distance(a, b)).fold(0.0, f64::max))
    }
}

fn distance(a: f64, b: f64) -> f64 {
    match (a == b || (a.is_nan() && b.is_nan()), (a - b).abs()) {
        (true, _) => 0.0,
        (false, d) if d.is_nan() => f64::INFINITY,
        (false, d) => d,
    }
}

/// The bytes that a contiguous tensor takes. Fails with `E0306` when they cannot be addressed.
pub fn byte_len(dtype: DType, shape: &[usize]) -> Result<usize> {
    let bytes = shape.iter().try_fold(dtype.size(), |n, &d| n.checked_mul(d));
    bytes.filter(|&n| n <= isize::MAX as usize).ok_or_else(|| {
        let message = format!("a tensor of dtype {dtype} and shape {shape:?} has more bytes than memory can address");
        Diagnostic::error(codes::TOO_LARGE, message)
    })
}

fn valid(dtype: DType, bytes: &[u8]) -> bool {
    dtype != DType::Bool || bytes.iter().all(|&b| b <= 1)
}

fn wrong_length(dtype: DType, shape: &[usize], len: usize) -> Diagnostic {
    let needed = byte_len(dtype, shape).map_or("too many".to_string(), |n| n.to_string());
    let message = format!("a tensor of dtype {dtype} and shape {shape:?} needs {needed} bytes, and {len} are there");
    Diagnostic::error(codes::SHAPE_MISMATCH, message)
}

fn wrong_dtype(own: DType, asked: DType) -> Diagnostic {
    let message = match own == asked {
        true => format!("a tensor of dtype {own} holds bytes that are no {own}"),
        false => format!("a tensor of dtype {own} was read as {asked}"),
    };
    Diagnostic::error(codes::DTYPE_MISMATCH, message)
}

/// The same dtype, shape and bytes: NaNs equal themselves, 0.0 and -0.0 differ.
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.bytes() == other.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Tensor {
        Tensor::from_slice(&[2, 3], &[0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap()
    }

    #[test]
    fn writing_copies_what_is_shared() {
        let a = ramp();
        let mut b = a.reshape(&[6]).unwrap();
        assert!(a.shares_bytes_with(&b));
        b.as_mut_slice::<f32>().unwrap()[0] = 9.0;
        assert_eq!((a.get_f64(0), b.get_f64(0)), (Some(0.0), Some(9.0)));
        let before = b.as_ptr();
        b.bytes_mut().unwrap();
        assert_eq!(before, b.as_ptr());
    }

    #[test]
    fn misaligned_bytes_are_copied_and_bools_normalised() {
        let storage = Arc::new(Storage::copy_of(&[7, 0, 2, 0, 0, 0, 0, 0]).unwrap());
        let t = Tensor::from_storage(storage.clone(), 1, DType::I32, &[1]).unwrap();
        assert_eq!(t.as_slice::<i32>().unwrap(), [512]);
        let t = Tensor::from_storage(storage.clone(), 0, DType::Bool, &[3]).unwrap();
        assert_eq!(t.as_slice::<bool>().unwrap(), [true, false, true]);
        assert_eq!(Tensor::from_storage(storage, 4, DType::I64, &[1]).unwrap_err().code(), codes::SHAPE_MISMATCH);
    }

    #[test]
    fn every_dtype_casts_to_every_dtype() {
        for from in DType::all() {
            for to in DType::all() {
                let t = Tensor::from_slice(&[2], &[0i64, 1]).unwrap().cast(from).unwrap().cast(to).unwrap();
                assert_eq!((t.dtype(), t.values().collect::<Vec<_>>()), (to, vec![0.0, 1.0]));
            }
        }
    }

    #[test]
    fn differences() {
        let of = |v: &[f64]| Tensor::from_slice(&[v.len()], v).unwrap();
        let inf = f64::INFINITY;
        assert_eq!(of(&[1.0, inf, f64::NAN]).max_abs_diff(&of(&[1.5, inf, f64::NAN])).unwrap(), 0.5);
        assert_eq!(of(&[f64::NAN]).max_abs_diff(&of(&[0.0])).unwrap(), inf);
        assert_eq!(of(&[]).max_abs_diff(&ramp()).unwrap_err().code(), codes::SHAPE_MISMATCH);
    }

    #[test]
    fn errors_name_both_facts() {
        assert!(ramp().as_slice::<f64>().unwrap_err().message().contains("dtype f32 was read as f64"));
        assert!(ramp().reshape(&[4]).unwrap_err().message().contains("6 elements"));
        assert_eq!(Tensor::zeros(DType::F32, &[usize::MAX, 8]).unwrap_err().code(), codes::TOO_LARGE);
        assert_eq!(ramp().get_f64(6), None);
        assert_eq!(Tensor::zeros(DType::F32, &[0, 4]).unwrap().numel(), 0);
    }
}
