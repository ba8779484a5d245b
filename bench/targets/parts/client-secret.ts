import { createHash, timingSafeEqual } from 'node:crypto'
import { CLIENT } from '../../floors/parts/requests.ts'

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
const kept = sha256(CLIENT.secret)

/** Compares the client secret, for peers that leave this to the application. */
export const isClientSecret = (given: string | undefined): boolean =>
  given !== undefined && timingSafeEqual(sha256(given), kept)
