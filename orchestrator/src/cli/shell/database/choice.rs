//! Which URL names our database, and whether `DATABASE_URL` is an application's. Pure.

/// Who named our database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseOrigin {
    /// `--database-url`.
    Flag,
    /// `ORCHESTRATE_DATABASE_URL`.
    OwnVariable,
    /// `database_url:` of the settings.
    Settings,
    /// `DATABASE_URL`, which others mean theirs by.
    ApplicationVariable,
    /// Nobody: the file in the state directory.
    Nobody,
}

/// What could name it. Variables are the process's own or, below them, those of `.env`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct UrlSources<'a> {
    pub(crate) flag: Option<&'a str>,
    pub(crate) own_variable: Option<&'a str>,
    pub(crate) settings: Option<&'a str>,
    pub(crate) application_variable: Option<&'a str>,
    /// `fallback:` is set: this is an application's project, and `DATABASE_URL` is its.
    pub(crate) fallback: bool,
    /// A collector asks with the settings that it was given: they win over a `.env` where it
    /// works.
    pub(crate) within_run: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseChoice {
    pub(crate) origin: DatabaseOrigin,
    /// `None` for the file in the state directory.
    pub(crate) url: Option<String>,
}

impl DatabaseChoice {
    /// The first that is there.
    pub(crate) fn of(sources: &UrlSources<'_>) -> Self {
        let own = sources.own_variable.filter(|_| !sources.within_run);
        let application = sources
            .application_variable
            .filter(|_| !sources.within_run && !sources.fallback);
        let all = [
            (DatabaseOrigin::Flag, sources.flag),
            (DatabaseOrigin::OwnVariable, own),
            (DatabaseOrigin::Settings, sources.settings),
            (DatabaseOrigin::ApplicationVariable, application),
        ];
        let found = all
            .into_iter()
            .find_map(|(origin, url)| url.map(|url| (origin, url)));
        let (origin, url) = found.map_or((DatabaseOrigin::Nobody, None), |(origin, url)| {
            (origin, Some(url))
        });
        Self {
            origin,
            url: url.map(str::to_owned),
        }
    }

    /// Whether `DATABASE_URL` reaches collectors: not where it names what is ours.
    pub(crate) fn hands_on_application_url(&self) -> bool {
        self.origin != DatabaseOrigin::ApplicationVariable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DatabaseOrigin::{ApplicationVariable, Flag, Nobody, OwnVariable, Settings};

    const ALL: UrlSources<'_> = UrlSources {
        flag: Some("flag"),
        own_variable: Some("own"),
        settings: Some("settings"),
        application_variable: Some("application"),
        fallback: false,
        within_run: false,
    };

    /// Who wins, the URL, and whether `DATABASE_URL` is handed on.
    fn choose(sources: &UrlSources<'_>) -> (DatabaseOrigin, Option<String>, bool) {
        let choice = DatabaseChoice::of(sources);
        let handed_on = choice.hands_on_application_url();
        (choice.origin, choice.url, handed_on)
    }

    #[test]
    fn the_first_that_is_there_is_ours_and_an_applications_never_is() {
        let (without_flag, without_own) = (
            UrlSources { flag: None, ..ALL },
            UrlSources {
                flag: None,
                own_variable: None,
                ..ALL
            },
        );
        let only_application = UrlSources {
            application_variable: Some("application"),
            ..UrlSources::default()
        };
        let url = |url: &str| Some(url.to_owned());
        for (sources, expected) in [
            (&ALL, (Flag, url("flag"), true)),
            (&without_flag, (OwnVariable, url("own"), true)),
            (&without_own, (Settings, url("settings"), true)),
            (
                &only_application,
                (ApplicationVariable, url("application"), false),
            ),
            (&UrlSources::default(), (Nobody, None, true)),
            (
                &UrlSources {
                    fallback: true,
                    ..without_own
                },
                (Settings, url("settings"), true),
            ),
            (
                &UrlSources {
                    fallback: true,
                    ..only_application
                },
                (Nobody, None, true),
            ),
            (
                &UrlSources {
                    within_run: true,
                    ..ALL
                },
                (Flag, url("flag"), true),
            ),
            (
                &UrlSources {
                    within_run: true,
                    ..without_flag
                },
                (Settings, url("settings"), true),
            ),
            (
                &UrlSources {
                    within_run: true,
                    ..only_application
                },
                (Nobody, None, true),
            ),
        ] {
            assert_eq!(choose(sources), expected, "{sources:?}");
        }
    }
}
