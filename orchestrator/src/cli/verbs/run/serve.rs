//! `serve`: the scheduler with a listener, and whom that lets in.

use std::net::SocketAddr;

use clap::Args;
use url::Url;

use crate::cli::args::global::Global;
use crate::cli::shell::exit::VerbExit;
use crate::cli::shell::failure::Failure;
use crate::cli::verbs::run::beat::{BeatArgs, schedule_for_ever};
use crate::text::read_http_url;
use crate::web::Entrance;

/// Run the timetable and answer over HTTP: health, metrics, JSON
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orchestrate serve
  orchestrate serve --listen 127.0.0.1:9000 --public-url https://ops.example --behind-proxy")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    beat: BeatArgs,
    /// Where to answer HTTP: a loopback address, or with --behind-proxy any
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The address under which browsers of other machines come; who does needs a token
    #[arg(long, value_name = "URL", conflicts_with = "no_web", value_parser = public_url)]
    public_url: Option<Url>,
    /// A proxy that does TLS stands before it, and others may reach that: who comes needs a token
    #[arg(long, conflicts_with = "no_web")]
    behind_proxy: bool,
    /// Answer no HTTP
    #[arg(long, conflicts_with = "listen")]
    no_web: bool,
}

/// An address without a path: what is answered lies at the top of it.
fn public_url(given: &str) -> Result<Url, String> {
    let read = read_http_url(given)?;
    let url = Url::parse(&read).map_err(|error| error.to_string())?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match is_bare {
        true => Ok(url),
        false => Err("write scheme and host alone, as in https://ops.example".to_owned()),
    }
}

/// The scheduler and what it answers over HTTP.
pub(crate) fn serve(global: &Global, args: &ServeArgs) -> Result<VerbExit, Failure> {
    if args.no_web {
        return schedule_for_ever(global, &args.beat, None);
    }
    if !args.listen.ip().is_loopback() && !args.behind_proxy {
        return Err(Failure::usage(format!(
            "--listen {}: who is on the way would read every token, for there is no TLS",
            args.listen
        ))
        .hint("listen on 127.0.0.1, where ssh -L leads; or put a proxy with TLS before it and say --behind-proxy"));
    }
    let entrance = Entrance {
        address: args.listen,
        public_url: args.public_url.clone(),
        behind_proxy: args.behind_proxy,
    };
    schedule_for_ever(global, &args.beat, Some(entrance))
}

#[cfg(test)]
mod tests {
    use super::public_url;

    #[test]
    fn a_public_address_is_scheme_and_host() {
        for good in [
            "https://ops.example",
            "http://127.0.0.1:8443/",
            "https://m\u{fc}nchen.example",
        ] {
            public_url(good).unwrap();
        }
        for bad in [
            "ops.example",
            "https://ops.example/x",
            "https://ops.example/?a",
            "https://ops.example/#a",
            "https://me@ops.example",
            "ftp://ops.example",
            "",
        ] {
            public_url(bad).unwrap_err();
        }
    }
}
