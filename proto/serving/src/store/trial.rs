//! PostgreSQL for tests: a private server per process, a new database per call.
//!
//! With `SHOUWANG_TEST_POSTGRES_URL` set, that server is used instead (its user must be allowed to create
//! databases). Without PostgreSQL the caller's test fails: a test that skips proves nothing.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Names a server to use instead of a private one.
const SERVER_VARIABLE: &str = "SHOUWANG_TEST_POSTGRES_URL";
/// A first start writes 40 MB; a busy machine takes its time.
const START_LIMIT: Duration = Duration::from_secs(90);

/// Runs as the server's user. The end of its standard input is the end of our process, however that came about; then
/// it stops the server and removes the folder. `$1` is the folder, `$2` the programs.
const KEEPER: &str = r#"
trap '' INT HUP TERM
mkdir -m 700 "$1" || exit 1
cd "$1"
exec >"$1/log" 2>&1
"$2/initdb" -D "$1/data" -U shouwang -A trust -E UTF8 --locale=C --no-sync || { sleep 1; exit 1; }
"$2/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c max_connections=60 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server"
wait "$server"
cd /
rm -rf "$1"
"#;

/// The address of a new, empty database.
///
/// # Panics
/// If PostgreSQL is not installed or does not start; the message says what is missing.
#[must_use]
pub fn postgres_url() -> String {
    // On a thread of its own, for the caller may be inside a runtime, where blocking on another one is forbidden.
    let made = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(new_database())
    });
    match made.join() {
        Ok(Ok(url)) => url,
        Ok(Err(why)) => panic!("no PostgreSQL to test with: {why}"),
        Err(_) => panic!("no PostgreSQL to test with: its starter panicked"),
    }
}

async fn new_database() -> Result<String, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = server().await?;
    let name = format!("trial_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = server.connect().await.map_err(|error| error.to_string())?;
    // The name is made of digits here.
    let create = AssertSqlSafe(format!("create database {name} template template0 encoding 'UTF8'"));
    sqlx::query(create).execute(&mut conn).await.map_err(|error| error.to_string())?;
    drop(conn.close().await);
    Ok(server.database(&name).to_url_lossy().to_string())
}

async fn server() -> Result<PgConnectOptions, String> {
    if let Ok(url) = std::env::var(SERVER_VARIABLE) {
        return PgConnectOptions::from_str(&url)
            .map_err(|_| format!("{SERVER_VARIABLE} is no postgres address"));
    }
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(start).clone()?;
    let options =
        PgConnectOptions::new_without_pgpass().socket(&folder).username("shouwang").database("postgres");
    let started = Instant::now();
    loop {
        match options.connect().await {
            Ok(conn) => {
                drop(conn.close().await);
                return Ok(options);
            }
            Err(error) if started.elapsed() > START_LIMIT || !keeper_lives() => {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("the private server does not answer: {error}\n{log}"));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Held for the life of the process; the pipe to its standard input is what tells it of our end.
static KEEPER_PROCESS: Mutex<Option<Child>> = Mutex::new(None);

fn keeper_lives() -> bool {
    let mut keeper = KEEPER_PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    keeper.as_mut().is_some_and(|keeper| matches!(keeper.try_wait(), Ok(None)))
}

/// Starts the keeper; answers the folder of the server's socket.
fn start() -> Result<PathBuf, String> {
    let programs = programs().ok_or(
        "no `initdb` and `postgres` in PATH, /usr/lib/postgresql/*/bin or /usr/local/bin; install PostgreSQL, or set \
         SHOUWANG_TEST_POSTGRES_URL",
    )?;
    // Short, because a socket's path has 107 bytes; random, because process ids come again.
    let folder =
        PathBuf::from(format!("/tmp/shouwang-pg-{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(KEEPER).arg("keeper").arg(&folder).arg(&programs);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    if let Some((user, group)) = other_user()? {
        command.uid(user).gid(group);
    }
    let mut keeper = command.spawn().map_err(|error| format!("cannot start a shell: {error}"))?;
    if let Some(stdin) = keeper.stdin.as_mut() {
        drop(stdin.flush());
    }
    *KEEPER_PROCESS.lock().unwrap_or_else(PoisonError::into_inner) = Some(keeper);
    Ok(folder)
}

fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.push(PathBuf::from("/usr/local/bin"));
    // A link may lead to a folder of its own; PostgreSQL looks for its other files beside the real program.
    folders.into_iter().find_map(|folder| {
        let both = folder.join("initdb").is_file() && folder.join("postgres").is_file();
        both.then_some(folder)
    })
}

/// PostgreSQL refuses to run as root; then this names who runs it instead.
fn other_user() -> Result<Option<(u32, u32)>, String> {
    let me = fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid();
    if me != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string(Path::new("/etc/passwd")).map_err(|error| error.to_string())?;
    let find = |wanted: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            (name == wanted).then_some((user, group))
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .map(Some)
        .ok_or_else(|| "no user `postgres` or `nobody`".to_owned())
}
