//! Size and start of what runs in workerd and in browsers.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Given;
use crate::error::BenchError;
use crate::section::Section;

/// Compiles and instantiates a module in Node as often as the second argument says; prints the
/// median milliseconds of the compilation.
const COMPILE: &str = "
const bytes = require('fs').readFileSync(process.argv[1]);
const took = [];
for (let i = 0; i < 15; i++) {
  const start = performance.now();
  new WebAssembly.Module(bytes);
  took.push(performance.now() - start);
}
console.log(took.sort((a, b) => a - b)[7]);
";

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let mut section = Section::new(
        "Size and start",
        &[
            "what",
            "WebAssembly",
            "gzip, with its script",
            "budget",
            "compilation",
        ],
    );
    let root = &given.root;
    for (what, directory, module, script, budget) in [
        (
            "the Worker",
            "functions/build",
            "index_bg.wasm",
            "index.js",
            "1080 KB",
        ),
        (
            "the browser library",
            "target/countersign-wasm/web",
            "countersign_wasm_bg.wasm",
            "countersign_wasm.js",
            "136 KB; the goal is 60",
        ),
    ] {
        let module = root.join(directory).join(module);
        let script = root.join(directory).join(script);
        let (size, packed) = packed(&module)?;
        section.row([
            what.to_owned(),
            format!("{:.0} KB", size as f64 / 1e3),
            format!("{:.0} KB", (packed + self::packed(&script)?.1) as f64 / 1e3),
            budget.to_owned(),
            format!("{:.1} ms", compilation(&module)?),
        ]);
    }
    section.note(
        "Compilation is V8's in Node, median of 15, and lazy: each function is compiled when it is first called.",
    );
    Ok(vec![section])
}

fn packed(path: &Path) -> Result<(usize, usize), BenchError> {
    let bytes = std::fs::read(path).map_err(|error| BenchError::Read(path.to_owned(), error))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok((bytes.len(), encoder.finish()?.len()))
}

fn compilation(module: &Path) -> Result<f64, BenchError> {
    let failed = |error: String| BenchError::Program("node".to_owned(), error);
    let output = Command::new("node")
        // What wasm-bindgen catches exceptions with; workerd's V8 has it switched on.
        .args(["--experimental-wasm-exnref", "-e", COMPILE])
        .arg(module)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    text.parse().map_err(|_| failed(format!("{text}{said}")))
}
