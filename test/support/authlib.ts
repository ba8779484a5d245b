import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { isAvailable } from './available.ts'

const PYTHON = '/usr/bin/python3'
const ADVICE = 'Authlib was not found. Run `apt-get install python3-authlib python3-requests`.'

/** Whether Authlib is installed. If not, throws with `CI=true`, so that no test is skipped unnoticed. */
export const hasAuthlib = findAuthlib()

function findAuthlib(): boolean {
  const isPresent = spawnSync(PYTHON, ['-c', 'import authlib, requests']).status === 0
  if (!isPresent && process.env['CI'] === 'true') throw new Error(ADVICE)
  return isAvailable(isPresent, `${ADVICE} Its tests are skipped.`)
}

/** Runs a Python program. Returns the lines that it prints. */
export async function runPython(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const env = { ...process.env, ...environment }
  const child = spawn(PYTHON, ['-c', program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  return (await text(child.stdout)).trimEnd().split('\n')
}
