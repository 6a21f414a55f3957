//! Who is let in: with a token or without, by which name, and for how long.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;

use super::{FROM_OUR_PAGE, Fixture, PATHS, now};
use crate::store::{Role, SecretHash, SecretValue};
use crate::web::access::entrance::Entrance;
use crate::web::access::entrance::tests::local;
use crate::web::route_policy::Admits;
use crate::web::routes::known_routes;

impl Fixture {
    pub(super) async fn token(&self, name: &str, role: Role) -> String {
        self.lasting_token(name, role, SignedDuration::from_hours(1))
            .await
    }

    pub(super) async fn lasting_token(&self, name: &str, role: Role, lasts: SignedDuration) -> String {
        let token = SecretValue::new_token().unwrap();
        let expires = now() + lasts;
        let (hash, until) = (token.hash(), Some(expires));
        let made = self.store.create_token(name, role, &hash, (now(), until)).await;
        assert!(made.unwrap());
        token.reveal().to_owned()
    }

    pub(super) async fn status_with(&self, path: &str, token: Option<&str>) -> StatusCode {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let bearer = bearer
            .iter()
            .map(|bearer| (header::AUTHORIZATION, bearer.as_str()));
        let headers = [(header::HOST, "localhost")].into_iter().chain(bearer);
        self.ask_with("GET", path, headers).await.status
    }
}

pub(super) fn proxied() -> Entrance {
    Entrance {
        behind_proxy: true,
        ..local()
    }
}

#[tokio::test]
async fn without_a_token_who_is_here_may_look_and_nobody_else() {
    let (here, proxied) = (Fixture::new().await, Fixture::with(proxied()).await);
    for path in PATHS {
        assert_eq!(here.status_with(path, None).await, StatusCode::OK, "{path}");
        assert_eq!(
            proxied.status_with(path, None).await,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    // They say nothing but yes or no.
    for path in ["/livez", "/readyz"] {
        assert_ne!(
            proxied.status_with(path, None).await,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    // What is not there is no secret, and yet is not told.
    assert_eq!(
        proxied.status_with("/nothing", None).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_token_lets_in_and_one_that_is_none_makes_nobody_anonymous() {
    for entrance in [local(), proxied()] {
        let site = Fixture::with(entrance).await;
        let viewer = site.token("wall", Role::Viewer).await;
        let operator = site.token("ops", Role::Operator).await;
        let revoked = site.token("gone", Role::Operator).await;
        site.store.revoke_token("gone", now()).await.unwrap();
        let kept = SecretHash::of(&viewer);
        for path in PATHS {
            for token in [&viewer, &operator] {
                assert_eq!(
                    site.status_with(path, Some(token)).await,
                    StatusCode::OK,
                    "{path}"
                );
            }
            for token in ["", "orc_guessed", revoked.as_str(), kept.as_str()] {
                let status = site.status_with(path, Some(token)).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {token}");
            }
        }
        site.clock.set(now() + SignedDuration::from_hours(1));
        assert_eq!(
            site.status_with("/", Some(&viewer)).await,
            StatusCode::UNAUTHORIZED,
            "expired"
        );
    }
}

#[tokio::test]
async fn a_foreign_name_is_refused_before_a_token_is_looked_at() {
    let site = Fixture::new().await;
    let token = site.token("ops", Role::Operator).await;
    let bearer = format!("Bearer {token}");
    let headers = [(header::HOST, "evil.example"), (header::AUTHORIZATION, &bearer)];
    let answer = site.ask_with("GET", "/", headers).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    let headers = [(header::HOST, "localhost"), (header::AUTHORIZATION, &bearer)];
    let answer = site.ask_with("GET", "http://evil.example/", headers).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "an absolute form");
    let used = site.store.tokens().await.unwrap()[0].last_used_at;
    assert_eq!(used, None);
}

/// A path of the site where `{...}` stands for something.
pub(super) fn address(path: &str) -> String {
    let part = regex::Regex::new(r"\{[a-z]+\}").unwrap();
    let mut address = path.to_owned();
    for (name, value) in [
        ("{run}", "20261125-000000-d014f0"),
        ("{place}", "1.1"),
        ("{group}", "early"),
        ("{name}", "usage"),
        ("{collection}", "boost_library"),
    ] {
        address = address.replace(name, value);
    }
    assert!(!part.is_match(&address), "{path}: say what stands there");
    address
}

/// Every route there is, by every caller there is. A route that is added comes in by itself.
#[tokio::test]
async fn every_route_admits_whom_it_says_and_nobody_else() {
    let site = Fixture::with(proxied()).await;
    let viewer = site.token("wall", Role::Viewer).await;
    let operator = site.token("ops", Role::Operator).await;
    let revoked = site.token("gone", Role::Operator).await;
    site.store.revoke_token("gone", now()).await.unwrap();
    let expired = site
        .lasting_token("old", Role::Operator, SignedDuration::from_secs(-1))
        .await;
    let callers = [
        ("nobody", None),
        ("viewer", Some(&viewer)),
        ("operator", Some(&operator)),
        ("revoked", Some(&revoked)),
        ("expired", Some(&expired)),
    ];
    let routes = known_routes();
    for route in &routes {
        for (who, token) in callers {
            let path = address(route.path);
            let bearer = token.map(|token| format!("Bearer {token}"));
            let headers = bearer
                .iter()
                .map(|bearer| (header::AUTHORIZATION, bearer.as_str()));
            let headers = [(header::HOST, "localhost"), FROM_OUR_PAGE]
                .into_iter()
                .chain(headers);
            let answer = site.ask_with(route.method.as_str(), &path, headers).await;
            let refused = matches!(answer.status.as_u16(), 401 | 403);
            let admitted = match (route.admits, who) {
                (Admits::Anyone, _) | (Admits::Looking, "viewer" | "operator") => true,
                (Admits::Acting, "operator") => true,
                (Admits::Looking | Admits::Acting, _) => false,
            };
            assert_eq!(
                refused, !admitted,
                "{} {path} by {who}: {}",
                route.method, answer.text
            );
            assert_ne!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{} {path}",
                route.method
            );
        }
    }
    assert!(routes.len() > 20, "{} routes", routes.len());
}
