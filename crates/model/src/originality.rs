//! The originality guard: what stands in the training songs, and where a line goes on copying it.
//!
//! A copied run is a stretch of one pitched part whose notes stand in one training song as well,
//! in any key and at any place ([`score::line`]). The guard never misses one, and seldom sees one
//! that is none.

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use score::line::{LineEnd, Token};
use score::{GridNote, HistoryBeat, N_STYLES, Part, grid::CELLS_PER_BEAT};

use crate::weights::Weights;
use crate::{Error, Result};

/// Most notes of a part in a row that may stand in a training song.
///
/// Two bars of sixteenths, four of eighths, ten triads: more than any riff, lick or bass figure that
/// is everybody's, and clearly less than people share with one another. Of sixteen bars that people
/// made, one song in twenty has a run of 46 notes or more that stands in another song.
pub const LIMIT: usize = 32;

/// Which stretches of `n` tokens the training songs hold: a Bloom filter in blocks, which never
/// denies one that it was given, and takes few others for one.
///
/// Of each line it holds the stretches that begin at every `stride`-th token alone, so that it is
/// small. A copied run still meets one at every `stride`-th of its tokens, wherever it begins (as
/// sequences are searched for by tiles of the data and all stretches of the query; Kent 2002).
/// Several in step are no accident, so the filter itself need not be exact (Bloom 1970; blocks:
/// Putze, Sanders & Singler 2007).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalityFilter {
    /// Tokens in a stretch.
    n: usize,
    /// Tokens from one stretch that is held to the next.
    stride: usize,
    /// Bits that a stretch sets in its block.
    n_probes: usize,
    blocks: Vec<Block>,
}

type Block = [u8; BLOCK_BYTES];

/// Bytes of a block: one cache line, so that asking costs one access to memory.
const BLOCK_BYTES: usize = 64;

/// Bits of a probe: the number of a bit in a block.
const PROBE_BITS: usize = 9;

/// Most probes that a hash has bits for.
const MAX_PROBES: usize = 5;

/// Bits of a hash that choose the block; probes have none of them.
const CHOICE_BITS: usize = 19;

/// Longest stretch.
const MAX_N: usize = 24;

/// Version of tokens and hashes; filters of another one say nothing.
const VERSION: u32 = 1;

/// What new filters have: a run that is too long meets three stretches in step.
///
/// Of the notes that people played in sixteen bars 1.8 % end a copied run above [`LIMIT`]; with these
/// numbers the guard sees 2.2 %, with stretches of twelve tokens 2.6 %. The stride has no divisor in
/// common with the lengths that figures usually have, else one that is repeated would meet the same
/// few stretches over and over, and be caught as soon as the filter is wrong about these.
const N: usize = 18;
const STRIDE: usize = 5;
const N_PROBES: usize = 5;
const STRETCHES_A_BLOCK: usize = 56;

/// Most bits that may be set; with more, music that copies nothing would be caught too often.
const MAX_FILL: f64 = 0.6;

impl OriginalityFilter {
    /// Name of the blocks among the tensors of a file: `u8`, `(blocks, 64)`.
    pub const NAME: &str = "originality.filter";

    /// Name of what the blocks mean, `u32`: version, tokens in a stretch, stride, probes.
    pub const PARAMETERS: &str = "originality.parameters";

    /// The filter of training lines; equal lines in any order give equal filters.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a [Token]>) -> Self {
        let stretches = |line: &'a [Token]| line.windows(N).step_by(STRIDE).map(hash);
        let mut hashes: Vec<u64> = lines.into_iter().flat_map(stretches).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let n_blocks = hashes.len().div_ceil(STRETCHES_A_BLOCK).max(1);
        let blocks = vec![[0; BLOCK_BYTES]; n_blocks];
        let mut filter = Self { n: N, stride: STRIDE, n_probes: N_PROBES, blocks };
        for hash in hashes {
            let block = filter.block(hash);
            for bit in probes(hash, N_PROBES) {
                filter.blocks[block][bit / 8] |= 1 << (bit % 8);
            }
        }
        filter
    }

    /// The filter as tensors of a file, by name.
    ///
    /// # Errors
    /// [`Error::Tensor`].
    pub fn tensors(&self) -> Result<[(String, Tensor); 2]> {
        let bytes = self.bytes().to_vec();
        let blocks = Tensor::from_vec(bytes, self.shape().as_slice(), &Device::Cpu)?;
        let parameters = Tensor::new(&self.parameters(), &Device::Cpu)?;
        Ok([(Self::NAME.to_owned(), blocks), (Self::PARAMETERS.to_owned(), parameters)])
    }

    /// The blocks, [`Self::shape`].
    pub(crate) fn bytes(&self) -> &[u8] {
        self.blocks.as_flattened()
    }

    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.blocks.len(), BLOCK_BYTES]
    }

    /// What the blocks mean.
    pub(crate) fn parameters(&self) -> [u32; 4] {
        [VERSION, self.n as u32, self.stride as u32, self.n_probes as u32]
    }

    /// The filter among weights, if there is one.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::ShapeMismatch`], [`Error::TypeMismatch`] and
    /// [`Error::Originality`].
    pub(crate) fn of_weights(weights: &Weights) -> Result<Option<Self>> {
        let (blocks, parameters) = match (weights.get(Self::NAME), weights.get(Self::PARAMETERS)) {
            (None, None) => return Ok(None),
            (Some(blocks), Some(parameters)) => (blocks, parameters),
            (None, _) => return Err(Error::MissingTensor { name: Self::NAME.to_owned() }),
            (_, None) => return Err(Error::MissingTensor { name: Self::PARAMETERS.to_owned() }),
        };
        let n_blocks = blocks.dims().first().copied().unwrap_or(0).max(1);
        check(Self::NAME, blocks, &[n_blocks, BLOCK_BYTES], DType::U8)?;
        check(Self::PARAMETERS, parameters, &[4], DType::U32)?;
        let numbers = parameters.to_vec1::<u32>()?;
        let number = |i: usize, what, possible: core::ops::RangeInclusive<usize>| {
            let found = numbers[i] as usize;
            if possible.contains(&found) {
                return Ok(found);
            }
            let expected = format!("{} to {}", possible.start(), possible.end());
            Err(Error::Originality { what, expected, found: found.to_string() })
        };
        number(0, "version", VERSION as usize..=VERSION as usize)?;
        let n = number(1, "tokens in a stretch", 2..=MAX_N)?;
        // A run that is too long meets two stretches at least.
        let stride = number(2, "stride", 1..=(LIMIT + 1 - n) / 2)?;
        let n_probes = number(3, "probes", 1..=MAX_PROBES)?;
        let blocks = blocks.flatten_all()?.to_vec1::<u8>()?.as_chunks().0.to_vec();
        let filter = Self { n, stride, n_probes, blocks };
        if filter.fill() > MAX_FILL {
            let (expected, found) = (format!("at most {MAX_FILL}"), filter.fill().to_string());
            return Err(Error::Originality { what: "share of bits set", expected, found });
        }
        Ok(Some(filter))
    }

    /// The tensors of [`Self::tensors`] that a file has.
    pub(crate) fn read(file: &SafeTensors) -> Result<Vec<(String, Tensor)>> {
        let names = [Self::NAME, Self::PARAMETERS];
        let found = names.into_iter().filter_map(|name| Some((name, file.tensor(name).ok()?)));
        found.map(|(name, view)| Ok((name.to_owned(), raw(name, &view)?))).collect()
    }

    /// Bytes of the filter.
    pub fn n_bytes(&self) -> usize {
        self.bytes().len()
    }

    /// Share of bits that are set, `0.0..=1.0`.
    pub fn fill(&self) -> f64 {
        let set: u32 = self.blocks.as_flattened().iter().map(|byte| byte.count_ones()).sum();
        f64::from(set) / (8 * self.n_bytes()) as f64
    }

    /// A filter that takes everything for copied.
    #[cfg(test)]
    pub(crate) fn of_everything() -> Self {
        Self { n: N, stride: STRIDE, n_probes: N_PROBES, blocks: vec![[255; BLOCK_BYTES]] }
    }

    /// Stretches in step that every run of more than [`LIMIT`] notes, or `LIMIT` tokens, meets.
    fn n_in_step(&self) -> usize {
        (LIMIT + 1 - self.n) / self.stride
    }

    fn block(&self, hash: u64) -> usize {
        (((hash >> (64 - CHOICE_BITS)) * self.blocks.len() as u64) >> CHOICE_BITS) as usize
    }

    /// Whether a stretch of `n` tokens may have been given.
    fn holds(&self, stretch: &[Token]) -> bool {
        let hash = hash(stretch);
        let block = &self.blocks[self.block(hash)];
        probes(hash, self.n_probes).all(|bit| block[bit / 8] >> (bit % 8) & 1 == 1)
    }
}

/// A hash of tokens: high bits for the block, low ones for the bits in it.
fn hash(tokens: &[Token]) -> u64 {
    let mix = |hash: u64| (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let hash = tokens.iter().fold(0, |hash, token| mix(hash ^ u64::from(*token)));
    let hash = mix(hash);
    hash ^ hash >> 32
}

fn probes(hash: u64, n: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |i| (hash >> (PROBE_BITS * i)) as usize & (8 * BLOCK_BYTES - 1))
}

fn check(name: &str, tensor: &Tensor, expected: &[usize], dtype: DType) -> Result<()> {
    let name = name.to_owned();
    if tensor.dims() != expected {
        let (expected, found) = (expected.to_vec(), tensor.dims().to_vec());
        return Err(Error::ShapeMismatch { name, expected, found });
    }
    if tensor.dtype() != dtype {
        let (expected, found) = (format!("{dtype:?}"), format!("{:?}", tensor.dtype()));
        return Err(Error::TypeMismatch { name, expected, found });
    }
    Ok(())
}

fn raw(name: &str, view: &TensorView) -> Result<Tensor> {
    let shape = view.shape();
    Ok(match view.dtype() {
        Dtype::U8 => Tensor::from_vec(view.data().to_vec(), shape, &Device::Cpu)?,
        Dtype::U32 => {
            let (chunks, _) = view.data().as_chunks();
            let values: Vec<u32> = chunks.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
            Tensor::from_vec(values, shape, &Device::Cpu)?
        }
        found => {
            let (expected, found) = ("U8 or U32".to_owned(), format!("{found:?}"));
            return Err(Error::TypeMismatch { name: name.to_owned(), expected, found });
        }
    })
}

/// Follows a line and tells which notes make a copied run too long.
///
/// A run is too long once as many stretches in step are known as every run of more than [`LIMIT`]
/// notes meets. Up to `stride - 1` of its notes lie before the first of them, so it may be a few
/// notes shorter than that; the last of them ends with the note in question, so another note goes
/// on with another line. What the watch says depends on the last [`LIMIT`] notes alone.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    filter: &'a OriginalityFilter,
    end: LineEnd,
    /// The last tokens, the newest last.
    tokens: [Token; MAX_N],
    n_tokens: usize,
    /// Whether the stretch that ends at a token is held; bit 0 is the last token.
    held: u64,
    /// The bits of stretches in step that end with the last token.
    in_step: u64,
}

impl<'a> Watch<'a> {
    /// Watches a line from its beginning.
    pub fn new(filter: &'a OriginalityFilter) -> Self {
        let (end, tokens) = (LineEnd::default(), [0; MAX_N]);
        let in_step = (0..filter.n_in_step()).fold(0, |bits, i| bits | 1 << (i * filter.stride));
        Self { filter, end, tokens, n_tokens: 0, held: 0, in_step }
    }

    /// Watches a part as it goes on after `history`.
    pub(crate) fn after(
        filter: &'a OriginalityFilter,
        history: &[HistoryBeat],
        part: Part,
    ) -> Self {
        let notes = |beat: &HistoryBeat| beat.music.parts[part.index()].len();
        let (mut first, mut n_notes) = (history.len(), 0);
        while first > 0 && n_notes <= LIMIT {
            first -= 1;
            n_notes += notes(&history[first]);
        }
        let mut watch = Self::new(filter);
        for beat in &history[first..] {
            watch.push_all(beat.frame.beat, &beat.music.parts[part.index()]);
        }
        watch
    }

    /// Appends a note at a cell of the song; whether it makes a copied run too long.
    pub fn push(&mut self, cell: i64, pitch: u8) -> bool {
        let Some(token) = self.end.push(cell, pitch) else { return false };
        self.tokens.rotate_left(1);
        self.tokens[MAX_N - 1] = token;
        self.n_tokens = (self.n_tokens + 1).min(MAX_N);
        let n = self.filter.n;
        let is_held = self.n_tokens >= n && self.filter.holds(&self.tokens[MAX_N - n..]);
        self.held = self.held << 1 | u64::from(is_held);
        self.held & self.in_step == self.in_step
    }

    /// [`Self::push`] of a beat's notes; whether any of them is one too many.
    pub(crate) fn push_all(&mut self, beat: i64, notes: &[GridNote]) -> bool {
        let cell = |note: &GridNote| beat * CELLS_PER_BEAT + i64::from(note.position);
        notes.iter().fold(false, |any, note| any | self.push(cell(note), note.pitch))
    }
}

/// The filters that a part's line is held to: the network's, and those of the styles it is played
/// in.
pub(crate) type Filters<'a> = [Option<&'a OriginalityFilter>; 1 + N_STYLES];

/// Follows a line past several filters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watches<'a>([Option<Watch<'a>>; 1 + N_STYLES]);

impl<'a> Watches<'a> {
    /// Watches a part as it goes on after `history`.
    pub(crate) fn after(filters: Filters<'a>, history: &[HistoryBeat], part: Part) -> Self {
        Self(filters.map(|filter| filter.map(|filter| Watch::after(filter, history, part))))
    }

    /// [`Watch::push`] to all of them.
    pub(crate) fn push(&mut self, cell: i64, pitch: u8) -> bool {
        self.0.iter_mut().flatten().fold(false, |any, watch| any | watch.push(cell, pitch))
    }

    /// [`Watch::push_all`] to all of them.
    pub(crate) fn push_all(&mut self, beat: i64, notes: &[GridNote]) -> bool {
        self.0.iter_mut().flatten().fold(false, |any, watch| any | watch.push_all(beat, notes))
    }
}

/// How often the guard had a part's beat composed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redraws {
    /// Beats of parts that were drawn again, because they would have gone on copying.
    pub beats: u32,
    /// Those among them that went on copying however often they were drawn, until the notes that
    /// did so were forbidden.
    pub forced: u32,
}

#[cfg(test)]
mod tests;
