//! The objects that a VST3 host lends to a plugin. All are used from one thread at a time, the
//! stream from the main thread, the rest from the audio thread during a process call; except for the
//! component handler, which any thread may call.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard};

use vst3::Steinberg::Vst::{
    Event, IComponentHandler, IComponentHandlerTrait, IEventList, IEventListTrait,
    IHostApplication, IHostApplicationTrait, IParamValueQueue, IParamValueQueueTrait,
    IParameterChanges, IParameterChangesTrait, ParamID, ParamValue, String128,
};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, TUID, int32, int64, kInvalidArgument, kNotImplemented, kResultFalse,
    kResultOk, tresult,
};
use vst3::{Class, ComWrapper};

use crate::{Edit, EditKind};

/// The host's name, and nothing else.
pub(super) struct HostApplication;

impl Class for HostApplication {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for HostApplication {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        if name.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: the plugin passes a string of 128 units, and the name is shorter.
        let name = unsafe { &mut *name };
        for (unit, letter) in name.iter_mut().zip("hosting\0".encode_utf16()) {
            *unit = letter as _;
        }
        kResultOk
    }

    unsafe fn createInstance(&self, _: *mut TUID, _: *mut TUID, _: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

/// Takes the plugin's notices about edits, which come from whatever thread its editor has.
#[derive(Default)]
pub(super) struct ComponentHandler {
    edits: Mutex<Vec<Edit>>,
}

impl ComponentHandler {
    /// What was edited since the last call.
    pub fn take_edits(&self) -> Vec<Edit> {
        std::mem::take(&mut *self.edits())
    }

    fn edits(&self) -> MutexGuard<'_, Vec<Edit>> {
        // Whoever panicked has left whole edits behind.
        self.edits.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn take_down(&self, parameter: ParamID, kind: EditKind) -> tresult {
        self.edits().push(Edit { parameter, kind });
        kResultOk
    }
}

impl Class for ComponentHandler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for ComponentHandler {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.take_down(id, EditKind::Begin)
    }
    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        self.take_down(id, EditKind::Set(value))
    }
    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.take_down(id, EditKind::End)
    }
    unsafe fn restartComponent(&self, _: int32) -> tresult {
        kResultOk
    }
}

/// Events of one block, with room for so many.
pub(super) struct EventList {
    pub events: RefCell<Vec<Event>>,
    pub capacity: usize,
    pub refused: Cell<usize>,
}

impl Class for EventList {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventList {
    unsafe fn getEventCount(&self) -> int32 {
        self.events.borrow().len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        match self.events.borrow().get(index as usize) {
            Some(found) if !event.is_null() => {
                // SAFETY: the plugin passes room for one event.
                unsafe { *event = *found };
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        let mut events = self.events.borrow_mut();
        if event.is_null() {
            return kInvalidArgument;
        }
        if events.len() >= self.capacity {
            self.refused.set(self.refused.get() + 1);
            return kResultFalse;
        }
        // SAFETY: the plugin passes a valid event, which is plain data.
        events.push(unsafe { *event });
        kResultOk
    }
}

/// The changes of one parameter in one block, as (frame, normalised value).
pub(super) struct ValueQueue {
    pub id: ParamID,
    pub points: RefCell<Vec<(int32, ParamValue)>>,
}

impl Class for ValueQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for ValueQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.borrow().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        match self.points.borrow().get(index as usize) {
            Some(point) if !offset.is_null() && !value.is_null() => {
                // SAFETY: the plugin passes room for both numbers.
                unsafe { (*offset, *value) = *point };
                kResultOk
            }
            _ => kInvalidArgument,
        }
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.points.borrow_mut();
        points.push((offset, value));
        if !index.is_null() {
            // SAFETY: checked just above.
            unsafe { *index = points.len() as int32 - 1 };
        }
        kResultOk
    }
}

/// The parameter changes of one block, a queue a parameter.
#[derive(Default)]
pub(super) struct Changes {
    pub queues: RefCell<Vec<ComWrapper<ValueQueue>>>,
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl Changes {
    /// Adds a point to the queue of a parameter, which is made if it is not there.
    pub fn push(&self, id: ParamID, offset: int32, value: ParamValue) {
        let mut queues = self.queues.borrow_mut();
        match queues.iter().find(|queue| queue.id == id) {
            Some(queue) => queue.points.borrow_mut().push((offset, value)),
            None => queues.push(ComWrapper::new(ValueQueue {
                id,
                points: RefCell::new(vec![(offset, value)]),
            })),
        }
    }

    /// Number of points in all queues.
    pub fn count(&self) -> usize {
        self.queues.borrow().iter().map(|queue| queue.points.borrow().len()).sum()
    }
}

fn pointer(queue: &ComWrapper<ValueQueue>) -> *mut IParamValueQueue {
    queue.as_com_ref::<IParamValueQueue>().map_or(null_mut(), |queue| queue.as_ptr())
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        self.queues.borrow().get(index as usize).map_or(null_mut(), pointer)
    }

    unsafe fn addParameterData(
        &self,
        id: *const ParamID,
        index: *mut int32,
    ) -> *mut IParamValueQueue {
        if id.is_null() {
            return null_mut();
        }
        // SAFETY: checked just above.
        let id = unsafe { *id };
        let mut queues = self.queues.borrow_mut();
        let place = queues.iter().position(|queue| queue.id == id).unwrap_or_else(|| {
            queues.push(ComWrapper::new(ValueQueue { id, points: RefCell::default() }));
            queues.len() - 1
        });
        if !index.is_null() {
            // SAFETY: checked just above.
            unsafe { *index = place as int32 };
        }
        pointer(&queues[place])
    }
}

/// A state in memory.
#[derive(Default)]
pub(super) struct Stream {
    pub bytes: RefCell<Vec<u8>>,
    pub position: Cell<usize>,
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let Ok(wanted) = usize::try_from(count) else { return kInvalidArgument };
        let start = self.position.get().min(bytes.len());
        let taken = wanted.min(bytes.len() - start);
        // SAFETY: the plugin passes room for `count` bytes, and `taken` is no more than that.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes[start..].as_ptr(), buffer.cast::<u8>(), taken);
        }
        self.position.set(start + taken);
        if !done.is_null() {
            // SAFETY: checked just above.
            unsafe { *done = taken as int32 };
        }
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let Ok(count) = usize::try_from(count) else { return kInvalidArgument };
        let mut bytes = self.bytes.borrow_mut();
        let start = self.position.get();
        if bytes.len() < start + count {
            bytes.resize(start + count, 0);
        }
        // SAFETY: the plugin passes `count` bytes.
        let source = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
        bytes[start..start + count].copy_from_slice(source);
        self.position.set(start + count);
        if !done.is_null() {
            // SAFETY: checked just above.
            unsafe { *done = count as int32 };
        }
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let length = self.bytes.borrow().len() as int64;
        let base = match mode {
            0 => 0,
            1 => self.position.get() as int64,
            2 => length,
            _ => return kInvalidArgument,
        };
        let place = (base + offset).clamp(0, length);
        self.position.set(place as usize);
        if !result.is_null() {
            // SAFETY: checked just above.
            unsafe { *result = place };
        }
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        if position.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: checked just above.
        unsafe { *position = self.position.get() as int64 };
        kResultOk
    }
}
