//! A plugin's parameters, the same for both formats.

use crate::{Error, Result};

/// One parameter as the plugin describes it. Values are normalised: 0.0..=1.0 over its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The numeric id the format uses; see [`stable_id`].
    pub id: u32,
    /// Name for the host's list.
    pub name: String,
    /// Groups, outermost first, separated by `/`; empty at the top.
    pub module: String,
    /// Number of steps between the ends of the range; 0 for a continuous parameter.
    pub steps: u32,
    /// Default, normalised.
    pub default: f64,
    /// Whether the host may automate it.
    pub automatable: bool,
    /// Whether the host should not show it.
    pub hidden: bool,
}

/// The numeric id that stands for a parameter's text id in both formats.
///
/// Text ids do not travel to the host; the plugin framework sends this hash instead (base 31, the
/// top bit kept free for parameters that a VST3 host adds).
pub fn stable_id(text: &str) -> u32 {
    text.bytes().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)))
        & 0x7fff_ffff
}

/// All parameters of a plugin, in its own order.
#[derive(Clone, Debug, Default)]
pub struct ParameterList(pub(crate) Vec<Parameter>);

impl ParameterList {
    /// Looks a parameter up by text id (`g_jazz`), by name, or by `module/name`.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] when nothing matches, or when a name is not unique.
    pub fn find(&self, name: &str) -> Result<&Parameter> {
        let id = stable_id(name);
        if let Some(found) = self.0.iter().find(|parameter| parameter.id == id) {
            return Ok(found);
        }
        let full = |parameter: &Parameter| format!("{}/{}", parameter.module, parameter.name);
        let mut matches =
            self.0.iter().filter(|parameter| parameter.name == name || full(parameter) == name);
        match (matches.next(), matches.next()) {
            (Some(found), None) => Ok(found),
            _ => Err(Error::UnknownParameter {
                name: name.to_owned(),
                known: self.0.iter().take(12).map(full).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// All parameters, in the plugin's order.
    pub fn iter(&self) -> std::slice::Iter<'_, Parameter> {
        self.0.iter()
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the plugin has no parameter.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(id: u32, module: &str, name: &str) -> Parameter {
        Parameter {
            id,
            name: name.into(),
            module: module.into(),
            steps: 0,
            default: 0.0,
            automatable: true,
            hidden: false,
        }
    }

    #[test]
    fn ids_are_hashed_in_base_31_with_the_top_bit_free() {
        assert_eq!(stable_id("a"), 97);
        assert_eq!(stable_id("ab"), 97 * 31 + 98);
        assert!(stable_id("a_very_long_parameter_identifier") < 1 << 31);
    }

    #[test]
    fn parameters_are_found_by_id_by_name_and_by_path() {
        let list = ParameterList(vec![
            parameter(stable_id("g_jazz"), "Blend", "Jazz"),
            parameter(stable_id("dr_g_jazz"), "Drums", "Jazz"),
            parameter(stable_id("gain"), "Engine", "Gain"),
        ]);
        assert_eq!(list.find("dr_g_jazz").unwrap().module, "Drums");
        assert_eq!(list.find("Gain").unwrap().id, stable_id("gain"));
        assert_eq!(list.find("Blend/Jazz").unwrap().id, stable_id("g_jazz"));
        let message = list.find("Jazz").unwrap_err().to_string();
        assert!(message.contains("`Jazz`") && message.contains("Drums/Jazz"), "{message}");
    }
}
