//! The functions by which threads wait for each other, in front of the C library's.
//!
//! Rust's own locks call none of these; they are seen when they wait or wake, as system calls, and
//! when they do neither, by stepping.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::session::{Kind, called};

/// The C library's function of a name, looked up once.
struct Next {
    name: &'static CStr,
    /// Functions that exist in several versions need the newest by its name.
    version: Option<&'static CStr>,
    found: AtomicPtr<c_void>,
}

impl Next {
    const fn new(name: &'static CStr, version: Option<&'static CStr>) -> Self {
        Self { name, version, found: AtomicPtr::new(std::ptr::null_mut()) }
    }

    fn address(&self) -> *mut c_void {
        let known = self.found.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: the names are texts with their end; the next library's symbols stay loaded.
        let found = unsafe {
            match self.version {
                Some(version) => {
                    libc::dlvsym(libc::RTLD_NEXT, self.name.as_ptr(), version.as_ptr())
                }
                None => libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()),
            }
        };
        if found.is_null() {
            // Nothing that was promised can be kept without the function.
            // SAFETY: ends the process.
            unsafe { libc::abort() };
        }
        self.found.store(found, Ordering::Relaxed);
        found
    }
}

macro_rules! interpose {
    ($($name:ident($($argument:ident: $type:ty),*) $(as $version:literal)?;)*) => {
        $(
            /// As the C library's function of this name.
            ///
            /// # Safety
            /// As the C library's function of this name.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($argument: $type),*) -> c_int {
                called(Kind::Lock, concat!(stringify!($name), "\0"));
                // SAFETY: the address is that of a function of this type, and the caller keeps the
                // C library's rules.
                unsafe {
                    let next: unsafe extern "C" fn($($type),*) -> c_int =
                        std::mem::transmute(next::$name.address());
                    next($($argument),*)
                }
            }
        )*

        #[expect(non_upper_case_globals, reason = "named like the functions that they lead to")]
        mod next {
            use super::Next;

            $(
                pub(super) static $name: Next = {
                    const NAME: &str = concat!(stringify!($name), "\0");
                    #[allow(unused_assignments, unused_mut, reason = "most have one version")]
                    let mut version = None;
                    $(version = Some($version);)?
                    match std::ffi::CStr::from_bytes_with_nul(NAME.as_bytes()) {
                        Ok(name) => Next::new(name, version),
                        Err(_) => panic!("the name has its end"),
                    }
                };
            )*

            /// All are looked up before the program begins, because looking up may allocate.
            pub(super) extern "C" fn find_all() {
                $($name.address();)*
            }
        }
    };
}

/// Anything of the C library's that is passed by its address.
type Object = *mut c_void;

interpose! {
    pthread_mutex_lock(mutex: Object);
    pthread_mutex_trylock(mutex: Object);
    pthread_mutex_timedlock(mutex: Object, until: Object);
    pthread_mutex_clocklock(mutex: Object, clock: c_int, until: Object);
    pthread_mutex_unlock(mutex: Object);
    pthread_rwlock_rdlock(lock: Object);
    pthread_rwlock_wrlock(lock: Object);
    pthread_rwlock_tryrdlock(lock: Object);
    pthread_rwlock_trywrlock(lock: Object);
    pthread_rwlock_timedrdlock(lock: Object, until: Object);
    pthread_rwlock_timedwrlock(lock: Object, until: Object);
    pthread_rwlock_unlock(lock: Object);
    pthread_spin_lock(lock: Object);
    pthread_spin_trylock(lock: Object);
    pthread_barrier_wait(barrier: Object);
    pthread_cond_wait(condition: Object, mutex: Object) as c"GLIBC_2.3.2";
    pthread_cond_timedwait(condition: Object, mutex: Object, until: Object) as c"GLIBC_2.3.2";
    pthread_cond_signal(condition: Object) as c"GLIBC_2.3.2";
    pthread_cond_broadcast(condition: Object) as c"GLIBC_2.3.2";
    pthread_once(control: Object, routine: Object);
    pthread_create(thread: Object, attributes: Object, start: Object, argument: Object);
    pthread_join(thread: usize, result: Object);
    sem_wait(semaphore: Object);
    sem_trywait(semaphore: Object);
    sem_timedwait(semaphore: Object, until: Object);
    sem_post(semaphore: Object);
    mtx_lock(mutex: Object);
    mtx_trylock(mutex: Object);
    cnd_wait(condition: Object, mutex: Object);
    cnd_signal(condition: Object);
}

#[used]
#[unsafe(link_section = ".init_array")]
static FIND_ALL: extern "C" fn() = next::find_all;
