//! Programs that are kept running: started, waited for until they answer, stopped when dropped.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic as _, Result, miette};

use crate::interrupt;
use crate::process::Group;
use crate::workspace::create_directory;

const POLL: Duration = Duration::from_millis(50);
/// How many lines wait for whoever waits for one of them.
const BACKLOG: usize = 100;

/// A running program whose messages go to a file.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    group: Group,
    log: PathBuf,
    lines: Receiver<String>,
}

impl Service {
    /// Starts `command`, what it writes going to `<logs>/<name>.log`.
    pub(crate) fn start(name: &'static str, mut command: Command, logs: &Path) -> Result<Self> {
        create_directory(logs)?;
        let log = logs.join(format!("{name}.log"));
        File::create(&log).into_diagnostic()?;
        let mut file = File::options().append(true).open(&log).into_diagnostic()?;
        let errors = file.try_clone().into_diagnostic()?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut group = Group::spawn(command)?;
        let (send, lines) = mpsc::sync_channel(BACKLOG);
        if let Some(stdout) = group.child().stdout.take() {
            // It ends with the program's output. Once the program is up, nobody listens any more.
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    drop(writeln!(file, "{line}"));
                    let _ = send.try_send(line);
                }
            });
        }
        Ok(Self {
            name,
            group,
            log,
            lines,
        })
    }

    /// Uses another signal than SIGTERM to ask for the end.
    pub(crate) fn stop_with(mut self, signal: rustix::process::Signal) -> Self {
        self.group = self.group.stop_with(signal);
        self
    }

    /// Asks `ready` again and again until it has an answer.
    pub(crate) fn wait_for<T>(
        &mut self,
        patience: Duration,
        mut ready: impl FnMut(&Receiver<String>) -> Result<Option<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            interrupt::check()?;
            if let Some(answer) = ready(&self.lines)? {
                return Ok(answer);
            }
            if let Some(status) = self.group.finished()? {
                return Err(self.trouble(&format!("ended before it was ready ({status})")));
            }
            if Instant::now() > deadline {
                return Err(
                    self.trouble(&format!("did not answer within {} s", patience.as_secs()))
                );
            }
            thread::sleep(POLL);
        }
    }

    /// Whether it is still there.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.group.finished()? {
            None => Ok(()),
            Some(status) => Err(self.trouble(&format!("ended by itself ({status})"))),
        }
    }

    fn trouble(&self, what: &str) -> miette::Report {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let tail = lines.len().saturating_sub(30);
        let tail = lines.get(tail..).unwrap_or_default().join("\n");
        miette!(
            help = format!("the whole of it is in {}", self.log.display()),
            "the {} {what}\n{tail}",
            self.name
        )
    }
}
