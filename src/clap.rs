//! The CLAP entry point, around nice-plug's wrapper.
//!
//! nice-plug 0.4.2 cuts a block where a parameter or the transport changes, and believes the
//! event's time: one past the end of the block makes it hand out a part of the buffer that is not
//! there. So this factory gives every instance a `process` of its own that hides such events from
//! the wrapper. What a hidden event says of a parameter is taken over after the block; a hidden
//! transport is dropped, as the next block brings its own.
//!
//! Outputs that the host has no memory for get some from [`spare_outputs`].
//!
//! Apart from that it does what `nice_export_clap!` does, for the one plugin that there is.

use crate::{Tributary, spare_outputs};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::entry::clap_plugin_entry;
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_MOD, CLAP_EVENT_PARAM_VALUE, CLAP_EVENT_TRANSPORT,
    clap_event_header, clap_input_events,
};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_plugin_params};
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use clap_sys::version::CLAP_VERSION;
use nice_plug::wrapper::clap::{PluginDescriptor, Wrapper};
use nice_plug::wrapper::setup_logger;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{from_mut, from_ref, null, null_mut};
use std::sync::{Arc, OnceLock};

type Process =
    unsafe extern "C" fn(plugin: *const clap_plugin, *const clap_process) -> clap_process_status;

/// The wrapper's `process`, the same for all instances.
static WRAPPER_PROCESS: OnceLock<Process> = OnceLock::new();

/// The host's events of one block, and what the wrapper shall see of them.
struct Events {
    host: *const clap_input_events,
    n_frames: u32,
    /// The only event to be seen, or all that do not come too late.
    only: *const clap_event_header,
}

impl Events {
    /// As a list that the wrapper reads; good for as long as `self`.
    fn list(&mut self) -> clap_input_events {
        clap_input_events { ctx: from_mut(self).cast(), size: Some(size), get: Some(get) }
    }

    /// Event `index` of the host, or null.
    ///
    /// # Safety
    /// `host` must be a host's list.
    unsafe fn of_host(&self, index: u32) -> *const clap_event_header {
        // SAFETY: the caller's promise.
        let Some(get) = (unsafe { (*self.host).get }) else { return null() };
        // SAFETY: the host's own function on its own list.
        unsafe { get(self.host, index) }
    }

    /// How many events the host has.
    ///
    /// # Safety
    /// `host` must be a host's list.
    unsafe fn len_of_host(&self) -> u32 {
        // SAFETY: the caller's promise.
        let Some(size) = (unsafe { (*self.host).size }) else { return 0 };
        // SAFETY: the host's own function on its own list.
        unsafe { size(self.host) }
    }

    /// Whether the wrapper would cut the block at `event`, outside the block.
    ///
    /// # Safety
    /// `event` must be null or a host's event.
    unsafe fn cuts_outside(&self, event: *const clap_event_header) -> bool {
        // SAFETY: the caller's promise.
        let Some(event) = (unsafe { event.as_ref() }) else { return false };
        let cuts = matches!(
            event.type_,
            CLAP_EVENT_PARAM_VALUE | CLAP_EVENT_PARAM_MOD | CLAP_EVENT_TRANSPORT
        );
        // At its own first frame, even an empty block takes events.
        let outside = event.time > 0 && event.time >= self.n_frames;
        event.space_id == CLAP_CORE_EVENT_SPACE_ID && cuts && outside
    }
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: lists with this function are made by `Events::list` alone.
    let events = unsafe { &*(*list).ctx.cast::<Events>() };
    // SAFETY: `host` is the list of the running block.
    if events.only.is_null() { unsafe { events.len_of_host() } } else { 1 }
}

/// The wrapper passes over null events when it cuts a block.
unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: lists with this function are made by `Events::list` alone.
    let events = unsafe { &*(*list).ctx.cast::<Events>() };
    if !events.only.is_null() {
        return events.only;
    }
    // SAFETY: `host` is the list of the running block.
    unsafe {
        let event = events.of_host(index);
        if events.cuts_outside(event) { null() } else { event }
    }
}

/// The host's output at `index`, if it is there and stereo.
///
/// # Safety
/// The block must be a host's.
unsafe fn output(block: &clap_process, index: usize) -> Option<clap_audio_buffer> {
    if block.audio_outputs.is_null() || index >= block.audio_outputs_count as usize {
        return None;
    }
    // SAFETY: inside the host's list, whose channels are as many as it says.
    unsafe {
        let output = *block.audio_outputs.add(index);
        let is_there = output.channel_count == 2 && !output.data32.is_null();
        let is_stereo =
            is_there && !(*output.data32).is_null() && !(*output.data32.add(1)).is_null();
        is_stereo.then_some(output)
    }
}

/// Runs the wrapper's `process` with memory for every output, see the head of this file.
unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host's argument, under the format's rules.
    let Some(block) = (unsafe { process.as_ref() }) else { return CLAP_PROCESS_ERROR };
    // SAFETY: the host's lists, under the format's rules.
    let given = std::array::from_fn(|index| unsafe { output(block, index) });
    let spare = |data32| clap_audio_buffer {
        data32,
        data64: null_mut(),
        channel_count: 2,
        latency: 0,
        constant_mask: 0,
    };
    let completed = spare_outputs::complete(block.frames_count as usize, given, spare, |outputs| {
        let outputs = clap_process {
            audio_outputs: outputs.as_mut_ptr(),
            audio_outputs_count: outputs.len() as u32,
            ..*block
        };
        // SAFETY: the host's block, with outputs that live until the call returns.
        unsafe { process_events(plugin, &outputs) }
    });
    // SAFETY: the host's block.
    completed.unwrap_or_else(|| unsafe { process_events(plugin, block) })
}

/// Runs the wrapper's `process` without the events that it cannot bear, see the head of this file.
///
/// # Safety
/// As of what the wrapper's `process` asks a host for.
unsafe fn process_events(plugin: *const clap_plugin, block: &clap_process) -> clap_process_status {
    let Some(original) = WRAPPER_PROCESS.get() else { return CLAP_PROCESS_ERROR };
    if block.in_events.is_null() {
        // SAFETY: what the host would have called, with its arguments.
        return unsafe { original(plugin, block) };
    }
    let mut events = Events { host: block.in_events, n_frames: block.frames_count, only: null() };
    let list = events.list();
    let seen = clap_process { in_events: &list, ..*block };
    // SAFETY: as above; the list lives until the call returns, longer than a block's may be used.
    let status = unsafe { original(plugin, &seen) };
    // SAFETY: `host` is the list of the running block, and `plugin` the host's.
    unsafe { take_late_values(plugin, &events) };
    status
}

/// Gives the parameters what the events say that were hidden from the block.
///
/// # Safety
/// `plugin` must be an instance of this library, on its audio thread, and `events.host` the list
/// of the running block.
unsafe fn take_late_values(plugin: *const clap_plugin, events: &Events) {
    // SAFETY: the caller's promise, for every call below.
    unsafe {
        for index in 0..events.len_of_host() {
            let event = events.of_host(index);
            if !events.cuts_outside(event) || (*event).type_ == CLAP_EVENT_TRANSPORT {
                continue;
            }
            let Some(get_extension) = (*plugin).get_extension else { return };
            let params = get_extension(plugin, CLAP_EXT_PARAMS.as_ptr());
            let Some(params) = params.cast::<clap_plugin_params>().as_ref() else { return };
            let Some(flush) = params.flush else { return };
            let mut only = Events { only: event, ..*events };
            flush(plugin, &only.list(), null());
        }
    }
}

fn descriptor() -> &'static PluginDescriptor {
    static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<Tributary>)
}

unsafe extern "C" fn plugin_count(_factory: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn plugin_descriptor(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    if index == 0 { descriptor().clap_plugin_descriptor() } else { null() }
}

unsafe extern "C" fn create_plugin(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: not null, and by the format's rules a string.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != descriptor().clap_id() {
        return null();
    }
    // The wrapper's `destroy` turns the pointer back.
    // SAFETY: `into_raw` gives a pointer to a live wrapper.
    let wrapper = unsafe { &*Arc::into_raw(Wrapper::<Tributary>::new(host)) };
    let plugin = wrapper.clap_plugin.as_ptr();
    // SAFETY: nobody else knows the new object yet.
    unsafe {
        if let Some(original) = (*plugin).process.replace(process) {
            WRAPPER_PROCESS.get_or_init(|| original);
        }
    }
    plugin
}

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(plugin_count),
    get_plugin_descriptor: Some(plugin_descriptor),
    create_plugin: Some(create_plugin),
};

unsafe extern "C" fn init(_path: *const c_char) -> bool {
    setup_logger::<Tributary>();
    true
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn factory(id: *const c_char) -> *const c_void {
    // SAFETY: not null, and by the format's rules a string.
    if id.is_null() || unsafe { CStr::from_ptr(id) } != CLAP_PLUGIN_FACTORY_ID {
        return null();
    }
    from_ref(&FACTORY).cast()
}

/// Where a CLAP host begins.
#[allow(non_upper_case_globals, reason = "the format gives the name")]
#[unsafe(no_mangle)]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(factory),
};
