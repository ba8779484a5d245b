import { existsSync } from 'node:fs'
import { isLoopbackHost } from '../../lib/address.ts'
import { originOf, type Address } from '../../lib/http-server.ts'
import { displayPath } from '../config-error.ts'
import { configFilePath } from '../config-file.ts'
import { dataDirectory } from '../environment.ts'
import { CommandError } from '../errors.ts'
import { secretsPath } from './setup.ts'

/**
 * Refuses to run the demo in place of a real server: the demo user's password was printed to a terminal, and its API is a
 * toy.
 *
 * @throws CommandError with the reason
 */
export function checkDemoIsSafe(address: Address): void {
  const { env } = process
  const { database, path } = dataDirectory(env)
  const { CONSULATE_DATABASE_URL: url, CONSULATE_ISSUER: issuer, NODE_ENV: mode } = env
  const configFile = configFilePath()
  if (mode === 'production') refuse('NODE_ENV is "production"')
  if (!isLoopbackHost(address.host)) refuse(`${address.host} is reachable from other machines`)
  if (url) refuse('CONSULATE_DATABASE_URL is set')
  if (issuer && issuer !== originOf(address)) refuse(`CONSULATE_ISSUER is set to ${issuer}`)
  if (configFile) refuse(`this directory has a configuration (${displayPath(configFile)})`)
  if (existsSync(database) && !existsSync(secretsPath(path))) {
    refuse(`${displayPath(database)} was not created by the demo`)
  }
}

function refuse(reason: string): never {
  throw new CommandError(
    `The demo cannot run here: ${reason}. To run the real server, use \`consulate serve\`.`,
  )
}
