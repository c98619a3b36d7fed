//! The editor with styles, while it learns one more.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hosting::{Button, Display, EditorWindow, Meanwhile};

/// The styles that come with the repository.
const STYLES: [&str; 2] = ["fanny-hensel", "pekka-kana-2"];

/// Where the button of the styles and, in its menu, that of the last bars lie in a window of the
/// editor's own size, in pixels.
const BUTTON: [i32; 2] = [184, 586];
const LAST_BARS: [i32; 2] = [104, 535];

/// How long the song plays before there are sixteen bars to learn from.
const HEARD: Duration = Duration::from_secs(32);

/// How long it learns before the picture.
const LEARNT: Duration = Duration::from_secs(20);

/// A state with the styles.
pub fn with_styles(state: &[u8]) -> Result<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/styles");
    let read = |name: &str| -> Result<String> {
        let path = folder.join(name).with_extension("tributary-style");
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(BASE64_STANDARD.encode(bytes))
    };
    let [first, second] = STYLES.map(read);
    let field = serde_json::to_string(&[Some(first?), Some(second?), None, None])?;
    super::changed(state, |fields| {
        fields.insert("styles".into(), field.into());
    })
}

/// Opens the menu and lets the plugin learn from what was heard.
pub fn begin(meanwhile: &mut Meanwhile, display: &Display, window: &EditorWindow) -> Result<()> {
    meanwhile.wait(HEARD)?;
    for place in [BUTTON, LAST_BARS] {
        display.click(window.id(), place, Button::Left)?;
        meanwhile.wait(Duration::from_millis(600))?;
    }
    Ok(meanwhile.wait(LEARNT)?)
}
