//! What Python's operators make of values.

use super::Python;

/// Brackets within brackets; more are not read.
pub(super) const DEEPEST: usize = 50;
/// Bytes of a text, items of a list, keys of a dict that a sum may have: each `+` copies what stands before it.
const LARGEST_SUM: usize = 2_000;

/// `a + b` and the like; `None` where that is more than is calculated here.
pub(super) fn calculate(left: &Python, op: char, right: &Python) -> Option<Python> {
    use Python::{Dict, Int, Seconds, Sequence, Text};
    let is_too_large = |left: usize, right: usize| left.saturating_add(right) > LARGEST_SUM;
    match (left, op, right) {
        (Text(left), '+', Text(right)) if is_too_large(left.len(), right.len()) => None,
        (Sequence(left), '+', Sequence(right)) if is_too_large(left.len(), right.len()) => None,
        (Dict(left), '|', Dict(right)) if is_too_large(left.len(), right.len()) => None,
        (Int(left), '+', Int(right)) => left.checked_add(*right).map(Int),
        (Int(left), '-', Int(right)) => left.checked_sub(*right).map(Int),
        (Int(left), '*', Int(right)) => left.checked_mul(*right).map(Int),
        (Seconds(left), '+', Seconds(right)) => left.checked_add(*right).map(Seconds),
        (Seconds(span), '*', Int(times)) | (Int(times), '*', Seconds(span)) => {
            span.checked_mul(*times).map(Seconds)
        }
        (Sequence(left), '+', Sequence(right)) => Some(Sequence([left.as_slice(), right].concat())),
        (Text(left), '+', Text(right)) => Some(Text(format!("{left}{right}"))),
        (Dict(left), '|', Dict(right)) => Some(Dict(merged(left.clone(), right.clone()))),
        (_, '+' | '-' | '*' | '/', _) => {
            let (left, right) = (number(left)?, number(right)?);
            let result = match op {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                _ => left / right,
            };
            Some(Python::Float(result))
        }
        _ => None,
    }
}

/// `left == right`, or `left in right`.
pub(super) fn compare(left: &Python, right: &Python, is_member: bool) -> Option<bool> {
    match (left, right) {
        (_, Python::Sequence(items)) if is_member => items
            .iter()
            .map(|item| compare(left, item, false))
            .try_fold(false, |so_far, is| Some(so_far | is?)),
        _ if is_member => None,
        (Python::Text(_) | Python::None, Python::Text(_) | Python::None)
        | (Python::Bool(_), Python::Bool(_))
        | (Python::Int(_), Python::Int(_)) => Some(left == right),
        _ => None,
    }
}

/// Whether a value counts as true, if that can be told.
pub(super) fn is_true(value: &Python) -> Option<bool> {
    match value {
        Python::None => Some(false),
        Python::Bool(value) => Some(*value),
        Python::Int(number) => Some(*number != 0),
        Python::Text(text) => Some(!text.is_empty()),
        Python::Sequence(items) => Some(!items.is_empty()),
        Python::SecretKey => Some(true),
        _ => None,
    }
}

/// One dict over another: a key that is there keeps its place, and the last value holds.
pub(super) fn merged(below: Vec<(Python, Python)>, above: Vec<(Python, Python)>) -> Vec<(Python, Python)> {
    let mut pairs = below;
    for (key, value) in above {
        match pairs
            .iter_mut()
            .find(|(other, _)| *other == key && matches!(key, Python::Text(_)))
        {
            Some(pair) => pair.1 = value,
            None => pairs.push((key, value)),
        }
    }
    pairs
}

/// How many values and bytes of text a value has; `None` where it is nested deeper than `levels`.
pub(super) fn size(value: &Python, levels: usize) -> Option<usize> {
    let levels = levels.checked_sub(1)?;
    let sum = |mut values: &mut dyn Iterator<Item = &Python>| {
        (&mut values).try_fold(1_usize, |so_far, value| Some(so_far + size(value, levels)?))
    };
    match value {
        Python::Text(text) | Python::File(text) => Some(1 + text.len()),
        Python::Sequence(items) => sum(&mut items.iter()),
        Python::Dict(pairs) => sum(&mut pairs.iter().flat_map(|(key, value)| [key, value])),
        Python::Choice { between, written } => Some(sum(&mut between.iter())? + written.text.len()),
        Python::Environment { variables, otherwise } => {
            let names: usize = variables.iter().map(|name| 1 + name.len()).sum();
            Some(names + sum(&mut otherwise.iter().map(|value| &**value))?)
        }
        Python::Unknown(passage) => Some(1 + passage.text.len()),
        _ => Some(1),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "settings count in thousands, not in quadrillions"
)]
pub(super) fn number(value: &Python) -> Option<f64> {
    match value {
        Python::Int(number) => Some(*number as f64),
        Python::Float(number) => Some(*number),
        _ => None,
    }
}

/// A number without a fraction, as an integer.
pub(super) fn whole(number: f64) -> Option<i64> {
    let is_whole = number.fract() == 0.0 && number.abs() < 1e15;
    // By way of text: a cast would lose what does not fit, and that has been looked at.
    is_whole.then(|| format!("{number:.0}").parse().ok())?
}
