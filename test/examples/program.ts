import { spawn } from 'node:child_process'
import { bundledPackage } from '../support/bundled-package.ts'

/** Where the examples are. */
export const FOLDER = await bundledPackage()

/** An example that runs. */
export interface Program {
  /** All that it printed, once it contains this or the program has ended. */
  printed(text: string): Promise<string>
  /** All that it printed, once it has ended; throws that where its status is not 0. */
  ended(): Promise<string>
  stop(): Promise<void>
}

type Environment = Readonly<Record<string, string>>

/** Runs an example by its file name, or the path of its build. */
export function run(file: string, environment: Environment = {}): Program {
  const env = { ...process.env, ...environment }
  const child = spawn(process.execPath, [`examples/${file}`], { cwd: FOLDER, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const end = new Promise<number | null>((resolve) => void child.on('close', resolve))
  const until = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (output.includes(text) && resolve())
      child.stdout.on('data', look)
      look()
    })
  return {
    async printed(text) {
      await Promise.race([until(text), end])
      return output
    },
    async ended() {
      if ((await end) !== 0) throw new Error(output)
      return output
    },
    async stop() {
      child.kill('SIGKILL')
      await end
    },
  }
}

/** The settings in a line such as `A=1 B=2 npm run example …`. */
export const settingsIn = (line: string): Environment =>
  Object.fromEntries([...line.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]))
