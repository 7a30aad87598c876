/** Tokens made by hand, sound and forged. */
import { createHmac, createPrivateKey, sign } from 'node:crypto';

const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Base64url of a text, of bytes, or of a value's JSON. */
export const encode = (value) =>
  (Buffer.isBuffer(value) ? value : Buffer.from(text(value))).toString('base64url');

/** A token of these two parts, encoded already, signed with a secret. */
export const hmacOver = (words, secret) => `${words}.${createHmac('sha256', secret).update(words).digest('base64url')}`;

/** A token signed with a secret. */
export const hs256 = (header, claims, secret) => hmacOver(`${encode(header)}.${encode(claims)}`, secret);

/** A token signed with a P-256 key; `change` gets the 64 bytes of the signature and may forge them. */
export function es256(header, claims, jwk, change = (signature) => signature) {
  const words = `${encode(header)}.${encode(claims)}`;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(words), { key, dsaEncoding: 'ieee-p1363' });
  return `${words}.${encode(change(signature))}`;
}

/** The order of P-256 (FIPS 186-5). */
export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);
export const bytes = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

/** A signature in DER, as OpenSSL writes it. */
export function der(signature) {
  const integer = (half) => {
    const digits = number(half).toString(16);
    const even = digits.length % 2 ? `0${digits}` : digits;
    const plain = Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex');
    return Buffer.concat([Buffer.from([2, plain.length]), plain]);
  };
  const both = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}
