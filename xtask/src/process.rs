//! Other programs: run to their end, or kept running and stopped together with all they started.
//!
//! Each runs in a process group of its own, so that a Ctrl-C on the terminal reaches this process
//! alone, and stopping a program stops its children with it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, PipeReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt;
use crate::progress::Step;

const POLL: Duration = Duration::from_millis(20);
/// How long a program may take to stop by itself before it is killed.
const GRACE: Duration = Duration::from_secs(8);
/// How much of a failed program's output is shown.
const TAIL: usize = 40;

/// Runs `command` to its end. Its output is shown as progress, and its last lines if it fails.
pub(crate) fn quiet(command: Command, step: &Step) -> Result<()> {
    let what = describe(&command);
    let (mut group, output) = Group::piped(command)?;
    let tail = thread::scope(|scope| {
        let reader = scope.spawn(|| last_lines(output, step));
        let status = group.wait();
        // Whatever it left behind in its group would keep the pipe open.
        group.stop();
        (status, reader.join().unwrap_or_default())
    });
    match tail {
        (Ok(status), _) if status.success() => Ok(()),
        (Ok(status), lines) => Err(miette!("`{what}` failed ({status})\n{}", lines.join("\n"))),
        (Err(error), _) => Err(error),
    }
}

/// Runs `command` to its end, its output passed through untouched.
pub(crate) fn streamed(mut command: Command) -> Result<ExitStatus> {
    command.stdin(Stdio::null());
    Group::spawn(command)?.wait()
}

/// Runs a short `command` and returns what it wrote to its standard output.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let what = describe(&command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .into_diagnostic()
        .wrap_err_with(|| format!("could not run `{what}`"))?;
    if !output.status.success() {
        return Err(miette!("`{what}` failed ({})", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What runs beside every program, in its group: it sees its standard input end when this process
/// does, however it ended, and then stops the group.
const GUARD: &str = "trap '' TERM; cat; kill -s TERM 0; sleep 5; kill -s KILL 0";

/// A process and everything it started. Dropping it stops them all.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    guard: Child,
    id: Pid,
    stop_signal: Signal,
    grace: Duration,
    stopped: bool,
}

impl Group {
    pub(crate) fn spawn(mut command: Command) -> Result<Self> {
        let what = describe(&command);
        let child = command
            .process_group(0)
            .spawn()
            .into_diagnostic()
            .wrap_err_with(|| format!("could not start `{what}`"))?;
        let id = Pid::from_child(&child);
        let guard = Command::new("sh")
            .args(["-c", GUARD])
            .process_group(id.as_raw_pid())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .into_diagnostic()
            .wrap_err("could not start `sh`")?;
        Ok(Self {
            child,
            guard,
            id,
            stop_signal: Signal::TERM,
            grace: GRACE,
            stopped: false,
        })
    }

    /// Spawns `command` with its standard output and error joined in one pipe.
    pub(crate) fn piped(mut command: Command) -> Result<(Self, PipeReader)> {
        let (reader, writer) = std::io::pipe().into_diagnostic()?;
        let second = writer.try_clone().into_diagnostic()?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        Ok((Self::spawn(command)?, reader))
    }

    /// Uses another signal than SIGTERM to ask for the end.
    pub(crate) fn stop_with(mut self, signal: Signal) -> Self {
        self.stop_signal = signal;
        self
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for its end, or for the user to lose patience.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.finished()? {
                return Ok(status);
            }
            interrupt::check()?;
            thread::sleep(POLL);
        }
    }

    pub(crate) fn finished(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().into_diagnostic()
    }

    /// Asks the whole group to stop, and kills what does not.
    pub(crate) fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        self.signal(self.stop_signal);
        let deadline = Instant::now() + self.grace;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.signal(Signal::KILL);
        // Already gone, or just killed: there is nobody left to tell if this fails.
        drop(self.child.wait());
        drop(self.guard.wait());
    }

    fn signal(&self, signal: Signal) {
        // It fails when the group is gone, which is what is wanted.
        let _ = kill_process_group(self.id, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

fn last_lines(output: PipeReader, step: &Step) -> Vec<String> {
    let mut lines = VecDeque::with_capacity(TAIL);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        step.detail(line.trim());
        if lines.len() == TAIL {
            lines.pop_front();
        }
        lines.push_back(line);
    }
    lines.into()
}

/// The command as a user would type it, without its environment.
fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    command
        .get_args()
        .fold(name, |text, arg| text + " " + &arg.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::Command;
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, test_kill_process};

    use super::Group;

    #[test]
    fn stopping_a_program_stops_what_it_started() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 600 & echo $!; wait"]);
        let (mut group, output) = Group::piped(shell).unwrap();
        let line = BufReader::new(output).lines().next().unwrap().unwrap();
        let sleeper = Pid::from_raw(line.parse().unwrap()).unwrap();
        assert!(test_kill_process(sleeper).is_ok());
        group.stop();
        assert!(gone(sleeper));
    }

    #[test]
    fn what_does_not_want_to_stop_is_killed() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
        let (mut group, output) = Group::piped(shell).unwrap();
        BufReader::new(output).lines().next().unwrap().unwrap();
        group.grace = Duration::from_millis(100);
        let began = Instant::now();
        group.stop();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert!(gone(group.id));
    }

    /// Nobody, or a corpse that its new parent has not buried yet.
    fn gone(id: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero()));
        test_kill_process(id).is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
    }
}
