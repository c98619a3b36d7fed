//! The allocator's functions, in front of the C library's.

use std::ffi::{c_int, c_void};

use crate::session::{Kind, called};

// The C library's own names for what is interposed here; they need no lookup, which would allocate.
unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn __libc_free(old: *mut c_void);
}

const PAGE: usize = 4096;

macro_rules! interpose {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {$(
        /// As the C library's function of this name.
        ///
        /// # Safety
        /// As the C library's function of this name.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            called(Kind::Heap, concat!(stringify!($name), "\0"));
            // SAFETY: the caller keeps the C library's rules, and the arguments are the caller's.
            unsafe { $body }
        }
    )*};
}

interpose! {
    malloc(size: usize) -> *mut c_void = __libc_malloc(size);
    calloc(count: usize, size: usize) -> *mut c_void = __libc_calloc(count, size);
    realloc(old: *mut c_void, size: usize) -> *mut c_void = __libc_realloc(old, size);
    memalign(alignment: usize, size: usize) -> *mut c_void = __libc_memalign(alignment, size);
    aligned_alloc(alignment: usize, size: usize) -> *mut c_void = __libc_memalign(alignment, size);
    valloc(size: usize) -> *mut c_void = __libc_memalign(PAGE, size);
    pvalloc(size: usize) -> *mut c_void = __libc_memalign(PAGE, size.next_multiple_of(PAGE));
    reallocarray(old: *mut c_void, count: usize, size: usize) -> *mut c_void =
        match count.checked_mul(size) {
            Some(bytes) => __libc_realloc(old, bytes),
            None => {
                *libc::__errno_location() = libc::ENOMEM;
                std::ptr::null_mut()
            }
        };
    posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int = {
        let usable = alignment.is_power_of_two() && alignment.is_multiple_of(size_of::<usize>());
        let memory =
            if usable { __libc_memalign(alignment, size) } else { std::ptr::null_mut() };
        match (usable, memory.is_null()) {
            (false, _) => libc::EINVAL,
            (true, true) => libc::ENOMEM,
            (true, false) => {
                *out = memory;
                0
            }
        }
    };
}

/// As the C library's function of this name. Freeing nothing is no offence.
///
/// # Safety
/// As the C library's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(old: *mut c_void) {
    if !old.is_null() {
        called(Kind::Heap, "free\0");
    }
    // SAFETY: the caller keeps the C library's rules.
    unsafe { __libc_free(old) }
}
