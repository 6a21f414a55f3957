//! A browser signs in and out: what it is given, for how long, and whom it is not given to.

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use jiff::SignedDuration;

use super::who::proxied;
use super::{Answer, FROM_OUR_PAGE, Fixture, now};
use crate::store::{Role, SESSION};
use crate::web::access::entrance::Entrance;
use crate::web::access::entrance::tests::{local, public};

const FORM: (HeaderName, &str) = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
const HOST: (HeaderName, &str) = (header::HOST, "orchestrate.localhost:8080");
pub(super) const ACCEPT: (HeaderName, &str) = (header::ACCEPT, "text/html,*/*;q=0.8");

impl Fixture {
    /// A form of a page of ours is sent.
    pub(super) async fn post_as(&self, path: &str, cookie: Option<&str>, form: &str) -> Answer {
        let cookie = cookie.map(|cookie| (header::COOKIE, cookie));
        let headers = [HOST, ACCEPT, FORM, FROM_OUR_PAGE].into_iter().chain(cookie);
        self.send_body("POST", path, headers, Body::from(form.to_owned()))
            .await
    }

    pub(super) async fn browse_as(&self, path: &str, cookie: &str) -> Answer {
        self.ask_with("GET", path, [HOST, ACCEPT, (header::COOKIE, cookie)])
            .await
    }

    /// Signs in, and returns the cookie.
    pub(super) async fn sign_in(&self, token: &str) -> String {
        let answer = self.post_as("/login", None, &format!("token={token}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        answer.cookie().unwrap()
    }
}

impl Answer {
    /// Name and value of the cookie that is set.
    fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get(header::SET_COOKIE)?.to_str().unwrap();
        Some(cookie.split(';').next().unwrap().to_owned())
    }

    pub(super) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_a_cookie_from_then_on() {
    let site = Fixture::with(proxied()).await;
    let token = site.token("ops", Role::Operator).await;
    let led = site.ask_with("GET", "/runs?outcome=failed", [HOST, ACCEPT]).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    assert_eq!(led.location(), "/login?next=%2Fruns%3Foutcome%3Dfailed");
    let door = site.ask_with("GET", led.location(), [HOST, ACCEPT]).await;
    assert_eq!(door.status, StatusCode::OK);
    assert!(
        door.text.contains("name=\"next\" value=\"/runs?outcome=failed\""),
        "{}",
        door.text
    );
    assert!(
        !door.text.contains("href=\"/records\""),
        "nothing is named to whoever is not in"
    );

    let form = format!("token=+{token}%0D%0A&next=%2Fruns%3Foutcome%3Dfailed");
    let answer = site.post_as("/login", None, &form).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/runs?outcome=failed")
    );
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"),
        "{cookie}"
    );
    assert!(!cookie.contains(&token));

    let cookie = answer.cookie().unwrap();
    let home = site.browse_as("/", &cookie).await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("title=\"Sign out ops\""), "{}", home.text);
    assert!(!home.text.contains(&cookie) && !home.text.contains(&token));
    let lost = site.browse_as("/nothing", &cookie).await;
    assert_eq!(lost.status, StatusCode::NOT_FOUND);
    assert!(
        lost.text.contains("title=\"Sign out ops\""),
        "also on the page of a refusal"
    );

    let out = site.post_as("/logout", Some(&cookie), "").await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/login"));
    assert_eq!(out.cookie().as_deref(), Some("orchestrate_session="));
    // Whoever kept it: it is nobody's, and not known by mistake.
    let after = site.browse_as("/", &cookie).await;
    assert_eq!(after.location(), "/login?next=%2F");
    assert_eq!(
        after.cookie().as_deref(),
        Some("orchestrate_session="),
        "it is forgotten"
    );
    let program = site
        .ask_with("GET", "/", [HOST, (header::COOKIE, cookie.as_str())])
        .await;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn with_tls_the_cookie_is_of_this_host_alone() {
    let site = Fixture::with(public("https://ops.example")).await;
    let token = site.token("ops", Role::Operator).await;
    let headers = [
        (header::HOST, "ops.example"),
        FORM,
        (header::ORIGIN, "https://ops.example"),
    ];
    let form = Body::from(format!("token={token}"));
    let answer = site.send_body("POST", "/login", headers, form).await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-orchestrate_session="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let cookie = answer.cookie().unwrap();
    let with = |host| [(header::HOST, host), (header::COOKIE, cookie.as_str())];
    assert_eq!(
        site.ask_with("GET", "/", with("ops.example")).await.status,
        StatusCode::OK
    );
    let other = site.ask_with("GET", "/", with("localhost")).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_with_its_time_its_token_and_the_next_one() {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    let enters = async |cookie: &str| site.browse_as("/", cookie).await.status == StatusCode::OK;

    let first = site.sign_in(&token).await;
    assert!(enters(&first).await);
    let form = format!("token={token}");
    let again = site
        .post_as("/login", Some(&first), &form)
        .await
        .cookie()
        .unwrap();
    assert_ne!(first, again);
    assert!(!enters(&first).await, "what a browser had before is over");
    assert!(enters(&again).await);
    assert!(
        !enters(&format!("{again}; {again}")).await,
        "two are one too many"
    );

    site.store.revoke_token("ops", now()).await.unwrap();
    assert!(!enters(&again).await, "revoked");

    let long = site.lasting_token("wall", Role::Viewer, SESSION + SESSION).await;
    let cookie = site.sign_in(&long).await;
    site.clock.set(now() + SESSION - SignedDuration::from_secs(1));
    assert!(enters(&cookie).await);
    site.clock.set(now() + SESSION);
    assert!(!enters(&cookie).await, "over");
}

#[tokio::test]
async fn what_is_no_token_is_refused_and_soon_not_looked_at() {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    for guess in [
        "",
        "token=",
        "token=orc_guessed",
        "tok=x",
        "token=%00%ff",
        "token=<script>",
        "next=/",
    ] {
        let answer = site.post_as("/login", None, guess).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{guess}");
        assert!(answer.text.contains("This token is not known"), "{}", answer.text);
        assert!(answer.cookie().is_none());
        assert!(!answer.text.contains("guessed") && !answer.text.contains("<script>"));
    }
    for _ in 0..3 {
        site.post_as("/login", None, "token=x").await;
    }
    let right = format!("token={token}");
    let limited = site.post_as("/login", None, &right).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers[header::RETRY_AFTER], "60");
    assert!(limited.text.contains("Try again in 60 s"), "{}", limited.text);
    // Who shows a token in a header is no worse off.
    assert_eq!(site.status_with("/", Some(&token)).await, StatusCode::OK);
    site.clock.set(now() + SignedDuration::from_secs(60));
    let later = site.post_as("/login", None, &right).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_browser_is_led_nowhere_else() {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    for evil in [
        "//evil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/%0D%0ASet-Cookie:+a=b",
        "/%09/evil.example",
        "",
    ] {
        let answer = site
            .post_as("/login", None, &format!("token={token}&next={evil}"))
            .await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/"),
            "{evil}"
        );
        let door = site.browse(&format!("/login?next={evil}")).await;
        assert!(
            door.text.contains("name=\"next\" value=\"/\""),
            "{evil}: {}",
            door.text
        );
    }
}

#[tokio::test]
async fn nobody_is_signed_in_from_elsewhere() {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    for (from, status) in [
        (None, 403),
        (Some((fetch_site.clone(), "cross-site")), 403),
        (Some((fetch_site.clone(), "same-site")), 403),
        (Some((fetch_site, "same-origin")), 303),
        (Some((header::ORIGIN, "null")), 403),
        (Some((header::ORIGIN, "http://orchestrate.localhost:9000")), 403),
        (Some((header::ORIGIN, "http://orchestrate.localhost:8080")), 303),
    ] {
        let form = Body::from(format!("token={token}"));
        let headers = [HOST, FORM].into_iter().chain(from.clone());
        let answer = site.send_body("POST", "/login", headers, form).await;
        assert_eq!(answer.status.as_u16(), status, "{from:?}");
        let out = site
            .ask_with("POST", "/logout", [HOST].into_iter().chain(from.clone()))
            .await;
        assert_eq!(out.status.as_u16(), status, "{from:?}");
    }
    let kind = (header::CONTENT_TYPE, "text/plain");
    let answer = site
        .send_body(
            "POST",
            "/login",
            [HOST, kind, FROM_OUR_PAGE],
            Body::from("token=x"),
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn who_comes_by_another_name_is_told_of_the_better_one() {
    let site = Fixture::new().await;
    let by = async |host: &str| site.ask("GET", "/login", &[host]).await.text;
    assert!(
        by("127.0.0.1:8080")
            .await
            .contains("href=\"http://orchestrate.localhost:8080/login\"")
    );
    assert!(!by("orchestrate.localhost:8080").await.contains("Better:"));
    let locked = Entrance {
        behind_proxy: true,
        ..local()
    };
    let locked = Fixture::with(locked).await;
    let page = locked.ask("GET", "/login", &["localhost"]).await.text;
    assert!(page.contains("A <b>viewer</b> may look"), "{page}");
}
