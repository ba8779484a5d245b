import type { AuditEntry } from '../../model/audit.ts'
import { MINUTE, NOW } from './samples.ts'
import type { Suite } from './suite.ts'

/** An entry for a refused token request. */
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

const REQUEST_ID = '0b0e4d6c-6d1f-4b0a-9d59-1a2b3c4d5e6f'

export function testAudit({ describe, test, expect }: Suite): void {
  describe('the audit log', () => {
    test('lists the entries of a request in the order of their insertion', async ({ audit }) => {
      const entries = [
        sampleEntry({ event: 'replay.detected', detail: 'a code was used twice' }),
        sampleEntry({ at: NOW - MINUTE }),
      ]
      await audit.insert([...entries, sampleEntry({ requestId: 'another' })])
      expect(await audit.listByRequest(REQUEST_ID)).toEqual(entries)
      expect(await audit.listByRequest('nothing')).toEqual([])
    })

    test('accepts entries that have only a time, an event and a detail', async ({ audit }) => {
      const missing = { status: null, code: null, path: null, clientId: null, sub: null, address: null }
      const minimal = sampleEntry({ ...missing, detail: '' })
      await audit.insert([minimal, sampleEntry({ ...missing, requestId: null })])
      expect(await audit.listByRequest(REQUEST_ID)).toEqual([minimal])
    })

    test('keeps long details in any alphabet', async ({ audit }) => {
      const detail = `no scope "コーヒー ☕ 𝒳": ${'x'.repeat(2000)}`
      await audit.insert([sampleEntry({ requestId: 'r', detail })])
      expect((await audit.listByRequest('r'))[0]?.detail).toBe(detail)
    })

    test('lists at most the first 100 entries of a request', async ({ audit }) => {
      await audit.insert(Array.from({ length: 101 }, (_, index) => sampleEntry({ detail: String(index) })))
      const found = await audit.listByRequest(REQUEST_ID)
      expect([found.length, found[0]?.detail, found.at(-1)?.detail]).toEqual([100, '0', '99'])
    })
  })
}
