//! Bytes as a saved project, through the plugin's own VST3 functions: whatever is loaded, every
//! value is in range, what is saved next loads to the same, and the composer can play it.
#![no_main]

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;

use composer::{Keepsake, Memory, PatternGenerator, Settings, session};
use libfuzzer_sys::fuzz_target;
use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{IComponentTrait, IEditControllerTrait};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    IBStream, IBStream_::IStreamSeekMode_, IBStreamTrait, int32, int64, kResultFalse, kResultOk,
    tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};
use player::{Form, Playhead};
use tributary::Tributary;

/// A host's stream.
struct Stream {
    bytes: RefCell<Vec<u8>>,
    at: Cell<usize>,
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let n = (count.max(0) as usize).min(bytes.len() - self.at.get());
        // SAFETY: the plugin passes room for `count` bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes[self.at.get()..].as_ptr(), buffer.cast(), n);
            *done = n as int32;
        }
        self.at.set(self.at.get() + n);
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        // SAFETY: the plugin passes `count` bytes.
        unsafe {
            let bytes = std::slice::from_raw_parts(buffer.cast::<u8>(), count.max(0) as usize);
            self.bytes.borrow_mut().extend_from_slice(bytes);
            *done = count;
        }
        kResultOk
    }

    unsafe fn seek(&self, place: int64, mode: int32, result: *mut int64) -> tresult {
        let end = self.bytes.borrow().len() as int64;
        let from = match mode as u32 {
            IStreamSeekMode_::kIBSeekSet => 0,
            IStreamSeekMode_::kIBSeekCur => self.at.get() as int64,
            IStreamSeekMode_::kIBSeekEnd => end,
            _ => return kResultFalse,
        };
        self.at.set((from + place).clamp(0, end) as usize);
        if !result.is_null() {
            // SAFETY: checked just above.
            unsafe { *result = self.at.get() as int64 };
        }
        kResultOk
    }

    unsafe fn tell(&self, place: *mut int64) -> tresult {
        // SAFETY: the plugin passes a place for the number.
        unsafe { *place = self.at.get() as int64 };
        kResultOk
    }
}

/// A stream of its own for each call.
fn with_stream(bytes: &[u8], call: impl Fn(*mut IBStream) -> tresult) -> Option<Vec<u8>> {
    let stream =
        ComWrapper::new(Stream { bytes: RefCell::new(bytes.to_vec()), at: Cell::new(0) });
    let pointer = stream.as_com_ref::<IBStream>().expect("its interface").as_ptr();
    (call(pointer) == kResultOk).then(|| stream.bytes.take())
}

thread_local! {
    static PLUGIN: Wrapper<Tributary> = Wrapper::new();
}

fuzz_target!(|bytes: &[u8]| {
    PLUGIN.with(|plugin| {
        // SAFETY: the stream lives through the call.
        let load = |bytes: &[u8]| {
            with_stream(bytes, |stream| unsafe { IComponentTrait::setState(plugin, stream) })
        };
        // SAFETY: as above.
        let save = || {
            with_stream(&[], |stream| unsafe { IComponentTrait::getState(plugin, stream) })
                .expect("a state can always be saved")
        };
        if load(bytes).is_none() {
            return;
        }
        // SAFETY: the plugin is alive; the parameters' numbers are read from it.
        unsafe {
            for index in 0..plugin.getParameterCount() {
                let mut info = std::mem::zeroed();
                assert_eq!(plugin.getParameterInfo(index, &mut info), kResultOk);
                let value = plugin.getParamNormalized(info.id);
                assert!((0.0..=1.0).contains(&value), "{value}");
            }
        }
        let saved = save();
        load(&saved).expect("what was saved loads");
        assert_eq!(String::from_utf8(save()), String::from_utf8(saved.clone()));
        play(&saved);
    });
});

/// Lets the composer play what a project remembers, for a bar in stored patterns.
fn play(saved: &[u8]) {
    let state: serde_json::Value = serde_json::from_slice(saved).expect("a state is JSON");
    let music = state["fields"]["music"].as_str().expect("the field");
    let keepsake: Keepsake = serde_json::from_str(music).expect("what was saved");
    let memory = Arc::new(Memory::default());
    memory.restore(keepsake);
    let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn composer::Generator>);
    let mut session = session::start_stepped(make, Settings::default().with_memory(memory));
    session.player.set_form(Form { hold: true, ..Form::default() });
    while session.worker.step() {}
    let mut playhead = Playhead { playing: true, ..Playhead::standing(48_000.0) };
    for _ in 0..24 {
        session.player.begin_block(&playhead, 4_800, &score::Controls::default());
        while session.worker.step() {
            session.player.receive();
        }
        session.player.finish_block(&mut |_| true);
        playhead = playhead.advanced(4_800);
    }
}
