//! Composes the band, one beat at a time.

use std::sync::Arc;

use score::steps::{self, BeatEncoder, Conditions, N_INPUTS, N_SLOTS, Step};
use score::{
    BeatFrame, Chord, Controls, Form, GivenChord, GridBeat, GridNote, HistoryBeat, Part,
    TICKS_PER_QUARTER, Ticks,
};

use crate::answer::Role;
use crate::blending::Blending;
use crate::conditioning::{self, MAX_STREAMS, Plan};
use crate::decoder::{Decoder, Packed, Stream};
use crate::ending;
use crate::form::{self, FormTable, Occasion};
use crate::grammar::{Grammar, MAX_BEAT_STEPS};
use crate::pull::Pull;
use crate::sampler::{RandomKey, Sampler};
use crate::steadiness::Steadiness;
use crate::style::Styles;
use crate::{Error, Network, OriginalityFilter, Redraws, Result, math};
use part::Scene;

mod part;

/// Beats of history that count; older ones change nothing. What repeats 32 bars looks this far.
pub const HISTORY_BEATS: usize = 192;

/// Beats of history that the network may read.
const CONTEXT_BEATS: usize = 96;

/// What a caller has decided about a beat; the model composes the rest around it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// The chord, which may be none.
    pub chord: Option<Option<Chord>>,
    /// Notes of whole parts, sorted by position and pitch.
    pub parts: [Option<&'a [GridNote]>; 4],
    /// Forms of what is given above.
    pub forms: [Option<Form>; N_SLOTS],
    /// [`GridBeat::takes`]; a new take of a part repeats nothing of an old one.
    pub takes: [u32; 4],
}

impl Given<'_> {
    /// Forms of the slots that are given.
    fn known_forms(&self) -> [Option<Option<Form>>; N_SLOTS] {
        core::array::from_fn(|slot| {
            let is_given = match slot.checked_sub(1) {
                None => self.chord.is_some(),
                Some(part) => self.parts[part].is_some(),
            };
            is_given.then_some(self.forms[slot])
        })
    }
}

/// One instance's composer: caches over a shared network.
///
/// The music depends on the arguments alone. Caches hold what earlier calls computed and change
/// speed only, because the decoder gives the same bits in every order of work.
#[derive(Debug)]
pub struct BandModel {
    network: Arc<Network>,
    styles: Styles,
    blending: Blending,
    decoder: Option<Decoder>,
    /// Streams of the last plan first; each holds a prefix of `context`.
    streams: Vec<Stream>,
    /// Steps from the anchor to now.
    context: Vec<[u16; N_INPUTS]>,
    logits: Vec<f32>,
    plain: Vec<f32>,
    encoded: Vec<Step>,
    is_guarded: bool,
    redraws: Redraws,
}

impl BandModel {
    /// A composer with empty caches. Costs nothing until it composes.
    pub fn new(network: Arc<Network>) -> Self {
        Self {
            network,
            styles: Styles::default(),
            blending: Blending::default(),
            decoder: None,
            streams: Vec::new(),
            context: Vec::new(),
            logits: Vec::new(),
            plain: Vec::new(),
            encoded: Vec::new(),
            is_guarded: true,
            redraws: Redraws::default(),
        }
    }

    /// The same composer with another way of blending.
    pub fn with_blending(self, blending: Blending) -> Self {
        Self { blending, ..self }
    }

    /// The same composer with styles behind the style knobs, which must fit its network.
    pub fn with_styles(self, styles: Styles) -> Self {
        // Streams that were read under other styles tell nothing.
        Self { styles, streams: Vec::new(), ..self }
    }

    /// The network it composes with.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The styles behind the style knobs.
    pub fn styles(&self) -> &Styles {
        &self.styles
    }

    /// The same composer without the originality guard, to measure what it does.
    pub fn unguarded(self) -> Self {
        Self { is_guarded: false, ..self }
    }

    /// What the originality guard has done so far.
    pub fn redraws(&self) -> Redraws {
        self.redraws
    }

    /// The chord and notes of the beat at `frame`.
    ///
    /// `history` holds the beats before it, oldest first, without gaps; the last
    /// [`HISTORY_BEATS`] count. `pass` tells passes over the same place apart.
    ///
    /// # Anchor
    /// The model reads history from a beat called the anchor. While all of it fits and is shorter
    /// than [`CONTEXT_BEATS`], that is its first beat. Otherwise, of the older two fifths of the
    /// beats that fit, it is the one whose number is divisible by the highest power of two. So the
    /// anchor stays for many beats, then jumps, and depends on nothing but the arguments.
    ///
    /// # Errors
    /// [`Error::HistoryGap`], [`Error::Tensor`].
    pub fn compose(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
    ) -> Result<GridBeat> {
        self.compose_around(history, frame, controls, pass, &Given::default())
    }

    /// [`Self::compose`] where some of the beat is given.
    ///
    /// # Errors
    /// [`Error::HistoryGap`], [`Error::Tensor`].
    pub fn compose_around(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
        given: &Given,
    ) -> Result<GridBeat> {
        // What the model does not have weighs nothing, whoever turns that knob.
        let controls = &controls.within(self.network.genres().len(), self.styles.present());
        let history = &history[history.len().saturating_sub(HISTORY_BEATS)..];
        check_contiguous(history, frame)?;
        let closing = ending::closing(history, frame, controls);
        if closing == steps::ENDED {
            return Ok(GridBeat { closing, takes: given.takes, ..GridBeat::default() });
        }
        // The last bar is at home, whatever chord is held meanwhile.
        let followed = score::grid::followed(controls).filter(|_| closing != 1);
        let grammar = match (closing, followed) {
            (1, _) => Grammar::new(controls).in_last_bar(ending::is_new_bar(history, frame)),
            (_, Some(chord)) => {
                Grammar::new(controls).following(chord, is_bass_due(history, frame, chord))
            }
            _ => Grammar::new(controls),
        };
        let chord = given.chord.or(followed.map(|given| Some(given.chord)));
        let given = &Given { chord, ..*given };
        let history = ending::since_last(history);
        // Before what was asked for otherwise is forgotten: a call may be older.
        let role = match closing {
            0 => Role::of(history, frame, controls, pass),
            _ => Role::Free,
        };
        let history = form::still_asked_for(history, controls, &self.styles);
        let readable = &history[history.len().saturating_sub(CONTEXT_BEATS)..];
        let pull = 1.0 + (form::lag(readable, controls, &self.styles) / FULL_LAG).min(1.0);
        let n_genres = self.network.genres().len();
        let map = self.network.weight_map();
        let plan = Plan::new(controls, pull, n_genres, map, &self.styles, self.blending);
        self.read(readable, frame, controls, &plan)?;
        let n_streams = plan.streams.len();
        let Some(decoder) = &mut self.decoder else { return Ok(GridBeat::default()) };
        let mut turn = Turn {
            trunk: Streams { decoder, streams: &mut self.streams[..n_streams] },
            context: &mut self.context,
            logits: &mut self.logits,
            plain: &mut self.plain,
            plan: &plan,
            styles: &self.styles,
            grammar: &grammar,
            forms: self.network.forms(),
            steadiness: self.network.steadiness(),
            guard: self.network.originality(),
            is_guarded: self.is_guarded,
            redraws: &mut self.redraws,
        };
        Ok(turn.beat(history, frame, controls, pass, given, role))
    }

    /// Brings every stream of the plan to the end of history.
    fn read(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        plan: &Plan,
    ) -> Result<()> {
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            none => none.insert(Decoder::new(self.network.packed()?)),
        };
        let budget = self.network.config().context_len - MAX_BEAT_STEPS;
        let first = anchor(history, frame, controls.part_mask(), budget);
        self.encoded.clear();
        for (i, beat) in history.iter().enumerate().skip(first) {
            let GridBeat { forms, closing, .. } = beat.music;
            let conditions = conditioning::conditions(controls, &beat.frame, closing);
            let conditions = Conditions { forms, ..conditions };
            BeatEncoder::new(&history[..i], beat.frame, conditions).encode(
                &beat.music,
                [(false, false); 4],
                &mut self.encoded,
            );
        }
        let same = self.context.iter().zip(&self.encoded).take_while(|(a, b)| **a == b.inputs);
        let n_same = same.count();
        self.context.truncate(n_same);
        self.context.extend(self.encoded[n_same..].iter().map(|step| step.inputs));
        for stream in &mut self.streams {
            stream.truncate(n_same);
        }
        claim_streams(&mut self.streams, decoder.packed(), plan, &self.styles);
        for stream in &mut self.streams[..plan.streams.len()] {
            let n_read = stream.n_steps();
            decoder.prefill(stream, &self.context[n_read..]);
        }
        Ok(())
    }
}

/// Least likelihood, against the likeliest chord that may come next, of what guidance may lift.
const PLAUSIBLE_CHORD: f32 = 0.02;

/// Lag of what is read from which on a turn of the blend is pulled at with twice the strength.
///
/// The music before speaks against the new blend, as if for another genre; what is composed first
/// after a turn decides how the band goes on. See `models/EXPERIMENTS.md` 11.
const FULL_LAG: f32 = 0.1;

/// Beats of rest after which a part that is on is asked to play, in the order of the parts: two
/// bars of 4/4, for the lead four.
const LONGEST_REST: [usize; 4] = [8, 8, 8, 16];

/// The same for a part that has not played yet.
const LONGEST_INTRO: [usize; 4] = [4, 4, 4, 8];

/// Density classes that it is asked for then.
const WAKING_DENSITY: [u8; 4] = [5, 3, 4, 3];

/// Which parts have rested for long though they are on and not asked to play less.
///
/// The music before is the model's strongest reason for what comes next, so that a part which
/// missed its entry would stay away for good.
fn waking(controls: &Controls, history: &[HistoryBeat]) -> [bool; 4] {
    core::array::from_fn(|part| {
        let rests = |beat: &HistoryBeat| beat.music.parts[part].is_empty();
        let limit = if history.iter().all(rests) { LONGEST_INTRO } else { LONGEST_REST }[part];
        let pull = Pull::of(Part::ALL[part], controls);
        let may_play = controls.parts[part].on && !pull.is_sparse();
        may_play && history.len() >= limit && history[history.len() - limit..].iter().all(rests)
    })
}

/// Whether the bass has yet to play the root or slash of a chord to follow: where a bar or the chord
/// begins, until it plays. An inversion is played whenever a beat is.
fn is_bass_due(history: &[HistoryBeat], frame: &BeatFrame, given: GivenChord) -> bool {
    let under_it = |beat: &&HistoryBeat| beat.music.chord == Some(given.chord);
    let rests = |beat: &HistoryBeat| beat.music.parts[Part::Bass.index()].is_empty();
    let starts_bar = frame.offset_in_bar() < Ticks(TICKS_PER_QUARTER);
    let is_inverted = given.bass != given.chord.root;
    starts_bar || is_inverted || history.iter().rev().take_while(under_it).all(rests)
}

/// The part that begins if no other has: nobody who presses play waits a bar for the first note.
fn opener(controls: &Controls) -> Option<Part> {
    let is_on = |part: &Part| controls.parts[part.index()].on;
    [Part::Chords, Part::Bass, Part::Drums, Part::Lead].into_iter().find(is_on)
}

/// Puts the plan's streams first, in order; what must be made takes the place of the last.
fn claim_streams(streams: &mut Vec<Stream>, packed: &Packed, plan: &Plan, styles: &Styles) {
    for (i, mix) in plan.streams.iter().enumerate() {
        match (i..streams.len()).find(|at| streams[*at].mix() == mix) {
            // Those passed over move back by one, so the longest unused is last.
            Some(at) => streams[i..=at].rotate_right(1),
            None if streams.len() < MAX_STREAMS.min(plan.streams.len() + 1) => {
                streams.insert(i, Stream::with_styles(packed, *mix, styles));
            }
            None => {
                let mut last = streams.remove(streams.len() - 1);
                last.condition(packed, *mix, styles);
                streams.insert(i, last);
            }
        }
    }
}

/// What reads steps under the conditions of a plan, and speaks of the last one, a stream at a time.
trait Trunk {
    fn append(&mut self, step: &[u16; N_INPUTS]);
    /// Forgets all steps from `n_steps` on.
    fn truncate(&mut self, n_steps: usize);
    fn chord(&mut self) -> impl Iterator<Item = &[f32]>;
    fn pos(&mut self) -> impl Iterator<Item = &[f32]>;
    fn sym(&mut self, pos: usize) -> impl Iterator<Item = &[f32]>;
    fn dur(&mut self, pos: usize, sym: usize) -> impl Iterator<Item = &[f32]>;
    fn expression(&mut self, pos: usize, sym: usize, dur: usize) -> impl Iterator<Item = &[f32]>;
}

struct Streams<'a> {
    decoder: &'a mut Decoder,
    streams: &'a mut [Stream],
}

impl Trunk for Streams<'_> {
    fn append(&mut self, step: &[u16; N_INPUTS]) {
        self.decoder.step(self.streams, step);
    }

    fn truncate(&mut self, n_steps: usize) {
        self.streams.iter_mut().for_each(|stream| stream.truncate(n_steps));
    }

    fn chord(&mut self) -> impl Iterator<Item = &[f32]> {
        self.decoder.chord()
    }

    fn pos(&mut self) -> impl Iterator<Item = &[f32]> {
        self.decoder.pos()
    }

    fn sym(&mut self, pos: usize) -> impl Iterator<Item = &[f32]> {
        self.decoder.sym(pos)
    }

    fn dur(&mut self, pos: usize, sym: usize) -> impl Iterator<Item = &[f32]> {
        self.decoder.dur(pos, sym)
    }

    fn expression(&mut self, pos: usize, sym: usize, dur: usize) -> impl Iterator<Item = &[f32]> {
        self.decoder.expression(pos, sym, dur)
    }
}

/// The state of composing one beat.
struct Turn<'a, T> {
    trunk: T,
    context: &'a mut Vec<[u16; N_INPUTS]>,
    logits: &'a mut Vec<f32>,
    /// The logits before guidance.
    plain: &'a mut Vec<f32>,
    plan: &'a Plan,
    styles: &'a Styles,
    grammar: &'a Grammar,
    /// Without it no bar is told what to repeat.
    forms: Option<&'a FormTable>,
    /// Without it every note's dynamics and timing are drawn alone.
    steadiness: Option<&'a Steadiness>,
    /// What the training songs hold.
    guard: Option<&'a OriginalityFilter>,
    /// Whether what goes on copying is drawn again.
    is_guarded: bool,
    redraws: &'a mut Redraws,
}

impl<T: Trunk> Turn<'_, T> {
    /// The beat at `frame`, once `history` has been read.
    fn beat(
        &mut self,
        history: &[HistoryBeat],
        frame: &BeatFrame,
        controls: &Controls,
        pass: u32,
        given: &Given,
        role: Role,
    ) -> GridBeat {
        let closing = ending::closing(history, frame, controls);
        let mut conditions = conditioning::conditions(controls, frame, closing);
        let mut waking = if closing == 0 { waking(controls, history) } else { [false; 4] };
        let lead = Part::Lead.index();
        waking[lead] &= matches!(role, Role::Free);
        let is_new = history.iter().all(|beat| beat.music.parts.iter().all(Vec::is_empty));
        let opener = opener(controls).filter(|_| is_new);
        for part in (0..4).filter(|part| waking[*part]) {
            conditions.density[part] = WAKING_DENSITY[part];
        }
        // Who repeats does not end.
        if let Some(table) = self.forms.filter(|_| !ending::is_last(closing)) {
            conditions.forms = table.forms(&Occasion {
                history,
                frame,
                controls,
                styles: self.styles,
                pass,
                takes: given.takes,
                must_play: core::array::from_fn(|part| {
                    let waits = part == Part::Lead.index() && opener != Some(Part::Lead);
                    let begins = is_new && !waits;
                    begins || waking[part] || Pull::of(Part::ALL[part], controls).is_dense()
                }),
                given: given.known_forms(),
            });
        }
        if controls.parts[lead].on && given.parts[lead].is_none() {
            match role {
                Role::Free => {}
                Role::Listens => conditions.forms[1 + lead] = Some(Form::Rest),
                Role::TakesUp(..) | Role::GoesOn => conditions.forms[1 + lead] = Some(Form::Varied),
            }
        }
        let encoder = BeatEncoder::new(history, *frame, conditions);
        self.append(&encoder.beat_step());
        let reprised = part::reprise(history, frame, conditions.forms[0]).map(|beat| beat.chord);
        let reprised = reprised.filter(|chord| self.grammar.chords()[Chord::index(*chord)]);
        let chord = match given.chord.or(reprised) {
            Some(chord) => chord,
            None => {
                let key = RandomKey { seed: controls.seed, pass, beat: frame.beat, slot: 0 };
                let held = history.last().map(|beat| beat.music.chord);
                let adventure = self.styles.adventure(controls.adventure, &controls.harmony());
                self.chord(conditions.forms[0], held, &mut Sampler::new(adventure, key))
            }
        };
        let (forms, takes) = (conditions.forms, given.takes);
        let asked = crate::form::asked(controls, self.styles);
        let mut beat = GridBeat { chord, forms, closing, takes, asked, ..GridBeat::default() };
        let scene =
            Scene { history, frame, controls, pass, given, conditions, waking, opener, role };
        for part in Part::ALL.into_iter().filter(|part| controls.parts[part.index()].on) {
            self.part(&scene, part, &mut beat);
        }
        beat
    }

    fn append(&mut self, step: &Step) {
        self.context.push(step.inputs);
        self.trunk.append(&step.inputs);
    }

    /// What the last step says that stood at its place in the bar that `form` repeats: position
    /// and symbol of the next note, or END and the chord's symbol.
    fn repeated(&self, form: Option<Form>) -> Option<(usize, usize)> {
        let bars = form?.bars_back()? as i64;
        let at = steps::REF + 2 * steps::REF_BARS.iter().position(|back| *back == bars)?;
        let step = self.context.last()?;
        (step[at] != steps::REF_UNKNOWN).then(|| (step[at].into(), step[at + 1].into()))
    }

    /// `held` is that of the beat before.
    fn chord(
        &mut self,
        form: Option<Form>,
        held: Option<Option<Chord>>,
        sampler: &mut Sampler,
    ) -> Option<Chord> {
        self.plan.mix(0, self.trunk.chord(), self.logits, self.plain);
        let mut chords = self.grammar.chords();
        if let Some((_, symbol)) = self.repeated(form) {
            part::keep_only(&mut chords, symbol.wrapping_sub(usize::from(steps::CHORD_SYMBOLS)));
        }
        if !self.plan.is_pulled(0) {
            return Chord::from_index(sampler.draw(self.plain, &chords));
        }
        guide_changes(self.logits, self.plain, held.map(Chord::index), &chords);
        Chord::from_index(sampler.draw(self.logits, &chords))
    }
}

/// Leaves it to `guided` which chord comes after the one that is `held`, and to `plain`, the logits
/// before guidance, whether one does: guidance would exaggerate how seldom some genres change
/// chords, up to never. Of the chords that may come, those stay out that are implausible before it.
fn guide_changes(guided: &mut [f32], plain: &[f32], held: Option<usize>, allowed: &[bool]) {
    let is_change = |class: &usize| Some(*class) != held && allowed[*class];
    let changes = || (0..plain.len()).filter(is_change);
    let likeliest = changes().map(|class| plain[class]).fold(f32::NEG_INFINITY, f32::max);
    let least = likeliest + libm::logf(PLAUSIBLE_CHORD);
    for class in changes().filter(|class| plain[*class].is_nan() || plain[*class] < least) {
        guided[class] = f32::NEG_INFINITY;
    }
    let total = |logits: &[f32]| -> f32 {
        let logits = || changes().map(|class| logits[class]).filter(|logit| logit.is_finite());
        let max = logits().fold(f32::NEG_INFINITY, f32::max);
        max + libm::logf(logits().map(|logit| math::exp(logit - max)).sum())
    };
    let lift = total(plain) - total(guided);
    if lift.is_finite() {
        changes().for_each(|class| guided[class] += lift);
    }
    if let Some(held) = held {
        guided[held] = plain[held];
    }
}

fn check_contiguous(history: &[HistoryBeat], frame: &BeatFrame) -> Result<()> {
    let first = frame.beat - history.len() as i64;
    for (expected, beat) in (first..).zip(history) {
        if beat.frame.beat != expected {
            return Err(Error::HistoryGap { expected, found: beat.frame.beat });
        }
    }
    Ok(())
}

/// Index in `history` of the first beat that is read; see [`BandModel::compose`].
fn anchor(history: &[HistoryBeat], frame: &BeatFrame, mask: u8, budget: usize) -> usize {
    let n = history.len();
    let is_full = n >= CONTEXT_BEATS;
    // Steps refer to notes up to eight bars before theirs. Once old beats drop out of history,
    // those of its first eight bars would change from call to call.
    let bars = steps::REF_BARS[steps::REF_BARS.len() - 1] * frame.meter.bar_ticks().0;
    let margin = (bars + TICKS_PER_QUARTER - 1) / TICKS_PER_QUARTER;
    let oldest = if is_full { (margin as usize).min(n / 2) } else { 0 };
    let mut first = n;
    let mut n_steps = 0;
    while first > oldest {
        n_steps += n_beat_steps(&history[first - 1].music, mask);
        if n_steps > budget {
            break;
        }
        first -= 1;
    }
    if first == 0 || first == n {
        return first;
    }
    let candidates = first..=first + (n - first) * 2 / 5;
    let order = |i: &usize| history[*i].frame.beat.trailing_zeros();
    candidates.rev().max_by_key(order).unwrap_or(first)
}

/// Steps that a beat takes.
fn n_beat_steps(music: &GridBeat, mask: u8) -> usize {
    let parts = (0..4).filter(|part| mask >> part & 1 == 1);
    1 + parts.map(|part| 1 + music.parts[part].len()).sum::<usize>()
}

#[cfg(test)]
mod tests;
