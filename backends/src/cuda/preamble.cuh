// Helpers of generated kernels. Halves are their bits; integer division by zero gives 0.
#define CR_ARENA extern __shared__ __align__(16) unsigned char cr_arena[]

typedef long long i64;

__device__ inline float cr_bf16_to_f32(unsigned short x) { return __uint_as_float((unsigned)x << 16); }
__device__ inline unsigned short cr_f32_to_bf16(float x) {
  unsigned u = __float_as_uint(x);
  return x != x ? (u >> 16) | 0x40 : (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}
__device__ inline float cr_f16_to_f32(unsigned short x) { float y; asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x)); return y; }
__device__ inline unsigned short cr_f32_to_f16(float x) { unsigned short y; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x)); return y; }

// A state of up to 8 bytes in a cell of a reduction's tree.
template <class T> __device__ inline double cr_pack(T x) { union { double cell; T x; } u; u.cell = 0; u.x = x; return u.cell; }
template <class T> __device__ inline T cr_unpack(double cell) { union { double cell; T x; } u; u.cell = cell; return u.x; }

template <class T> __device__ inline T cr_min(T a, T b) { return a != a || b != b ? a + b : b < a ? b : a; }
template <class T> __device__ inline T cr_max(T a, T b) { return a != a || b != b ? a + b : a < b ? b : a; }
template <class T> __device__ inline T cr_div(T a, T b) { return b == 0 ? T(0) : b == T(-1) ? T(0) - a : T(a / b); }
__device__ inline float cr_div(float a, float b) { return a / b; }
__device__ inline double cr_div(double a, double b) { return a / b; }
template <class T> __device__ inline T cr_floordiv(T a, T b) { T q = cr_div(a, b); return b != 0 && q * b != a && (a < 0) != (b < 0) ? q - 1 : q; }
__device__ inline float cr_floordiv(float a, float b) { return floorf(a / b); }
__device__ inline double cr_floordiv(double a, double b) { return floor(a / b); }
template <class T> __device__ inline T cr_mod(T a, T b) { return b == 0 ? T(0) : T(a - cr_floordiv(a, b) * b); }
__device__ inline float cr_mod(float a, float b) { float r = fmodf(a, b); return r != 0 && (r < 0) != (b < 0) ? r + b : r; }
__device__ inline double cr_mod(double a, double b) { double r = fmod(a, b); return r != 0 && (r < 0) != (b < 0) ? r + b : r; }
__device__ inline i64 cr_pow(i64 a, i64 b) { i64 r = b < 0 ? a == 1 : 1; for (; b > 0; b >>= 1, a *= a) if (b & 1) r *= a; return r; }
__device__ inline float cr_pow(float a, float b) { return powf(a, b); }
__device__ inline double cr_pow(double a, double b) { return pow(a, b); }
template <class T> __device__ inline T cr_abs(T a) { return a < 0 ? -a : a; }
__device__ inline float cr_abs(float a) { return fabsf(a); }
__device__ inline double cr_abs(double a) { return fabs(a); }
template <class T> __device__ inline T cr_shl(T a, T b) { return (unsigned)b < 64 ? T((unsigned long long)a << b) : T(0); }
template <class T> __device__ inline T cr_shr(T a, T b) { return a >> ((unsigned)b < 63 ? (unsigned)b : 63); }

#define CR_UNARY(name, single, twice) \
  __device__ inline float cr_##name(float x) { return single; } \
  __device__ inline double cr_##name(double x) { return twice; }
CR_UNARY(sqrt, sqrtf(x), sqrt(x))
CR_UNARY(rsqrt, 1.0f / sqrtf(x), 1.0 / sqrt(x))
CR_UNARY(exp, expf(x), exp(x))
CR_UNARY(expm1, expm1f(x), expm1(x))
CR_UNARY(log, logf(x), log(x))
CR_UNARY(log1p, log1pf(x), log1p(x))
CR_UNARY(sin, sinf(x), sin(x))
CR_UNARY(cos, cosf(x), cos(x))
CR_UNARY(tanh, tanhf(x), tanh(x))
CR_UNARY(erf, erff(x), erf(x))
CR_UNARY(sigmoid, 1.0f / (1.0f + expf(-x)), 1.0 / (1.0 + exp(-x)))
CR_UNARY(floor, floorf(x), floor(x))
CR_UNARY(ceil, ceilf(x), ceil(x))
CR_UNARY(round, rintf(x), rint(x))
CR_UNARY(trunc, truncf(x), trunc(x))
