//! What a form sends, read within a limit; what cannot be read is refused as everything else is.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use url::form_urlencoded;

use crate::web::fault::Fault;

/// The most that a form may send, in bytes.
const MOST: usize = 64 << 10;

const FORM: &str = "application/x-www-form-urlencoded";

/// The fields of a form, in order; a name may come more than once.
pub(crate) struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// The value of a field that comes once; the first where it comes more often.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All fields but one, as they were sent, in order.
    pub(crate) fn written_but(&self, name: &str) -> String {
        let others = self.0.iter().filter(|(field, _)| field != name);
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .finish()
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }
}

impl<S: Sync> FromRequest<S> for FormFields {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &S) -> Result<Self, Fault> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(FORM) {
            let (status, code) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type");
            return Err(Fault::new(status, code, format!("a form is sent as {FORM}")));
        }
        let body = to_bytes(request.into_body(), MOST).await.map_err(|_| {
            let (status, code) = (StatusCode::PAYLOAD_TOO_LARGE, "too_large");
            Fault::new(
                status,
                code,
                format!("it came torn, or is larger than {MOST} bytes"),
            )
        })?;
        Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(kind: &str, body: impl Into<Body>) -> Result<FormFields, u16> {
        let request = Request::post("/").header(header::CONTENT_TYPE, kind);
        let request = request.body(body.into()).unwrap();
        let read = FormFields::from_request(request, &()).await;
        read.map_err(|fault| fault.status.as_u16())
    }

    #[tokio::test]
    async fn fields_are_read_and_nothing_else() {
        let fields = read(FORM, "a=1&b=x+y%0Az&a=2&c=%ff").await.unwrap();
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("b"), Some("x y\nz"));
        assert_eq!(fields.get("c"), Some("\u{fffd}"), "no UTF-8");
        assert_eq!(fields.get("d"), None);
        assert!(
            read("application/x-www-form-urlencoded; charset=utf-8", "")
                .await
                .is_ok()
        );
        for other in [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "",
        ] {
            assert_eq!(read(other, "a=1").await.err(), Some(415), "{other}");
        }
        assert_eq!(read(FORM, "x".repeat(MOST + 1)).await.err(), Some(413));
    }
}
