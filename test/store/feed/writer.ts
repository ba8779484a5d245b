import { openStore } from '../../../src/store/url.ts'
import { NOW, sampleAuthorization, sampleSession } from '../../../src/testing/store/samples.ts'

// A process that writes to the revocation feed in every way that writes entries, several at a time.

const [url = '', writer = '', rounds = ''] = process.argv.slice(2)
const store = openStore(url)
const EXPIRES_AT = NOW + 3_600_000

async function write(lane: string): Promise<void> {
  const { revocations, sessions, authorizations, connections } = store
  for (let round = 0; round < Number(rounds); round += 1) {
    const id = `${writer} ${lane} ${round}`
    const user = { provider: 'users', userId: id }
    await revocations.revoke({ kind: 'token', jti: id, expiresAt: EXPIRES_AT }, NOW)
    await sessions.insert(sampleSession({ id, userId: id, cookieHash: id }), id)
    await sessions.insert(sampleSession({ id: `${id} b`, userId: id, cookieHash: `${id} b` }), id)
    await authorizations.insert(sampleAuthorization({ id, userId: id, sessionId: null }), id)
    await connections.disconnect(user, { clientId: 'web', subject: id }, NOW)
    await revocations.revokeSessions(user, { subject: id }, NOW)
    await revocations.revoke({ kind: 'user', user, subject: id }, NOW)
  }
}

process.once('message', () => {
  void Promise.all(['a', 'b', 'c', 'd'].map(write))
    .then(() => store.close())
    .then(() => process.disconnect())
})
await store.revocations.listSince(0, NOW, 1)
process.send?.('ready')
