//! The weights of the user's styles.

use super::values::style_weight;
use crate::model_file::Model;
use nice_plug::prelude::*;
use score::N_STYLES;
use std::sync::Arc;

/// Weights of the user's styles, `0.0..=1.0` each, against those of the genres.
#[derive(Params)]
pub struct StyleParams {
    /// Weight of the first style.
    #[id = "1"]
    pub first: FloatParam,
    /// Weight of the second style.
    #[id = "2"]
    pub second: FloatParam,
    /// Weight of the third style.
    #[id = "3"]
    pub third: FloatParam,
    /// Weight of the fourth style.
    #[id = "4"]
    pub fourth: FloatParam,
}

impl StyleParams {
    pub(super) fn new(owner: &str, model: &Arc<Model>) -> Self {
        let weight = |knob: usize| style_weight(owner, knob, model.clone());
        Self { first: weight(0), second: weight(1), third: weight(2), fourth: weight(3) }
    }

    /// The four weights, in the order of the knobs.
    pub fn weights(&self) -> [&FloatParam; N_STYLES] {
        [&self.first, &self.second, &self.third, &self.fourth]
    }
}
