/** The memory per live revocation of a node that reads them from the database. */
import { DatabaseSync } from 'node:sqlite'
import { startConsulate } from '../targets/consulate.ts'
import { insertRevocations, REVOCATIONS } from '../targets/parts/revocations.ts'
import { aliveBytes, fileBytes, report } from './parts/finding.ts'

let file = ''
const target = await startConsulate({ fillStore: (path) => (file = path) })
const [request] = await target.prepare('guard', 1)
const isAccepted = async (): Promise<boolean> => {
  const answer = await fetch(`http://127.0.0.1:${target.port}${request?.path}`, {
    headers: request?.headers ?? {},
  })
  await answer.arrayBuffer()
  return answer.status === 200
}
if (!(await isAccepted())) throw new Error('The token was rejected before it was revoked')

const [heap, disk] = [aliveBytes(), fileBytes(file)]
insertRevocations(file, REVOCATIONS)
revoke(request?.headers['Authorization'] ?? '')
// The last entry. Once it is known, all of them are.
while (await isAccepted()) await new Promise((done) => setTimeout(done, 100))
report({
  what: 'live revocation',
  count: REVOCATIONS,
  heap: aliveBytes() - heap,
  disk: fileBytes(file) - disk,
})
await target.stop()

/** Writes the revocation of a token as another node would. */
function revoke(authorization: string): void {
  const payload = Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()
  const { jti, exp } = JSON.parse(payload) as { readonly jti: string; readonly exp: number }
  const database = new DatabaseSync(file)
  const insert = `INSERT INTO consulate_revocations (kind, subject, epoch, expires_at) VALUES ('token', ?, 0, ?)`
  database.prepare(insert).run(jti, exp * 1000)
  database.close()
}
