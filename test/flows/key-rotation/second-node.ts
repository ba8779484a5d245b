import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** Starts a second node of an issuer in another process, which ends with the test. Returns its origin. */
export async function startSecondNode(folder: string, issuer: string): Promise<string> {
  const script = fileURLToPath(new URL('node.ts', import.meta.url))
  const child = spawn(process.execPath, [script, folder, issuer], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  })
  onTestFinished(() => void child.kill())
  const [origin] = (await once(child, 'message')) as [string]
  return origin
}
