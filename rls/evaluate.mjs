// The verifier's third evaluator: the policy library as browsers get it, fed over a pipe.
//
//   node --input-type=module --eval <this file> <path of countersign_wasm.js>
//
// Frames in both directions: a length in four bytes, little-endian, and so many bytes. The first frame is the policy in
// its compact form and has no answer; each one after it is a batch of questions, answered by a batch of answers. Where the
// uppermost bit of the length is set, it is a JSON list of tables, actions and callers, answered by their filters.
import { createRequire } from 'node:module';

const { Policy } = createRequire(import.meta.url)(process.argv.at(-1));

let buffered = Buffer.alloc(0);
let wanted = null;
let policy = null;

function filter([table, action, caller]) {
  try {
    return policy.filter(table, action, caller);
  } catch (error) {
    return { error: String(error) };
  }
}

function answer(bytes, filters) {
  const answers = filters
    ? Buffer.from(JSON.stringify(JSON.parse(bytes.toString()).map(filter)))
    : policy.decideBatch(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(answers.length);
  process.stdout.write(Buffer.concat([length, answers]));
}

const chunks = [];
let size = 0;
for await (const chunk of process.stdin) {
  chunks.push(chunk);
  size += chunk.length;
  if (wanted !== null && size < wanted + 4) continue;
  buffered = Buffer.concat(chunks.splice(0));
  for (;;) {
    const head = buffered.length < 4 ? null : buffered.readUInt32LE(0);
    wanted = head === null ? null : head & 0x7fffffff;
    if (wanted === null || buffered.length < wanted + 4) break;
    const frame = buffered.subarray(4, wanted + 4);
    buffered = buffered.subarray(wanted + 4);
    if (policy === null) policy = new Policy(frame);
    else answer(frame, head >= 0x80000000);
  }
  chunks.push(buffered);
  size = buffered.length;
}
