import type { AuditEntry } from '../../model/audit.ts'
import type { Suite } from './suite.ts'
import { MINUTE, NOW } from './samples.ts'

/** A refused request. */
export const sampleEntry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  at: NOW,
  requestId: '0b0e4d6c-6d1f-4b0a-9d59-1a2b3c4d5e6f',
  event: 'request.refused',
  status: 400,
  code: 'invalid_grant',
  path: '/oauth/token',
  clientId: 'web',
  sub: 'alice',
  address: '192.0.2.1',
  detail: 'the code has expired',
  ...changes,
})

/** The audit log: what was written of a request is found by its id. */
export function testAudit({ describe, test, expect }: Suite): void {
  describe('the audit log', () => {
    test('the entries of a request are found by its id, in the order they came in', async ({ audit }) => {
      const entries = [
        sampleEntry({ event: 'replay.detected', detail: 'a code was used twice' }),
        sampleEntry({ at: NOW - MINUTE }),
      ]
      await audit.insert([...entries, sampleEntry({ requestId: 'another' })])
      expect(await audit.listByRequest(sampleEntry().requestId ?? '')).toEqual(entries)
      expect(await audit.listByRequest('nothing')).toEqual([])
    })

    test('everything but time, event and detail may be missing', async ({ audit }) => {
      const nothing = { status: null, code: null, path: null, clientId: null, sub: null, address: null }
      const bare = sampleEntry({ ...nothing, detail: '' })
      await audit.insert([bare, sampleEntry({ ...nothing, requestId: null })])
      expect(await audit.listByRequest(sampleEntry().requestId ?? '')).toEqual([bare])
    })

    test('details of any alphabet and length are kept', async ({ audit }) => {
      const detail = `no scope "コーヒー ☕ 𝒳": ${'x'.repeat(2000)}`
      await audit.insert([sampleEntry({ requestId: 'r', detail })])
      expect((await audit.listByRequest('r'))[0]?.detail).toBe(detail)
    })

    test('of one request no more than 100 entries are found', async ({ audit }) => {
      await audit.insert(Array.from({ length: 101 }, (_, index) => sampleEntry({ detail: String(index) })))
      const found = await audit.listByRequest(sampleEntry().requestId ?? '')
      expect([found.length, found[0]?.detail, found.at(-1)?.detail]).toEqual([100, '0', '99'])
    })
  })
}
