import { existsSync } from 'node:fs'
import { isLoopbackHost } from '../../lib/address.ts'
import { configFilePath } from '../config-file.ts'
import { dataFolder } from '../environment.ts'
import { CommandError } from '../errors.ts'
import { originOf, type Address } from '../run-server.ts'
import { recordPath } from './record.ts'

/**
 * Refuses the demo wherever it could be a real server: its person's password has stood on a screen, and its API is
 * for show.
 *
 * @throws CommandError with the reason
 */
export function checkIsPlayground(address: Address): void {
  const { env } = process
  const { database, path } = dataFolder(env)
  const { CONSULATE_ISSUER: issuer, NODE_ENV: mode } = env
  const configFile = configFilePath()
  if (mode === 'production') refuse('NODE_ENV is production')
  if (!isLoopbackHost(address.host)) refuse(`${address.host} can be reached from other machines`)
  if (issuer && issuer !== originOf(address)) refuse(`CONSULATE_ISSUER is set, to ${issuer}`)
  if (configFile) refuse(`there is a ${configFile}`)
  if (existsSync(database) && !existsSync(recordPath(path))) refuse(`${database} was not made by the demo`)
}

function refuse(reason: string): never {
  throw new CommandError(`the demo does not run here: ${reason}. The real server is \`consulate serve\`.`)
}
