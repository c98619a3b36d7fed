//! Takes a picture of the editor: the built plugin in a host's window on an X server, while it
//! plays.

mod learning;
mod measure;
mod options;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hosting::{
    ClapInstance, Display, EditorWindow, EditorWish, Instance, Meanwhile, Script, Song, Watch,
    XServer,
};

pub use self::options::Options;
use self::options::State;

/// The screen of a server of our own, larger than any editor.
const SCREEN: [u32; 2] = [4096, 3072];

/// How long an editor may take to paint its first picture.
const PAINT_LIMIT: Duration = Duration::from_secs(30);

/// How long an editor that has painted may go on before the picture: hover effects end, and what
/// needs a second pass has had it.
const SETTLE: Duration = Duration::from_millis(700);

/// How long the editor's threads are watched.
const MEASURED: Duration = Duration::from_secs(5);

/// Blocks of 512 samples for which the song stands before it plays, as it does for a user who has
/// just loaded the plugin: two seconds, in which the model is read.
const STANDING: usize = 188;

/// More beats than anybody waits for.
const BEATS: f64 = 100_000.0;

/// Takes the picture that the options describe.
pub fn run(options: &Options) -> Result<()> {
    let server = server()?;
    let bundle = match &options.bundle {
        Some(bundle) => bundle.clone(),
        None => crate::build::bundle()?.clap,
    };
    let mut instance = load(&bundle)?;
    let display = Display::connect(None)?;
    if options.state == State::Error {
        let broken = broken(&instance.save_state()?)?;
        instance.load_state(&broken)?;
    }
    if options.state == State::Learning {
        let with_styles = learning::with_styles(&instance.save_state()?)?;
        instance.load_state(&with_styles)?;
    }
    let script = script(options);
    hosting::play_meanwhile(instance.as_mut(), &script, |meanwhile| {
        let taken = take(meanwhile, &display, server.as_ref(), options);
        meanwhile.stop();
        Ok(taken)
    })?
    .1
}

/// The plugin of a bundle, or of a library that was built and not bundled.
fn load(bundle: &Path) -> Result<Box<dyn Instance>> {
    // A name without a folder would be looked for among the system's libraries.
    let found = bundle.canonicalize();
    let bundle = &found.with_context(|| format!("cannot find {}", bundle.display()))?;
    let is_library = bundle.extension().is_some_and(|ending| ending == "so");
    let instance = match is_library {
        true => ClapInstance::load(bundle).map(|instance| Box::new(instance) as Box<dyn Instance>),
        false => hosting::load(bundle),
    };
    instance.with_context(|| format!("cannot load {}", bundle.display()))
}

/// Starts an X server unless there is one, and makes it the one that this process uses.
fn server() -> Result<Option<XServer>> {
    if std::env::var_os("DISPLAY").is_some() {
        return Ok(None);
    }
    crate::system::set_up_screen();
    let server = XServer::start(SCREEN, &["+extension", "GLX"])?;
    // SAFETY: no other thread of this process reads the environment: the one that read the
    // server's name knows nothing of it.
    unsafe { std::env::set_var("DISPLAY", server.name()) };
    Ok(Some(server))
}

/// A song that goes on until it is stopped.
fn script(options: &Options) -> Script {
    let mut script = Script::new(48_000.0, 512).in_real_time(1.0);
    for (parameter, value) in options.state.settings() {
        script.setting(parameter, value);
    }
    for (parameter, value) in &options.settings {
        script.setting(parameter, value);
    }
    match options.state {
        State::Fresh | State::Error => script.stand(&Song::default(), 0.0, 512, 1_000_000),
        _ => {
            script.stand(&Song::default(), 0.0, 512, STANDING);
            script.play(&Song::default(), 0.0, BEATS, &[512]);
        }
    }
    script
}

fn take(
    meanwhile: &mut Meanwhile,
    display: &Display,
    server: Option<&XServer>,
    options: &Options,
) -> Result<()> {
    let standing = Duration::from_secs_f64(STANDING as f64 * 512.0 / 48_000.0);
    meanwhile.wait(standing + options.seconds)?;
    let before = measure::threads();
    let scale = options.scale();
    let pixels = |points: u32| (f64::from(points) * scale.unwrap_or(1.0)).round() as u32;
    let size = options.size().map(|size| size.map(pixels));
    let wish = EditorWish { size, scale, ..EditorWish::default() };
    let mut window = EditorWindow::open(display, meanwhile.instance(), &wish)?;
    if server.is_some() {
        // A server's pointer begins in the middle, where help would open over what is under it.
        display.point(window.id(), SCREEN.map(|pixels| pixels as i32 - 1))?;
    }
    if let Some(wanted) = size
        && wanted != window.size()
    {
        let [width, height] = window.size();
        eprintln!("the editor does not take {wanted:?} pixels, but {width} x {height}");
    }
    let is_painted = |picture: &hosting::Picture| !picture.is_blank();
    let painted = "the editor painted nothing";
    window.wait_for(meanwhile.instance(), painted, PAINT_LIMIT, is_painted)?;
    meanwhile.wait(SETTLE)?;
    if options.state == State::Learning {
        learning::begin(meanwhile, display, &window)?;
    }
    let picture = window.wait_for(meanwhile.instance(), painted, PAINT_LIMIT, is_painted)?;
    if options.measure {
        let watch = Watch::of(None, window.id())?;
        let opened = measure::threads();
        let server = server.map(measure::Process::of);
        meanwhile.wait(MEASURED)?;
        measure::print(&before, &opened);
        measure::print_pictures(watch.pictures()?);
        if let Some(server) = server {
            server.print();
        }
    }
    window.close(meanwhile.instance());
    picture.write_png(&options.file)?;
    let [width, height] = picture.size();
    let colors = picture.n_colors();
    println!("{}: {width} x {height} pixels, {colors} colours", options.file.display());
    Ok(())
}

/// A state in which something cannot be read, for the editor to say so.
fn broken(state: &[u8]) -> Result<Vec<u8>> {
    changed(state, |fields| {
        fields.insert("music".into(), "damaged".into());
        fields.insert("not_yet_invented".into(), "{}".into());
    })
}

/// A state with other fields.
fn changed(
    state: &[u8],
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Result<Vec<u8>> {
    // A CLAP's begins with its length.
    let start = state.iter().position(|byte| *byte == b'{').context("the state has no JSON")?;
    let mut json: serde_json::Value = serde_json::from_slice(&state[start..])?;
    let Some(fields) = json["fields"].as_object_mut() else { bail!("the state has no fields") };
    change(fields);
    let json = serde_json::to_vec(&json)?;
    let mut bytes = Vec::new();
    if start > 0 {
        bytes.extend((json.len() as u64).to_le_bytes());
    }
    bytes.extend(json);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_state_has_its_new_length() {
        let json = br#"{"version":"1","params":{},"fields":{"music":"{}"}}"#;
        let mut state = (json.len() as u64).to_le_bytes().to_vec();
        state.extend(json);
        let broken = broken(&state).unwrap();
        let length = u64::from_le_bytes(broken[..8].try_into().unwrap());
        assert_eq!(length as usize, broken.len() - 8);
        assert!(String::from_utf8_lossy(&broken).contains("damaged"));
        assert!(super::broken(b"nothing").is_err());
    }
}
