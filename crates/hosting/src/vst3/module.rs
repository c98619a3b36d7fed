//! A VST3 bundle's shared library: loaded once a process, unloaded after its last user.

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use vst3::ComPtr;
use vst3::Steinberg::IPluginFactory;

use crate::{Error, Result};

/// A loaded module whose entry function has run.
pub(super) struct Module {
    library: Library,
}

static MODULES: Mutex<Option<HashMap<PathBuf, Weak<Module>>>> = Mutex::new(None);

impl Module {
    /// Loads the library of this machine's architecture in a bundle.
    pub fn open(bundle: &Path) -> Result<Arc<Self>> {
        let stem = bundle.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = format!("{}-linux", std::env::consts::ARCH);
        let file = bundle.join("Contents").join(folder).join(format!("{stem}.so"));
        let mut modules = MODULES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let modules = modules.get_or_insert_default();
        if let Some(module) = modules.get(&file).and_then(Weak::upgrade) {
            return Ok(module);
        }
        let load_error = |reason: String| Error::Load { path: file.clone(), reason };
        // SAFETY: loading a plugin runs its library's initialisers; the caller chose the file.
        let library = unsafe { Library::open(Some(&file), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|error| load_error(error.to_string()))?;
        let handle = library.into_raw();
        // SAFETY: the handle was just taken from a library and is owned by nothing else.
        let library = unsafe { Library::from_raw(handle) };
        // SAFETY: the symbol has this signature in every VST3 module for Linux.
        let accepted = unsafe {
            let entry = library
                .get::<unsafe extern "system" fn(*mut c_void) -> bool>(b"ModuleEntry\0")
                .map_err(|error| load_error(error.to_string()))?;
            entry(handle)
        };
        if !accepted {
            return Err(load_error("ModuleEntry returned false".into()));
        }
        let module = Arc::new(Self { library });
        modules.insert(file, Arc::downgrade(&module));
        Ok(module)
    }

    /// The module's plugin factory.
    pub fn factory(&self) -> Result<ComPtr<IPluginFactory>> {
        // SAFETY: the symbol has this signature in every VST3 module, and the pointer it returns
        // carries a reference for the caller.
        unsafe {
            self.library
                .get::<unsafe extern "system" fn() -> *mut IPluginFactory>(b"GetPluginFactory\0")
                .ok()
                .and_then(|get| ComPtr::from_raw(get()))
                .ok_or(Error::Missing("plugin factory"))
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the symbol has this signature, and no object of the module is alive any more:
        // each holds an `Arc` of the module.
        unsafe {
            if let Ok(exit) =
                self.library.get::<unsafe extern "system" fn() -> bool>(b"ModuleExit\0")
            {
                exit();
            }
        }
    }
}
