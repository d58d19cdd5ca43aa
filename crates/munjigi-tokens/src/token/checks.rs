//! What makes a token good whose signature is: the checks of `PyJWT._validate_claims` and of `Token.verify` (simplejwt
//! 5.5.1, `tokens.py`), in their order.

use crate::{
    Audience, Claims, Error, SimpleJwtSettings,
    claims::{Claim, Registered},
};
use jiff::{SignedDuration, Timestamp};

/// What PyJWT checks (`PyJWT._validate_claims`), in its order.
pub(super) fn validate_claims(
    registered: &Registered<'_>,
    settings: &SimpleJwtSettings,
    now: Timestamp,
) -> Result<(), Error> {
    let now = now.as_duration();
    let latest = now.saturating_add(settings.leeway);
    let has_begun = |claim: Claim<'_>| {
        claim
            .seconds()
            .is_some_and(|start| SignedDuration::from_secs(start) <= latest)
    };
    if !registered.iat.is_none_or(has_begun) || !registered.nbf.is_none_or(has_begun) {
        return Err(Error::Invalid);
    }
    check_exp(registered.exp, now.saturating_sub(settings.leeway))?;
    let is_iss_good = settings
        .issuer
        .as_deref()
        .is_none_or(|issuer| registered.iss == Some(Claim::Text(issuer)));
    let is_aud_good = settings
        .audience
        .as_ref()
        .is_none_or(|audience| is_for(registered.aud, audience));
    let is_text = |claim: Claim<'_>| claim.text().is_some();
    if is_iss_good && is_aud_good && registered.sub.is_none_or(is_text) && registered.jti.is_none_or(is_text)
    {
        Ok(())
    } else {
        Err(Error::Invalid)
    }
}

/// A missing `exp` is not PyJWT's affair.
fn check_exp(exp: Option<Claim<'_>>, moment: SignedDuration) -> Result<(), Error> {
    /// The last second of the year 9999, where Python's datetime ends.
    const LAST: i64 = 253_402_300_799;
    let Some(exp) = exp else { return Ok(()) };
    let seconds = exp.seconds().ok_or(Error::Invalid)?;
    if SignedDuration::from_secs(seconds) <= moment {
        Err(Error::Expired)
    } else if seconds > LAST || exp.text().is_some() {
        Err(Error::Invalid)
    } else {
        Ok(())
    }
}

pub(crate) fn is_for(aud: Option<Claim<'_>>, audience: &Audience) -> bool {
    let named: Vec<String> = match aud {
        Some(Claim::Text(one)) => vec![one.to_owned()],
        Some(Claim::Json(json)) => serde_json::from_str(json).unwrap_or_default(),
        None => return false,
    };
    match audience {
        Audience::One(audience) => named.contains(audience),
        Audience::Several(audiences) => audiences.iter().any(|audience| named.contains(audience)),
    }
}

/// What simplejwt checks then (`Token.verify`), in its order; and that an id under another name than `jti` is a text
/// too, or nobody could look it up.
pub(super) fn verify_claims(
    claims: &Claims,
    settings: &SimpleJwtSettings,
    kind: Option<&str>,
) -> Result<(), Error> {
    let is_text = match &settings.jti_claim {
        Some(claim) => claims.find(claim).ok_or(Error::NoId)?.text().is_some(),
        None => true,
    };
    if let (Some(kind), Some(claim)) = (kind, &settings.token_type_claim)
        && claims.find(claim).ok_or(Error::NoType)? != Claim::Text(kind)
    {
        return Err(Error::WrongType);
    }
    if is_text { Ok(()) } else { Err(Error::Invalid) }
}
