//! The VST3 entry points, around nice-plug's wrapper.
//!
//! nice-plug 0.4.2 builds the configuration that it activates a plugin with from the process mode
//! of the set-up *before*, and stores the new mode afterwards. A host that sets up once, as the
//! format asks, would bounce in real-time mode and then play in offline mode, where the composer
//! is waited for. So this factory gives every instance a copy of the wrapper's table of audio
//! processor functions whose `setupProcessing` runs twice: the second run finds the right mode
//! stored. Calling it again with the same values is allowed at any time by the format.
//!
//! A host that terminates an active plugin deactivates it by that: the plugin has threads to wait
//! for before it goes (see `messages`).
//!
//! Outputs that the host has no memory for get some from [`spare_outputs`].
//!
//! Apart from that it does what `nice_export_vst3!` does, for the one class that there is.

use crate::{Tributary, spare_outputs};
use nice_plug::wrapper::setup_logger;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorVtbl, IComponent,
    IComponentVtbl, ProcessData, ProcessSetup,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IPluginBase, IPluginBaseVtbl, IPluginFactory, IPluginFactory2,
    IPluginFactory2Trait, IPluginFactory3, IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo,
    PClassInfo2, PClassInfoW, PFactoryInfo, TUID, int32, kInternalError, kInvalidArgument,
    kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};
use nice_plug::wrapper::vst3::{PluginInfo, Wrapper};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::OnceLock;

/// The wrapper's tables and our copies of them, equal for all instances.
static TABLES: OnceLock<Tables> = OnceLock::new();

struct Tables {
    wrapper: (IAudioProcessorVtbl, IComponentVtbl),
    ours: (IAudioProcessorVtbl, IComponentVtbl),
}

/// Lets an instance run our `setupProcessing` and `terminate` instead of the wrapper's.
///
/// # Safety
/// Both must lead to the interfaces of one `Wrapper<Tributary>` that nobody else has seen yet.
unsafe fn correct(processor: *mut IAudioProcessor, component: *mut IComponent) {
    // SAFETY: an interface pointer leads to a valid table for as long as its object lives.
    let wrapper = unsafe { (*(*processor).vtbl, *(*component).vtbl) };
    let tables = TABLES.get_or_init(|| {
        let base = IPluginBaseVtbl { terminate, ..wrapper.1.base };
        let ours = (
            IAudioProcessorVtbl { setupProcessing: setup_processing, process, ..wrapper.0 },
            IComponentVtbl { base, ..wrapper.1 },
        );
        Tables { wrapper, ours }
    });
    // SAFETY: the caller's promise: nobody reads the slots meanwhile. Our tables live for ever,
    // have the same layout, and their other functions are the wrapper's own, which find their
    // object from the interface pointer alone.
    unsafe {
        (*processor).vtbl = &tables.ours.0;
        (*component).vtbl = &tables.ours.1;
    }
}

/// Deactivates before it goes, see the head of this file.
unsafe extern "system" fn terminate(this: *mut IPluginBase) -> tresult {
    let Some(tables) = TABLES.get() else { return kInternalError };
    // SAFETY: `this` is the host's and is a component, as only its table leads here; the functions
    // are those that the host would have called.
    unsafe {
        (tables.wrapper.1.setActive)(this.cast::<IComponent>(), 0);
        (tables.wrapper.1.base.terminate)(this)
    }
}

/// Hands the set-up on twice, see the head of this file.
unsafe extern "system" fn setup_processing(
    this: *mut IAudioProcessor,
    setup: *mut ProcessSetup,
) -> tresult {
    let Some(tables) = TABLES.get() else { return kInternalError };
    let original = tables.wrapper.0.setupProcessing;
    // SAFETY: `this` and `setup` are the host's, under the format's rules; the function that they
    // go to is the one that the host would have called.
    unsafe {
        let result = original(this, setup);
        if result == kResultOk { original(this, setup) } else { result }
    }
}

/// The host's output at `index`, if it is there and stereo.
///
/// # Safety
/// The block must be a host's.
unsafe fn output(block: &ProcessData, index: usize) -> Option<AudioBusBuffers> {
    if block.outputs.is_null() || index as int32 >= block.numOutputs {
        return None;
    }
    // SAFETY: inside the host's list, whose channels are as many as it says; samples are of 32
    // bits, as the plugin offers nothing else.
    unsafe {
        let output = *block.outputs.add(index);
        let channels = output.__field0.channelBuffers32;
        let is_there = output.numChannels == 2 && !channels.is_null();
        let is_stereo = is_there && !(*channels).is_null() && !(*channels.add(1)).is_null();
        is_stereo.then_some(output)
    }
}

/// Gives the wrapper memory for every output, see the head of this file.
unsafe extern "system" fn process(this: *mut IAudioProcessor, data: *mut ProcessData) -> tresult {
    let Some(tables) = TABLES.get() else { return kInternalError };
    let original = tables.wrapper.0.process;
    // SAFETY: the host's argument, under the format's rules.
    let Some(block) = (unsafe { data.as_ref() }) else { return kInvalidArgument };
    // SAFETY: the host's lists, under the format's rules.
    let given = std::array::from_fn(|index| unsafe { output(block, index) });
    let spare = |channels| AudioBusBuffers {
        numChannels: 2,
        silenceFlags: 0,
        __field0: AudioBusBuffers__type0 { channelBuffers32: channels },
    };
    let n_samples = usize::try_from(block.numSamples).unwrap_or(0);
    let completed = spare_outputs::complete(n_samples, given, spare, |outputs| {
        let mut seen = ProcessData {
            numOutputs: outputs.len() as int32,
            outputs: outputs.as_mut_ptr(),
            ..*block
        };
        // SAFETY: the host's block, with outputs that live until the call returns.
        unsafe { original(this, &mut seen) }
    });
    // SAFETY: what the host would have called, with its arguments.
    completed.unwrap_or_else(|| unsafe { original(this, data) })
}

struct Factory {
    class: PluginInfo,
}

impl Factory {
    fn new() -> Self {
        Self { class: PluginInfo::for_plugin::<Tributary>() }
    }

    /// Writes what `make` gives for the only class.
    unsafe fn describe<T>(
        &self,
        index: int32,
        info: *mut T,
        make: impl Fn(&PluginInfo) -> T,
    ) -> tresult {
        if index != 0 || info.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, and by the format's rules room for a `T`.
        unsafe { info.write(make(&self.class)) };
        kResultOk
    }
}

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the caller's promise.
        unsafe { self.describe(0, info, PluginInfo::create_factory_info) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        // SAFETY: the caller's promise.
        unsafe { self.describe(index, info, PluginInfo::create_class_info) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class.is_null() || interface.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, and by the format's rules 16 bytes.
        if unsafe { *class.cast::<[u8; 16]>() } != *self.class.cid {
            return kInvalidArgument;
        }
        let wrapper = ComWrapper::new(Wrapper::<Tributary>::new());
        let (Some(processor), Some(component), Some(unknown)) = (
            wrapper.as_com_ref::<IAudioProcessor>(),
            wrapper.as_com_ref::<IComponent>(),
            wrapper.as_com_ref::<FUnknown>(),
        ) else {
            return kInternalError;
        };
        let unknown = unknown.as_ptr();
        // SAFETY: the object was made above and is known here alone. The query adds the reference
        // that the host gets; ours goes at the end of this function.
        unsafe {
            correct(processor.as_ptr(), component.as_ptr());
            ((*(*unknown).vtbl).queryInterface)(unknown, interface.cast::<TUID>(), object)
        }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        // SAFETY: the caller's promise.
        unsafe { self.describe(index, info, PluginInfo::create_class_info_2) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        // SAFETY: the caller's promise.
        unsafe { self.describe(index, info, PluginInfo::create_class_info_unicode) }
    }

    unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
        kResultOk
    }
}

/// Where a VST3 host begins.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut c_void {
    let factory = ComWrapper::new(Factory::new()).to_com_ptr::<IPluginFactory>();
    factory.map_or(null_mut(), |factory| factory.into_raw().cast())
}

/// Declares the functions that hosts call after loading and before unloading the library.
macro_rules! module_functions {
    ($abi:literal, $enter:ident($($argument:ident)?), $leave:ident) => {
        /// Called by the host after it has loaded the library.
        #[unsafe(no_mangle)]
        pub extern $abi fn $enter($($argument: *mut c_void)?) -> bool {
            $(let _ = $argument;)?
            setup_logger::<Tributary>();
            true
        }

        /// Called by the host before it unloads the library.
        #[unsafe(no_mangle)]
        pub extern $abi fn $leave() -> bool {
            true
        }
    };
}

#[cfg(all(target_family = "unix", not(target_os = "macos")))]
module_functions!("C", ModuleEntry(library), ModuleExit);
#[cfg(target_os = "macos")]
module_functions!("C", bundleEntry(bundle), bundleExit);
#[cfg(target_os = "windows")]
module_functions!("system", InitDll(), ExitDll);
