//! `export`: a checkpoint, or weights of the twin, becomes what the plugin ships: the network with
//! its weights rounded to bfloat16.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use model::weights::{self, Manifest};
use model::{FormTable, Kernels, Network, OriginalityFilter, Steadiness, weights::Weights};
use score::line;

use crate::checkpoint;
use crate::corpus::Split;
use crate::eval::hearing::Accuracy;
use crate::eval::{Evaluation, bench};
use crate::form_shares;
use crate::judge::shipped;
use crate::recipe::Recipe;
use crate::rounding::{self, Change};
use crate::shard::write_whole;
use crate::songs::Songs;
use crate::steadiness;
use crate::train::{TrainConfig, manifest};

/// What the command line asks for.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// A checkpoint, or safetensors of the same names.
    pub weights: PathBuf,
    /// The run's TOML file: name and sizes.
    pub config: PathBuf,
    /// Folder that `prepare` wrote, for the hash of the corpus, for what rounding costs, for how
    /// often bars repeat, and for the originality guard.
    pub prepared: Option<PathBuf>,
    /// What `eval --json` wrote, for the model card.
    pub eval: Option<PathBuf>,
    /// Steps of music seen, where the weights do not say.
    pub steps: Option<u64>,
    /// Replaces the run's name.
    pub name: Option<String>,
    /// Folder of the shipped models.
    pub out: PathBuf,
}

/// Writes `NAME.safetensors`, `NAME.json`, and the model's section of `README.md`.
///
/// # Errors
/// Weights that do not fit or that rounding harms, and files that cannot be read or written, by
/// name.
pub fn run(options: &ExportOptions) -> Result<()> {
    let config = TrainConfig::read(&options.config)?;
    let name = options.name.clone().unwrap_or_else(|| config.name.clone());
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))
    };
    let bytes = read(&options.weights)?;
    let place = || options.weights.display().to_string();
    let exact = weights::read(&bytes, &config.network).with_context(place)?;
    let mut tensors = weights::rounded(&exact).with_context(place)?;
    let state = checkpoint::read_state(&bytes).with_context(place)?;
    let trained = state.as_ref().map(|state| state.genres.clone()).unwrap_or_default();
    let mut manifest = match state {
        Some(state) => manifest(&name, &state).with_context(place)?,
        None => Manifest { seed: config.seed, ..Manifest::new(&name, config.network) },
    };
    manifest.steps = options.steps.unwrap_or(manifest.steps);
    let (mut changes, mut rows) = (Vec::new(), Vec::new());
    if let Some(folder) = &options.prepared {
        let songs = Songs::read(folder, &[Split::Test], &Recipe::default())?;
        manifest.corpus_hash.clone_from(&songs.index.corpus_hash);
        let genres = &songs.index.genres;
        ensure!(
            trained.is_empty() || trained == *genres,
            "{}: trained on the genres {}, but {} has {}",
            place(),
            trained.join(", "),
            folder.display(),
            genres.join(", ")
        );
        manifest.genres =
            songs.index.genre_names().with_context(|| folder.display().to_string())?;
        let network = |weights| Network::new(config.network, weights, Kernels::Fused);
        changes = rounding::measure(&network(&exact)?, &network(&tensors)?, &songs)?;
        println!("{}", rounding::markdown(&changes));
        rounding::check(&changes)?;
        let recipe = config.read_recipe(&options.config)?;
        let songs = Songs::read(folder, &[Split::Train], &recipe)?;
        tensors.insert(FormTable::NAME.to_owned(), form_shares::table(&songs, &recipe)?);
        let lines: Vec<_> = songs.songs.iter().flat_map(|song| line::lines(&song.beats)).collect();
        let filter = OriginalityFilter::new(lines.iter().map(Vec::as_slice));
        println!("originality guard: {} bytes for {} lines", filter.n_bytes(), lines.len());
        tensors.extend(filter.tensors()?);
        tensors.insert(Steadiness::NAME.to_owned(), steadiness::table(&songs, &recipe)?);
        rows = add_judge(&mut tensors, folder)?;
    }
    let evaluation =
        options.eval.as_deref().map(|path| read_evaluation(path, &name)).transpose()?;
    if let Some(evaluation) = &evaluation {
        manifest.losses = evaluation.loss_bits_per_note.clone();
    }
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("{}: cannot be made", options.out.display()))?;
    let file = |ending: &str| options.out.join(format!("{name}.{ending}"));
    let (weights, json) = (weights::write(&tensors)?, manifest.to_bytes()?);
    // What is shipped must load as the plugin loads it.
    Network::from_bytes(&weights, &json).with_context(place)?;
    write_whole(&file("safetensors"), &weights)?;
    write_whole(&file("json"), &json)?;
    if let Some(evaluation) = &evaluation {
        write_whole(
            &options.out.join(format!("{name}-eval.json")),
            &serde_json::to_vec_pretty(evaluation)?,
        )?;
    }
    let card = options.out.join("README.md");
    let text = std::fs::read_to_string(&card).unwrap_or_else(|_| "# Models\n".into());
    let section = section(&manifest, &tensors, &changes, &rows, evaluation.as_ref());
    write_whole(&card, replace_section(&text, &name, &section)?.as_bytes())?;
    println!(
        "{}: {} weights, {} bytes",
        file("safetensors").display(),
        manifest.config.n_weights(),
        weights.len()
    );
    Ok(())
}

fn read_evaluation(path: &Path, name: &str) -> Result<Evaluation> {
    Ok(Evaluation { model: name.to_owned(), ..Evaluation::read(path)? })
}

/// Fits the judge that ships and puts it beside the weights; says how right it is.
///
/// # Errors
/// Held-out songs that cannot be read.
fn add_judge(tensors: &mut Weights, prepared: &Path) -> Result<Vec<(String, Accuracy)>> {
    let songs = Songs::read(prepared, &[Split::Valid, Split::Test], &Recipe::default())?;
    if songs.n_genres() < 2 {
        println!("no judge: a model of one genre leaves nothing to tell apart");
        return Ok(Vec::new());
    }
    let bar = bench::progress("fitting the judge", shipped::N_FITS);
    let fitted = shipped::fit(&songs, || bar.inc(1));
    bar.finish_and_clear();
    let Some(shipped::Fitted { judge, rows }) = fitted else {
        println!("no judge: a genre has no held-out song of eight bars to learn from");
        return Ok(Vec::new());
    };
    weights::insert_judge(tensors, &judge)?;
    println!("{}", shipped::markdown(&rows));
    Ok(rows)
}

/// What the model card says of the originality guard.
fn guard_line(weights: &Weights) -> String {
    weights.get(OriginalityFilter::NAME).map_or(String::new(), |filter| {
        let limit = model::originality::LIMIT;
        let n_bytes = filter.elem_count();
        format!(
            "Holds {n_bytes} bytes of what the training songs consist of, so that no part copies \
             more than {limit} notes in a row.\n"
        )
    })
}

/// The model card's section, without its marks.
fn section(
    manifest: &Manifest,
    weights: &Weights,
    changes: &[Change],
    judge: &[(String, Accuracy)],
    evaluation: Option<&Evaluation>,
) -> String {
    let config = &manifest.config;
    let mut text = format!(
        "## {}\n\n\
         A decoder-only transformer of {} weights: {} layers of width {}, {} query and {} key \
         heads, feed-forward {}, context {} steps.\n\
         Trained on {} steps of music; corpus {}; vocabulary {}.\n\
         Genres: {}.\n\
         Matrices and tables are bfloat16 numbers; norms and biases are not.\n{}",
        manifest.name,
        config.n_weights(),
        config.n_layers,
        config.d_model,
        config.n_heads,
        config.n_kv_heads,
        config.d_ff,
        config.context_len,
        manifest.steps,
        if manifest.corpus_hash.is_empty() { "not recorded" } else { &manifest.corpus_hash },
        manifest.vocabulary_fingerprint,
        manifest.genres.as_slice().join(", "),
        guard_line(weights),
    );
    if !changes.is_empty() {
        text.push_str("\nPrinted by `trainer export`:\n\n");
        text.push_str(&rounding::markdown(changes));
    }
    if !judge.is_empty() {
        text.push('\n');
        text.push_str(&shipped::markdown(judge));
    }
    if let Some(evaluation) = evaluation {
        text.push_str("\nPrinted by `trainer eval`:\n\n");
        text.push_str(&evaluation.markdown());
    }
    text
}

/// Puts a section between its marks; at the end if there are none.
fn replace_section(text: &str, name: &str, section: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- begin {name} -->"), format!("<!-- end {name} -->"));
    let section = format!("{begin}\n{section}{end}");
    match (text.find(&begin), text.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            Ok(format!("{}{section}{}", &text[..from], &text[to + end.len()..]))
        }
        (None, None) => Ok(format!("{}\n\n{section}\n", text.trim_end())),
        _ => bail!("README.md: expected the marks {begin} and {end}, found one of them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_added_and_replaced() {
        let first = replace_section("# Models\n", "a", "one\n").unwrap();
        assert_eq!(first, "# Models\n\n<!-- begin a -->\none\n<!-- end a -->\n");
        let second = replace_section(&first, "b", "two\n").unwrap();
        let third = replace_section(&second, "a", "three\n").unwrap();
        assert_eq!(
            third,
            "# Models\n\n<!-- begin a -->\nthree\n<!-- end a -->\n\n<!-- begin b -->\ntwo\n<!-- end b -->\n"
        );
        assert!(replace_section("<!-- end a -->", "a", "").is_err());
    }
}
