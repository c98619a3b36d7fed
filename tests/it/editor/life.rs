//! Opening, resizing and closing, also at the worst moment.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hosting::{Display, EditorWindow, EditorWish, Meanwhile, play_meanwhile};

use super::screen::on_a_screen;
use super::{LIMIT, playing, standing, with_editor};
use crate::support::{assert_same_music, clap, song, vst3};

/// Waits until no window is left and threads and open files are within `limit`; their numbers then.
/// Threads and files of the graphics driver may end a little later than the call that closes it.
fn wait_for_the_end(
    meanwhile: &mut Meanwhile,
    display: &Display,
    limit: Option<(usize, usize)>,
    what: &str,
) -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    let begun = Instant::now();
    loop {
        meanwhile.wait(Duration::from_millis(50)).unwrap();
        let windows = display.n_windows().unwrap();
        let now = (count("/proc/self/task"), count("/proc/self/fd"));
        if windows == 0 && limit.is_none_or(|limit| now.0 <= limit.0 && now.1 <= limit.1) {
            return now;
        }
        let late = begun.elapsed() > Duration::from_secs(5);
        assert!(!late, "{what}: {windows} windows, {now:?} threads and files, limit {limit:?}");
    }
}

fn open<'a>(meanwhile: &mut Meanwhile, display: &'a Display) -> EditorWindow<'a> {
    open_as(meanwhile, display, &EditorWish::default())
}

fn open_as<'a>(
    meanwhile: &mut Meanwhile,
    display: &'a Display,
    wish: &EditorWish,
) -> EditorWindow<'a> {
    let mut window = EditorWindow::open(display, meanwhile.instance(), wish).unwrap();
    let painted = |picture: &hosting::Picture| !picture.is_blank();
    window.wait_for(meanwhile.instance(), "nothing painted", LIMIT, painted).unwrap();
    window
}

#[test]
fn opening_and_closing_leaves_nothing() {
    on_a_screen("life::opening_and_closing_leaves_nothing", &[], |display| {
        for bundle in [clap(), vst3()] {
            let mut instance = hosting::load(&bundle).unwrap();
            let main = |meanwhile: &mut Meanwhile| {
                let mut first = None;
                for round in 0..20 {
                    let window = open(meanwhile, display);
                    window.close(meanwhile.instance());
                    let what = format!("{}, round {round}", bundle.display());
                    // The first rounds load libraries that keep things of their own. The
                    // framework's VST3 view never gives back the socket of its run loop.
                    let kept =
                        if bundle == vst3() { 2 * usize::saturating_sub(round, 2) } else { 0 };
                    let limit = first.map(|(threads, files)| (threads, files + kept));
                    let now = wait_for_the_end(meanwhile, display, limit, &what);
                    if round == 2 {
                        first = Some(now);
                    }
                }
                meanwhile.stop();
                Ok(())
            };
            play_meanwhile(instance.as_mut(), &playing(), main).unwrap();
        }
    });
}

/// A window that is shown late must not stay black.
#[test]
fn a_host_that_hesitates_gets_a_picture() {
    on_a_screen("life::a_host_that_hesitates_gets_a_picture", &[], |display| {
        let mut instance = hosting::load(clap()).unwrap();
        let main = |meanwhile: &mut Meanwhile| {
            for hesitation in [30, 200, 1_000].map(Duration::from_millis) {
                let wish = EditorWish { hesitation, ..EditorWish::default() };
                let window = open_as(meanwhile, display, &wish);
                window.close(meanwhile.instance());
            }
            meanwhile.stop();
            Ok(())
        };
        play_meanwhile(instance.as_mut(), &standing(), main).unwrap();
    });
}

#[test]
fn it_takes_sizes_from_small_to_large() {
    on_a_screen("life::it_takes_sizes_from_small_to_large", &[], |display| {
        for bundle in [clap(), vst3()] {
            with_editor(&bundle, &playing(), display, |opened| {
                for wanted in [[720, 480], [1500, 900], [2560, 1800], [960, 730], [1, 1]] {
                    let instance = opened.meanwhile.instance();
                    let taken = opened.window.resize(instance, wanted).unwrap();
                    let enough = (0..2).all(|axis| taken[axis] >= wanted[axis]);
                    assert!(enough, "{wanted:?} became {taken:?}");
                    // Beyond what it was before, the window is black until the editor paints.
                    opened.wait_for("the corners stay empty", |picture| {
                        let [width, height] = picture.size();
                        let corners = [(width - 2, 1), (1, height - 2), (width - 2, height - 2)];
                        corners.iter().all(|(x, y)| picture.pixel(*x, *y) != [0, 0, 0])
                    });
                }
            });
        }
    });
}

#[test]
fn it_opens_as_large_as_it_was_left() {
    on_a_screen("life::it_opens_as_large_as_it_was_left", &[], |display| {
        let mut instance = hosting::load(clap()).unwrap();
        let main = |meanwhile: &mut Meanwhile| {
            let mut window = open(meanwhile, display);
            let size = window.resize(meanwhile.instance(), [1200, 900])?;
            meanwhile.wait(Duration::from_millis(500))?;
            window.close(meanwhile.instance());
            let window = open(meanwhile, display);
            assert_eq!(window.size(), size);
            window.close(meanwhile.instance());
            meanwhile.stop();
            meanwhile.instance().save_state().map(|state| (size, state))
        };
        let (_, (size, state)) = play_meanwhile(instance.as_mut(), &standing(), main).unwrap();
        drop(instance);
        let mut instance = hosting::load(clap()).unwrap();
        instance.load_state(&state).unwrap();
        let main = |meanwhile: &mut Meanwhile| {
            let window = open(meanwhile, display);
            assert_eq!(window.size(), size);
            window.close(meanwhile.instance());
            meanwhile.stop();
            Ok(())
        };
        play_meanwhile(instance.as_mut(), &standing(), main).unwrap();
    });
}

#[test]
fn two_pixels_a_point_make_twice_the_window() {
    on_a_screen("life::two_pixels_a_point_make_twice_the_window", &[], |display| {
        for bundle in [clap(), vst3()] {
            let mut instance = hosting::load(&bundle).unwrap();
            let main = |meanwhile: &mut Meanwhile| {
                let plain = open(meanwhile, display);
                let [width, height] = plain.size();
                plain.close(meanwhile.instance());
                let instance = meanwhile.instance();
                let size = Some([width * 2, height * 2]);
                let wish = EditorWish { size, scale: Some(2.0), ..EditorWish::default() };
                let mut window = EditorWindow::open(display, instance, &wish)?;
                assert_eq!(window.size(), [width * 2, height * 2], "{}", bundle.display());
                window.wait_for(meanwhile.instance(), "nothing painted", LIMIT, |picture| {
                    picture.pixel(width * 2 - 2, height * 2 - 2) != [0, 0, 0]
                })?;
                window.close(meanwhile.instance());
                meanwhile.stop();
                Ok(())
            };
            play_meanwhile(instance.as_mut(), &standing(), main).unwrap();
        }
    });
}

#[test]
fn an_editor_changes_no_note() {
    on_a_screen("life::an_editor_changes_no_note", &[], |display| {
        // Offline, so that a busy machine drops nothing; with a pace, so that there is time.
        let mut script = song(48.0, &[512]);
        script.speed = Some(4.0);
        for bundle in [clap(), vst3()] {
            let alone = hosting::run(&bundle, &script).unwrap();
            let mut instance = hosting::load(&bundle).unwrap();
            let main = |meanwhile: &mut Meanwhile| {
                for _ in 0..3 {
                    let window = open(meanwhile, display);
                    meanwhile.wait(Duration::from_millis(200))?;
                    window.close(meanwhile.instance());
                }
                Ok(())
            };
            let watched = play_meanwhile(instance.as_mut(), &script, main).unwrap().0;
            assert_same_music("watched", &alone, &watched);
        }
    });
}

/// Hosts that close their window before the editor in it, as some do.
#[test]
fn a_window_that_goes_first_does_no_harm() {
    on_a_screen("life::a_window_that_goes_first_does_no_harm", &[], |display| {
        for bundle in [clap(), vst3()] {
            let mut instance = hosting::load(&bundle).unwrap();
            let main = |meanwhile: &mut Meanwhile| {
                for _ in 0..3 {
                    drop(open(meanwhile, display));
                    meanwhile.wait(Duration::from_millis(300))?;
                    meanwhile.instance().close_editor();
                }
                meanwhile.stop();
                Ok(())
            };
            play_meanwhile(instance.as_mut(), &playing(), main).unwrap();
            assert_eq!(display.n_windows().unwrap(), 0);
        }
    });
}

/// Threads of this process that have the name of the calling one, as those have that are given none.
fn threads() -> BTreeSet<String> {
    let own = std::fs::read("/proc/thread-self/comm").unwrap();
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let of_that_name = |task: &std::fs::DirEntry| {
        // It may have ended meanwhile.
        std::fs::read(task.path().join("comm")).is_ok_and(|name| name == own)
    };
    let tasks = tasks.map(Result::unwrap).filter(of_that_name);
    tasks.map(|task| task.file_name().into_string().unwrap()).collect()
}

/// A host may unload the library once its editor is closed; once a thread was still running.
#[test]
fn a_closed_editor_leaves_no_thread() {
    on_a_screen("life::a_closed_editor_leaves_no_thread", &[], |display| {
        for bundle in [clap(), vst3()] {
            let mut instance = hosting::load(&bundle).unwrap();
            let main = |meanwhile: &mut Meanwhile| {
                for _ in 0..8 {
                    let before = threads();
                    let window = open(meanwhile, display);
                    // The window's, and the graphics driver's for it.
                    let opened = &threads() - &before;
                    assert!(!opened.is_empty(), "a window has a thread");
                    window.close(meanwhile.instance());
                    let left = &threads() & &opened;
                    assert!(left.is_empty(), "{}: {left:?}", bundle.display());
                }
                meanwhile.stop();
                Ok(())
            };
            play_meanwhile(instance.as_mut(), &standing(), main).unwrap();
        }
    });
}

/// Hosts that drop an instance with its editor open.
#[test]
fn an_instance_goes_with_its_editor() {
    on_a_screen("life::an_instance_goes_with_its_editor", &[], |display| {
        for bundle in [clap(), vst3()] {
            let mut instance = hosting::load(&bundle).unwrap();
            let mut window = None;
            let main = |meanwhile: &mut Meanwhile| {
                window = Some(open(meanwhile, display));
                meanwhile.stop();
                Ok(())
            };
            play_meanwhile(instance.as_mut(), &playing(), main).unwrap();
            drop(instance);
            drop(window);
            assert_eq!(display.n_windows().unwrap(), 0);
        }
    });
}

/// Plays while no editor can be had, whatever the reason, and says whether one was refused.
fn plays_on_without_editor(bundle: &std::path::Path, parent: u32) -> bool {
    let mut instance = hosting::load(bundle).unwrap();
    let mut script = song(8.0, &[512]);
    script.speed = Some(4.0);
    let main = |meanwhile: &mut Meanwhile| {
        let wish = EditorWish { parent, ..EditorWish::default() };
        let opened = meanwhile.instance().open_editor(&wish);
        meanwhile.wait(Duration::from_millis(300))?;
        meanwhile.instance().close_editor();
        Ok(opened.is_err())
    };
    let (recording, refused) = play_meanwhile(instance.as_mut(), &script, main).unwrap();
    assert!(!recording.notes().unwrap().is_empty(), "nothing plays");
    refused
}

#[test]
fn without_opengl_it_plays_on_and_says_so() {
    let name = "life::without_opengl_it_plays_on_and_says_so";
    let printed = on_a_screen(name, &["-extension", "GLX"], |display| {
        assert!(!display.has_extension("GLX").unwrap());
        for bundle in [clap(), vst3()] {
            let refused = plays_on_without_editor(&bundle, display.root());
            println!("refused: {refused}");
        }
    });
    // Where EGL paints in software, there may be a window all the same.
    if let Some(printed) = printed.filter(|printed| printed.contains("refused: true")) {
        assert!(printed.contains("the editor needs"), "{printed}");
    }
}

#[test]
fn without_an_x_server_it_plays_on_and_says_so() {
    let name = "life::without_an_x_server_it_plays_on_and_says_so";
    let printed = on_a_screen(name, &[], |_| {
        // SAFETY: the only other thread of this process waits for this one.
        unsafe { std::env::set_var("DISPLAY", ":4711") };
        for bundle in [clap(), vst3()] {
            assert!(plays_on_without_editor(&bundle, 1));
        }
    });
    if let Some(printed) = printed {
        assert!(printed.contains("the editor needs"), "{printed}");
    }
}
