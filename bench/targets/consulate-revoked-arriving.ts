/** Consulate with 1,000,000 live revocations, and 100 more a second that another node writes. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { REVOCATIONS, insertRevocations } from './parts/revocations.ts'
import type { Start } from '../target.ts'
import { startConsulate } from './consulate.ts'

export const start: Start = async () => {
  let file = ''
  const target = await startConsulate({
    fillStore(path) {
      file = path
      insertRevocations(path, REVOCATIONS)
    },
  })
  const writer = fork(fileURLToPath(new URL('parts/write-revocations.ts', import.meta.url)), [file])
  return {
    ...target,
    async stop() {
      writer.kill()
      await target.stop()
    },
  }
}
