//! PostgreSQL through TLS: the server is believed only if its certificate is.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use orchestrator::model::Outcome;
use orchestrator::store::{Store, this_process};

use crate::both::runtime;
use crate::cluster::{Cluster, name_of};
use crate::run_events::{Home, Story};

/// An authority of our own, a certificate of it for 127.0.0.1 and `db.test`, and another
/// authority that has nothing to do with them. With the program that comes with every
/// Debian that has PostgreSQL (through ssl-cert).
const CERTIFICATES: &str = "
    exec 2>&1
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr
    printf 'subjectAltName=IP:127.0.0.1,DNS:db.test' > extensions
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile extensions -out server.pem
";

fn prepare(dir: &Path) -> String {
    let made = Command::new("sh")
        .args(["-euc", CERTIFICATES])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(made.status.success(), "openssl: {made:?}");
    let key = dir.join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    // Nobody gets in through TCP without TLS.
    fs::write(
        dir.join("hba"),
        "local all all trust\nhostssl all all 127.0.0.1/32 trust\nhostnossl all all all reject\n",
    )
    .unwrap();
    let dir = dir.display();
    format!(
        "listen_addresses = '127.0.0.1'\nssl = on\nssl_cert_file = '{dir}/server.pem'\n\
         ssl_key_file = '{dir}/server.key'\nhba_file = '{dir}/hba'\n"
    )
}

/// A port that was free a moment ago; the server would say if it is not any more.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn the_connection_is_encrypted_and_the_server_is_who_it_says() {
    let port = free_port();
    let cluster = Cluster::start_with(port, prepare);
    let local = cluster.database();
    let database = name_of(&local);
    let url = |host: &str, mode: &str, authority: &str| {
        let authority = cluster.dir().join(authority);
        format!(
            "postgres://test:s3cret@{host}:{port}/{database}?sslmode={mode}&sslrootcert={}",
            authority.display()
        )
    };
    let home = Home::new(None);
    runtime().block_on(async {
        for mode in ["require", "verify-ca", "verify-full"] {
            let store = Store::open(Some(&url("127.0.0.1", mode, "ca.pem")), home.path())
                .await
                .unwrap();
            let mut story = Story::new(mode, 0, &["a"], this_process().unwrap());
            let end = story.does(Outcome::Succeeded).finish().tell(&store).await;
            assert!(end.failure.is_none(), "{end:?}");
            let encrypted = cluster.psql(
                database,
                "select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid)
                 where application_name = 'orchestrate (orchestrate)'",
            );
            assert_eq!(encrypted, "t\n", "{mode}");
            store.close().await;
        }
        // Who is not who he says, or cannot be asked to prove it, gets nothing.
        for (host, mode, authority, expected) in [
            ("127.0.0.1", "disable", "ca.pem", "no encryption"),
            ("127.0.0.1", "verify-ca", "other.pem", "UnknownIssuer"),
            ("127.0.0.1", "verify-full", "other.pem", "UnknownIssuer"),
            ("localhost", "verify-full", "ca.pem", "not valid for name"),
        ] {
            let error = Store::connect(Some(&url(host, mode, authority)), home.path())
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{mode} {host} {authority}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    });
}
