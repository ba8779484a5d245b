import type { RevocationEntry, RevocationKind } from '../model/revocation.ts'

interface WireEntry {
  readonly id: number
  readonly kind: RevocationKind
  readonly subject: string
  readonly sub: string | null
  readonly epoch: number
  /** In seconds, rounded up. Null if the entry is kept forever. */
  readonly expires_at: number | null
}

/** A page of the revocation feed in JSON. */
export interface WirePage {
  readonly entries: readonly WireEntry[]
  readonly has_more: boolean
}

/** A page of the revocation feed, in ascending order of IDs. */
export interface RevocationPage {
  readonly entries: readonly RevocationEntry[]
  readonly hasMore: boolean
}

const KINDS: Readonly<Record<RevocationKind, true>> = {
  token: true,
  authorization: true,
  session: true,
  user: true,
  client: true,
  issuer: true,
}

export const toWire = ({ entries, hasMore }: RevocationPage): WirePage => ({
  entries: entries.map(toWireEntry),
  has_more: hasMore,
})

export const toWireEntry = ({ id, kind, subject, sub, epoch, expiresAt }: RevocationEntry): WireEntry => ({
  id,
  kind,
  subject,
  sub,
  epoch,
  expires_at: expiresAt === null ? null : Math.ceil(expiresAt / 1000),
})

/**
 * Parses a page. Throws if anything is invalid, even for an unknown kind of revocation: a guard that does not know what an
 * entry revokes must not accept tokens.
 */
export function fromWire(body: unknown): RevocationPage {
  const { entries, has_more: hasMore } = fieldsOf(body)
  if (!Array.isArray(entries) || typeof hasMore !== 'boolean') {
    throw new Error('The response is not a page of revocations')
  }
  return { entries: entries.map(fromWireEntry), hasMore }
}

/** Parses an entry. Throws if it is invalid. */
export function fromWireEntry(value: unknown): RevocationEntry {
  const { id, kind, subject, sub = null, epoch, expires_at: expiresAt } = fieldsOf(value)
  if (!isCount(id) || typeof subject !== 'string' || !isCount(epoch) || !isExpiry(expiresAt)) {
    throw new Error('An entry is not a valid revocation')
  }
  // Entries of an earlier version have no `sub`.
  if (sub !== null && typeof sub !== 'string') throw new Error('An entry has an invalid sub')
  if (!isKind(kind)) throw new Error('An entry has an unknown kind. Update this service')
  return { id, kind, subject, sub, epoch, expiresAt: expiresAt === null ? null : expiresAt * 1000 }
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

const isKind = (value: unknown): value is RevocationKind =>
  typeof value === 'string' && Object.hasOwn(KINDS, value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isExpiry = (value: unknown): value is number | null => value === null || isCount(value)
