const HALF = 32
const SEQUENCE = 0x30
const INTEGER = 0x02

/**
 * A P-256 signature from the DER that OpenSSL writes to the 64 bytes that JWS wants (RFC 7518 section 3.4).
 * Only for signatures that we have just made: it trusts their form.
 *
 * Node can convert by itself (`dsaEncoding`), but takes the key apart each time: that doubles the price of a signature.
 */
export function fromDer(der: Buffer): Buffer {
  const raw = Buffer.alloc(2 * HALF)
  const second = 4 + der.readUInt8(3)
  place(der.subarray(4, second), raw.subarray(0, HALF))
  place(der.subarray(second + 2), raw.subarray(HALF))
  return raw
}

/** A P-256 signature from the 64 bytes of JWS to DER. Whatever those bytes are, the result is well-formed. */
export function toDer(raw: Buffer): Buffer {
  const body = [...integer(raw.subarray(0, HALF)), ...integer(raw.subarray(HALF))]
  return Buffer.from([SEQUENCE, body.length, ...body])
}

/** DER writes the least bytes, and a zero before a number that would look negative. */
const place = (number: Buffer, half: Buffer): void =>
  void number.subarray(-HALF).copy(half, Math.max(0, HALF - number.length))

function integer(half: Buffer): number[] {
  const start = half.findIndex((byte) => byte !== 0)
  const bytes = start === -1 ? [0] : [...half.subarray(start)]
  const padded = (bytes[0] ?? 0) >= 0x80 ? [0, ...bytes] : bytes
  return [INTEGER, padded.length, ...padded]
}
