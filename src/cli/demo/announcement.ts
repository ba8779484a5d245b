import { bold, dim, print } from '../output.ts'
import { DEMO_CLIENTS, DEMO_EMAIL } from './cast.ts'
import type { DemoRecord } from './record.ts'
import type { DemoClients } from './sign-in.ts'

/** What the demo has to tell. */
export interface Announcement {
  readonly origin: string
  readonly folder: string
  readonly record: DemoRecord
  readonly clients: DemoClients
  /** Only where the person was made just now. */
  readonly password: string | undefined
}

/** Prints what to open and what to paste. */
export function announce({ origin, folder, record, clients, password }: Announcement): void {
  print(
    '',
    `  ${bold('Consulate')} demo on ${bold(origin)}`,
    '',
    `  ${bold('Sign in')}  ${origin}/login`,
    `    email     ${DEMO_EMAIL}`,
    `    password  ${password ? `${bold(password)}  ${dim('(shown this once)')}` : dim(`the one printed first; to begin anew, delete ${folder}`)}`,
    '',
    `  ${bold('Let a web application in')}  ${dim('open it, sign in, allow, and see the token')}`,
    `  ${clients.web.authorizationUrl}`,
    '',
    `  ${bold('Let a TV in')}  ${dim('run it in a clone, in another terminal, and type in its code')}`,
    `  ISSUER=${origin} npm run example examples/tv.ts`,
    '',
    `  ${bold('Make a token for a script of your own')}  ${dim('and see when it was used')}`,
    `  ${origin}/account/tokens`,
    '',
    `  ${bold('Get a token for a machine')}  ${dim('paste it')}`,
    `  ${machineCurl(origin, record)}`,
    '',
    `  ${bold('Use it')}  ${dim('with the access_token that you got')}`,
    `  curl -s -H "Authorization: Bearer $TOKEN" ${origin}/api/machine`,
    '',
    dim(`  Data in ${folder}. Ctrl-C ends it.`),
    '',
  )
}

const machineCurl = (origin: string, { machineSecret }: DemoRecord): string =>
  `curl -s -u '${DEMO_CLIENTS.machine}:${machineSecret}' -d grant_type=client_credentials -d scope=orders:read ${origin}/oauth/token`
