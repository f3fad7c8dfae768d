//! Sixteen f32 at a time, on every machine: AVX-512, AVX2 with FMA, and plain arrays for all others.
//!
//! A kernel is written once over [`Lanes`] and compiled once for each instruction set; [`Isa::run`]
//! picks at run time. Channels are padded to [`LANES`], so the layout of memory is the same everywhere.

use std::{
    ops::{Add, Mul, Sub},
    sync::OnceLock,
};

/// Values in a vector, and what channels are padded to.
pub const LANES: usize = 16;

/// Sixteen f32. A value can only come from [`Lanes::load`] or [`Lanes::splat`], whose callers vouch for
/// the instruction set; arithmetic on values that exist is therefore safe.
pub(super) trait Lanes: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// How many such values the registers hold.
    const REGISTERS: usize;
    /// # Safety
    /// The processor has the instruction set; sixteen values can be read at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// The processor has the instruction set.
    unsafe fn splat(value: f32) -> Self;
    /// # Safety
    /// Sixteen values can be written at `to`.
    unsafe fn store(self, to: *mut f32);
    /// self·factor + addend.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// Negative values become 0; what is not a number stays so.
    fn relu(self) -> Self;
    /// The larger of each.
    fn max(self, other: Self) -> Self;
    /// Self where `of` is above 0, elsewhere 0.
    fn where_positive(self, of: Self) -> Self;
    /// Self where a ≥ b, elsewhere 0.
    fn where_at_least(self, a: Self, b: Self) -> Self;
    /// Self·2ⁿ for whole n from −126 to 127.
    fn times_power(self, n: Self) -> Self;
}

/// Work that is compiled for each instruction set. `run` must be `#[inline(always)]`, and all that it
/// calls with `L`: only so is it compiled for the set of its caller.
pub(super) trait Kernel {
    /// # Safety
    /// The processor has the instruction set of `L`.
    unsafe fn run<L: Lanes>(self);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// The environment's variable that names the kernels.
pub const CHOICE: &str = "LOOC_CPU";
/// Every name that there is, on whatever processor.
const NAMES: [&str; 3] = ["avx512", "avx2", "portable"];

/// Kernels that were asked for and are not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnfitIsa {
    #[error(
        "the environment's {CHOICE} is {name}, which this processor does not have: set it to one of {here}, or unset it for the best of them"
    )]
    Missing { name: String, here: String },
    #[error(
        "the environment's {CHOICE} is {name}, which names no kernels: set it to one of {here}, or unset it for the best of them"
    )]
    Unknown { name: String, here: String },
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

impl Isa {
    /// Those that this processor has, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut found = [None; 3];
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            found[0] = (fma && is_x86_feature_detected!("avx512f")).then_some(Self(Kind::Avx512));
            found[1] = fma.then_some(Self(Kind::Avx2));
        }
        found[2] = Some(Self(Kind::Portable));
        found.into_iter().flatten()
    }

    /// The one of that name, if this processor has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|isa| isa.name() == name)
    }

    /// The best, or the one that the environment asks for: [`CHOICE`] may be any [`Self::name`] of
    /// [`Self::all`].
    ///
    /// # Errors
    /// If it asks for what is not there: bits depend on the set, so no other is taken in its place.
    pub fn preferred() -> Result<Self, UnfitIsa> {
        // Looked up once: every loss of every step asks.
        static PREFERRED: OnceLock<Result<Isa, UnfitIsa>> = OnceLock::new();
        let wanted = || std::env::var_os(CHOICE).unwrap_or_default();
        PREFERRED.get_or_init(|| Self::wanted(&wanted().to_string_lossy())).clone()
    }

    /// The one of that name; of none, the best.
    pub(super) fn wanted(name: &str) -> Result<Self, UnfitIsa> {
        if name.is_empty() {
            return Ok(Self::all().next().unwrap_or(Self(Kind::Portable)));
        }
        Self::named(name).ok_or_else(|| {
            let here = Self::all().map(Self::name).collect::<Vec<_>>().join(", ");
            match NAMES.contains(&name) {
                true => UnfitIsa::Missing { name: name.into(), here },
                false => UnfitIsa::Unknown { name: name.into(), here },
            }
        })
    }

    /// `avx512`, `avx2` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }

    /// Compiled for this set.
    pub(super) fn run(self, kernel: impl Kernel) {
        match self.0 {
            // SAFETY: `all` makes this kind only where the processor has avx512f, avx2 and fma.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { x86::avx512(kernel) },
            // SAFETY: `all` makes this kind only where the processor has avx2 and fma.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { x86::avx2(kernel) },
            // SAFETY: plain arrays need nothing.
            Kind::Portable => unsafe { kernel.run::<Plain>() },
        }
    }
}

/// Plain arrays: the compiler makes of them what the target always has (SSE2, NEON, …).
#[derive(Clone, Copy)]
struct Plain([f32; LANES]);

impl Plain {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self;
        for i in 0..LANES {
            out.0[i] = of(self.0[i], other.0[i]);
        }
        out
    }
}

macro_rules! operators {
    ($($name:ty, $trait:ident::$function:ident, |$a:ident, $b:ident| $body:expr;)+) => {
        $(impl $trait for $name {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                $body
            }
        })+
    };
}

operators! {
    Plain, Add::add, |a, b| a.zip(b, |a, b| a + b);
    Plain, Sub::sub, |a, b| a.zip(b, |a, b| a - b);
    Plain, Mul::mul, |a, b| a.zip(b, |a, b| a * b);
}

impl Lanes for Plain {
    // 32 registers of four values on aarch64, 16 on x86.
    const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 8 } else { 4 };
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(*from.cast())
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        *to.cast() = self.0;
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        let mut out = addend;
        for i in 0..LANES {
            // Where there is no such instruction, `mul_add` would be a call of a function.
            out.0[i] = if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
                self.0[i].mul_add(factor.0[i], addend.0[i])
            } else {
                self.0[i] * factor.0[i] + addend.0[i]
            };
        }
        out
    }
    #[inline(always)]
    fn relu(self) -> Self {
        self.zip(self, |a, _| if a < 0.0 { 0.0 } else { a })
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn where_positive(self, of: Self) -> Self {
        self.zip(of, |a, of| if of > 0.0 { a } else { 0.0 })
    }
    #[inline(always)]
    fn times_power(self, n: Self) -> Self {
        self.zip(n, |a, n| a * f32::from_bits(((n as i32 + 127) << 23) as u32))
    }
    #[inline(always)]
    fn where_at_least(self, a: Self, b: Self) -> Self {
        let mut out = self;
        for i in 0..LANES {
            out.0[i] = if a.0[i] >= b.0[i] { self.0[i] } else { 0.0 };
        }
        out
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Add, Kernel, Lanes, Mul, Sub};
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub(super) struct Avx512(__m512);
    /// Two halves.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(__m256, __m256);

    /// # Safety
    /// The processor has avx512f, avx2 and fma.
    #[target_feature(enable = "avx512f,avx2,fma")]
    pub(super) unsafe fn avx512(kernel: impl Kernel) {
        kernel.run::<Avx512>();
    }

    /// # Safety
    /// The processor has avx2 and fma.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(kernel: impl Kernel) {
        kernel.run::<Avx2>();
    }

    /// Arithmetic on values that exist.
    macro_rules! vouched {
        ($body:expr) => {
            // SAFETY: a value of these types exists only where the processor has their instruction set:
            // the callers of `load` and `splat` vouch for it.
            unsafe { $body }
        };
    }

    operators! {
        Avx512, Add::add, |a, b| vouched!(Self(_mm512_add_ps(a.0, b.0)));
        Avx512, Sub::sub, |a, b| vouched!(Self(_mm512_sub_ps(a.0, b.0)));
        Avx512, Mul::mul, |a, b| vouched!(Self(_mm512_mul_ps(a.0, b.0)));
        Avx2, Add::add, |a, b| vouched!(Self(_mm256_add_ps(a.0, b.0), _mm256_add_ps(a.1, b.1)));
        Avx2, Sub::sub, |a, b| vouched!(Self(_mm256_sub_ps(a.0, b.0), _mm256_sub_ps(a.1, b.1)));
        Avx2, Mul::mul, |a, b| vouched!(Self(_mm256_mul_ps(a.0, b.0), _mm256_mul_ps(a.1, b.1)));
    }

    impl Lanes for Avx512 {
        const REGISTERS: usize = 32;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(_mm512_loadu_ps(from))
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self(_mm512_set1_ps(value))
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            _mm512_storeu_ps(to, self.0)
        }
        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            vouched!(Self(_mm512_fmadd_ps(self.0, factor.0, addend.0)))
        }
        #[inline(always)]
        fn relu(self) -> Self {
            // The second operand wins if one is not a number.
            vouched!(Self(_mm512_max_ps(_mm512_setzero_ps(), self.0)))
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            vouched!(Self(_mm512_max_ps(self.0, other.0)))
        }
        #[inline(always)]
        fn where_positive(self, of: Self) -> Self {
            vouched!({
                let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(of.0, _mm512_setzero_ps());
                Self(_mm512_maskz_mov_ps(mask, self.0))
            })
        }
        #[inline(always)]
        fn times_power(self, n: Self) -> Self {
            vouched!(Self(_mm512_scalef_ps(self.0, n.0)))
        }
        #[inline(always)]
        fn where_at_least(self, a: Self, b: Self) -> Self {
            vouched!(Self(_mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(a.0, b.0), self.0)))
        }
    }

    impl Lanes for Avx2 {
        const REGISTERS: usize = 8;
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8)))
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            Self(_mm256_set1_ps(value), _mm256_set1_ps(value))
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
        #[inline(always)]
        fn mul_add(self, f: Self, addend: Self) -> Self {
            vouched!(Self(_mm256_fmadd_ps(self.0, f.0, addend.0), _mm256_fmadd_ps(self.1, f.1, addend.1)))
        }
        #[inline(always)]
        fn relu(self) -> Self {
            vouched!({
                let zero = _mm256_setzero_ps();
                Self(_mm256_max_ps(zero, self.0), _mm256_max_ps(zero, self.1))
            })
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            vouched!(Self(_mm256_max_ps(self.0, other.0), _mm256_max_ps(self.1, other.1)))
        }
        #[inline(always)]
        fn where_positive(self, of: Self) -> Self {
            vouched!({
                let above = |x| _mm256_cmp_ps::<_CMP_GT_OQ>(x, _mm256_setzero_ps());
                Self(_mm256_and_ps(above(of.0), self.0), _mm256_and_ps(above(of.1), self.1))
            })
        }
        #[inline(always)]
        fn times_power(self, n: Self) -> Self {
            vouched!({
                let power = |n| {
                    let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                    _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
                };
                Self(_mm256_mul_ps(self.0, power(n.0)), _mm256_mul_ps(self.1, power(n.1)))
            })
        }
        #[inline(always)]
        fn where_at_least(self, a: Self, b: Self) -> Self {
            vouched!({
                let first = _mm256_cmp_ps::<_CMP_GE_OQ>(a.0, b.0);
                let second = _mm256_cmp_ps::<_CMP_GE_OQ>(a.1, b.1);
                Self(_mm256_and_ps(first, self.0), _mm256_and_ps(second, self.1))
            })
        }
    }
}
