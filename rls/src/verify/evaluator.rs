//! The third evaluator: `decide` and `filter` in the WebAssembly build, in Node.

use std::path::Path;
use std::process::Stdio;

use countersign_wasm::batch::{Answer, Batch, decode_answers};
use policy_core::Policy;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::error::VerifyError;

const SCRIPT: &str = include_str!("../../evaluate.mjs");

/// The most questions in one exchange.
const TOGETHER: usize = 20_000;

/// The kind of a frame that asks for filters.
const FILTERS: u32 = 1 << 31;

/// A Node process that holds the policy and decides batches.
pub(super) struct Evaluator {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Evaluator {
    pub(super) async fn start(package: &Path, policy: &Policy) -> Result<Self, VerifyError> {
        let module = package.join("countersign_wasm.js");
        if !module.is_file() {
            return Err(VerifyError::NoWasm(package.to_owned()));
        }
        let module = module.canonicalize().map_err(|source| VerifyError::File {
            path: module,
            source,
        })?;
        let mut child = Command::new("node")
            .args(["--input-type=module", "--eval", SCRIPT])
            .arg(module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(VerifyError::Node)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(VerifyError::Evaluator(
                "it has no input or output".to_owned(),
            ));
        };
        let mut evaluator = Self {
            child,
            input,
            output,
        };
        evaluator
            .send(&policy_core::compact::store(policy)?)
            .await?;
        Ok(evaluator)
    }

    /// Decides the batch's questions.
    pub(super) async fn decide(&mut self, batch: &Batch) -> Result<Vec<Answer>, VerifyError> {
        let mut answers = Vec::with_capacity(batch.questions.len());
        let mut part = Batch {
            questions: Vec::new(),
            ..batch.clone()
        };
        for questions in batch.questions.chunks(TOGETHER) {
            part.questions = questions.to_vec();
            let bytes = part
                .encode()
                .map_err(|error| VerifyError::Evaluator(error.to_string()))?;
            self.send(&bytes).await?;
            let bytes = self.receive().await?;
            let some = decode_answers(&bytes)
                .map_err(|error| VerifyError::Evaluator(error.to_string()))?;
            if some.len() != questions.len() {
                return Err(VerifyError::Evaluator(
                    "it answered another number of questions".to_owned(),
                ));
            }
            answers.extend(some);
        }
        Ok(answers)
    }

    /// Asks for filters, each a table, an action and a caller, as a frontend does it.
    pub(super) async fn filters(
        &mut self,
        questions: &[serde_json::Value],
    ) -> Result<Vec<serde_json::Value>, VerifyError> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        self.send_as(FILTERS, &serde_json::to_vec(questions)?)
            .await?;
        let answers: Vec<serde_json::Value> = serde_json::from_slice(&self.receive().await?)?;
        if answers.len() != questions.len() {
            return Err(VerifyError::Evaluator(
                "it gave another number of filters".to_owned(),
            ));
        }
        Ok(answers)
    }

    /// Lets the process end.
    pub(super) async fn stop(mut self) {
        drop(self.input);
        let _ = self.child.wait().await;
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        self.send_as(0, bytes).await
    }

    /// Sends a frame of a kind, which is the uppermost bit of its length.
    async fn send_as(&mut self, kind: u32, bytes: &[u8]) -> Result<(), VerifyError> {
        let length = u32::try_from(bytes.len()).ok();
        let length = length
            .filter(|length| length & FILTERS == 0)
            .ok_or_else(|| VerifyError::Evaluator("a batch is too long".to_owned()))?;
        let write = async {
            self.input.write_all(&(length | kind).to_le_bytes()).await?;
            self.input.write_all(bytes).await?;
            self.input.flush().await
        };
        write
            .await
            .map_err(|error| VerifyError::Evaluator(error.to_string()))
    }

    async fn receive(&mut self) -> Result<Vec<u8>, VerifyError> {
        let read = async {
            let length = usize::try_from(self.output.read_u32_le().await?).unwrap_or(0);
            let mut bytes = vec![0; length];
            self.output.read_exact(&mut bytes).await?;
            Ok::<_, std::io::Error>(bytes)
        };
        read.await
            .map_err(|error| VerifyError::Evaluator(error.to_string()))
    }
}
