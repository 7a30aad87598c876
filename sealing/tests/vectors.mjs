// Prints vectors.json: the same sealing, written again on Node's own cryptography.
// Run by hand when the format gets a new version: `node sealing/tests/vectors.mjs > sealing/tests/vectors.json`.
import { createCipheriv } from "node:crypto";

const lengthPrefixed = (parts) =>
  Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );

const sealed = ({ key_id, key, nonce, app, tenant, provider, connection, column, plaintext }) => {
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key, "base64"), Buffer.from(nonce, "hex"));
  cipher.setAAD(lengthPrefixed(["countersign-seal-v1", app, tenant, provider, connection, column]));
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
  const header = Buffer.concat([Buffer.from([1, key_id.length]), Buffer.from(key_id), Buffer.from(nonce, "hex")]);
  return "cs1." + Buffer.concat([header, ciphertext]).toString("base64url");
};

const place = {
  app: "coaching",
  tenant: "6f1d7a52-3c40-4d0e-9d53-0c8b0f3a6d11",
  provider: "hubspot",
  connection: "0b9d6c1e-8f27-4a55-8a6e-5a1f6d2b7c33",
  column: "access_token",
};
const ones = Buffer.alloc(32, 1).toString("base64");
const counting = Buffer.from([...Array(32).keys()]).toString("base64");
const vectors = [
  { key_id: "k1", key: ones, nonce: "000102030405060708090a0b", ...place, plaintext: "pat-na1-not-a-real-token" },
  {
    key_id: "2026-11_b",
    key: counting,
    nonce: "ffeeddccbbaa998877665544",
    ...place,
    app: "assistant",
    column: "refresh_token",
    plaintext: "Zürich – ключ",
  },
  {
    key_id: "k".repeat(32),
    key: counting,
    nonce: "00".repeat(12),
    app: "",
    tenant: "",
    provider: "",
    connection: "",
    column: "",
    plaintext: "",
  },
  { key_id: "k1", key: ones, nonce: "0b0a09080706050403020100", ...place, plaintext: "x".repeat(3000) },
];
console.log(JSON.stringify(vectors.map((vector) => ({ ...vector, sealed: sealed(vector) })), null, 2));
