//! The host's side of the real-time guard, which is preloaded into the process.
//!
//! The guard (`rt-guard`) counts heap calls, pthread locks and system calls between
//! [`ProcessHook::enter`] and [`ProcessHook::exit`]; this hook collects what it kept, block by
//! block, and finds out in which library each address lies.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int};
use std::path::PathBuf;

use libloading::os::unix::Library;

use crate::{Error, ProcessHook, Result};

/// As in the guard.
const MAX_FRAMES: usize = 32;

/// What a thread did while it was inside the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OffenceKind {
    /// Asked the allocator for memory or gave it back.
    Heap,
    /// Called a pthread function that may wait, wake or be waited for.
    Lock,
    /// Entered the kernel.
    Syscall,
}

/// One thing that the plugin did inside its process call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// What it did.
    pub kind: OffenceKind,
    /// The C function, or `system call N`.
    pub what: String,
    /// The system call's number and first two arguments.
    pub syscall: Option<(i64, [u64; 2])>,
    /// From where, innermost first; the guard's own functions are left out.
    pub frames: Vec<CodeAddress>,
}

/// A place in a loaded library.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeAddress {
    /// The file; empty for memory that no file backs.
    pub library: PathBuf,
    /// Address as the file itself counts them.
    pub offset: usize,
}

/// A locked instruction that the plugin ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedInstruction {
    /// Where it lies.
    pub place: CodeAddress,
    /// Its name.
    pub name: String,
    /// How often it was run.
    pub count: u64,
}

/// What one process call did that it must not do.
#[derive(Clone, Debug)]
pub struct BlockOffences {
    /// Number of the process call, from 0.
    pub block: usize,
    /// All of them, also those that were not kept.
    pub count: u64,
    /// The first ones.
    pub offences: Vec<Offence>,
}

#[repr(C)]
struct RawOffence {
    kind: u32,
    n_frames: u32,
    number: i64,
    arguments: [u64; 2],
    function: *const c_char,
    frames: [usize; MAX_FRAMES],
}

#[repr(C)]
struct RawSite {
    address: usize,
    count: u64,
    name: *const c_char,
}

type Arm = extern "C" fn() -> c_int;

/// The guard of this process as a hook for [`crate::play`].
pub struct RealtimeGuard {
    arm: Arm,
    enter: extern "C" fn(),
    exit: extern "C" fn() -> u64,
    offence: extern "C" fn(usize) -> *const RawOffence,
    site: extern "C" fn(usize) -> *const RawSite,
    stepping: bool,
    /// The first process calls of each thread, which are not looked at.
    exempt: usize,
    /// Process calls of this thread so far.
    n_on_thread: usize,
    /// The guard's answer to being armed.
    armed: Option<c_int>,
    /// Process calls so far, of all threads.
    n_calls: usize,
    /// Instructions run in all of them, when stepping.
    n_steps: u64,
    /// Process calls that were looked at.
    n_blocks: usize,
    blocks: Vec<BlockOffences>,
    sites: Vec<LockedInstruction>,
    libraries: BTreeMap<usize, Mapping>,
}

/// A piece of a file in memory.
#[derive(Clone, Debug)]
struct Mapping {
    end: usize,
    /// Where the file's address 0 lies in memory.
    base: usize,
    library: PathBuf,
}

impl RealtimeGuard {
    /// The guard that counts, which must have been preloaded. The first `exempt` process calls of
    /// each audio thread are not looked at.
    ///
    /// # Errors
    /// [`Error::Missing`] in a process without the guard.
    pub fn counting(exempt: usize) -> Result<Self> {
        Self::find(exempt, false)
    }

    /// The guard that runs every instruction by itself and lists the locked ones, from the process
    /// call of number `exempt` of a thread on.
    ///
    /// # Errors
    /// [`Error::Missing`] in a process without the guard.
    pub fn stepping(exempt: usize) -> Result<Self> {
        Self::find(exempt, true)
    }

    fn find(exempt: usize, stepping: bool) -> Result<Self> {
        let process = Library::this();
        let arm = if stepping { c"rt_guard_step_arm" } else { c"rt_guard_arm" };
        let missing = |_| Error::Missing("preloaded real-time guard");
        // SAFETY: the guard's functions have these types, and a preloaded library is never
        // unloaded.
        unsafe {
            Ok(Self {
                arm: *process.get::<Arm>(arm.to_bytes_with_nul()).map_err(missing)?,
                enter: *process.get::<extern "C" fn()>(b"rt_guard_enter\0").map_err(missing)?,
                exit: *process
                    .get::<extern "C" fn() -> u64>(b"rt_guard_exit\0")
                    .map_err(missing)?,
                offence: *process
                    .get::<extern "C" fn(usize) -> *const RawOffence>(b"rt_guard_offence\0")
                    .map_err(missing)?,
                site: *process
                    .get::<extern "C" fn(usize) -> *const RawSite>(b"rt_guard_site\0")
                    .map_err(missing)?,
                stepping,
                exempt,
                n_on_thread: 0,
                armed: None,
                n_calls: 0,
                n_blocks: 0,
                n_steps: 0,
                blocks: Vec::new(),
                sites: Vec::new(),
                libraries: BTreeMap::new(),
            })
        }
    }

    /// What was found, by process call.
    ///
    /// # Errors
    /// [`Error::Refused`] when the kernel or processor cannot be asked, or nothing was looked at:
    /// then nothing is known.
    pub fn offences(&self) -> Result<&[BlockOffences]> {
        self.check_armed()?;
        Ok(&self.blocks)
    }

    /// The locked instructions that were run, by place.
    ///
    /// # Errors
    /// As [`RealtimeGuard::offences`].
    pub fn locked_instructions(&self) -> Result<&[LockedInstruction]> {
        self.check_armed()?;
        Ok(&self.sites)
    }

    /// Process calls that were looked at.
    pub fn n_blocks(&self) -> usize {
        self.n_blocks
    }

    /// Instructions that were run one by one.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    fn check_armed(&self) -> Result<()> {
        let refused = |reason: String| Error::refused("the real-time guard", reason);
        match self.armed {
            Some(0) if self.n_blocks > 0 => Ok(()),
            Some(0) => Err(refused("no process call was looked at".into())),
            Some(error) => Err(refused(format!(
                "the kernel has no syscall user dispatch (Linux 5.11 or newer is needed): error {}",
                -error
            ))),
            None => Err(refused("it was never armed".into())),
        }
    }

    fn place(&mut self, address: usize) -> CodeAddress {
        let known = |libraries: &BTreeMap<usize, Mapping>| {
            let (_, mapping) = libraries.range(..=address).next_back()?;
            (address < mapping.end).then(|| CodeAddress {
                library: mapping.library.clone(),
                offset: address - mapping.base,
            })
        };
        known(&self.libraries).unwrap_or_else(|| {
            self.libraries = mappings();
            let unknown = CodeAddress { library: PathBuf::new(), offset: address };
            known(&self.libraries).unwrap_or(unknown)
        })
    }

    fn collect_offences(&mut self, count: u64) {
        let mut offences = Vec::new();
        // SAFETY: the guard returns null or an offence that stays until the thread enters again.
        while let Some(raw) = unsafe { (self.offence)(offences.len()).as_ref() } {
            let frames: Vec<CodeAddress> = raw.frames[..(raw.n_frames as usize).min(MAX_FRAMES)]
                .iter()
                .map(|address| self.place(*address))
                .filter(|place| !place.is_in("librt_guard.so"))
                .collect();
            let is_syscall = raw.function.is_null();
            let kind = match raw.kind {
                1 => OffenceKind::Heap,
                2 => OffenceKind::Lock,
                _ => OffenceKind::Syscall,
            };
            let what =
                if is_syscall { format!("system call {}", raw.number) } else { text(raw.function) };
            let syscall = is_syscall.then_some((raw.number, raw.arguments));
            offences.push(Offence { kind, what, syscall, frames });
        }
        self.blocks.push(BlockOffences { block: self.n_calls, count, offences });
    }

    fn collect_sites(&mut self) {
        let mut sites = Vec::new();
        // SAFETY: the guard returns null or a site that is changed by this thread alone.
        while let Some(raw) = unsafe { (self.site)(sites.len()).as_ref() } {
            let place = self.place(raw.address);
            sites.push(LockedInstruction { place, name: text(raw.name), count: raw.count });
        }
        self.sites = sites;
    }
}

impl ProcessHook for RealtimeGuard {
    fn arm(&mut self) {
        let answer = (self.arm)();
        // A refusal stays, whatever comes after it.
        self.armed = Some(self.armed.filter(|before| *before != 0).unwrap_or(answer));
        self.n_on_thread = 0;
    }

    fn enter(&mut self) {
        if self.n_on_thread >= self.exempt {
            (self.enter)();
        }
    }

    fn exit(&mut self) {
        if self.n_on_thread >= self.exempt {
            self.n_blocks += 1;
            let count = (self.exit)();
            if self.stepping {
                self.n_steps += count;
                self.collect_sites();
            } else if count > 0 {
                self.collect_offences(count);
            }
        }
        self.n_calls += 1;
        self.n_on_thread += 1;
    }
}

impl CodeAddress {
    /// Whether the library's file has this name.
    pub fn is_in(&self, file_name: &str) -> bool {
        self.library.file_name().is_some_and(|name| name == file_name)
    }
}

impl std::fmt::Display for CodeAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.library.file_name().unwrap_or_default();
        write!(f, "{}+{:#x}", name.to_string_lossy(), self.offset)
    }
}

/// A text of the guard's, which lives as long as the process.
fn text(pointer: *const c_char) -> String {
    // SAFETY: the guard's texts are static and have their end.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

/// What is mapped into this process, by address.
///
/// A library's first mapping holds its file's start, so that an address in it less the mapping's
/// start is the address that the file itself gives its contents.
fn mappings() -> BTreeMap<usize, Mapping> {
    let text = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut bases = BTreeMap::new();
    let mut mappings = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some((start, end)) = words.next().and_then(|range| range.split_once('-')) else {
            continue;
        };
        let hexadecimal = |digits: &str| usize::from_str_radix(digits, 16).ok();
        let (Some(start), Some(end)) = (hexadecimal(start), hexadecimal(end)) else { continue };
        let Some(path) = words.nth(4).filter(|path| path.starts_with('/')) else { continue };
        // A path may hold spaces.
        let library = PathBuf::from(&line[line.find(path).unwrap_or_default()..]);
        let base = *bases.entry(library.clone()).or_insert(start);
        mappings.insert(start, Mapping { end, base, library });
    }
    mappings
}
