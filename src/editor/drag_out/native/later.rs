//! Work for this thread's message loop, outside of any frame.
//!
//! Dragging on Windows is a message loop of its own inside one call. Made while a frame is drawn,
//! it would have the window drawn again in the middle of that. A timer without a window is handed to
//! its procedure by the loop itself, between messages: nothing of ours, of the framework's or of
//! egui's is borrowed or locked there.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use windows_sys::Win32::Foundation::HWND;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::{GetKeyState, VK_LBUTTON};
use windows_sys::Win32::UI::WindowsAndMessaging::{KillTimer, SetTimer, USER_TIMER_MINIMUM};

/// Is told whether the left button is still down.
type Work = Box<dyn FnOnce(bool)>;

thread_local! {
    /// What the timer of this number is for; there is one pointer, so one drag is enough.
    static NEXT: Cell<Option<(usize, Work)>> = const { Cell::new(None) };
}

/// Work that was asked for; dropped before it has begun, it is not done.
pub struct Later {
    timer: usize,
}

impl Later {
    /// Has `work` done by this thread's message loop; it is told whether the left button is still
    /// down then.
    ///
    /// # Errors
    /// In words, when the system gives no timer.
    pub fn new(work: impl FnOnce(bool) + 'static) -> Result<Self, String> {
        // SAFETY: there is no window that would have to live, and the procedure is a function of
        // this library, which stays loaded: the editor owns `self`, and drops it when it closes.
        let timer = unsafe { SetTimer(null_mut(), 0, USER_TIMER_MINIMUM, Some(run)) };
        if timer == 0 {
            return Err("the system gave no timer for the drag".into());
        }
        NEXT.set(Some((timer, Box::new(work))));
        Ok(Self { timer })
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        let next = NEXT.take().filter(|(timer, _)| *timer != self.timer);
        NEXT.set(next);
        // SAFETY: a timer that is there no more is an error that nobody minds.
        unsafe { KillTimer(null_mut(), self.timer) };
    }
}

/// Called by the message loop.
unsafe extern "system" fn run(_window: HWND, _message: u32, timer: usize, _now: u32) {
    // SAFETY: as above.
    unsafe { KillTimer(null_mut(), timer) };
    // Taken out before it is done: the loop inside may come by here again.
    let Some((_, work)) = NEXT.take().filter(|(next, _)| *next == timer) else { return };
    // SAFETY: it only reads. The highest bit says that the button is down.
    let is_down = unsafe { GetKeyState(i32::from(VK_LBUTTON)) } < 0;
    // A panic must not reach the system's code.
    let _ = catch_unwind(AssertUnwindSafe(|| work(is_down)));
}
