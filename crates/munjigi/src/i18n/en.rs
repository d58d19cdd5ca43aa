//! English: the sentences as the packages' sources have them, and ours.

use super::{Text, UserAttribute};
use std::borrow::Cow;

#[expect(clippy::too_many_lines, reason = "a line or two for each sentence")]
pub(super) fn render(text: &Text) -> Cow<'static, str> {
    match text {
        Text::Required => "This field is required.".into(),
        Text::Null => "This field may not be null.".into(),
        Text::Blank => "This field may not be blank.".into(),
        Text::NotAString => "Not a valid string.".into(),
        Text::MaxLength(most) => format!("Ensure this field has no more than {most} characters.").into(),
        Text::NullCharacters => "Null characters are not allowed.".into(),
        Text::Surrogate(unit) => format!("Surrogate characters are not allowed: U+{unit:X}.").into(),
        Text::InvalidEmail => "Enter a valid email address.".into(),
        Text::InvalidUsername => "Enter a valid username. This value may contain only letters, numbers, and \
                                  @/./+/-/_ characters."
            .into(),
        Text::UsernameTaken => "A user with that username already exists.".into(),
        Text::EmailTaken => "A user with that email address already exists.".into(),
        Text::NotUnique => "This field must be unique.".into(),
        Text::UsernameIsForeignEmail => {
            "A username that is an email address must be the email address of the account.".into()
        }
        Text::NotAnInteger => "A valid integer is required.".into(),
        Text::IntegerTextTooLong => "String value too large.".into(),
        Text::MinValue(least) => format!("Ensure this value is greater than or equal to {least}.").into(),
        Text::MaxValue(most) => format!("Ensure this value is less than or equal to {most}.").into(),
        Text::NotABoolean => "Must be a valid boolean.".into(),

        Text::ExpectedDictionary(kind) => {
            format!("Invalid data. Expected a dictionary, but got {kind}.").into()
        }
        Text::NoData => "No data provided".into(),
        Text::JsonParseError(why) => format!("JSON parse error - {why}").into(),
        Text::MultipartParseError(why) => format!("Multipart form parse error - {why}").into(),
        Text::FormIsNotUtf8 => "Form parse error - the text is not UTF-8.".into(),
        Text::TooManyFields(most) => format!("Form parse error - more than {most} fields.").into(),
        Text::FilesRefused => "Files are not accepted here.".into(),
        Text::UnsupportedCharset(charset) => {
            format!("Unsupported charset \"{charset}\" in request Content-Type header.").into()
        }
        Text::UnsupportedMediaType(media) => format!("Unsupported media type \"{media}\" in request.").into(),
        Text::BodyTooLarge(most) => format!("The request body is larger than {most} bytes.").into(),

        Text::PasswordTooSimilar(attribute) => {
            format!("The password is too similar to the {}.", verbose_name(*attribute)).into()
        }
        Text::PasswordTooShort(1) => {
            "This password is too short. It must contain at least 1 character.".into()
        }
        Text::PasswordTooShort(least) => {
            format!("This password is too short. It must contain at least {least} characters.").into()
        }
        Text::PasswordTooCommon => "This password is too common.".into(),
        Text::PasswordEntirelyNumeric => "This password is entirely numeric.".into(),
        Text::PasswordTooLong(most) => {
            format!("This password is too long. It must contain at most {most} bytes.").into()
        }

        Text::PasswordIncorrect => {
            "Your old password was entered incorrectly. Please enter it again.".into()
        }

        Text::ResetMailSent => "We’ve emailed you instructions for setting your password, if an account exists with the \
                                email you entered. You should receive them shortly."
            .into(),
        Text::ResetLinkInvalid => "The password reset link was invalid, possibly because it has already been used.  \
                                   Please request a new password reset."
            .into(),
        Text::ResetDone => "Your password has been set.  You may go ahead and log in now.".into(),
        Text::ResetMailSubject(site) => format!("Password reset on {site}").into(),
        Text::ResetMailReason(site) => format!(
            "You're receiving this email because you requested a password reset for your user account at {site}."
        )
        .into(),
        Text::ResetMailLink => "Please go to the following page and choose a new password:".into(),
        Text::ResetMailUsername => "In case you’ve forgotten, you are:".into(),
        Text::ResetMailThanks => "Thanks for using our site!".into(),
        Text::ResetPageTitle => "Password reset".into(),
        Text::ResetPagePassword => "New password".into(),
        Text::ResetPageButton => "Change it".into(),
        Text::ResetMailTeam(site) => format!("The {site} team").into(),

        Text::MalformedRequest => "Malformed request.".into(),
        Text::NotAuthenticated => "Authentication credentials were not provided.".into(),
        Text::CsrfFailed(why) => format!("CSRF Failed: {why}").into(),
        Text::NotFound => "Not found.".into(),
        Text::MethodNotAllowed(method) => format!("Method \"{method}\" not allowed.").into(),
        Text::NotAcceptable => "Could not satisfy the request Accept header.".into(),
        Text::AccountInUse => {
            "The account is still in use elsewhere and was not deleted. Please contact whoever runs this site.".into()
        }
        Text::TokenTooLong => {
            "A token for this account would be too long. Please contact whoever runs this site.".into()
        }
        Text::ServerError => "A server error occurred.".into(),
        Text::Unavailable => "The service is unavailable for the moment.".into(),
        Text::UpgradeRefused => "Only HTTP is passed on here, no WebSocket.".into(),

        Text::NoActiveAccount => "No active account found with the given credentials".into(),
        Text::NoActiveAccountForToken => "No active account found for the given token.".into(),
        Text::TokenInvalid => "Token is invalid".into(),
        Text::TokenExpired => "Token is expired".into(),
        Text::TokenBlacklisted => "Token is blacklisted".into(),
        Text::TokenHasNoId => "Token has no id".into(),
        Text::TokenHasNoType => "Token has no type".into(),
        Text::TokenHasWrongType => "Token has wrong type".into(),
        Text::TokenHasNoClaim(claim) => format!("Token has no '{claim}' claim").into(),
        Text::TokenClaimExpired(claim) => format!("Token '{claim}' claim has expired").into(),
        Text::TokenNotValidForAnyType => "Given token not valid for any token type".into(),
        Text::BadAuthorizationHeader => "Authorization header must contain two space-delimited values".into(),
        Text::NoUserIdentification => "Token contained no recognizable user identification".into(),
        Text::UserNotFound => "User not found".into(),
        Text::UserInactive => "User is inactive".into(),
        Text::PasswordChanged => "The user's password has been changed.".into(),

        Text::TokenUndecodable => "Error decoding token.".into(),
        Text::TokenHasExpired => "Token has expired.".into(),
        Text::TokenNotGood => "Invalid token.".into(),
        Text::PayloadInvalid => "Invalid payload.".into(),
        Text::NoSuchUser => "User doesn't exist.".into(),
        Text::AccountDisabled => "User account is disabled.".into(),
        Text::TokenIsBlacklisted => "Token is blacklisted.".into(),
        Text::NoOrigIat => "orig_iat field not found in token.".into(),
        Text::RefreshHasExpired => "Refresh has expired.".into(),
        Text::NoLogin => "Unable to log in with provided credentials.".into(),
        Text::SignupDone => "Signed up".into(),
        Text::SigninDone => "Signed in".into(),
        Text::SignoutDone => "Signed out".into(),
        Text::PasswordChangeDone => "Password changed".into(),
        Text::DeletionDone => "Account deleted".into(),
        Text::WrongCredentials => "The email address or the password is incorrect".into(),
    }
}

fn verbose_name(attribute: UserAttribute) -> &'static str {
    match attribute {
        UserAttribute::Username => "username",
        UserAttribute::FirstName => "first name",
        UserAttribute::LastName => "last name",
        UserAttribute::Email => "email address",
    }
}
