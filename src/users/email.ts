/** The longest email address, in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets). */
const MAX_BYTES = 254

const SHAPE = /^[^\s@\p{Cc}\p{Cf}\p{Cs}]+@[^\s@\p{Cc}\p{Cf}\p{Cs}]+$/u

/** One spelling for each email address: trimmed, lower case, Unicode NFC. */
export const normalizeEmail = (text: string): string => text.trim().toLowerCase().normalize('NFC')

/** Whether a normalized text can be an email address: something on both sides of one `@`, at most 254 bytes. */
export const isEmail = (text: string): boolean => Buffer.byteLength(text) <= MAX_BYTES && SHAPE.test(text)
