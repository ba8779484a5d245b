import { isLoopbackHost } from '../../lib/address.ts'
import { ok, problem, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether the issuer is one that others can reach, and fits how the server is run. */
export function checkIssuer({ config, environment, isFromEnvironment }: CheckContext): readonly Finding[] {
  const { issuer } = config
  if (!URL.canParse(issuer)) {
    const where = isFromEnvironment ? 'CONSULATE_ISSUER' : 'issuer'
    return [problem('there is no issuer', `set ${where} to the public URL: https://auth.example.com`)]
  }
  const isProduction = environment['NODE_ENV'] === 'production'
  if (isLoopbackHost(new URL(issuer).hostname)) {
    const make = isProduction ? problem : warning
    return [
      make(`the issuer ${issuer} is this machine only`, 'set it to the public URL before others use it'),
    ]
  }
  const mode = warning(
    'NODE_ENV is not production',
    'set NODE_ENV=production: then the demo refuses to run here',
  )
  return [ok(`the issuer is ${issuer}`), ...(isProduction ? [] : [mode])]
}
