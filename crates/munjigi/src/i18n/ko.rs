//! Korean: the sentences as the packages' `ko` and `ko_KR` catalogues have them, and ours.
//!
//! A catalogue's quirk stays: a particle that does not fit ("이름와"), a space after the full stop, English where an
//! entry is marked fuzzy or missing (those are marked here).

use super::{Text, UserAttribute};
use std::borrow::Cow;

#[expect(clippy::too_many_lines, reason = "a line or two for each sentence")]
pub(super) fn render(text: &Text) -> Cow<'static, str> {
    match text {
        Text::Required => "이 필드는 필수 항목입니다.".into(),
        Text::Null => "이 필드는 null일 수 없습니다.".into(),
        Text::Blank => "이 필드는 blank일 수 없습니다.".into(),
        Text::NotAString => "유효한 문자열이 아닙니다.".into(),
        Text::MaxLength(most) => format!("이 필드의 글자 수가 {most} 이하인지 확인하세요.").into(),
        Text::NullCharacters => "null 문자는 사용할 수 없습니다. ".into(),
        Text::Surrogate(unit) => format!("대체(surrogate) 문자는 허용되지 않습니다: U+{unit:X}.").into(),
        Text::InvalidEmail => "유효한 이메일 주소를 입력하세요.".into(),
        Text::InvalidUsername => {
            "유효한 사용자 이름을 입력하세요. 이곳에는 문자, 숫자, @/./+/-/_만 가능합니다.".into()
        }
        Text::UsernameTaken => "해당 사용자 이름은 이미 존재합니다.".into(),
        Text::EmailTaken => "해당 이메일 주소는 이미 존재합니다.".into(),
        Text::NotUnique => "이 필드는 반드시 고유해야 합니다.".into(),
        Text::UsernameIsForeignEmail => {
            "이메일 주소 형식의 사용자 이름은 계정의 이메일 주소와 같아야 합니다.".into()
        }
        Text::NotAnInteger => "유효한 정수를 입력하세요.".into(),
        Text::IntegerTextTooLong => "문자열 값이 너무 깁니다.".into(),
        Text::MinValue(least) => format!("이 값이 {least}보다 크거나 같은지 확인하세요.").into(),
        Text::MaxValue(most) => format!("이 값이 {most}보다 작거나 같은지 확인하세요.").into(),
        Text::NotABoolean => "유효한 불리언이어야 합니다.".into(),

        Text::ExpectedDictionary(kind) => {
            format!("유효하지 않은 데이터. 딕셔너리(dictionary)대신 {kind}를 받았습니다.").into()
        }
        // The four that follow are not in DRF's catalogues.
        Text::NoData => "No data provided".into(),
        Text::JsonParseError(why) => format!("JSON parse error - {why}").into(),
        Text::MultipartParseError(why) => format!("Multipart form parse error - {why}").into(),
        Text::UnsupportedCharset(charset) => {
            format!("Unsupported charset \"{charset}\" in request Content-Type header.").into()
        }
        Text::FormIsNotUtf8 => "폼의 텍스트가 UTF-8이 아닙니다.".into(),
        Text::TooManyFields(most) => format!("폼의 필드가 {most}개보다 많습니다.").into(),
        Text::FilesRefused => "파일은 받지 않습니다.".into(),
        Text::UnsupportedMediaType(media) => {
            format!("요청된 \"{media}\"가 지원되지 않는 미디어 형태입니다.").into()
        }
        Text::BodyTooLarge(most) => format!("요청 본문이 {most}바이트보다 큽니다.").into(),

        Text::PasswordTooSimilar(attribute) => {
            format!("비밀번호가 {}와 너무 유사합니다.", verbose_name(*attribute)).into()
        }
        Text::PasswordTooShort(least) => {
            format!("이 비밀번호는 너무 짧습니다. 최소 {least}자 이상이어야 합니다.").into()
        }
        Text::PasswordTooCommon => "너무 흔히 사용되는 비밀번호입니다.".into(),
        Text::PasswordEntirelyNumeric => "비밀번호가 전부 숫자로 되어 있습니다.".into(),
        Text::PasswordTooLong(most) => {
            format!("이 비밀번호는 너무 깁니다. 최대 {most}바이트 이하여야 합니다.").into()
        }

        Text::PasswordIncorrect => "기존 비밀번호를 잘못 입력하셨습니다. 다시 입력해 주세요.".into(),

        Text::ResetMailSent => "계정이 존재한다면, 독자가 입력한 이메일로 비밀번호 설정 안내문을 발송했습니다. 곧 수신할 수 있을 \
                                것입니다. "
            .into(),
        Text::ResetLinkInvalid => {
            "비밀번호 초기화 링크가 이미 사용되어 올바르지 않습니다. 비밀번호 초기화를 다시 해주세요.".into()
        }
        Text::ResetDone => "비밀번호가 설정되었습니다. 이제 로그인하세요.".into(),
        Text::ResetMailSubject(site) => format!("{site}의 비밀번호 재설정").into(),
        Text::ResetMailReason(site) => {
            format!("{site}의 계정 비밀번호를 초기화하기 위한 요청으로 이 이메일이 전송되었습니다.").into()
        }
        Text::ResetMailLink => "다음 페이지에서 새 비밀번호를 선택하세요.".into(),
        Text::ResetMailUsername => "잊으신 경우, 귀하의 사용자 이름은 다음과 같습니다:".into(),
        Text::ResetMailThanks => "사이트를 이용해 주셔서 고맙습니다.".into(),
        Text::ResetMailTeam(site) => format!("{site} 팀").into(),
        Text::ResetPageTitle => "비밀번호 재설정".into(),
        Text::ResetPagePassword => "새 비밀번호".into(),
        Text::ResetPageButton => "바꾸기".into(),

        Text::MalformedRequest => "잘못된 요청입니다.".into(),
        Text::NotAuthenticated => "자격 인증 데이터가 제공되지 않았습니다.".into(),
        // Never translated: the middleware's reasons are written for the log.
        Text::CsrfFailed(why) => format!("CSRF Failed: {why}").into(),
        Text::NotFound => "찾을 수 없습니다.".into(),
        Text::MethodNotAllowed(method) => format!("메서드 \"{method}\"는 허용되지 않습니다.").into(),
        Text::NotAcceptable => "요청 Accept 헤더를 만족시킬 수 없습니다.".into(),
        Text::AccountInUse => {
            "다른 곳에서 사용 중인 계정이어서 탈퇴하지 못했습니다. 사이트 관리자에게 문의해 주세요.".into()
        }
        Text::TokenTooLong => "이 계정의 토큰이 너무 깁니다. 사이트 관리자에게 문의해 주세요.".into(),
        Text::ServerError => "서버 장애가 발생했습니다.".into(),
        Text::Unavailable => "지금은 서비스를 사용할 수 없습니다.".into(),
        Text::UpgradeRefused => "여기서는 HTTP만 전달합니다. WebSocket은 쓸 수 없습니다.".into(),

        Text::NoActiveAccount => "지정된 자격 증명에 해당하는 활성화된 사용자를 찾을 수 없습니다".into(),
        // Fuzzy in simplejwt's catalogue, so English, the next three.
        Text::NoActiveAccountForToken => "No active account found for the given token.".into(),
        Text::TokenInvalid => "Token is invalid".into(),
        Text::TokenExpired => "Token is expired".into(),
        Text::TokenBlacklisted => "블랙리스트에 추가된 토큰입니다".into(),
        Text::TokenHasNoId => "토큰에 식별자가 주어지지 않았습니다".into(),
        Text::TokenHasNoType => "토큰 타입이 주어지지 않았습니다".into(),
        Text::TokenHasWrongType => "잘못된 토큰 타입입니다".into(),
        Text::TokenHasNoClaim(claim) => format!("토큰에 '{claim}' 클레임이 없습니다").into(),
        Text::TokenClaimExpired(claim) => format!("토큰 '{claim}' 클레임이 만료되었습니다").into(),
        Text::TokenNotValidForAnyType => "이 토큰은 모든 타입의 토큰에 대해 유효하지 않습니다".into(),
        Text::BadAuthorizationHeader => {
            "인증 헤더에는 공백으로 구분 된 두 개의 값이 포함되어야 합니다".into()
        }
        Text::NoUserIdentification => "토큰에 사용자 식별자가 포함되어 있지 않습니다".into(),
        Text::UserNotFound => "찾을 수 없는 사용자입니다".into(),
        Text::UserInactive => "비활성화된 사용자입니다".into(),
        Text::PasswordChanged => "사용자의 비밀번호가 바뀌었습니다.".into(),

        Text::TokenUndecodable => "Error decoding token.".into(),
        Text::TokenHasExpired => "Token has expired.".into(),
        Text::TokenNotGood => "토큰이 유효하지 않습니다.".into(),
        Text::PayloadInvalid => "Invalid payload.".into(),
        Text::NoSuchUser => "User doesn't exist.".into(),
        Text::AccountDisabled => "User account is disabled.".into(),
        Text::TokenIsBlacklisted => "Token is blacklisted.".into(),
        Text::NoOrigIat => "orig_iat field not found in token.".into(),
        Text::RefreshHasExpired => "Refresh has expired.".into(),
        Text::NoLogin => "제공된 인증 데이터로는 로그인할 수 없습니다.".into(),
        Text::SignupDone => "회원가입 성공".into(),
        Text::SigninDone => "로그인 성공".into(),
        Text::SignoutDone => "로그아웃 성공".into(),
        Text::PasswordChangeDone => "비밀번호 변경 성공".into(),
        Text::DeletionDone => "회원탈퇴 성공".into(),
        Text::WrongCredentials => "이메일 또는 비밀번호가 올바르지 않습니다".into(),
    }
}

fn verbose_name(attribute: UserAttribute) -> &'static str {
    match attribute {
        UserAttribute::Username => "사용자 이름",
        UserAttribute::FirstName => "이름",
        UserAttribute::LastName => "성",
        UserAttribute::Email => "이메일 주소",
    }
}
