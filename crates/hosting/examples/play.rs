//! Plays four bars of a bundle in its host and prints what came back.
//!
//! `cargo run -p hosting --example play -- target/bundled/Tributary.clap`

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bundle = std::env::args().nth(1).ok_or("usage: play BUNDLE")?;
    let instance = hosting::load(&bundle)?;
    for parameter in instance.parameters().iter() {
        println!("{:08x} {} / {}", parameter.id, parameter.module, parameter.name);
    }
    let mut script = hosting::Script::new(48_000.0, 1024);
    script.play(&hosting::Song::default(), 0.0, 16.0, &[512, 64, 1, 333, 1024, 128, 7, 480]);
    script.stop(512, 2);
    let recording = hosting::run(&bundle, &script)?;
    let notes = recording.notes()?;
    let outputs = instance.outputs();
    println!("{outputs:?}; {} notes; peak {:.3}", notes.len(), recording.audio[0].peak());
    println!("{} bytes of state", recording.state.len());
    Ok(())
}
