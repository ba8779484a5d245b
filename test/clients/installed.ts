import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../house/repository.ts'
import { isAvailable } from '../support/available.ts'

/** The folder with the clients, which have their own lock file. */
export const FOLDER = join(ROOT, 'test/clients')

const ADVICE = 'The OAuth clients are not installed. Run `npm ci --prefix test/clients`.'

/** Whether the clients are installed, for `describe.runIf`. With `CI=true`, throws if they are not. */
export const areClientsInstalled = isAvailable(
  existsSync(join(FOLDER, 'node_modules/.package-lock.json')),
  ADVICE,
)

if (!areClientsInstalled && process.env['CI'] === 'true') throw new Error(ADVICE)
