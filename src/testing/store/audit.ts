import type { AuditEntry } from '../../store/audit.ts'
import { MINUTE, NOW } from './samples.ts'
import type { Suite } from './suite.ts'

/** An entry for a refused token request. */
export const sampleEntry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  at: NOW,
  requestId: '0b0e4d6c-6d1f-4b0a-9d59-1a2b3c4d5e6f',
  event: 'request.refused',
  by: null,
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
      const missing = {
        status: null,
        code: null,
        path: null,
        clientId: null,
        sub: null,
        address: null,
        by: null,
      }
      const minimal = sampleEntry({ ...missing, detail: '' })
      await audit.insert([minimal, sampleEntry({ ...missing, requestId: null })])
      expect(await audit.listByRequest(REQUEST_ID)).toEqual([minimal])
    })

    test('lists the newest entries first, by pages, also those of the same time', async ({ audit }) => {
      const times = [3, 1, 2, 2, 2]
      await audit.insert(times.map((time, index) => sampleEntry({ at: NOW + time, detail: String(index) })))
      const found: string[] = []
      let page = await audit.list({}, { limit: 2 })
      while (page.length > 0) {
        found.push(...page.map(({ detail }) => detail))
        page = await audit.list({}, { limit: 2, after: page.at(-1) })
      }
      expect(found).toEqual(['0', '4', '3', '2', '1'])
    })

    test('lists the entries that meet all conditions', async ({ audit }) => {
      const entry = sampleEntry({ detail: 'wanted' })
      const others = [
        { at: NOW - 1 },
        { at: NOW + 1 },
        { sub: 'bob' },
        { sub: null },
        { clientId: 'other' },
        { event: 'sign-in.failed' as const },
        { address: '192.0.2.2' },
        { requestId: 'another' },
      ]
      await audit.insert([entry, ...others.map((changes) => sampleEntry({ ...changes, detail: 'other' }))])
      const { sub, clientId, event, address, requestId } = entry
      const filter = {
        since: NOW,
        until: NOW + 1,
        sub: sub ?? '',
        clientId: clientId ?? '',
        event,
        address: address ?? '',
        requestId: requestId ?? '',
      }
      const [{ id, ...found } = { id: 0 }, ...more] = await audit.list(filter)
      expect([found, more]).toEqual([entry, []])
      expect(await audit.listSince(0, filter, 10)).toEqual([{ id, ...entry }])
    })

    test('lists the entries after an ID in the order of their insertion', async ({ audit }) => {
      expect(await audit.newestId()).toBe(0)
      await audit.insert([sampleEntry({ detail: 'first' })])
      const first = await audit.newestId()
      await audit.insert([
        sampleEntry({ detail: 'second', by: 'command_line' }),
        sampleEntry({ at: NOW - MINUTE, detail: 'third' }),
      ])
      const found = await audit.listSince(first, {}, 10)
      expect(found.map(({ detail, by }) => [detail, by])).toEqual([
        ['second', 'command_line'],
        ['third', null],
      ])
      expect(await audit.newestId()).toBe(found[1]?.id)
      expect((await audit.listSince(first, {}, 1)).map(({ detail }) => detail)).toEqual(['second'])
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
