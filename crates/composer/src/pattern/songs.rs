//! The stored songs, in C major and A minor.
//!
//! A bar is written as a line of steps: 16 sixteenths, 12 triplet eighths or 8 eighths. In all
//! lines `.` is silence and `-` holds the note before it. Drums: `x` plain, `X` accented, `o`
//! ghost. Bass and chords: `1 3 5 7 8` chord tones, `l` the root an octave lower, `a` a half step
//! below the root, `x X o` the whole chord. Leads: letters, capitals from middle C, small ones an
//! octave higher.

use score::Genre;

/// A drum and its line.
type DrumLine = (u8, &'static str);

/// What the band plays in one genre.
#[derive(Debug)]
pub(super) struct Song {
    /// Chords a bar, several divide it evenly.
    pub(super) major: &'static [&'static str],
    pub(super) minor: &'static [&'static str],
    pub(super) drums: &'static [&'static [DrumLine]],
    /// The bar before a new section.
    pub(super) fill: &'static [DrumLine],
    /// Struck at the start of a section.
    pub(super) crash: Option<u8>,
    pub(super) bass: &'static [&'static str],
    pub(super) chords: &'static [&'static str],
    pub(super) lead: &'static [&'static str],
    /// Bars that may stand in for those of `lead`.
    pub(super) lead_answer: &'static [&'static str],
}

const KICK: u8 = 36;
const RIM: u8 = 37;
const SNARE: u8 = 38;
const CLAP: u8 = 39;
const FLOOR_TOM: u8 = 43;
const HAT: u8 = 42;
const PEDAL: u8 = 44;
const OPEN_HAT: u8 = 46;
const MID_TOM: u8 = 47;
const HIGH_TOM: u8 = 50;
const CRASH: u8 = 49;
const RIDE: u8 = 51;
const TAMBOURINE: u8 = 54;
const HIGH_CONGA: u8 = 63;
const LOW_CONGA: u8 = 64;
const SHAKER: u8 = 70;
const TRIANGLE: u8 = 81;

pub(super) fn song(genre: Genre) -> &'static Song {
    match genre {
        Genre::Classical => &CLASSICAL,
        Genre::Jazz => &JAZZ,
        Genre::Rock => &ROCK,
        Genre::Electronic => &ELECTRONIC,
        Genre::Folk => &FOLK,
        Genre::HipHop => &HIP_HOP,
    }
}

static CLASSICAL: Song = Song {
    major: &["C", "G7", "C", "F G7", "C", "Am", "Dm G7", "C"],
    minor: &["Am", "E7", "Am", "Dm E7", "Am", "F", "Bm7b5 E7", "Am"],
    drums: &[
        &[(KICK, "x......."), (TRIANGLE, "....o...")],
        &[(KICK, "o......."), (SNARE, "......oo")],
    ],
    fill: &[(KICK, "x..............."), (SNARE, "........oooooxxX")],
    crash: None,
    bass: &["1---5---", "1---3-5-", "1---5---", "1-5-1-5-"],
    chords: &["1535153515351535", "1535153515351535", "1535153515351535", "1535153515351535"],
    lead: &[
        "e---g-c-", "d-c-B---", "c---e-g-", "a-f-d-B-", "c-e-g---", "a---e-c-", "f-d-B-G-",
        "c-------",
    ],
    lead_answer: &[
        "g-f-e-d-", "dedcB-G-", "c-d-e-f-", "a-g-f-d-", "e---c-G-", "c-B-A---", "d-f-B-d-",
        "c---....",
    ],
};

static JAZZ: Song = Song {
    major: &["Dm7", "G7", "Cmaj7", "Am7", "Dm7", "G7", "Em7 A7", "Dm7 G7"],
    minor: &["Am7", "Am7", "Dm7", "Am7", "Bm7b5", "E7", "Am7", "Bm7b5 E7"],
    drums: &[
        &[
            (RIDE, "x..X.xx..X.x"),
            (PEDAL, "...x.....x.."),
            (KICK, "o.....o....."),
            (SNARE, "........o..."),
        ],
        &[
            (RIDE, "x..X.xx..X.x"),
            (PEDAL, "...x.....x.."),
            (KICK, "o....o......"),
            (SNARE, "..o.......o."),
        ],
    ],
    fill: &[
        (RIDE, "x..X.x......"),
        (PEDAL, "...x.....x.."),
        (SNARE, "......xoxXox"),
        (KICK, "o..........x"),
    ],
    crash: Some(RIDE),
    bass: &["1--3--5--7--", "1--5--3--a--", "1--3--5--8--", "8--7--5--3--"],
    chords: &["x....x......", "...x-....x..", ".....x---...", "x--......x.."],
    lead: &[
        "f--a-c...e.d",
        "..f-ed-B....",
        "e--g-b...a.g",
        "............",
        "d.fa-ge-f...",
        "b-ag-fd-B...",
        "c-eg-....a.g",
        "f-d-B-G--...",
    ],
    lead_answer: &[
        "a-fd--......",
        "...g-bd-fe-d",
        "e-----......",
        "..ceg-ba-gec",
        "f--f--e-dc--",
        "............",
        "g--e--c-A---",
        "..fa-gf-dB--",
    ],
};

static ROCK: Song = Song {
    major: &["C", "G", "Am", "F", "C", "G", "F", "G"],
    minor: &["Am", "F", "C", "G", "Am", "F", "Dm", "E7"],
    drums: &[
        &[(HAT, "X.x.X.x.X.x.X.x."), (KICK, "X.....x.X......."), (SNARE, "....X.......X...")],
        &[(HAT, "X.x.X.x.X.x.X.x."), (KICK, "X.....x.X.x....."), (SNARE, "....X.......X..o")],
    ],
    fill: &[
        (HAT, "X.x.X.x........."),
        (KICK, "X.....x.X...X..."),
        (SNARE, "....X...XxXx...."),
        (HIGH_TOM, "...........xX..."),
        (FLOOR_TOM, ".............xXx"),
    ],
    crash: Some(CRASH),
    bass: &["1.1.1.1.1.1.1.5.", "1.1.1.1.1.1.3.5.", "1.1.1.1.1.1.1.a.", "1.1.1.1.5.5.3.1."],
    chords: &["X---..x-x---..x-", "X---x-x-..x-x-x-", "X---..x-x---..x-", "X-------X---X-X-"],
    lead: &[
        "e---d-c-e---g---",
        "d-------B-d-....",
        "c---e-c-a---g---",
        "f---e-d-c-------",
        "g---e-g-c---....",
        "d---d-e-d-B-G---",
        "a-a-g-f-a---c---",
        "b---a-g-d-------",
    ],
    lead_answer: &[
        "................",
        "g-g-a-b-d---....",
        "e---e-d-c---A---",
        "..f-f-a-c---....",
        "e-g-e-c-........",
        "B---d---g-------",
        "................",
        "d-e-d-B-G---....",
    ],
};

static ELECTRONIC: Song = Song {
    major: &["Am7", "F", "C", "G", "Am7", "F", "Dm7", "G"],
    minor: &["Am", "Am", "F", "G", "Am", "Am", "Dm", "Em"],
    drums: &[
        &[
            (KICK, "X...X...X...X..."),
            (CLAP, "....x.......x..."),
            (OPEN_HAT, "..x...x...x...x."),
            (HAT, "o..oo..oo..oo..o"),
        ],
        &[
            (KICK, "X...X...X...X..."),
            (CLAP, "....x.......x..x"),
            (OPEN_HAT, "..x...x...x...x."),
            (SHAKER, "ooxoooxoooxoooxo"),
        ],
    ],
    fill: &[
        (KICK, "X...X...X......."),
        (CLAP, "....x...x.x.xxxX"),
        (OPEN_HAT, "..x...x........."),
        (HAT, "o..oo..o........"),
    ],
    crash: Some(CRASH),
    bass: &["..1-..1-..1-..81", "..1-..1-..1-..1-", "..1-..1-..1-..85", "..1-..1-.1.1..8-"],
    chords: &["X..x..x...X..x..", "X..x..x...X..x..", "X..x..x...X..x..", "X..x..x..x..x.x."],
    lead: &[
        "a.e.c.e.a.e.c.e.",
        "a.f.c.f.a.f.c.f.",
        "g.e.c.e.g.e.c.e.",
        "g.d.B.d.g.d.B.d.",
        "a..e..c.e-......",
        "c..a..f.c-......",
        "f..d..a.f-......",
        "g..d..B.d-......",
    ],
    lead_answer: &[
        "e.............a.",
        "f...........c...",
        "e.............g.",
        "d...........b...",
        "a.c.e.a.........",
        "........a.f.c.f.",
        "d.f.a.d.........",
        "........g.d.B.G.",
    ],
};

static FOLK: Song = Song {
    major: &["C", "C", "F", "G", "C", "Am", "F G", "C"],
    minor: &["Am", "Am", "G", "G", "Am", "C", "G Em", "Am"],
    drums: &[
        &[(LOW_CONGA, "x...o.x."), (TAMBOURINE, "..x...x."), (HIGH_CONGA, "...o...o")],
        &[(LOW_CONGA, "x..ox.o."), (TAMBOURINE, "..x...x."), (HIGH_CONGA, "..o....x")],
    ],
    fill: &[(LOW_CONGA, "x...o.x.x.x.xxxx"), (TAMBOURINE, "....x.......x...")],
    crash: None,
    bass: &["1---5---", "1---5-1-", "1---5---", "1-5-3-1-"],
    chords: &[".x.x.x.x", ".x.x.xx.", ".x.x.x.x", ".xx.x.x."],
    lead: &[
        "c-GEGcde", "g-e-c-e-", "f-afdfac", "g-fedBGB", "c-GEGcde", "g-a-g-e-", "fedcBGAB",
        "c-c-c---",
    ],
    lead_answer: &[
        "e-cGcefg", "a-gec---", "d-fafdcA", "B-dgbgdB", "e-efg-e-", "a-gec-e-", "f-d-BdGB",
        "c-e-c---",
    ],
};

static HIP_HOP: Song = Song {
    major: &["Am7", "Dm7", "Am7", "Fmaj7", "Am7", "Dm7", "Em7", "Fmaj7"],
    minor: &["Am7", "Am7", "Dm7", "Em7", "Fmaj7", "Fmaj7", "Dm7", "E7"],
    drums: &[
        &[(KICK, "X......x..X....."), (SNARE, "....X..o.o..X..."), (HAT, "x.xox.x.x.xox.xx")],
        &[
            (KICK, "X.x....x..X..x.."),
            (SNARE, "....X..o....X..o"),
            (HAT, "x.xox.x.xxx.x.x."),
            (OPEN_HAT, "..............x."),
        ],
    ],
    fill: &[
        (KICK, "X......x..x....."),
        (SNARE, "....X..o.oX.XoXX"),
        (HAT, "x.xox.x.x......."),
        (MID_TOM, ".............x.."),
        (RIM, "..o............."),
    ],
    crash: None,
    bass: &["1-----.l--1---..", "1---..1-...5--a.", "1-----.l--8---..", "1---..5-..1-..a."],
    chords: &["X-------....x---", "..........x-----", "X-------....x---", "..x---..x-......"],
    lead: &[
        "e-..c.d-....A---",
        "................",
        "e-..g.e-..d-c---",
        "..A-c.A-........",
        "a-..g.e-....c---",
        "........f-d.c---",
        "e---d-B.G---....",
        "................",
    ],
    lead_answer: &[
        "......e-e.d.c-A-",
        "d---....f---....",
        "......a-g.e.d-c-",
        "c---....A---....",
        "e.e.d.c.........",
        "....f-..a---....",
        "......b-g.e.d---",
        "c-------........",
    ],
};
